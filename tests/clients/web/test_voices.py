"""Whose voices are known, on the page. If these fail, people cannot see, teach, keep or take back who is answered."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import expect
from scenes import reply_begins

pytestmark = pytest.mark.asyncio(loop_scope="session")

Event = dict[str, Any]
LISTENING = {"type": "duplex.state", "user": "silent", "agent": "listening"}
OTHER = {"type": "duplex.speaker", "verdict": "other", "score": 0.1}
USER = {"type": "duplex.speaker", "verdict": "user", "score": 0.9}


def person(name: str, voice: str = "AAAA") -> Event:
    return {"name": name, "voice": voice, "seconds": 3.2, "encoder": 1, "level": -31.5}


def enrolled(*people: Event, learns: bool = True) -> Event:
    return {"type": "duplex.speaker.enrolled", "people": list(people), "learns": learns}


def learning(name: str, seconds: float) -> Event:
    return {"type": "duplex.speaker.learning", "name": name, "seconds": seconds, "needed": 2.4}


async def settings(visit: Any) -> Any:
    """The group of the settings that is about voices."""
    await visit.page.get_by_role("button", name="Settings").click()
    return visit.page.get_by_role("group", name="Voices")


async def last(call: Any, kind: str, count: int = 1) -> Event:
    await call.wait_for(lambda call: len(call.of_type(kind)) >= count)
    found: Event = call.of_type(kind)[-1]
    return found


async def stored(visit: Any) -> Any:
    return await visit.page.evaluate("JSON.parse(localStorage.getItem('colloquy.voices'))")


async def test_a_strangers_voice_is_shown_while_it_lasts_and_noted_once(visit: Any) -> None:
    call = await visit.talk()
    mood, notes = visit.page.locator("#mood"), visit.page.locator(".note")
    call.send(LISTENING, {**OTHER, "verdict": "unsure"})
    call.send(OTHER)
    await expect(mood).to_have_text("Not you")
    await expect(notes).to_have_text(["Another voice, not answered"])
    call.send({**OTHER, "verdict": "unsure"}, USER, OTHER, *reply_begins(1, "Seals."), OTHER)
    await expect(mood).to_have_text("Speaking · not you")
    await expect(mood).to_have_text("Speaking")
    await expect(notes).to_have_text(["Another voice, not answered"])
    call.send(LISTENING, OTHER)
    await expect(mood).to_have_text("Not you")
    call.send(USER)
    await expect(mood).to_have_text("Listening")


async def test_while_it_is_undecided_who_speaks_nothing_is_shown(visit: Any) -> None:
    call = await visit.talk()
    call.send(LISTENING, {**OTHER, "verdict": "unsure"}, {"type": "duplex.notice", "kind": "engine", "text": "Hm."})
    await expect(visit.page.locator(".note")).to_have_text(["Hm."])
    await expect(visit.page.locator("#mood")).to_have_text("Listening")


async def test_words_that_were_a_strangers_go_when_the_turn_is_withdrawn(visit: Any) -> None:
    call = await visit.talk()
    call.send({"type": "duplex.state", "user": "speaking", "agent": "listening"})
    call.send({"type": "duplex.user.words", "item_id": "item_1", "stable": "And now", "tentative": " the news"})
    await expect(visit.page.locator(".user")).to_have_count(1)
    call.send(OTHER, LISTENING)
    await expect(visit.page.locator(".user")).to_have_count(0)


async def test_who_is_learnt_by_itself_is_told_once_and_can_be_removed(visit: Any) -> None:
    call = await visit.talk()
    call.send(enrolled(person("user")))
    note = "It knows your voice now, and does not answer others"
    await expect(visit.page.locator(".note")).to_have_text([note])
    call.send(enrolled(person("user", "BBBB")))
    group = await settings(visit)
    await expect(group.get_by_role("listitem")).to_contain_text(["You"])
    await group.get_by_role("button", name="Remove You").press("Enter")
    told = await last(call, "duplex.speaker.people")
    assert (told["people"], told["learns"]) == ([], True)
    await expect(group.get_by_role("listitem")).to_have_count(0)
    await expect(group.get_by_role("status")).to_have_text("Removed: You")
    await expect(group.get_by_role("button", name="Learn a voice")).to_be_focused()
    await expect(visit.page.locator(".note")).to_have_count(1)


async def test_a_voice_is_learnt_by_keyboard_with_progress_and_can_be_given_up(visit: Any) -> None:
    call = await visit.talk()
    call.send(enrolled(person("user")))
    group = await settings(visit)
    await group.get_by_label("Name").fill("Ann")
    await group.get_by_label("Name").press("Enter")
    assert (await last(call, "duplex.speaker.enroll"))["name"] == "Ann"
    ring = group.get_by_role("progressbar")
    await expect(ring).to_have_attribute("aria-valuenow", "0")
    await expect(group.get_by_role("button", name="Cancel")).to_be_focused()
    call.send(learning("Ann", 1.2))
    await expect(ring).to_have_attribute("aria-valuenow", "50")
    call.send(enrolled(person("user"), person("Ann", "BBBB")))
    await expect(group.get_by_role("status")).to_have_text("Ann is known now")
    await expect(ring).to_be_hidden()
    await expect(group.get_by_role("button", name="Learn a voice")).to_be_focused()
    await group.get_by_label("Name").fill("Ann")
    await group.get_by_role("button", name="Learn a voice").click()
    assert (await last(call, "duplex.speaker.enroll", 2))["name"] == "Ann 2"
    await group.get_by_role("button", name="Cancel").click()
    told = await last(call, "duplex.speaker.people")
    assert [each["name"] for each in told["people"]] == ["user", "Ann"]
    await expect(group.get_by_role("status")).to_have_text("")


async def test_closing_the_settings_gives_up_what_was_being_learnt(visit: Any) -> None:
    call = await visit.talk()
    group = await settings(visit)
    await group.get_by_role("button", name="Learn a voice").click()
    await last(call, "duplex.speaker.enroll")
    await visit.page.keyboard.press("Escape")
    await last(call, "duplex.speaker.people")
    group = await settings(visit)
    await expect(group.get_by_role("progressbar")).to_be_hidden()


async def test_while_muted_no_voice_can_be_learnt(visit: Any) -> None:
    await visit.talk()
    await visit.page.get_by_role("button", name="Mute").click()
    group = await settings(visit)
    await expect(group.get_by_role("button", name="Learn a voice")).to_be_disabled()
    await expect(group).to_contain_text("while your microphone is off")


async def test_answer_anybody_switches_the_lock_off_and_back_to_who_was_known(visit: Any) -> None:
    call = await visit.talk()
    call.send(enrolled(person("Ann")))
    group = await settings(visit)
    switch = group.get_by_role("switch", name="Answer anybody")
    await expect(group.get_by_role("listitem")).to_have_count(1)
    await switch.check()
    told = await last(call, "duplex.speaker.people")
    assert (told["people"], told["learns"]) == ([], False)
    call.send(enrolled(learns=False))
    await expect(group).to_contain_text("Whoever speaks is answered.")
    await expect(group.get_by_role("listitem")).to_have_count(1)
    await expect(group.get_by_role("button", name="Learn a voice")).to_be_disabled()
    await switch.uncheck()
    told = await last(call, "duplex.speaker.people", 2)
    assert (told["people"], told["learns"]) == ([person("Ann")], True)


async def test_nothing_is_kept_unless_that_is_ticked_and_unticking_takes_it_away(visit: Any) -> None:
    call = await visit.talk()
    call.send(enrolled(person("Ann")))
    group = await settings(visit)
    await expect(group.get_by_role("listitem")).to_have_count(1)
    assert await stored(visit) is None
    await group.get_by_label("Remember on this device").check()
    assert await stored(visit) == [person("Ann")]
    call.send(enrolled(person("Ann", "BBBB")))
    await call.wait_for(lambda call: True)
    await visit.page.reload()
    await visit.page.get_by_role("button", name="Start talking").click()
    second = await visit.server.call(2)
    told = await last(second, "duplex.speaker.people")
    assert [each["name"] for each in told["people"]] == ["Ann"]
    group = await settings(visit)
    await expect(group.get_by_role("listitem")).to_contain_text(["Ann"])
    await group.get_by_label("Remember on this device").uncheck()
    assert await stored(visit) is None
    await expect(group.get_by_role("listitem")).to_have_count(1)


async def test_a_connection_that_comes_back_is_told_who_was_known(visit: Any) -> None:
    first = await visit.talk()
    first.send(enrolled(person("Ann")))
    await expect(visit.page.locator(".note")).to_have_count(1)
    await first.drop()
    second = await visit.server.call(2)
    assert (await last(second, "duplex.speaker.people"))["people"] == [person("Ann")]
    second.send(enrolled(person("Ann")))
    second.send({"type": "duplex.notice", "kind": "engine", "text": "Here again."})
    await expect(visit.page.locator(".note")).to_have_count(2)


async def test_kept_voices_that_a_server_refuses_are_forgotten_and_that_is_said(visit: Any) -> None:
    await visit.page.add_init_script(
        """localStorage.setItem('colloquy.preferences', '{"remember": true}');
        localStorage.setItem('colloquy.voices', '[{"name": "Ann", "voice": "AAAA", "seconds": 3, "encoder": 0}]');"""
    )
    call = await visit.talk()
    told = await last(call, "duplex.speaker.people")
    error = {"type": "x", "code": "invalid_value", "message": "Other.", "event_id": told["event_id"]}
    call.send({"type": "error", "error": error})
    await expect(visit.page.locator(".note")).to_contain_text(["gets to know them anew"])
    assert await stored(visit) is None


async def test_what_is_stored_and_is_no_voice_is_passed_over(visit: Any) -> None:
    await visit.page.add_init_script(
        """localStorage.setItem('colloquy.preferences', '{"remember": true}');
        localStorage.setItem('colloquy.voices', '{"no": "list"}');"""
    )
    call = await visit.talk()
    await call.wait_for(lambda call: call.of_type("duplex.hello"))
    assert call.of_type("duplex.speaker.people") == []
