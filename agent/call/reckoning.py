"""Whose milliseconds were whose: one call's moments, on their way into the latency ledger."""

from __future__ import annotations

import time
from dataclasses import dataclass

from streaming.ledger import Entry, Ledger, Mark, Moment
from streaming.time import TICKS_PER_SECOND, Time


@dataclass(slots=True)
class _Edge:
    """An edge of the user's speech: where it lies, and when the ears knew."""

    lay: Mark
    known: Mark


class Reckoning:
    """Turns what happens in a call into entries of its ledger. Moments are monotonic seconds."""

    def __init__(self) -> None:
        self.ledger = Ledger()
        self._now: Time = 0
        self._clock = time.monotonic()
        self._end: _Edge | None = None
        self._onset: _Edge | None = None
        self._stop = Entry("stop")

    def clock(self, now: Time) -> None:
        """Media time has come to `now`."""
        self._now, self._clock = now, time.monotonic()

    def _edge(self, about: Time) -> _Edge:
        lay = Mark(self._clock - (self._now - about) / TICKS_PER_SECOND, about)
        return _Edge(lay, Mark(time.monotonic(), self._now))

    def speech_end(self, about: Time) -> None:
        """The user fell silent at `about`; the ears just said so."""
        self._end = self._edge(about)

    def onset(self, about: Time) -> None:
        """The user began to speak at `about`; the ears just said so."""
        self._onset = self._edge(about)
        self._stop = Entry("stop")
        self._stop.mark("onset", self._onset.lay.clock, about)
        self._stop.mark("onset_known", self._onset.known.clock, self._now)

    def thought(self, reply: int, *, spoken: bool) -> None:
        """The mind was told to think `reply`. `spoken`: it answers the speech that ended last."""
        entry = self.ledger.open("reply", reply)
        if spoken and self._end is not None:
            entry.mark("speech_end", self._end.lay.clock, self._end.lay.at)
            entry.mark("speech_end_known", self._end.known.clock, self._end.known.at)
        entry.mark("thought", time.monotonic(), self._now)

    def reached(self, reply: int, moment: Moment, clock: float | None = None) -> None:
        """`reply` passed `moment`, now or at `clock`."""
        self.ledger.open("reply", reply).mark(moment, time.monotonic() if clock is None else clock, self._now)

    def stopping(self, moment: Moment) -> None:
        """What was begun by the last onset passed `moment`."""
        self._stop.mark(moment, time.monotonic(), self._now)

    def forget(self, reply: int) -> None:
        """`reply` never happened."""
        self.ledger.drop("reply", reply)

    def answered(self, reply: int) -> Entry | None:
        """`reply` is audible. None if it answers nothing that was spoken."""
        return self.ledger.close("reply", reply)

    def stopped(self, reply: int) -> Entry | None:
        """`reply` was cut by speech, and is silent."""
        open_entry = self.ledger.open("stop", reply)
        for moment, mark in self._stop.marks.items():
            open_entry.mark(moment, mark.clock, mark.at)
        return self.ledger.close("stop", reply)
