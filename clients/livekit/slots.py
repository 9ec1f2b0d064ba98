"""How many rooms a worker can still take: what its agent's server has free, less what is on its way there."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

import aiohttp

log = logging.getLogger(__name__)

ASK_EVERY_S = 0.4
ARRIVES_S = 2.5
"""A room that was accepted is a call at the server by then, and counted there; or it never will be."""
BUSY = 1.0
BELOW_TARGET = 0.69
"""LiveKit asks no worker at or above a load of 0.7 (`agents.target_load`)."""


class Slots:
    """Asks the server, and counts what was accepted since."""

    def __init__(self, url: str, limit: int) -> None:
        """`limit`: most rooms at once; 0: as many calls as the server takes."""
        self._health = url.rstrip("/") + "/healthz"
        self._limit = limit
        self._free = 0
        self.total = 0
        """Calls that the server takes in all; 0 while it is away."""
        self._accepted: dict[str, float] = {}
        """Room -> when it was accepted, while it is on its way."""
        self._active: set[str] = set()
        self.taken: Callable[[], None] = lambda: None
        """Called when there may be more or fewer free slots than before."""

    async def run(self) -> None:
        """Asks until cancelled."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as http:
            while True:
                before = (self._free, self.total)
                try:
                    async with http.get(self._health) as answer:
                        slots = (await answer.json())["slots"]
                        self._free, self.total = int(slots["free"]), int(slots["total"])
                        if answer.status != 200:
                            self._free = 0
                except (aiohttp.ClientError, TimeoutError, KeyError, ValueError, TypeError) as problem:
                    if self.total:
                        log.warning("the agent's server does not say how many calls it takes: %s", problem)
                    self._free = self.total = 0
                if (self._free, self.total) != before:
                    self.taken()
                await asyncio.sleep(ASK_EVERY_S)

    def accept(self, room: str) -> None:
        """A room was accepted."""
        self._accepted[room] = time.monotonic()

    def began(self, room: str) -> None:
        """Its job runs."""
        self._active.add(room)

    def ended(self, room: str) -> None:
        """Its job is over."""
        self._active.discard(room)
        self._accepted.pop(room, None)

    @property
    def rooms(self) -> set[str]:
        """What this worker has, or is about to have."""
        return self._active | self._on_their_way()

    @property
    def free(self) -> int:
        """How many more rooms can be taken now."""
        here = (self._limit or self.total) - len(self.rooms)
        return max(0, min(here, self._free - len(self._on_their_way())))

    @property
    def load(self) -> float:
        """For LiveKit: below its target while a slot is free, and the emptier the better; else 1."""
        total = self._limit or self.total
        return BELOW_TARGET * len(self.rooms) / total if self.free and total else BUSY

    def _on_their_way(self) -> set[str]:
        now = time.monotonic()
        return {room for room, at in self._accepted.items() if now - at < ARRIVES_S}
