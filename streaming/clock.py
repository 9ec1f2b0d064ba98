"""The media clock of one call, and the rule by which silence stands in for sound that does not come."""

from __future__ import annotations

from streaming.time import TICKS_PER_SECOND, Time

FILLED_AFTER = 0.2
"""Seconds without sound after which silence is put in its place. Sound that is late by less is only late."""


def silence_due(now: float, last_arrival: float) -> Time:
    """How much silence belongs after sound that arrived last at `last_arrival`, at `now` (monotonic seconds).

    None for the first 200 ms, then all of the time since: the clock goes on at the pace of real time, from where
    the sound ended. A burst that runs ahead of real time is filled no earlier than any other sound.
    """
    since = now - last_arrival
    return int(since * TICKS_PER_SECOND) if since >= FILLED_AFTER else 0


class MediaClock:
    """Counts the sound that went into the ears; pure, the wall clock is passed in (monotonic seconds)."""

    def __init__(self, wall: float) -> None:
        """The call begins at `wall`."""
        self.position: Time = 0
        """The end of the sound that went in so far."""
        self._arrival = wall
        """When sound (not silence in its place) went in last."""
        self._arrived: Time = 0
        """What `position` was then."""
        self._latest: Time = 0
        """The latest time that `at` gave."""

    def advance(self, length: Time, wall: float) -> None:
        """`length` of sound that had arrived went in at `wall`."""
        self.position += length
        self._arrived = self.position
        self._arrival = max(self._arrival, wall)

    def missing(self, wall: float) -> Time:
        """How much silence is to go in now."""
        return max(0, self._arrived + silence_due(wall, self._arrival) - self.position)

    def fill(self, length: Time) -> None:
        """`length` of silence went in."""
        self.position += length

    def at(self, wall: float) -> Time:
        """Media time at `wall`, also between two frames; never earlier than what was given before."""
        since = max(0.0, wall - self._arrival)
        self._latest = max(self._latest, self.position, self._arrived + int(since * TICKS_PER_SECOND))
        return self._latest

    def wall(self, time: Time) -> float:
        """The wall clock when the sample at `time` went in, or will at the pace of real time."""
        return self._arrival + (time - self._arrived) / TICKS_PER_SECOND
