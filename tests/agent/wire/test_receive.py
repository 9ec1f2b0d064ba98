"""What clients ask for, and what they may ask without getting an error that would end them."""

from __future__ import annotations

import base64
import json

import numpy as np
import pytest

from agent.conversation import commands as does
from agent.conversation import events as told
from agent.wire.errors import Refused
from streaming.realtime.audio import AudioConfig, AudioOutput
from streaming.realtime.session import Session
from streaming.time import ms

JPEG = "data:image/jpeg;base64," + base64.b64encode(b"\xff\xd8\xff\xe0picture").decode()
CLOCK = {"type": "function", "name": "clock", "description": "The time.", "parameters": {"type": "object"}}


def text_item(text: str, role: str = "user", **more: object) -> dict[str, object]:
    return {"type": "message", "role": role, "content": [{"type": "input_text", "text": text}], **more}


def error(wire) -> dict[str, object]:
    assert wire.sent[-1]["type"] == "error", wire.sent[-1]
    return wire.sent[-1]["error"]


# --- session --------------------------------------------------------------------------------


def test_partial_updates_merge(wire):
    first = wire.says("session.update", session={"type": "realtime", "instructions": "Rhyme."})
    second = wire.says("session.update", session={"tools": [CLOCK], "tool_choice": "auto"})
    assert first.setup.instructions == "Rhyme."
    assert (second.setup.instructions, second.setup.tools) == ("Rhyme.", [CLOCK])
    shown = wire.last("session.updated")["session"]
    assert (shown["instructions"], shown["tools"]) == ("Rhyme.", [CLOCK])


def test_turn_detection_is_shown_with_its_defaults(wire):
    wire.says("session.update", session={"audio": {"input": {"turn_detection": {"type": "semantic_vad"}}}})
    assert wire.last("session.updated")["session"]["audio"]["input"]["turn_detection"] == {
        "type": "semantic_vad",
        "eagerness": "auto",
        "create_response": True,
        "interrupt_response": True,
    }


@pytest.mark.parametrize("off", [None, False, {"type": "none"}])
def test_turn_detection_can_be_switched_off_and_on(wire, off):
    (changed,) = wire.says("session.update", session={"audio": {"input": {"turn_detection": off}}}).events
    assert changed.settings.automatic_turns is False
    assert wire.last("session.updated")["session"]["audio"]["input"]["turn_detection"] is None
    again = {"audio": {"input": {"turn_detection": {"type": "server_vad", "create_response": False}}}}
    (changed,) = wire.says("session.update", session=again).events
    assert (changed.settings.automatic_turns, changed.settings.create_response) == (True, False)


def test_silence_duration_is_the_pause_of_an_ordinary_end(wire):
    asked = {"audio": {"input": {"turn_detection": {"type": "server_vad", "silence_duration_ms": 700}}}}
    (changed,) = wire.says("session.update", session=asked).events
    assert (changed.settings.pause_if_open, changed.settings.pause_if_sure) == (ms(700), ms(160))


def test_names_of_the_beta_api_are_understood(wire):
    received = wire.says(
        "session.update",
        session={
            "modalities": ["text", "audio"],
            "voice": "en",
            "input_audio_format": "g711_ulaw",
            "max_response_output_tokens": 99,
            "turn_detection": None,
        },
    )
    assert (received.setup.voice, received.setup.max_tokens) == ("en", 99)
    shown = wire.last("session.updated")["session"]
    assert shown["audio"]["input"]["format"] == {"type": "audio/pcmu"}


def test_any_model_and_foreign_voices_are_accepted(wire):
    received = wire.says("session.update", session={"model": "gpt-realtime", "audio": {"output": {"voice": "marin"}}})
    assert received.setup is None
    shown = wire.last("session.updated")["session"]
    assert (shown["model"], shown["audio"]["output"]["voice"]) == ("gpt-realtime", "marin")


@pytest.mark.parametrize(
    ("session", "param"),
    [
        ({"type": "transcription"}, "session.type"),
        ({"audio": {"output": {"voice": "nobody"}}}, "session.audio.output.voice"),
        ({"audio": {"input": {"format": {"type": "audio/pcm", "rate": 16000}}}}, "session.audio.input.format.rate"),
        ({"audio": {"input": {"turn_detection": {"threshold": 7}}}}, "session.audio.input.turn_detection.threshold"),
        ({"tools": [{"type": "function", "name": "no spaces"}]}, "session.tools[0].name"),
        ({"tools": [{"type": "mcp"}]}, "session.tools[0].type"),
        ({"tool_choice": "sometimes"}, "session.tool_choice"),
        ({"instructions": 5}, "session.instructions"),
        ({"max_output_tokens": 0}, "session.max_output_tokens"),
        ({"output_modalities": ["smell"]}, "session.output_modalities[0]"),
    ],
)
def test_what_there_is_not_is_refused_by_name_and_changes_nothing(wire, session, param):
    before = wire.dialect.setup
    received = wire.says("session.update", event_id="mine", session={"instructions": "New.", **session})
    assert error(wire)["param"] == param
    assert error(wire)["event_id"] == "mine"
    assert received.setup is None
    assert wire.dialect.setup == before


def test_a_session_bound_to_a_key_is_in_force_from_the_start(make_wire):
    wire = make_wire(asked=Session(instructions="Be brief.", audio=AudioConfig(output=AudioOutput(voice="en"))))
    assert (wire.dialect.setup.instructions, wire.dialect.setup.voice) == ("Be brief.", "en")
    assert wire.sent[0]["session"]["instructions"] == "Be brief."
    with pytest.raises(Refused):
        make_wire(asked=Session(audio=AudioConfig(output=AudioOutput(voice="nobody"))))


# --- sound ----------------------------------------------------------------------------------


def test_sound_may_be_cut_in_the_middle_of_a_sample(wire):
    raw = np.arange(100, dtype="<i2").tobytes()
    heard = [
        wire.says("input_audio_buffer.append", audio=base64.b64encode(piece).decode()).microphone
        for piece in (raw[:33], raw[33:34], raw[34:])
    ]
    assert np.array_equal(np.concatenate([piece.pcm for piece in heard]), np.arange(100))
    assert {piece.rate for piece in heard} == {24_000}


def test_sound_that_is_not_base64_is_refused(wire):
    assert wire.says("input_audio_buffer.append", audio="§§").microphone is None
    assert error(wire)["param"] == "audio"


def test_clear_is_acknowledged_at_once_and_commit_when_the_turn_is_there(wire):
    assert wire.says("input_audio_buffer.clear").events == [told.ClearInput(at=0)]
    assert wire.types()[-1] == "input_audio_buffer.cleared"
    assert wire.says("input_audio_buffer.commit").events == [told.CommitInput(at=0)]
    assert wire.types()[-1] == "input_audio_buffer.cleared"


# --- items ----------------------------------------------------------------------------------


def test_a_typed_turn_is_answered_when_a_response_is_asked_for(wire):
    created = wire.says("conversation.item.create", item=text_item("Hello", id="mine"))
    assert [line.text for line in created.lines] == ["Hello"]
    assert created.events == []
    assert wire.types()[-2:] == ["conversation.item.added", "conversation.item.done"]
    asked = wire.says("response.create")
    assert asked.events == [told.TypedTurn("Hello", at=0, item="mine")]
    assert asked.lines == []


def test_an_item_alone_is_context_only(wire):
    wire.says("conversation.item.create", item=text_item("Hello", id="mine"))
    wire.user_turn(1)
    assert wire.says("response.create").events == [
        told.TypedTurn("Hello", at=0, item="mine", answer=False),
        told.CreateReply(at=0),
    ]


def test_prompts_as_trailing_system_items_are_answered(wire):
    created = wire.says("conversation.item.create", item=text_item("Greet the user.", role="system"))
    assert [(line.role, line.text) for line in created.lines] == [("system", "Greet the user.")]
    assert wire.says("response.create").events == [told.CreateReply(at=0)]


def test_a_conversation_may_open_with_a_response(wire):
    asked = wire.says("response.create", response={"instructions": "Say hi.", "metadata": {"client_event_id": "e1"}})
    assert asked.events == [told.CreateReply(at=0, instructions="Say hi.")]
    wire.speak(1, "Hi")
    assert wire.last("response.created")["response"]["metadata"] == {"client_event_id": "e1"}
    wire.end(1, "Hi")
    assert wire.last("response.done")["response"]["metadata"] == {"client_event_id": "e1"}


def test_settings_of_one_response_hold_for_it_alone(wire):
    wire.says("session.update", session={"tools": [CLOCK]})
    asked = wire.says("response.create", response={"tool_choice": "none", "tools": None})
    assert asked.setup.tool_choice == "none"
    assert asked.setup_after == wire.dialect.setup
    assert asked.setup_after.tool_choice == "auto"


def test_roles_and_names_of_other_apis_are_echoed_as_clients_know_them(wire):
    wire.says("conversation.item.create", item={"role": "developer", "content": [{"type": "text", "text": "Be kind."}]})
    item = wire.last("conversation.item.added")["item"]
    assert (item["role"], item["content"][0]["type"]) == ("system", "input_text")


def test_a_context_that_is_loaded_keeps_its_names_and_its_order(wire):
    wire.says("conversation.item.create", item=text_item("one", id="a"))
    reply = {"type": "message", "role": "assistant", "id": "b", "content": [{"type": "output_text", "text": "two"}]}
    wire.says("conversation.item.create", item=reply, previous_item_id="a")
    call = {"type": "function_call", "id": "c", "call_id": "x", "name": "clock", "arguments": "{}"}
    wire.says("conversation.item.create", item=call)
    wire.says("conversation.item.create", item={"type": "function_call_output", "call_id": "x", "output": "nine"})
    first = wire.says("conversation.item.create", item=text_item("zero", role="system"), previous_item_id="root")
    assert first.rebuild
    lines = wire.dialect.lines()
    assert [(line.role, line.text) for line in lines] == [
        ("system", "zero"),
        ("user", "one"),
        ("assistant", "two"),
        ("assistant", ""),
        ("tool", "nine"),
    ]
    assert (lines[3].name, lines[3].call) == ("clock", "x")


def test_deleting_is_acknowledged_and_makes_the_mind_forget(wire):
    wire.says("conversation.item.create", item=text_item("one", id="a"))
    assert wire.says("conversation.item.delete", item_id="a").rebuild
    assert wire.types()[-1] == "conversation.item.deleted"
    assert wire.dialect.lines() == []
    assert not wire.says("conversation.item.delete", item_id="a").rebuild
    assert wire.types()[-1] == "conversation.item.deleted"
    wire.says("conversation.item.delete", item_id="never")
    assert error(wire)["code"] == "item_delete_invalid_item_id"


def test_retrieved_items_carry_what_was_heard(wire):
    wire.speak(1, "One", " two")
    item_id = wire.last("conversation.item.added")["item"]["id"]
    wire.happens(does.Silence(1), does.ReplyCut(1, 1, "One", 2400, "turn_detected"))
    wire.says("conversation.item.retrieve", item_id=item_id)
    item = wire.last("conversation.item.retrieved")["item"]
    assert item["content"] == [{"type": "output_audio", "transcript": "One"}]
    wire.says("conversation.item.retrieve", event_id="rci_x", item_id="x")
    assert (error(wire)["code"], error(wire)["event_id"]) == ("item_retrieve_invalid_item_id", "rci_x")


def test_a_clients_truncate_after_ours_never_lengthens(wire):
    wire.speak(1, "One", " two", " three")
    item_id = wire.last("conversation.item.added")["item"]["id"]
    wire.happens(does.Silence(1), does.ReplyCut(1, 2, "One two", 4000, "turn_detected"))
    wire.says("conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=9000)
    ack = wire.sent[-1]
    assert (ack["type"], ack["audio_end_ms"], ack["transcript"]) == ("conversation.item.truncated", 167, "One two")
    shorter = wire.says("conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=60)
    assert shorter.events == [told.Heard(1, 1440, at=0, by_client=True)]
    assert wire.sent[-1]["transcript"] == "One"
    assert [line.text for line in wire.dialect.lines()] == ["One"]


def test_truncating_what_is_gone_is_no_error(make_wire):
    wire = make_wire("webrtc")
    wire.happens(does.ReplyStarted(1, None))
    wire.take(wire.dialect.said(1, 0, "Yes"))
    wire.take(wire.dialect.spans(1, [(0, 0, 2400)]))
    item_id = wire.last("conversation.item.added")["item"]["id"]
    wire.happens(does.ReplyVanished(1))
    before = len(wire.sent)
    assert wire.says("conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=0).events == []
    assert len(wire.sent) == before


def test_pictures_reach_a_mind_that_sees_and_others_say_so_once(make_wire):
    item = {"type": "message", "role": "user", "content": [{"type": "input_image", "image_url": JPEG}]}
    seeing, blind = make_wire(sees=True), make_wire()
    assert seeing.says("conversation.item.create", item=item).pictures == [b"\xff\xd8\xff\xe0picture"]
    assert seeing.last("conversation.item.added")["item"]["content"] == []
    assert blind.says("conversation.item.create", item=item).pictures == []
    blind.says("conversation.item.create", item=item)
    assert blind.types().count("duplex.notice") == 1


@pytest.mark.parametrize(
    "url", ["https://example.org/cat.jpg", "data:image/png;base64,iVBORw0K", "data:image/jpeg;base64,§"]
)
def test_other_pictures_are_refused(make_wire, url):
    wire = make_wire(sees=True)
    item = {"type": "message", "role": "user", "content": [{"type": "input_image", "image_url": url}]}
    assert wire.says("conversation.item.create", item=item).pictures == []
    assert error(wire)["param"] == "item.content[0].image_url"


# --- responses ------------------------------------------------------------------------------


def test_a_second_response_is_refused_while_one_is_in_progress(wire):
    wire.speak(1, "One")
    assert wire.says("response.create", event_id="e9").events == []
    assert error(wire)["code"] == "conversation_already_has_active_response"
    assert error(wire)["event_id"] == "e9"
    wire.happens(does.ReplyFinished(1, "One"))
    assert wire.says("response.create").events == [told.CreateReply(at=0)]


def test_a_second_response_is_refused_while_the_first_is_on_its_way_but_not_for_ever(wire):
    wire.says("response.create")
    assert wire.says("response.create").events == []
    wire.now = ms(20_000)
    assert wire.says("response.create").events == [told.CreateReply(at=wire.now)]


def test_typing_into_a_reply_asks_for_an_answer(wire):
    wire.speak(1, "One")
    wire.says("conversation.item.create", item=text_item("Wait!", id="w"))
    assert wire.says("response.create").events == [told.TypedTurn("Wait!", at=0, item="w")]


OUTPUT = {"type": "function_call_output", "call_id": "call_1", "output": "nine"}


def test_a_functions_result_is_context_until_an_answer_is_asked_for(wire):
    wire.happens(does.ReplyStarted(1, None), does.CallTool("call_1", "clock", "{}"), does.ReplyFinished(1, ""))
    received = wire.says("conversation.item.create", item=OUTPUT)
    assert received.events == [told.ToolResult("call_1", "nine", at=0, answer=False)]
    assert [(line.role, line.call) for line in received.lines] == [("tool", "call_1")]
    assert wire.says("response.create").events == [told.CreateReply(at=0)]


def test_a_result_that_comes_while_the_reply_is_being_made_is_answered_after_it(wire):
    wire.speak(1, "One moment")
    wire.happens(does.CallTool("call_1", "clock", "{}"))
    received = wire.says("conversation.item.create", item=OUTPUT)
    assert (received.events, len(received.lines)) == ([], 1)
    wire.says("input_audio_buffer.append", audio="AAAA")
    assert wire.says("response.create").events == [told.ToolResult("call_1", "nine", at=0, answer=True)]


def test_a_result_that_nobody_wants_answered_is_told_soon(wire):
    wire.speak(1, "One moment")
    wire.happens(does.CallTool("call_1", "clock", "{}"))
    wire.says("conversation.item.create", item=OUTPUT)
    wire.now = ms(1500)
    events = wire.says("input_audio_buffer.append", audio="AAAA").events
    assert events == [told.ToolResult("call_1", "nine", at=wire.now, answer=False)]


def test_the_second_cancel_gets_the_error_that_clients_expect(wire):
    wire.speak(1, "One")
    assert wire.says("response.cancel").events == [told.CancelReply(at=0)]
    wire.happens(does.Silence(1), does.ReplyCut(1, 1, "One", 2400, "client_cancelled"))
    assert wire.says("response.cancel").events == []
    assert error(wire)["code"] == "response_cancel_not_active"
    assert error(wire)["message"].startswith("Cancellation failed")


def test_clearing_silence_is_no_error(make_wire):
    wire = make_wire("webrtc")
    before = len(wire.sent)
    assert wire.says("output_audio_buffer.clear").events == []
    assert len(wire.sent) == before
    wire.speak(1, "One")
    assert wire.says("output_audio_buffer.clear").events == [told.CancelReply(at=0)]


@pytest.mark.parametrize("response", [{"conversation": "none"}, {"input": [text_item("x")]}])
def test_responses_outside_the_conversation_are_refused(wire, response):
    assert wire.says("response.create", response=response).events == []
    assert error(wire)["code"] == "unsupported_value"


# --- ours, and limits -----------------------------------------------------------------------


def test_hello_and_playback_are_understood(wire):
    wire.says("duplex.hello", ducks=True, reports_playback=True)
    assert (wire.dialect.client_ducks, wire.dialect.reports_playback) == (True, True)
    wire.speak(1, "One")
    item_id = wire.last("conversation.item.added")["item"]["id"]
    report = wire.says("duplex.playback", item_id=item_id, audio_end_ms=50, latency_ms=20).playback
    assert (report.reply, report.until, report.latency) == (1, 1200, ms(20))
    assert wire.says("duplex.playback", rtp_timestamp=7).playback.rtp_timestamp == 7


def test_a_sentence_that_is_to_be_said_waits_for_its_moment_in_the_conversation(wire):
    assert wire.says("duplex.say", text=" I am back. ").events == [told.Due("I am back.", at=0)]
    assert wire.says("duplex.say", text=" ").events == []
    assert wire.says("duplex.say", text="x" * 501).events == []
    assert error(wire)["code"] == "string_above_max_length"


def test_events_of_ours_from_the_future_are_ignored(wire):
    before = len(wire.sent)
    wire.says("duplex.telepathy")
    assert len(wire.sent) == before


def test_limits_are_said_with_their_numbers(wire):
    wire.says("conversation.item.create", item=text_item("x" * 501))
    assert error(wire)["code"] == "string_above_max_length"
    wire.take(wire.dialect.receive(json.dumps({"type": "x" * 30_000}), 0).replies)
    assert error(wire)["code"] == "event_too_large"
