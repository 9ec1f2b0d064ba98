"""Workers that die, rooms that wait: what a fleet does about them, with a real livekit-server and real processes.

Workers cost seconds to start, so the tests share a pair of them, and come in the order in which it is used up.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time

import pytest

from clients.bench.memory import PROC, family_of
from clients.livekit import sentences
from clients.livekit.person import Person
from tests.clients.livekit.stage import Pair, Process, until
from tests.clients.livekit.test_room import agent_text, ask, hears


def serving(workers: list[Process], room: str) -> Process:
    """The worker that took `room`."""
    return next(worker for worker in workers if worker.says(f"took {room} "))


async def midway(person: Person) -> None:
    """A question was asked, and its answer has begun to be heard."""
    await until(lambda: person.agents[-1][1] == 1, "no agent came")
    await hears(person, await ask(person))
    await until(lambda: len(agent_text(person).split()) >= 5, "no transcript of the reply")


@pytest.mark.timeout(240)
@pytest.mark.skipif(not PROC.exists(), reason="processes are looked up in /proc")
async def test_rooms_beyond_the_slots_wait_and_are_served_when_a_slot_is_free_and_a_lost_job_is_replaced(
    fleet: Pair,
) -> None:
    stage, workers = fleet.stage, fleet.workers
    people = await asyncio.gather(*(stage.person(f"many-{number}", f"c{number}", "") for number in range(5)))
    await until(lambda: sum(person.agents[-1][1] for person in people) == 4, "the slots were not used")
    await asyncio.sleep(2)
    assert sum(person.agents[-1][1] for person in people) == 4, "more rooms than slots"
    taken = [sum(worker.says(f"took many-{number} ") for number in range(5)) for worker in workers]
    # A job that was offered to both counts with both; whoever comes second finds the room served, and leaves.
    assert min(taken) == 2, "a worker had a free slot while a room waited"
    served = [person for person in people if person.agents[-1][1]]
    waiting = next(person for person in people if not person.agents[-1][1])
    await served[0].leave()
    await until(lambda: waiting.agents[-1][1] == 1, "the room that waited was not served")
    await hears(waiting, await ask(waiting))
    # A job's process dies: its own worker notices at once.
    room = f"many-{people.index(served[1])}"
    line = next(line for worker in workers for line in worker.log.read_text().splitlines() if f"took {room} " in line)
    os.kill(int(line.rpartition("pid ")[2]), signal.SIGKILL)
    await until(lambda: sentences.MOVED in served[1].said("colloquy-agent-2"), "the lost job was not replaced")
    assert all(count <= 1 for person in people for _, count in person.agents)


@pytest.mark.timeout(240)
@pytest.mark.skipif(not PROC.exists(), reason="processes are looked up in /proc")
async def test_a_worker_that_stood_still_and_wakes_up_does_not_come_back_into_its_room(fleet: Pair) -> None:
    alice = await fleet.stage.person("stalled", "alice", "")
    await midway(alice)
    victim = serving(fleet.workers, "stalled")
    assert victim.child is not None
    family = family_of(victim.child.pid)
    for pid in family:
        os.kill(pid, signal.SIGSTOP)
    await until(lambda: alice.said("colloquy-agent-2"), "nobody took the room over")
    for pid in family:
        os.kill(pid, signal.SIGCONT)
    woken = time.monotonic()
    await until(lambda: time.monotonic() > woken + 4, "")
    await hears(alice, await ask(alice))
    assert max(count for _, count in alice.agents) == 1, "two agents were in the room"
    assert alice.agents[-1][1] == 1


@pytest.mark.timeout(240)
async def test_a_room_whose_worker_is_killed_in_mid_reply_gets_another_that_says_so_and_knows_all(fleet: Pair) -> None:
    alice = await fleet.stage.person("killed", "alice", "")
    await midway(alice)
    serving(fleet.workers, "killed").kill()
    dead = time.monotonic()
    heard = await hears(alice, dead + 0.5)
    assert heard - dead < 15
    await until(lambda: sentences.MOVED in alice.said("colloquy-agent-2"), "the sentence was not heard to its end")
    asked = await ask(alice)
    await hears(alice, asked)
    # The question, what was heard of its answer, and the sentence.
    await until(lambda: agent_text(alice).startswith("I know three lines, last Sorry, I was"), agent_text(alice))
    assert max(count for _, count in alice.agents) == 1, "two agents were in the room"


@pytest.mark.timeout(240)
async def test_a_worker_that_is_told_to_stop_finishes_its_rooms_and_takes_no_more(fleet: Pair) -> None:
    last = next(worker for worker in fleet.workers if worker.child is not None and worker.child.poll() is None)
    alice = await fleet.stage.person("draining", "alice", "")
    await until(lambda: alice.agents[-1][1] == 1, "no agent came")
    last.signal(signal.SIGTERM)
    await until(lambda: last.says("draining"), "it did not hear")
    await hears(alice, await ask(alice), "the call ended while people were talking")
    late = await fleet.stage.person("late", "carol", "")
    await alice.leave()
    await until(lambda: last.child is not None and last.child.poll() is not None, "it did not end")
    assert late.agents[-1][1] == 0
