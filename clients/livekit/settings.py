"""What a worker is told on its command line, and what a dispatch tells a job."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from streaming.realtime.codec import WireError, decode_session
from streaming.realtime.items import Item
from streaming.realtime.session import Session

from .past import from_json

WORKER = "colloquy.worker"
GENERATION = "colloquy.generation"
PAST = "colloquy.past"
SPOKEN = "colloquy.spoken"
"""Attributes of the agent's participant: whose it is, its place in the room's row of agents, the turns that are over,
and what was heard of the reply that is not. If its worker dies, whoever takes over reads them there."""
TOPIC = "duplex"
"""Data messages of this topic are `duplex.*` events of the wire, as they come."""


@dataclass(frozen=True, slots=True)
class Settings:
    """One worker. Goes to its jobs' processes."""

    livekit_url: str
    livekit_key: str = field(repr=False)
    livekit_secret: str = field(repr=False)
    agent_url: str
    """Where `colloquy serve` listens (http or https)."""
    agent_key: str = field(repr=False)
    name: str
    """Rooms ask for the agent by this name (explicit dispatch); "": it joins every room (automatic dispatch)."""
    slots: int
    """Most rooms at once; 0: as many calls as the agent's server takes."""
    health_port: int
    worker: str
    """This process, among the fleet's. New at every start."""

    @property
    def control_room(self) -> str:
        """Where the workers of one fleet watch each other."""
        return f"colloquy-control-{self.name}" if self.name else "colloquy-control"

    def identity(self, generation: int) -> str:
        """The agent's identity in a room. LiveKit lets no identity be there twice: not two of one generation either."""
        return f"{self.name or 'colloquy'}-agent-{generation}"


@dataclass(frozen=True, slots=True)
class Order:
    """What the dispatch says to the job that it makes."""

    generation: int = 1
    """How many agents the room has had, this one included."""
    past: list[Item] = field(default_factory=list)
    """What was said before, when the room has lost its agent."""
    session: Session | None = None
    """Settings of the wire's session (`session.update`), from whoever dispatched."""

    @staticmethod
    def read(metadata: str) -> Order:
        """From a dispatch's metadata. What is no JSON, or means something to others, is passed over."""
        try:
            found = json.loads(metadata or "{}")
        except json.JSONDecodeError:
            return Order()
        if not isinstance(found, dict):
            return Order()
        ours = found.get("colloquy")
        ours = ours if isinstance(ours, dict) else {}
        generation = ours.get("generation")
        session: Session | None = None
        if isinstance(asked := found.get("session"), dict):
            try:
                session = decode_session(json.dumps(asked))
            except WireError:
                session = None
        return Order(generation if isinstance(generation, int) else 1, from_json(ours.get("past")), session)


def order(metadata: str, generation: int, past: str, spoken: str) -> str:
    """`metadata` for a room's next agent: what was asked of the first, and what was said."""
    try:
        found = json.loads(metadata or "{}")
    except json.JSONDecodeError:
        found = {}
    if not isinstance(found, dict):
        found = {}
    said = [[item.role, item.words] for item in (*from_json(past), *from_json(spoken))]
    return json.dumps({**found, "colloquy": {"generation": generation, "past": said}}, ensure_ascii=False)
