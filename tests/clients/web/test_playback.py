"""What the page does with the agent's sound: silent at once, softer when told to, honest about what was audible."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from playwright.async_api import Page
from scenes import reply_begins, reply_cut

pytestmark = pytest.mark.asyncio(loop_scope="session")

SOUND = "document.getElementById('agent-sound')"


async def until(page: Page, condition: str) -> None:
    """Wait for a condition (the page's policy forbids Playwright's own way, which needs eval)."""
    async with asyncio.timeout(30):
        while not await page.evaluate(condition):
            await asyncio.sleep(0.02)


async def test_what_is_audible_is_reported_while_it_is_and_once_more_when_cut(visit: Any) -> None:
    call = await visit.talk()
    call.voice.speaking = True
    call.send(*reply_begins(1, "Seals."))
    await call.wait_for(lambda call: len(call.of_type("duplex.playback")) >= 3)
    first, *_, last = [event["rtp_timestamp"] for event in call.of_type("duplex.playback")]
    assert 0 < (last - first) % (1 << 32) < 10 * 48_000
    assert all(event["latency_ms"] >= 0 for event in call.of_type("duplex.playback"))
    call.send(*reply_cut(1, "Seals"))
    await until(visit.page, f"{SOUND}.muted")
    await asyncio.sleep(0.3)
    reported = len(call.of_type("duplex.playback"))
    await asyncio.sleep(0.5)
    assert len(call.of_type("duplex.playback")) == reported


async def test_a_cut_reply_is_mute_until_the_next_one_begins_and_its_own_late_events_change_nothing(visit: Any) -> None:
    call = await visit.talk()
    call.send(*reply_begins(1, "Seals."), *reply_cut(1, "Seals"))
    await until(visit.page, f"{SOUND}.muted")
    call.send({"type": "output_audio_buffer.started", "response_id": "resp_1"})
    call.send({"type": "duplex.unduck"}, {"type": "output_audio_buffer.stopped", "response_id": "resp_1"})
    await asyncio.sleep(0.4)
    assert await visit.page.evaluate(f"{SOUND}.muted")
    call.send(*reply_begins(2, "Otters."))
    await until(visit.page, f"!{SOUND}.muted")


async def test_the_old_sound_in_the_buffer_is_not_heard_when_the_next_reply_follows_at_once(visit: Any) -> None:
    call = await visit.talk()
    await visit.page.evaluate(
        f"""window.mutes = [];
        const sound = {SOUND};
        sound.addEventListener('volumechange', () => mutes.push([sound.muted, performance.now()]));"""
    )
    call.send(*reply_begins(1, "Seals."))
    call.send(*reply_cut(1, "Seals"), *reply_begins(2, "Otters."))
    await until(visit.page, "mutes.length >= 2")
    (muted, cut), (still, opened) = (await visit.page.evaluate("mutes"))[:2]
    assert (muted, still) == (True, False)
    assert opened - cut > 30


async def test_a_duck_is_softer_by_what_was_asked_and_keeps_the_chosen_volume(visit: Any) -> None:
    call = await visit.talk()
    await visit.page.evaluate(
        "const v = document.getElementById('volume'); v.value = 50; v.dispatchEvent(new Event('input'))"
    )
    call.send(*reply_begins(1, "Seals."), {"type": "duplex.duck", "gain_db": -12})
    await until(visit.page, f"Math.abs({SOUND}.volume - 0.5 * 0.2512) < 0.001")
    call.send({"type": "duplex.unduck"})
    await until(visit.page, f"{SOUND}.volume === 0.5")


async def test_the_sound_of_a_call_really_plays(visit: Any) -> None:
    call = await visit.talk()
    call.voice.speaking = True
    call.send(*reply_begins(1, "Seals."))
    await until(visit.page, f"!{SOUND}.paused && {SOUND}.currentTime > 0.2")
    await until(
        visit.page,
        "parseFloat(getComputedStyle(document.getElementById('presence')).getPropertyValue('--level')) > 0.3",
    )
