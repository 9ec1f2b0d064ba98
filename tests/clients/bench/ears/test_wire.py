"""The part over the wire: a plan that can be played, a log read off events, and one real call to a small server."""

from __future__ import annotations

import asyncio
import base64
import json
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from undisturbed import undisturbed
from websockets.asyncio.server import ServerConnection, serve

from clients.bench.ears import behaviour as did
from clients.bench.ears.log import Log, Stretch, Turn
from clients.bench.ears.plan import ORDER, RATE, Placed, Plan, clips, plan, users
from clients.bench.ears.wire import Loudspeaker, Reader, call, counts, part


def _delta(milliseconds: float, response: str = "r1") -> dict[str, Any]:
    pcm = base64.b64encode(np.full(round(milliseconds * RATE / 1000), 3000, "<i2").tobytes()).decode()
    return {"type": "response.output_audio.delta", "response_id": response, "item_id": "i1", "delta": pcm}


# --- plan -------------------------------------------------------------------------------------


def test_every_scenario_is_played_to_every_user_and_no_case_runs_into_the_next() -> None:
    for user in users():
        made = plan(user)
        assert {placed.case.scenario for placed in made.placed} == set(ORDER)
        for one, other in pairwise(made.placed):
            assert one.at + one.case.length < other.at
        assert len({placed.case.name for placed in made.placed}) == len(made.placed)


def test_marks_are_where_the_sound_of_the_track_is() -> None:
    made = plan(users()[0], ("interruption",))
    track = made.track()
    for placed in made.placed:
        for mark in placed.case.marks:
            first, last = (round((placed.at + at) * RATE / 1000) for at in (mark.first, mark.last))
            assert np.abs(track[first - 1200 : first - 24]).max() == 0
            assert np.abs(track[first : first + 480]).max() > 0
            assert np.abs(track[last + 24 : last + 1200]).max() == 0


def test_strangers_are_nobody_who_calls() -> None:
    assert not {clip.voice for clip in clips() if clip.kind == "stranger"} & set(users())


# --- events -----------------------------------------------------------------------------------


def test_sound_that_comes_ahead_of_its_time_plays_without_gaps_and_is_cleared_at_once() -> None:
    speaker = Loudspeaker()
    for at in (100.0, 110.0, 120.0):
        speaker.play(200.0, at)
    speaker.gain(-12.0, 300.0)
    assert speaker.clear(450.0)
    assert speaker.heard() == [Stretch(100.0, 300.0, 0.0), Stretch(300.0, 450.0, -12.0)]
    assert not speaker.clear(500.0)


def test_a_call_is_read_off_its_events() -> None:
    reader = Reader()
    for now, event in (
        (1000.0, _delta(3000.0)),
        (2080.0, {"type": "duplex.duck", "gain_db": -12.0}),
        (2200.0, {"type": "duplex.clear", "item_id": "i1"}),
        (2200.0, {"type": "input_audio_buffer.speech_started", "item_id": "u1", "audio_start_ms": 2000}),
        (2900.0, {"type": "duplex.speaker", "verdict": "user", "score": 0.7}),
        (3500.0, {"type": "input_audio_buffer.committed", "item_id": "u1"}),
        (3510.0, {"type": "response.created", "response": {"id": "r2"}}),
        (3600.0, _delta(500.0, "r2")),
        (5000.0, {"type": "duplex.command", "command": "stop", "audio_start_ms": 4700, "audio_end_ms": 4900}),
    ):
        reader.read(event, now)
    log = reader.whole()
    assert log.audible == [Stretch(1000.0, 2080.0), Stretch(2080.0, 2200.0, -12.0), Stretch(3600.0, 4100.0)]
    assert log.cuts == [2200.0]
    assert log.replies == [3600.0]
    assert log.turns == [Turn(2000.0, 2200.0, 3500.0, kept=True, answered=True)]
    assert [said.command for said in log.commands] == ["stop"]
    assert log.named[0].score == 0.7


def test_an_answer_that_is_taken_back_was_none() -> None:
    reader = Reader()
    reader.read({"type": "input_audio_buffer.speech_started", "item_id": "u1", "audio_start_ms": 0}, 50.0)
    reader.read({"type": "input_audio_buffer.committed", "item_id": "u1"}, 900.0)
    reader.read({"type": "response.created", "response": {"id": "r1"}}, 910.0)
    reader.read({"type": "conversation.item.deleted", "item_id": "u1"}, 1000.0)
    turn = reader.whole().turns[0]
    assert not turn.kept
    assert not turn.answered


def test_a_case_gets_its_own_part_of_the_call_in_its_own_time() -> None:
    placed = plan(users()[0], ("interruption",)).placed[-1]
    onset = placed.at + placed.case.mark.first
    log = Log(audible=[Stretch(placed.at - 500, onset + 200)], cuts=[100.0, onset + 200], replies=[onset + 9000])
    trial = part(log, placed)
    assert did.silent_after(trial) == pytest.approx(200.0)
    assert trial.log.replies == []
    assert counts(trial, placed, [])
    assert not counts(trial, placed, [onset]), "a packet that was late spoils the case"
    assert not counts(part(Log(), placed), placed, []), "an agent that does not talk cannot be interrupted"


# --- a call -----------------------------------------------------------------------------------


async def _server(socket: ServerConnection) -> None:
    """Says what it is told to; falls silent 200 ms after the microphone gets loud."""
    talking: asyncio.Task[None] | None = None
    loud = 0

    async def talk() -> None:
        while True:
            await socket.send(json.dumps(_delta(40.0)))
            await asyncio.sleep(0.04)

    async for raw in socket:
        event = json.loads(raw)
        if event["type"] == "duplex.say":
            talking = asyncio.create_task(talk())
        elif event["type"] == "response.cancel" and talking is not None:
            talking.cancel()
        elif event["type"] == "input_audio_buffer.append":
            pcm = np.frombuffer(base64.b64decode(event["audio"]), "<i2")
            loud = loud + 1 if np.abs(pcm).max(initial=0) > 500 else loud
            if loud == 10 and talking is not None:
                talking.cancel()
                await socket.send(json.dumps({"type": "duplex.clear", "item_id": "i1"}))


@pytest.mark.timeout(120)
@undisturbed
async def test_a_call_measures_what_the_server_did(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clients.bench.ears.wire.LATE", 10.0)  # what a busy machine delays is no matter here
    whole = plan(users()[0], ("interruption",))
    placed = next(placed for placed in whole.placed if placed.case.scenario == "interruption")
    shift, end = placed.at - 500.0, placed.at + placed.case.length
    made = Plan(
        whole.user,
        [Placed(500.0, placed.case)],
        [(at - shift, sound) for at, sound in whole.sounds if placed.at <= at < end],
        [(at - shift, event) for at, event in whole.sends if placed.at <= at <= end],
        500.0 + placed.case.length,
    )
    async with serve(_server, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        trials = await call(f"http://127.0.0.1:{port}", "", made)
    assert len(trials) == 1
    assert did.talks_at(trials[0].log, trials[0].case.mark.first)
    assert 150.0 <= did.silent_after(trials[0]) < did.NEVER
