"""A call by real Chromium: the page itself, its button pressed, a file behind its microphone."""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import tempfile
import urllib.request
import wave
from pathlib import Path
from typing import Any

import numpy as np

from .measure import Sound
from .recording import RATE, CallFailed, Recording

TAP = Path(__file__).parent / "tap.js"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SLIP_S = 0.02


def chromium() -> str:
    """Where Chromium is. Raises `CallFailed` if there is none."""
    for name in NAMES:
        if found := shutil.which(name):
            return found
    raise CallFailed("no Chromium was found; install your distribution's package `chromium`, or call without --browser")


def write_track(path: Path, sound: Sound) -> None:
    """A 48 kHz mono WAV file, as Chromium's fake microphone takes it."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())


def flags(microphone: Path) -> list[str]:
    """Chromium's flags: a fake microphone that plays `microphone` once, no questions asked, nothing phoned home."""
    return [
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={microphone}%noloop",
        "--autoplay-policy=no-user-gesture-required",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-renderer-backgrounding",
        "--disable-background-timer-throttling",
    ]


def short_lived(url: str, key: str) -> dict[str, Any]:
    """A key for the page, as the page keeps it."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    asked = urllib.request.Request(f"{url}/v1/realtime/client_secrets", b"{}", headers)
    try:
        with urllib.request.urlopen(asked, timeout=5) as answer:
            made = json.loads(answer.read())
    except OSError as problem:
        raise CallFailed(f"the server gave no key for the page: {problem}; is --key right?") from problem
    return {"value": made["value"], "expires_at": made["expires_at"]}


class Browser:
    """Calls by the page in headless Chromium."""

    def __init__(self, screenshots: Path | None = None) -> None:
        """`screenshots`: a folder for pictures of the page in mid-call."""
        self._screenshots = screenshots

    async def call(self, url: str, key: str, microphone: Sound) -> Recording:
        """Opens the page at `url`, presses its button, lets the track play, and hangs up."""
        try:
            from playwright.async_api import async_playwright
        except ImportError:
            raise CallFailed("--browser needs playwright: pip install 'colloquy[test]'") from None

        blocks: list[tuple[int, bytes, bytes]] = []
        with tempfile.TemporaryDirectory() as scratch:
            wav = Path(scratch) / "microphone.wav"
            write_track(wav, microphone)
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(executable_path=chromium(), args=flags(wav))
                context = await browser.new_context(bypass_csp=True, viewport={"width": 1180, "height": 820})
                page = await context.new_page()

                def keep(_: Any, first: int, mic: str, ear: str) -> None:
                    blocks.append((first, base64.b64decode(mic), base64.b64decode(ear)))

                await page.expose_binding("colloquyTap", keep)
                await page.add_init_script(path=TAP)
                # Several people speak in turn: the page's switch "Answer anybody".
                await page.add_init_script("localStorage.setItem('colloquy.preferences', '{\"anybody\": true}')")
                if key:
                    short = json.dumps(json.dumps(short_lived(url, key)))
                    await page.add_init_script(f"sessionStorage.setItem('colloquy.ek', {short})")
                await page.goto(url)
                await page.get_by_role("button", name="Start talking").click()
                length = len(microphone) / RATE
                picture_at = length * 0.6
                for second in range(int(length) + 1):
                    await asyncio.sleep(1)
                    if self._screenshots and second == int(picture_at):
                        await page.screenshot(path=self._screenshots / "page.png")
                    if second == 12 and not blocks:
                        raise CallFailed(
                            "the page did not start a call within 12 s; open it yourself and see what it says"
                        )
                told = await page.evaluate("colloquyTapped()")
                await browser.close()
        return assemble(blocks, told)


def assemble(blocks: list[tuple[int, bytes, bytes]], told: dict[str, Any]) -> Recording:
    """One recording of the tap's blocks, each in the place that its first frame number says."""
    if not blocks:
        raise CallFailed("nothing was recorded; is the page's microphone blocked?")
    length = blocks[-1][0] + len(blocks[-1][1]) // 2
    tracks = np.zeros((2, length), np.float32)
    for first, *sides in blocks:
        for track, side in zip(tracks, sides, strict=True):
            samples = np.frombuffer(side, "<i2").astype(np.float32) / 32767
            track[first : first + len(samples)] = samples
    wall = told["wall"]
    slips = [
        (frame / RATE, lost)
        for (time, frame), (later, next_frame) in zip(wall, wall[10:], strict=False)
        if (lost := (later - time) - (next_frame - frame) / RATE) > SLIP_S * 5
    ]
    events = [(time, json.loads(text)) for time, text in told["events"]]
    return Recording(tracks[0], tracks[1], events, [tuple(pair) for pair in told["gains"]], slips)
