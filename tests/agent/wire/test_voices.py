"""Voice profiles on the wire. If these fail, one who was known is a stranger after a reconnect."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.wire.voices import MAX_PEOPLE, Voices, person, profiles
from streaming.ears.speaker import Lesson
from streaming.ears.voiceprint import ENCODER, SIZE, Profile


def voice(seed: int = 0) -> np.ndarray[Any, np.dtype[np.float32]]:
    drawn = np.random.default_rng(seed).normal(size=SIZE).astype(np.float32)
    return np.asarray(drawn / np.linalg.norm(drawn), np.float32)


ANN = Profile("Ann", voice(1), 12.5, -31.25)
BOB = Profile("Bob", voice(2), 3.0)


def kept(**changes: Any) -> dict[str, Any]:
    text = base64.b64encode(ANN.voice.tobytes()).decode()
    return {"name": "Ann", "voice": text, "seconds": 3.0, "encoder": ENCODER, "level": -30.0} | changes


def test_who_is_known_is_told_once_and_comes_back_as_it_was(make_wire: Any) -> None:
    wire = make_wire()
    known = Voices((ANN, BOB))
    (told,) = wire.take(wire.dialect.voices(known))
    assert told["type"] == "duplex.speaker.enrolled"
    assert told["learns"] is True
    assert [(each["name"], each.get("level")) for each in told["people"]] == [("Ann", -31.2), ("Bob", None)]
    assert wire.dialect.voices(known) == []
    back = make_wire().says("duplex.speaker.people", people=told["people"], learns=False).voices
    assert not back.learns
    for profile, before in zip(back.people, (ANN, BOB), strict=True):
        assert profile.name == before.name
        assert profile.seconds == before.seconds
        assert np.allclose(profile.voice, before.voice, atol=1e-6)


def test_a_level_may_be_null_and_learning_is_the_default(make_wire: Any) -> None:
    voices = make_wire().says("duplex.speaker.people", people=[kept(level=None)]).voices
    assert voices.learns
    assert voices.people[0].level is None


def test_nobody_and_no_learning_answers_anybody(make_wire: Any) -> None:
    voices = make_wire().says("duplex.speaker.people", people=[], learns=False).voices
    assert (voices.people, voices.learns) == ((), False)


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"voice": base64.b64encode(bytes(4 * SIZE - 4)).decode()}, "people[1].voice"),
        ({"voice": base64.b64encode(bytes(4 * SIZE)).decode()}, "people[1].voice"),
        ({"voice": base64.b64encode(np.full(SIZE, np.nan, "<f4").tobytes()).decode()}, "people[1].voice"),
        ({"voice": "not base64!"}, "people[1].voice"),
        ({"voice": "é"}, "people[1].voice"),
        ({"encoder": ENCODER + 1}, "people[1].encoder"),
        ({"name": " "}, "people[1].name"),
        ({"name": "x" * 81}, "people[1].name"),
        ({"seconds": -1}, "people[1].seconds"),
        ({"level": 1e6}, "people[1].level"),
    ],
)
def test_what_no_ears_have_made_is_refused_by_name_and_changes_nothing(
    make_wire: Any, change: dict[str, Any], param: str
) -> None:
    wire = make_wire()
    received = wire.says("duplex.speaker.people", people=[kept(), kept(**change)], event_id="mine")
    assert received.voices is None
    error = wire.last("error")["error"]
    assert (error["code"], error["param"], error["event_id"]) == ("invalid_value", param, "mine")


def test_too_many_people_are_refused_both_ways(make_wire: Any) -> None:
    wire = make_wire()
    assert wire.says("duplex.speaker.people", people=[kept(voice="AAAA")] * (MAX_PEOPLE + 1)).voices is None
    assert wire.last("error")["error"]["param"] == "people"
    wire.dialect.voices(Voices((ANN,) * MAX_PEOPLE))
    assert wire.says("duplex.speaker.enroll", name="One more").enrol is None


def test_an_enrolment_has_a_name(make_wire: Any) -> None:
    wire = make_wire()
    assert wire.says("duplex.speaker.enroll", name=" Ann ").enrol == "Ann"
    assert wire.says("duplex.speaker.enroll", name="").enrol is None
    assert wire.last("error")["error"]["param"] == "name"


def test_progress_is_told_as_it_goes_and_its_end_always(make_wire: Any) -> None:
    wire = make_wire()
    told = []
    for seconds in (0.0, 0.04, 0.2, 0.8, 0.0):
        told += wire.take(wire.dialect.voices(Voices(lesson=Lesson("Ann", seconds, 2.4))))
    assert [(event["name"], event["seconds"]) for event in told] == [
        ("Ann", 0.0),
        ("Ann", 0.2),
        ("Ann", 0.8),
        ("Ann", 0.0),
    ]
    assert {event["needed"] for event in told} == {2.4}
    # Given up: nobody new, and the client is told that it is over.
    (over,) = wire.take(wire.dialect.voices(Voices()))
    assert (over["type"], over["people"]) == ("duplex.speaker.enrolled", [])


@given(
    st.integers(0, 2**32 - 1),
    st.floats(0, 1e5),
    st.none() | st.floats(-120, 0),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20).filter(str.strip),
)
def test_every_profile_survives_the_journey(seed: int, seconds: float, level: float | None, name: str) -> None:
    (back,) = profiles([person(Profile(name, voice(seed), seconds, level))])
    assert back.name == name.strip()
    assert np.allclose(back.voice, voice(seed), atol=1e-6)
    assert abs(back.seconds - seconds) <= 0.01
    assert (back.level is None) == (level is None)
