"""Takes the pictures of the page for the README: `python tests/clients/web/pictures.py [--url ... --microphone a.wav]`.

Without a URL the call is a scripted one; with it, the page of a running server is photographed after `--seconds` of
a call in which the file is spoken.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
from pathlib import Path

from fake_server import FakeServer
from playwright.async_api import async_playwright
from scenes import a_conversation

IMAGES = Path(__file__).resolve().parents[3] / "docs" / "images"


async def take(url: str | None, microphone: str | None, seconds: float, browser: str) -> None:
    server = FakeServer()
    await server.start()
    flags = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", "--no-sandbox", "--mute-audio"]
    if microphone:
        flags.append(f"--use-file-for-fake-audio-capture={microphone}%noloop")
    IMAGES.mkdir(parents=True, exist_ok=True)
    async with async_playwright() as playwright:
        for scheme in ("light", "dark"):
            chromium = await playwright.chromium.launch(executable_path=browser, args=flags)
            page = await chromium.new_page(viewport={"width": 1180, "height": 740}, color_scheme=scheme)
            await page.goto(url or server.url)
            await page.get_by_role("button", name="Start talking").click()
            await page.get_by_role("button", name="End call").wait_for()
            if url is None:
                call = await server.call(len(server.calls) or 1)
                call.voice.speaking = True
                call.send(*a_conversation())
            await asyncio.sleep(seconds)
            # No ring around the button that the call began with.
            await page.evaluate("document.activeElement.blur()")
            await page.screenshot(path=IMAGES / f"page-{scheme}.png")
            await chromium.close()
    await server.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", help="address of a running server")
    parser.add_argument("--microphone", help="what is spoken: a wav file")
    parser.add_argument("--seconds", type=float, default=1.5, help="how long the call lasts before the picture")
    parser.add_argument("--browser", default=shutil.which("chromium"), help="where Chromium is")
    options = parser.parse_args()
    asyncio.run(take(options.url, options.microphone, options.seconds, options.browser))
