"""A call in the page, from the button to its end."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import expect
from scenes import heard, reply_begins, reply_cut, user_says, usual_latencies

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_one_press_starts_a_call_that_hears_the_microphone(visit: Any) -> None:
    page = await visit.open()
    await page.get_by_role("button", name="Start talking").focus()
    await page.keyboard.press("Enter")
    call = await visit.server.call()
    assert call.of_type("duplex.hello")[0] == {"type": "duplex.hello", "ducks": True, "reports_playback": True}
    await call.wait_for(lambda call: call.microphone_frames > 10)
    await expect(page.locator("#mood")).to_have_text("Listening")


async def test_words_grow_while_they_are_spoken_and_the_agents_only_when_heard(visit: Any) -> None:
    call = await visit.talk()
    call.send({"type": "duplex.user.words", "item_id": "item_1", "stable": "Tell me", "tentative": " about sea"})
    await expect(visit.page.locator(".user .firm")).to_have_text("Tell me")
    await expect(visit.page.locator(".user .tentative")).to_have_text(" about sea")
    call.send(*user_says("item_1", "Tell me about seals."), *reply_begins(1, "Seals are marine mammals."))
    await expect(visit.page.locator(".user .firm")).to_have_text("Tell me about seals.")
    await expect(visit.page.locator("#mood")).to_have_text("Speaking")
    await expect(visit.page.locator(".agent")).to_have_count(0)
    call.send(heard(1, "Seals are"))
    await expect(visit.page.locator(".agent .words")).to_have_text("Seals are")
    call.send(heard(1, "Seals are marine mammals.", done=True))
    await expect(visit.page.locator(".agent .words")).to_have_text("Seals are marine mammals.")


async def test_an_interruption_shows_where_it_ended_and_what_was_not_heard(visit: Any) -> None:
    call = await visit.talk()
    call.send(*reply_begins(1, "Seals are marine mammals."), heard(1, "Seals are"), *reply_cut(1, "Seals are"))
    await expect(visit.page.locator(".agent .mark")).to_have_text("— interrupted")
    await expect(visit.page.locator(".agent .unheard")).to_contain_text("marine mammals.")
    await expect(visit.page.locator("#announcements")).to_contain_text("Colloquy: Seals are — interrupted")


async def test_commands_strangers_and_notices_are_said(visit: Any) -> None:
    call = await visit.talk()
    call.send(
        {"type": "duplex.command", "command": "stop", "audio_start_ms": 0, "audio_end_ms": 300},
        {"type": "duplex.speaker", "verdict": "other", "score": 0.1},
        {"type": "duplex.speaker", "verdict": "other", "score": 0.1},
        {"type": "duplex.notice", "kind": "mind_lost", "text": "The model is restarting."},
    )
    notes = visit.page.locator(".note")
    await expect(notes).to_have_text(["Stopped", "Another voice, not answered", "The model is restarting."])


async def test_a_typed_turn_is_shown_and_asks_for_an_answer(visit: Any) -> None:
    call = await visit.talk()
    box = visit.page.get_by_label("Type instead of speaking")
    await box.fill("How deep do seals dive?")
    await box.press("Enter")
    await call.wait_for(lambda call: call.of_type("response.create"))
    (created,) = call.of_type("conversation.item.create")
    assert created["item"]["content"] == [{"type": "input_text", "text": "How deep do seals dive?"}]
    await expect(visit.page.locator(".user .words")).to_have_text("How deep do seals dive?")
    await expect(box).to_have_value("")


async def test_m_mutes_but_not_in_the_text_box(visit: Any) -> None:
    await visit.talk()
    mute = visit.page.get_by_role("button", name="Mute")
    await visit.page.keyboard.press("m")
    await expect(mute).to_have_attribute("aria-pressed", "true")
    await expect(visit.page.locator("#mood")).to_have_text("You are muted")
    await visit.page.get_by_label("Type instead of speaking").fill("")
    await visit.page.keyboard.press("m")
    await expect(mute).to_have_attribute("aria-pressed", "true")
    await mute.click()
    await expect(mute).to_have_attribute("aria-pressed", "false")


async def test_the_camera_is_offered_only_to_a_model_with_eyes(visit: Any) -> None:
    await visit.talk()
    await expect(visit.page.locator("#camera")).to_be_hidden()
    await expect(visit.page.locator("#no-camera")).to_have_text("No camera here: nano has no eyes.")


async def test_the_camera_is_sent_and_seen_by_oneself(visit: Any) -> None:
    visit.server.sees = True
    call = await visit.talk()
    camera = visit.page.get_by_role("button", name="Camera")
    await camera.click()
    await expect(visit.page.get_by_label("Your camera")).to_be_visible()
    await call.wait_for(lambda call: call.camera_frames > 2)
    await camera.click()
    await expect(visit.page.get_by_label("Your camera")).to_be_hidden()


async def test_latency_is_drawn_stage_by_stage_and_readable_as_a_table(visit: Any) -> None:
    call = await visit.talk()
    call.send(*usual_latencies())
    panel = visit.page.locator("#latency")
    await expect(panel.locator(".digest")).to_have_text("p50 285 ms · stop 203 ms")
    reply = panel.locator(".turns").first
    await expect(reply.locator(".total")).to_contain_text("289 ms")
    await expect(reply.locator(".steps li")).to_have_count(7)
    await expect(reply.locator(".bars li")).to_have_count(5)
    await panel.get_by_text("As a table").click()
    await expect(panel.get_by_role("columnheader").filter(has_text="first token")).to_be_visible()
    await expect(panel.get_by_role("row")).to_have_count(9)


async def test_the_end_of_the_call_lets_go_of_the_microphone_and_keeps_the_words(visit: Any) -> None:
    call = await visit.talk()
    call.send(*user_says("item_1", "That was all."))
    await expect(visit.page.locator(".user .words")).to_have_text("That was all.")
    await visit.page.get_by_role("button", name="End call").click()
    await expect(visit.page.get_by_role("button", name="Start a new call")).to_be_focused()
    await expect(visit.page.locator(".user .words")).to_have_text("That was all.")
    await call.wait_for(lambda call: call.pc.connectionState == "closed")


async def test_a_microphone_can_be_chosen_during_the_call(visit: Any) -> None:
    call = await visit.talk()
    await visit.page.get_by_role("button", name="Settings").click()
    picker = visit.page.get_by_role("combobox", name="Microphone")
    await picker.select_option(index=2)
    await visit.page.get_by_role("button", name="Done").click()
    await expect(visit.page.locator(".note")).to_contain_text("Listening through")
    frames = call.microphone_frames
    await call.wait_for(lambda call: call.microphone_frames > frames + 10)


async def test_an_unplugged_microphone_is_replaced_by_another(visit: Any) -> None:
    await visit.page.add_init_script(
        """const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        navigator.mediaDevices.getUserMedia = async (wish) => {
            const stream = await open(wish);
            window.microphone = stream.getTracks()[0];
            return stream;
        };"""
    )
    call = await visit.talk()
    await visit.page.evaluate("microphone.stop(); microphone.dispatchEvent(new Event('ended'))")
    await expect(visit.page.locator(".note")).to_contain_text("Listening through")
    frames = call.microphone_frames
    await call.wait_for(lambda call: call.microphone_frames > frames + 10)
