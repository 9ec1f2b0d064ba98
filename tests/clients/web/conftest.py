"""A page in a real browser, in front of a server that the test plays."""

from __future__ import annotations

import shutil
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright

sys.path.insert(0, str(Path(__file__).parent))

from fake_server import FakeCall, FakeServer

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--no-sandbox",
    "--mute-audio",
]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip("No Chromium was found, so the page was not tested: install the package `chromium`.")
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        await chromium.close()


@dataclass
class Visit:
    """Somebody at the page. Whatever the page complains of on its console fails the test."""

    page: Page
    server: FakeServer
    complaints: list[str] = field(default_factory=list)

    async def open(self) -> Page:
        await self.page.goto(self.server.url)
        return self.page

    async def talk(self) -> FakeCall:
        """Open the page, press the button, and be in a call."""
        await self.open()
        await self.page.get_by_role("button", name="Start talking").click()
        call = await self.server.call()
        await self.page.get_by_role("button", name="End call").wait_for()
        return call

    def text(self, selector: str) -> Any:
        """What is written there now (a coroutine)."""
        return self.page.locator(selector).inner_text()


@pytest_asyncio.fixture(loop_scope="session")
async def server() -> AsyncIterator[FakeServer]:
    fake = FakeServer()
    await fake.start()
    yield fake
    await fake.close()


@pytest_asyncio.fixture(loop_scope="session")
async def visit(browser: Browser, server: FakeServer) -> AsyncIterator[Visit]:
    context = await browser.new_context(viewport={"width": 1180, "height": 760})
    context.set_default_timeout(10_000)
    page = await context.new_page()
    guest = Visit(page, server)

    def note(message: Any) -> None:
        # The browser itself reports answers such as 401 and 503 as errors; they are part of what is tested.
        if message.type == "error" and "Failed to load resource" not in message.text:
            guest.complaints.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: guest.complaints.append(str(error)))
    yield guest
    await context.close()
    assert not guest.complaints
