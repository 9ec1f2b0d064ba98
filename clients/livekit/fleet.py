"""The workers of a fleet watch each other: who lives, who leads, and what the leader does about rooms without agent.

LiveKit notices a killed worker after 20 s and never sends another; a job that nobody had a slot for is dropped for
good. So every worker says what it serves in a control room, four times a second, and the living one with the lowest
name looks for rooms in which people are and no living agent is. Pure: no clock, no I/O.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

BEAT_S = 0.25
DEAD_S = 1.2
"""Who has not been heard for so long is taken for dead; its agents are put out of their rooms before others go in."""
SETTLES_S = 2.0
"""An agent that has just come is not yet in its worker's beats, one that is just leaving not any more."""
PATIENCE_S = 1.2
"""A room without agent is left to LiveKit's own dispatch for so long."""
ASKED_S = 4.0
"""A dispatch that was made is given so long before the next."""
KEPT_S = 600.0
"""What was said in a room that waits for its next agent is remembered for so long."""


@dataclass(frozen=True, slots=True)
class Beat:
    """What one worker says of itself."""

    worker: str
    free: int
    rooms: Mapping[str, str]
    """Room -> the identity of its agent; rooms that it has just accepted, too."""
    lost: tuple[str, ...] = ()
    """Rooms whose job has just ended without saying why."""


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent of ours, as LiveKit shows it in a room."""

    identity: str
    worker: str
    generation: int
    past: str
    spoken: str


@dataclass(frozen=True, slots=True)
class Room:
    """A room, as LiveKit shows it."""

    name: str
    people: int
    agents: tuple[Agent, ...] = ()
    wanted: bool = True
    """Whether it asks for our agent."""
    metadata: str = ""
    """What it told the first one."""


@dataclass(frozen=True, slots=True)
class Fence:
    """Put this agent out of the room."""

    room: str
    identity: str


@dataclass(frozen=True, slots=True)
class Dispatch:
    """Send an agent to the room. `past`, `spoken`: what was said there, as the last one left it."""

    room: str
    generation: int
    metadata: str = ""
    past: str = ""
    spoken: str = ""


Move = Fence | Dispatch


@dataclass(slots=True)
class _Memory:
    """What the leader knows of a room that it has had to do with."""

    seen: float
    generation: int = 0
    past: str = ""
    spoken: str = ""
    unsettled: float | None = None
    """Since when nobody serves it."""
    asked: float = float("-inf")


@dataclass(slots=True)
class Fleet:
    """One worker's view of all."""

    me: str
    since: float
    """When this worker began to listen; before it has listened for a while it knows nothing of who lives."""
    _heard: dict[str, tuple[Beat, float]] = field(default_factory=dict)
    _rooms: dict[str, _Memory] = field(default_factory=dict)

    def take(self, beat: Beat, now: float) -> None:
        """A beat has come in."""
        self._heard[beat.worker] = (beat, now)

    def left(self, worker: str) -> None:
        """It has said goodbye."""
        self._heard.pop(worker, None)

    def living(self, now: float) -> list[Beat]:
        """What the others who live have said last."""
        self._heard = {name: (beat, at) for name, (beat, at) in self._heard.items() if now - at < 60}
        return [beat for beat, at in self._heard.values() if now - at < DEAD_S]

    def leads(self, now: float) -> bool:
        """Whether this worker is the one that acts."""
        known = now - self.since > DEAD_S + BEAT_S
        return known and all(self.me < beat.worker for beat in self.living(now))

    def served_by_others(self, room: str, now: float) -> bool:
        """Whether a living worker has `room`."""
        return any(room in beat.rooms for beat in self.living(now))

    def unserved(self, rooms: Iterable[str], mine: Beat, now: float) -> list[str]:
        """Those of `rooms` that no living worker has."""
        beats = [mine, *self.living(now)]
        return [room for room in rooms if not any(room in beat.rooms for beat in beats)]

    def plan(self, rooms: Iterable[Room], mine: Beat, now: float) -> list[Move]:
        """What is to be done about `rooms`, which nobody serves."""
        beats = [mine, *self.living(now)]
        living = {beat.worker: beat for beat in beats}
        free = sum(beat.free for beat in beats)
        moves: list[Move] = []
        seen = set()
        for room in rooms:
            seen.add(room.name)
            memory = self._rooms.setdefault(room.name, _Memory(now))
            memory.seen = now
            for agent in room.agents:
                if agent.generation >= memory.generation:
                    memory.generation, memory.past, memory.spoken = agent.generation, agent.past, agent.spoken
            if not room.people or not (room.wanted or room.agents or memory.generation):
                memory.unsettled = None
                continue
            if memory.unsettled is None:
                memory.unsettled = now
            lost = any(room.name in beat.lost for beat in beats)
            dead = [agent for agent in room.agents if agent.worker not in living]
            patience = 0.0 if lost or (dead and len(dead) == len(room.agents)) else SETTLES_S
            if not room.agents and not lost:
                patience = PATIENCE_S
            if now - memory.unsettled < patience or now - memory.asked < ASKED_S or not free:
                continue
            free -= 1
            memory.asked = now
            moves += [Fence(room.name, agent.identity) for agent in room.agents]
            moves.append(Dispatch(room.name, memory.generation + 1, room.metadata, memory.past, memory.spoken))
        for name, memory in list(self._rooms.items()):
            if name not in seen:
                memory.unsettled = None  # somebody serves it, or it is gone
                if now - memory.seen > KEPT_S:
                    del self._rooms[name]
        return moves
