"""When sound of a session came in: from media time to the clock."""

from __future__ import annotations

from collections import deque

from streaming.time import Time, ticks

_KEPT = 500
"""Pieces of sound that are remembered: at least five seconds."""


class Arrivals:
    """Remembers when the latest pieces of one session's sound came."""

    def __init__(self) -> None:
        self._came: deque[tuple[Time, float]] = deque(maxlen=_KEPT)

    def came(self, at: Time, samples: int, clock: float) -> None:
        """`samples` at 16 kHz from `at` on came at `clock` seconds."""
        self._came.append((at + ticks(samples, 16_000), clock))

    def clock(self, t: Time, now: float) -> float:
        """The clock when the sound up to `t` was there; `now` if it is not there yet."""
        return next((clock for end, clock in self._came if end >= t), now)
