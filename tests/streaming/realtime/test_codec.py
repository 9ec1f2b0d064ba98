"""Reading is lenient by rule, writing is exact."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.realtime import client_events as asks
from streaming.realtime import server_events as told
from streaming.realtime.audio import AudioConfig, AudioFormat, AudioInput, AudioOutput, TurnDetection
from streaming.realtime.codec import (
    CLIENT_EVENTS,
    SERVER_EVENTS,
    WireError,
    decode_client,
    decode_server,
    decode_session,
    encode,
)
from streaming.realtime.items import Content, Item
from streaming.realtime.session import Session, overlaid


def test_every_event_of_the_api_that_concerns_a_call_is_known():
    assert set(CLIENT_EVENTS) == {
        "session.update", "input_audio_buffer.append", "input_audio_buffer.commit", "input_audio_buffer.clear",
        "output_audio_buffer.clear", "conversation.item.create", "conversation.item.retrieve",
        "conversation.item.delete", "conversation.item.truncate", "response.create", "response.cancel",
        "duplex.hello", "duplex.playback", "duplex.say", "duplex.speaker.enroll", "duplex.speaker.people",
    }  # fmt: skip
    assert {"error", "response.done", "rate_limits.updated", "duplex.latency"} <= set(SERVER_EVENTS)
    assert len(SERVER_EVENTS) == 49


def test_absent_fields_are_left_out_and_nulls_that_mean_something_stay():
    text = encode(asks.SessionUpdate(session=Session(audio=AudioConfig(input=AudioInput(turn_detection=None)))))
    assert json.loads(text) == {"type": "session.update", "session": {"audio": {"input": {"turn_detection": None}}}}


def test_false_and_zero_are_written():
    text = encode(told.ConversationItemTruncated(item_id="a", content_index=0, audio_end_ms=0))
    assert json.loads(text)["audio_end_ms"] == 0
    assert json.loads(encode(asks.SessionUpdate(session=Session(
        audio=AudioConfig(input=AudioInput(turn_detection=TurnDetection(create_response=False)))
    ))))["session"]["audio"]["input"]["turn_detection"] == {"create_response": False}  # fmt: skip


def test_unknown_fields_and_meaningless_nulls_are_passed_over():
    event = decode_client('{"type":"response.cancel","response_id":null,"event_id":null,"colour":"red"}')
    assert event == asks.ResponseCancel()


def test_nulls_inside_a_tools_schema_are_kept():
    tool = {"type": "function", "name": "f", "parameters": {"enum": [None, "a"], "default": None}}
    event = decode_client(json.dumps({"type": "session.update", "session": {"tools": [tool]}}))
    assert event.session.tools == [tool]


def test_flat_settings_of_the_beta_api_go_where_they_belong():
    session = decode_session(
        json.dumps(
            {
                "modalities": ["audio", "text"],
                "voice": "alloy",
                "speed": 1.1,
                "input_audio_format": "pcm16",
                "output_audio_format": "g711_alaw",
                "input_audio_transcription": {"model": "whisper-1"},
                "turn_detection": {"type": "server_vad"},
            }
        )
    )
    assert session.output_modalities == ["audio"]
    assert session.audio.output == AudioOutput(format=AudioFormat("audio/pcma"), voice="alloy", speed=1.1)
    assert session.audio.input.format.type == "audio/pcm"
    assert session.audio.input.turn_detection.type == "server_vad"


def test_todays_names_win_over_the_betas():
    session = decode_session('{"voice":"alloy","audio":{"output":{"voice":"marin"}}}')
    assert session.audio.output.voice == "marin"


@pytest.mark.parametrize(
    ("raw", "code", "param"),
    [
        ("", "invalid_json", None),
        ("[]", "invalid_json", None),
        ("{}", "missing_required_parameter", "type"),
        ('{"type":"response.dance"}', "invalid_value", "type"),
        ('{"type":"conversation.item.delete"}', "missing_required_parameter", "item_id"),
        ('{"type":"conversation.item.delete","item_id":5}', "invalid_value", "item_id"),
        (
            '{"type":"conversation.item.create","item":{"type":"message","content":[{}]}}',
            "missing_required_parameter",
            None,
        ),
    ],
)
def test_what_cannot_be_read_is_named(raw, code, param):
    with pytest.raises(WireError) as problem:
        decode_client(raw)
    assert problem.value.code == code
    assert param is None or problem.value.param == param


def test_a_servers_new_events_are_passed_over():
    assert decode_server('{"type":"response.video.delta"}') is None
    assert decode_client('{"type":"duplex.dance"}') is None


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
        max_leaves=12,
    ),
    st.sampled_from(sorted(CLIENT_EVENTS)),
)
def test_anything_in_any_field_is_read_or_refused(value, kind):
    for name in ("session", "item", "response", "audio", "item_id", "event_id"):
        with suppress(WireError):
            decode_client(json.dumps({"type": kind, name: value}))


def test_settings_lie_over_each_other_field_by_field():
    below = Session(instructions="a", audio=AudioConfig(output=AudioOutput(voice="x", speed=2.0)))
    above = Session(audio=AudioConfig(input=AudioInput(turn_detection=None), output=AudioOutput(voice="y")))
    merged = overlaid(below, above)
    assert merged.instructions == "a"
    assert merged.audio.output == AudioOutput(voice="y", speed=2.0)
    assert merged.audio.input.turn_detection is None


def test_items_survive_the_way_there_and_back():
    item = Item(id="a", type="message", role="user", content=[Content("input_audio", transcript=None)])
    event = decode_server(encode(told.ConversationItemAdded(event_id="e", item=item)))
    assert event.item == item
