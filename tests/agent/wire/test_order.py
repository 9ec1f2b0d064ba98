"""The order of events, to which clients are sensitive: a turn, an interruption, a rollback, a function call."""

from __future__ import annotations

import base64

import numpy as np
import pytest

from agent.conversation import commands as does
from streaming.realtime.session import Session
from streaming.time import ms

ITEM_OPENS = ["response.output_item.added", "conversation.item.added", "response.content_part.added"]
ITEM_CLOSES = [
    "response.output_audio.done",
    "response.output_audio_transcript.done",
    "response.content_part.done",
    "response.output_item.done",
    "conversation.item.done",
]
WORD = ["response.output_audio_transcript.delta", "duplex.words"]


def test_session_is_announced_first(wire):
    assert wire.types() == ["session.created", "duplex.hello"]


def test_a_spoken_turn_is_answered_in_the_order_of_the_api(wire):
    begin = len(wire.sent)
    wire.user_turn(1)
    wire.speak(1, "It is", " nine.", turn=1)
    wire.end(1, "It is nine.")
    assert wire.types(begin) == [
        "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
        "conversation.item.input_audio_transcription.delta",
        "conversation.item.input_audio_transcription.completed",
        "response.created",
        *ITEM_OPENS,
        *WORD,
        "response.output_audio.delta",
        *WORD,
        "response.output_audio.delta",
        *ITEM_CLOSES,
        "response.done",
    ]
    done = wire.last("response.done")["response"]
    assert done["status"] == "completed"
    assert done["usage"]["total_tokens"] == 25
    assert done["output"][0]["content"] == [{"type": "output_audio", "transcript": "It is nine."}]
    assert [line.text for line in wire.dialect.lines()] == ["what time is it", "It is nine."]


def test_words_carry_their_time_within_the_item(wire):
    wire.speak(1, "It is", " nine.")
    deltas = [event for event in wire.sent if event["type"] == "response.output_audio_transcript.delta"]
    assert [(delta["delta"], delta["start_time"]) for delta in deltas] == [("It is", 0.0), (" nine.", 0.1)]
    assert wire.last("duplex.words")["words"] == [{"text": " nine.", "start_ms": 100.0, "end_ms": 200.0}]


def test_a_token_without_sound_of_its_own_goes_with_the_next_that_has_some(wire):
    wire.happens(does.ReplyStarted(1, None))
    for token, text in enumerate(["Well", ",", " yes", "."]):
        wire.take(wire.dialect.said(1, token, text))
    wire.take(wire.dialect.spans(1, [(0, 0, 2400), (2, 4800, 7200)]))
    wire.end(1, "Well, yes.")
    deltas = [event["delta"] for event in wire.sent if event["type"] == "response.output_audio_transcript.delta"]
    assert deltas == ["Well", ", yes", "."]


def test_a_thought_that_was_never_released_is_never_seen(wire):
    begin = len(wire.sent)
    wire.speak(1, "It is", start=False)
    wire.happens(does.Rollback(1))
    assert wire.types(begin) == []


def test_what_was_thought_ahead_comes_with_the_release(make_wire):
    wire = make_wire("webrtc")
    wire.take(wire.dialect.said(1, 0, "Yes"))
    wire.take(wire.dialect.spans(1, [(0, 0, 2400)]))
    begin = len(wire.sent)
    wire.happens(does.ReplyStarted(1, 1))
    assert wire.types(begin) == ["response.created", *ITEM_OPENS, *WORD]


def test_where_sound_leaves_in_events_no_word_is_shown_before_its_sound(wire):
    for token, text in enumerate(["Yes", " indeed"]):
        wire.take(wire.dialect.said(1, token, text))
        wire.take(wire.dialect.spans(1, [(token, token * 2400, token * 2400 + 2400)]))
    begin = len(wire.sent)
    wire.happens(does.ReplyStarted(1, 1))
    wire.take(wire.dialect.sound(1, np.zeros(2400, np.int16)))
    assert wire.types(begin) == ["response.created", *ITEM_OPENS, *WORD, "response.output_audio.delta"]
    assert wire.last("response.output_audio_transcript.delta")["delta"] == "Yes"
    wire.take(wire.dialect.sound(1, np.zeros(240, np.int16)))
    assert wire.last("response.output_audio_transcript.delta")["delta"] == " indeed"


@pytest.mark.parametrize(
    ("transport", "first"), [("websocket", "duplex.clear"), ("webrtc", "output_audio_buffer.cleared")]
)
def test_a_cut_silences_first_and_tells_what_was_heard_last(make_wire, transport, first):
    wire = make_wire(transport)
    wire.speak(1, "One", " two", " three")
    begin = len(wire.sent)
    wire.happens(
        does.Silence(1),
        does.TurnOpened(2, ms(5000), over=1),
        does.ReplyCut(1, 2, "One two", 4000, "turn_detected"),
        does.Cancel(1),
        does.CropToHeard(1, 2),
    )
    assert wire.types(begin) == [
        first,
        "input_audio_buffer.speech_started",
        *ITEM_CLOSES,
        "response.done",
        "conversation.item.truncated",
        "duplex.heard",
    ]
    assert wire.last("input_audio_buffer.speech_started")["audio_start_ms"] == 5000
    done = wire.last("response.done")["response"]
    assert done["status"] == "cancelled"
    assert done["status_details"] == {"type": "cancelled", "reason": "turn_detected"}
    cut = wire.last("conversation.item.truncated")
    assert (cut["audio_end_ms"], cut["transcript"]) == (167, "One two")
    assert [line.text for line in wire.dialect.lines()] == ["One two"]


def test_nothing_of_a_response_comes_after_its_end(wire):
    wire.speak(1, "One", " two")
    wire.happens(does.Silence(1), does.ReplyCut(1, 1, "One", 2400, "turn_detected"))
    begin = len(wire.sent)
    wire.take(wire.dialect.said(1, 2, " three"))
    wire.take(wire.dialect.spans(1, [(2, 4800, 7200)]))
    wire.take(wire.dialect.sound(1, np.zeros(240, np.int16)))
    wire.take(wire.dialect.drained(1))
    wire.happens(does.ReplyFinished(1, "One two three"))
    assert wire.types(begin) == []


def test_a_reply_that_is_cut_after_it_was_whole_is_only_truncated(make_wire):
    wire = make_wire("webrtc")
    wire.speak(1, "One", " two")
    wire.happens(does.ReplyFinished(1, "One two"))
    assert wire.types()[-1] == "response.done"
    begin = len(wire.sent)
    wire.happens(does.Silence(1), does.TurnOpened(1, 0, over=1), does.ReplyCut(1, 1, "One", 2400, "turn_detected"))
    assert wire.types(begin) == [
        "output_audio_buffer.cleared",
        "input_audio_buffer.speech_started",
        "conversation.item.truncated",
        "duplex.heard",
    ]


def test_a_reply_taken_back_after_its_release_leaves_no_item(make_wire):
    wire = make_wire("webrtc")
    wire.user_turn(1)
    user_item = wire.last("conversation.item.added")["item"]["id"]
    wire.happens(does.ReplyStarted(1, 1))
    wire.take(wire.dialect.said(1, 0, "Yes"))
    wire.take(wire.dialect.spans(1, [(0, 0, 2400)]))
    item = wire.last("conversation.item.added")["item"]["id"]
    begin = len(wire.sent)
    wire.happens(does.Rollback(1), does.ReplyVanished(1), does.TurnOpened(1, ms(1000)))
    assert wire.types(begin) == [
        "response.done",
        "conversation.item.deleted",
        "conversation.item.deleted",
        "input_audio_buffer.speech_started",
    ]
    done = wire.last("response.done")["response"]
    assert (done["status"], done["output"]) == ("cancelled", [])
    assert [event["item_id"] for event in wire.sent[begin + 1 : begin + 3]] == [item, user_item]
    wire.happens(does.TurnClosed(1, ms(1000), ms(3000), "what time is it in Rome"))
    assert [line.text for line in wire.dialect.lines()] == ["what time is it in Rome"]


def test_a_function_call_has_every_event_that_some_client_acts_on(wire):
    wire.user_turn(1)
    begin = len(wire.sent)
    wire.happens(
        does.ReplyStarted(1, 1), does.CallTool("call_1", "clock", '{"city":"Rome"}'), does.ReplyFinished(1, "")
    )
    assert wire.types(begin) == [
        "response.created",
        "response.output_item.added",
        "conversation.item.added",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "response.output_item.done",
        "conversation.item.done",
        "response.done",
    ]
    added, done = wire.last("conversation.item.added")["item"], wire.last("response.output_item.done")["item"]
    assert (added["name"], added["call_id"], added["status"]) == ("clock", "call_1", "in_progress")
    assert (done["arguments"], done["status"]) == ('{"city":"Rome"}', "completed")
    assert wire.last("response.function_call_arguments.done")["name"] == "clock"


def test_a_websocket_response_ends_with_its_last_sound(wire):
    wire.speak(1, "One")
    wire.happens(does.ReplyFinished(1, "One"))
    assert wire.types()[-1] == "response.output_audio.delta"
    wire.take(wire.dialect.drained(1))
    assert wire.types()[-1] == "response.done"


def test_webrtc_carries_no_sound_in_events_but_says_when_it_is_audible(make_wire):
    wire = make_wire("webrtc")
    begin = len(wire.sent)
    wire.speak(1, "One", " two")
    wire.end(1, "One two")
    types = wire.types(begin)
    assert "response.output_audio.delta" not in types
    assert types.count("output_audio_buffer.started") == 1
    assert types[-2:] == ["response.done", "output_audio_buffer.stopped"]


def test_text_only_sessions_get_text(make_wire):
    wire = make_wire(asked=Session(output_modalities=["text"]))
    assert not wire.dialect.speaks
    begin = len(wire.sent)
    wire.happens(does.ReplyStarted(1, None))
    wire.take(wire.dialect.said(1, 0, "Hi"))
    wire.happens(does.ReplyFinished(1, "Hi"))
    assert wire.types(begin) == [
        "response.created",
        *ITEM_OPENS,
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "conversation.item.done",
        "response.done",
    ]


@pytest.mark.parametrize("form", ["audio/pcmu", "audio/pcma"])
def test_g711_sounds_like_what_was_said(make_wire, form):
    wire = make_wire()
    wire.says(
        "session.update", session={"audio": {"output": {"format": {"type": form}}, "input": {"format": {"type": form}}}}
    )
    tone = (8000 * np.sin(2 * np.pi * 440 * np.arange(24_000) / 24_000)).astype(np.int16)
    wire.happens(does.ReplyStarted(1, None))
    for piece in np.split(tone, 50):
        wire.take(wire.dialect.sound(1, piece))
    wire.end(1, "")
    deltas = [base64.b64decode(event["delta"]) for event in wire.sent if event["type"] == "response.output_audio.delta"]
    assert abs(sum(map(len, deltas)) - 8000) <= 80
    heard = wire.says("input_audio_buffer.append", audio=base64.b64encode(b"".join(deltas)).decode()).microphone
    assert heard.rate == 8000
    spectrum = np.abs(np.fft.rfft(heard.pcm[:8000].astype(float)))
    assert abs(np.argmax(spectrum) - 440) <= 1


def test_a_lost_mind_ends_the_response_as_failed_without_an_error(wire):
    wire.speak(1, "One", " two")
    wire.happens(does.MindLost("crashed"), does.ReplyCut(1, 1, "One", 2400, "mind_lost"))
    assert wire.last("response.done")["response"]["status"] == "failed"
    assert "error" not in wire.types()


def test_without_automatic_turns_only_the_committed_turn_is_told(wire):
    wire.says("session.update", session={"audio": {"input": {"turn_detection": None}}})
    begin = len(wire.sent)
    wire.happens(does.TurnOpened(1, 0, automatic=False), does.TurnClosed(1, 0, ms(900), "hello", automatic=False))
    assert wire.types(begin) == [
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
        "conversation.item.input_audio_transcription.delta",
        "conversation.item.input_audio_transcription.completed",
    ]


def test_a_withdrawn_turn_only_stops(wire):
    begin = len(wire.sent)
    wire.happens(does.TurnOpened(1, ms(100)), does.TurnWithdrawn(1, ms(300)))
    assert wire.types(begin) == ["input_audio_buffer.speech_started", "input_audio_buffer.speech_stopped"]


def test_what_was_heard_is_told_and_its_end_is_told_once(wire):
    wire.speak(1, "One", " two")
    wire.happens(does.ReplyHeard(1, 1, "One"))
    assert (wire.sent[-1]["transcript"], wire.sent[-1]["done"], wire.sent[-1]["audio_end_ms"]) == ("One", False, 100.0)
    wire.end(1, "One two")
    wire.happens(does.ReplyHeard(1, 2, "One two"))
    assert wire.sent[-1]["done"] is True


def test_a_notice_is_spoken_but_no_part_of_the_conversation(wire):
    wire.speak(-1, "One moment.")
    wire.end(-1, "One moment.")
    assert wire.types()[-1] == "response.done"
    assert wire.dialect.lines() == []


def test_a_notice_that_plays_takes_no_function_call_and_refuses_no_response(wire):
    wire.happens(does.ReplyStarted(1, None))
    wire.speak(-1, "One moment.")
    wire.happens(does.CallTool("call_1", "clock", "{}"), does.ReplyFinished(1, ""))
    assert wire.last("response.output_item.done")["response_id"] == wire.last("response.done")["response"]["id"]
    assert wire.says("response.create").events
