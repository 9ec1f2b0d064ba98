"""Everybody can use the page: an accessibility checker finds nothing serious, and nothing needs sideways scrolling."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect
from scenes import a_conversation

pytestmark = pytest.mark.asyncio(loop_scope="session")

WIDTHS = [(360, 640), (740, 360), (1280, 800)]


def checker() -> str:
    """The source of axe-core, as its Python package carries it."""
    package = pytest.importorskip(
        "axe_playwright_python",
        reason="The accessibility of the page was not tested: install the package `axe-playwright-python`.",
    )
    return Path(str(package.__file__)).with_name("axe.min.js").read_text()


async def inspect(page: Any, state: str) -> None:
    """Hold the page, as it is now, to both promises."""
    await page.evaluate(checker())
    found = await page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    serious = [
        f"{state}: {problem['id']} at {[node['target'] for node in problem['nodes']]}"
        for problem in found["violations"]
        if problem["impact"] in ("serious", "critical")
    ]
    assert serious == []
    wide, window = await page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide <= window, f"{state}: {wide} px wide in a window of {window} px"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", WIDTHS)
async def test_no_serious_barrier_and_no_sideways_scrolling(visit: Any, scheme: Any, size: tuple[int, int]) -> None:
    page = visit.page
    await page.set_viewport_size({"width": size[0], "height": size[1]})
    # Colours that are on their way from one theme to the other have no contrast worth measuring.
    await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    await visit.open()
    await inspect(page, "start")
    await page.get_by_role("button", name="Start talking").click()
    call = await visit.server.call()
    await expect(page.get_by_role("button", name="End call")).to_be_visible()
    call.send(*a_conversation())
    await expect(page.locator(".user .tentative")).to_be_visible()
    await inspect(page, "call")
    await page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
    await inspect(page, "latency")
    await page.get_by_role("button", name="Settings").click()
    await inspect(page, "settings")
    await page.get_by_role("button", name="Done").click()
    visit.server.away = True
    await call.drop()
    await expect(page.locator("#banner")).to_contain_text("Trying again")
    await inspect(page, "lost")
    await page.get_by_role("button", name="End call").click()
    await inspect(page, "ended")
    await page.get_by_role("button", name="Start a new call").click()
    await expect(page.get_by_role("heading", name="The server does not answer")).to_be_visible()
    await inspect(page, "problem")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_while_a_voice_is_learnt_there_is_no_serious_barrier_either(visit: Any, scheme: Any) -> None:
    page = visit.page
    await page.set_viewport_size({"width": 360, "height": 640})
    await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    call = await visit.talk()
    call.send({"type": "duplex.speaker.enrolled", "people": [{"name": "user", "voice": "AAAA"}], "learns": True})
    await page.get_by_role("button", name="Settings").click()
    await page.get_by_role("button", name="Learn a voice").click()
    call.send({"type": "duplex.speaker.learning", "name": "Voice 2", "seconds": 1.2, "needed": 2.4})
    await expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "50")
    await inspect(page, "learning a voice")
    await page.get_by_role("switch", name="Answer anybody").check()
    await inspect(page, "answering anybody")


async def test_everything_of_a_call_is_reached_with_the_tab_key(visit: Any) -> None:
    await visit.talk()
    reached = []
    for _ in range(12):
        await visit.page.keyboard.press("Tab")
        reached.append(await visit.page.evaluate("document.activeElement.id || document.activeElement.tagName"))
    assert {"theme", "transcript", "text", "mute", "open-settings", "end", "SUMMARY"} <= set(reached)


async def test_the_theme_button_overrules_the_system_and_is_remembered(visit: Any) -> None:
    await visit.page.emulate_media(color_scheme="light")
    await visit.open()
    await visit.page.get_by_role("button", name="Dark colours").click()
    await visit.page.reload()
    await expect(visit.page.get_by_role("button", name="Dark colours")).to_have_attribute("aria-pressed", "true")
    background = await visit.page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert background == "rgb(19, 20, 22)"
