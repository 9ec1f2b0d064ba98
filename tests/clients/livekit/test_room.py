"""Rooms with people in them, a worker, and a real agent around a scripted mind. If these fail, calls in LiveKit do."""

from __future__ import annotations

import asyncio
import time

import pytest

from clients.bench.plan import Clip, clips
from clients.livekit import sentences
from clients.livekit.fleet import PATIENCE_S
from clients.livekit.person import Person
from tests.clients.livekit.stage import House, Stage, until

WORD_S = 0.25
"""How long a word of the scripted mind is."""


def clip(kind: str) -> Clip:
    return next(clip for clip in clips() if clip.kind == kind and clip.voice == "festival")


async def ask(person: Person) -> float:
    """A question; returns when it ended."""
    return (await person.say(clip("question").sound()))[1]


async def hears(person: Person, since: float, what: str = "the agent was not heard") -> float:
    """Waits for the agent; returns when it was heard first."""
    await until(lambda: person.loud(since), what)
    return person.loud(since)[0]


def agent_text(person: Person) -> str:
    """The last thing that the agent said, as the room reads it."""
    return (person.said("house") or person.said("colloquy") or [""])[-1]


@pytest.mark.timeout(180)
async def test_a_question_is_answered_and_an_interruption_silences_it_where_the_transcript_ends(stage: Stage) -> None:
    alice = await stage.person("questions")
    await until(lambda: alice.agents[-1][1] == 1, "no agent came")
    asked = await ask(alice)
    first = await hears(alice, asked)
    await until(lambda: "heard one" in alice.said("alice"), "what the user said was not shown")
    await until(lambda: time.monotonic() > first + 2.2, "")
    began, ended = await alice.say(clip("interruption").sound())
    await until(lambda: time.monotonic() > ended + 0.5, "")
    cut = next(at for at, event in alice.events if event["type"] == "duplex.clear" and at > began)
    spoke = [at for at in alice.loud(first) if at < cut + 0.5]
    assert spoke[-1] - cut < 0.4, "it talked on after the cut was decided"
    segment = next(said for said in alice.segments.values() if said.who.startswith("house"))
    await until(lambda: segment.final, "the transcript of the cut reply was left open")
    heard = (spoke[-1] - first) / WORD_S
    assert abs(len(segment.text.split()) - heard) <= 2, (segment.text, heard)
    assert segment.text.startswith("I know zero lines, last nothing")
    # The mind remembers what was heard, and answers what it was interrupted with.
    await until(lambda: agent_text(alice).startswith("I know two lines, last I know zero"), agent_text(alice))
    await alice.room.local_participant.send_text("And now?", topic="lk.chat")
    await until(lambda: agent_text(alice).startswith("I know five lines"), agent_text(alice))


@pytest.mark.timeout(180)
async def test_everybody_in_a_room_hears_the_agent_and_is_heard_by_it(stage: Stage) -> None:
    alice = await stage.person("two")
    bob = await stage.person("two", "bob")
    await until(lambda: alice.agents[-1][1] == 1, "no agent came")
    first = await hears(alice, await ask(alice))
    await until(lambda: bob.loud(first - 0.5), "only one of them heard the answer")
    await until(lambda: bob.said("alice"), "what one said was not shown to the other")
    asked = await ask(bob)
    await until(lambda: alice.said("bob"), "what the second person said was not shown as theirs")
    await hears(bob, asked)


async def test_a_room_that_does_not_ask_for_the_agent_is_left_alone(stage: Stage) -> None:
    alice = await stage.person("asks", "alice", "house", '{"session": {"instructions": "Be brief."}}')
    bob = await stage.person("does-not", "bob", "")
    await until(lambda: alice.agents[-1][1] == 1, "no agent came to the room that asked for it")
    await asyncio.sleep(2 * PATIENCE_S)
    assert bob.agents[-1][1] == 0


@pytest.mark.timeout(240)
async def test_a_server_that_goes_away_is_excused_aloud_and_the_call_goes_on_with_its_history(
    house: House, stage: Stage
) -> None:
    cache = house.stage.folder / "cache/colloquy/sentences"
    await until(lambda: list(cache.glob("*.pcm")), "no sentence was prepared")
    alice = await stage.person("away")
    await until(lambda: alice.agents[-1][1] == 1, "no agent came")
    await hears(alice, await ask(alice))
    await until(lambda: len(agent_text(alice).split()) > 4, "no transcript")
    gone = time.monotonic()
    house.agent.kill()
    await until(lambda: sentences.AWAY in alice.said("house"), "the room was not told")
    told = next(at for at, event in alice.events if event["type"] == "duplex.notice" and at > gone)
    await hears(alice, told, "the room was told in writing only")
    house.agent.start()
    await until(lambda: sentences.BACK in alice.said("house"), "it did not come back", 60)
    asked = await ask(alice)
    await hears(alice, asked)
    # One turn, its broken answer, and the sentence: nothing that was heard is forgotten.
    await until(lambda: agent_text(alice).startswith("I know three lines, last I am back"), agent_text(alice))
    assert max(count for _, count in alice.agents) == 1
