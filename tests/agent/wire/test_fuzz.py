"""Whatever a client sends: an error or silence by rule, never an exception, and the session goes on."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

import pytest

from agent.conversation import commands as does
from streaming.realtime.codec import CLIENT_EVENTS


def message(part: dict[str, Any]) -> dict[str, Any]:
    return {"type": "conversation.item.create", "item": {"type": "message", "role": "user", "content": [part]}}


def item(**fields: Any) -> dict[str, Any]:
    return {"type": "conversation.item.create", "previous_item_id": "root", "item": fields}


SEEDS = [
    {"type": "session.update", "session": {"type": "realtime", "instructions": "x", "tools": [{"name": "f"}]}},
    {"type": "session.update", "session": {"audio": {"input": {"turn_detection": {"type": "server_vad"}}}}},
    {"type": "session.update", "session": {"audio": {"output": {"voice": "en", "format": {"type": "audio/pcm"}}}}},
    {"type": "input_audio_buffer.append", "audio": "AAAA"},
    {"type": "input_audio_buffer.commit"},
    message({"type": "input_text", "text": "x"}),
    item(type="function_call_output", call_id="c", output="x"),
    item(type="function_call", name="f", call_id="c"),
    message({"type": "input_image", "image_url": "data:"}),
    {"type": "conversation.item.truncate", "item_id": "x", "content_index": 0, "audio_end_ms": 5},
    {"type": "conversation.item.delete", "item_id": "x"},
    {"type": "conversation.item.retrieve", "item_id": "x"},
    {"type": "response.create", "response": {"instructions": "x", "metadata": {"a": "b"}, "tool_choice": "auto"}},
    {"type": "response.cancel"},
    {"type": "output_audio_buffer.clear"},
    {"type": "duplex.hello", "ducks": True},
    {"type": "duplex.playback", "item_id": "x", "audio_end_ms": 3.5, "rtp_timestamp": 9},
    {"type": "duplex.say", "text": "x"},
    {"type": "duplex.speaker.enroll", "name": "x"},
    {"type": "duplex.speaker.people", "people": [{"name": "x", "voice": "AAAA", "seconds": 3, "encoder": 1}]},
]  # fmt: skip
JUNK: list[Any] = [
    None, True, -1, 0, 10**18, 10**400, 1.5, -2.5e300, "", "x" * 3000, "\x00", "é\u2028", [], [[]], {}, {"type": None},
    [None], {"a": {"b": [1, {}]}}, "audio", "root", ["audio", "text"], [{"type": "function"}], {"type": "message"},
]  # fmt: skip


def junk(dice: random.Random) -> Any:
    return copy.deepcopy(dice.choice(JUNK))


def mutated(event: dict[str, Any], dice: random.Random) -> Any:
    """`event` with one to three things wrong somewhere in it."""
    event = json.loads(json.dumps(event))
    for _ in range(dice.randint(1, 3)):
        place: Any = event
        while isinstance(place, dict | list) and place and dice.random() < 0.6:
            key = dice.choice(list(place)) if isinstance(place, dict) else dice.randrange(len(place))
            if not isinstance(place[key], dict | list):
                break
            place = place[key]
        if isinstance(place, list):
            place.append(junk(dice))
        elif dice.random() < 0.3 and place:
            del place[dice.choice(list(place))]
        else:
            names = [*place, "event_id", "type", "item", "session", "content", "id", "role", "audio", "input"]
            place[dice.choice(names)] = junk(dice)
    return event


def broken(dice: random.Random) -> str | bytes:
    """An event that is none, or hardly one."""
    text = json.dumps(mutated(dice.choice(SEEDS), dice))
    kind = dice.random()
    if kind < 0.7:
        return text
    if kind < 0.8:
        return text[: dice.randrange(len(text) + 1)]
    if kind < 0.85:
        return dice.randbytes(dice.randrange(60))
    if kind < 0.9:
        return "[" * dice.randrange(10_000)
    if kind < 0.95:
        return json.dumps(junk(dice))
    return text.replace('"', dice.choice(["'", "\\ud800", '"\\ud800', "“"]), 3)


@pytest.mark.parametrize("transport", ["websocket", "webrtc"])
def test_a_thousand_malformed_events_leave_a_session_that_completes_a_turn(make_wire, transport):
    wire, dice = make_wire(transport), random.Random(20)
    errors = 0
    for number in range(1000):
        wire.now = number * 480
        raw = broken(dice)
        received = wire.dialect.receive(raw, wire.now)
        new = wire.take(received.replies)
        errors += any(event["type"] == "error" for event in new)
        if number % 100 == 0:
            wire.speak(number + 1, "One", " two")
            wire.happens(does.Silence(number + 1), does.ReplyCut(number + 1, 1, "One", 2400, "turn_detected"))
    assert errors > 300
    wire.says("session.update", session={"output_modalities": ["audio"], "audio": {"input": {"turn_detection": {}}}})
    begin = len(wire.sent)
    wire.user_turn(5000)
    wire.speak(5000, "Still", " here", turn=5000)
    wire.end(5000, "Still here")
    types = wire.types(begin)
    assert types[0] == "input_audio_buffer.speech_started"
    assert types.count("response.done") == 1
    assert wire.last("response.done")["response"]["status"] == "completed"


@pytest.mark.parametrize("kind", sorted(CLIENT_EVENTS))
def test_every_event_without_its_fields_is_answered_or_obeyed(wire, kind):
    wire.says(kind)
    wire.says(kind, event_id=5, item=None, session=7, audio=[], response="x", item_id={})
