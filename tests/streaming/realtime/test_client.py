"""The client's half: what it keeps of a session, and what it asks."""

from __future__ import annotations

import base64
import json

import pytest

from streaming.realtime import duplex
from streaming.realtime import happenings as what
from streaming.realtime import server_events as told
from streaming.realtime.client import RealtimeClient
from streaming.realtime.codec import decode_client, encode
from streaming.realtime.items import Content, function_call, message
from streaming.realtime.response import Response
from streaming.realtime.session import Session

PLACE = {"response_id": "r", "item_id": "a", "output_index": 0, "content_index": 0}


@pytest.fixture
def client() -> RealtimeClient:
    return RealtimeClient()


def hear(client, *events):
    return [happening for event in events for happening in client.receive(encode(event))]


def test_a_reply_is_followed_from_its_beginning_to_its_end(client):
    begun = Response(id="r", status="in_progress")
    first, second = b"\1\2" * 10, b"\3\4" * 5
    happened = hear(
        client,
        told.ResponseCreated(response=begun),
        told.ConversationItemAdded(item=message("a", "assistant", [], "in_progress")),
        told.OutputAudioTranscriptDelta(**PLACE, delta="Hello", start_time=0.0),
        told.OutputAudioDelta(**PLACE, delta=base64.b64encode(first).decode()),
        told.OutputAudioTranscriptDelta(**PLACE, delta=" there"),
        told.OutputAudioDelta(**PLACE, delta=base64.b64encode(second).decode()),
    )
    assert happened == [
        what.ReplyBegan(begun),
        what.ReplyText("r", "a", "Hello", 0.0),
        what.ReplySound("r", "a", first, 0),
        what.ReplyText("r", "a", " there", None),
        what.ReplySound("r", "a", second, 20),
    ]
    assert client.response == begun
    assert client.items["a"].words == "Hello there"
    assert hear(client, told.ResponseDone(response=Response(id="r", status="completed"))) == [
        what.ReplyEnded("r", "completed")
    ]
    assert client.response is None


def test_an_interruption_leaves_what_was_heard(client):
    hear(
        client,
        told.ResponseCreated(response=Response(id="r", status="in_progress")),
        told.ConversationItemAdded(item=message("a", "assistant", [])),
        told.OutputAudioTranscriptDelta(**PLACE, delta="One two three"),
    )
    happened = hear(
        client,
        duplex.Clear(response_id="r", item_id="a"),
        told.InputAudioBufferSpeechStarted(item_id="u", audio_start_ms=70),
        told.ResponseDone(response=Response(id="r", status="cancelled")),
        told.ConversationItemTruncated(item_id="a", content_index=0, audio_end_ms=400, transcript="One"),
    )
    assert happened == [
        what.PlaybackCleared("r"),
        what.UserSpeaks("u", 70),
        what.ReplyEnded("r", "cancelled"),
        what.ReplyTruncated("a", 400, "One"),
    ]
    assert client.items["a"].words == "One"


def test_the_users_words_are_kept(client):
    hear(client, told.ConversationItemAdded(item=message("u", "user", [Content("input_audio", transcript=None)])))
    event = told.InputAudioTranscriptionCompleted(item_id="u", content_index=0, transcript="Hi")
    assert hear(client, event) == [what.UserSaid("u", "Hi")]
    assert client.items["u"].words == "Hi"
    assert hear(client, told.ConversationItemDeleted(item_id="u"))
    assert client.items == {}


def test_a_function_call_is_told_once(client):
    call = function_call("f", "call_1", "clock", '{"city":"Rome"}')
    happened = hear(
        client,
        told.OutputItemAdded(response_id="r", output_index=0, item=call),
        told.FunctionCallArgumentsDone(
            response_id="r", item_id="f", output_index=0, call_id="call_1", name="clock", arguments="{}"
        ),
        told.OutputItemDone(response_id="r", output_index=0, item=call),
    )
    assert happened == [what.ToolCalled("r", "call_1", "clock", '{"city":"Rome"}')]


def test_events_of_ours_and_errors_are_told(client):
    hello = duplex.Hello(
        session_id="s", model="m", family="f", sees=False, words=True, voices=[], slots=duplex.Slots(1, 2)
    )
    assert hear(client, hello) == [what.Told(hello)]
    assert client.hello == hello
    detail = told.ErrorDetail(type="invalid_request_error", message="No.", code="c", event_id="client_3")
    assert hear(client, told.Error(error=detail)) == [what.Failed("No.", "c", "client_3")]


def test_everything_it_asks_is_understood_by_the_server(client):
    asked = [
        client.update(Session(instructions="Be brief.")),
        *client.append(bytes(50_000)),
        client.commit(),
        client.clear(),
        *client.say("Hi", "mine"),
        *client.function_output("call_1", "nine"),
        client.retrieve("a"),
        client.delete("a"),
        client.truncate("a", 300),
        client.cancel(),
        client.greet(ducks=True, reports_playback=True),
        client.played("a", 20.5),
        client.speak("I am back."),
        client.show(b"\xff\xd8\xff"),
    ]
    events = [decode_client(text) for text in asked]
    assert None not in events
    names = [json.loads(text)["event_id"] for text in asked]
    assert len(set(names)) == len(names)
    assert [json.loads(text)["type"] for text in asked].count("input_audio_buffer.append") == 3
