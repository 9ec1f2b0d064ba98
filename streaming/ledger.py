"""The latency ledger: where the milliseconds of every reply, and of every stop, went.

One entry for each reply and for each stop. Parts of the system mark moments in it by name as they pass; the ledger
makes the stages between them. Pure: moments are passed in, on the
machine's monotonic clock (seconds), which all processes of one machine share, and in media time where it is known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from streaming.time import Time

Kind = Literal["reply", "stop"]
Moment = Literal[
    # of a reply
    "speech_end",  # the user fell silent
    "speech_end_known",  # the ears knew of it
    "thought",  # the mind was told to think (ahead)
    "flushed",  # the user's last words were known
    "prefilled",  # the mind had taken them in
    "first_token",
    "first_sound",
    "released",  # the turn is over: the reply may be heard
    "first_sent",
    "first_heard",
    # of a stop
    "onset",  # the user began to speak
    "onset_known",  # the ears knew of it
    "ducked",
    "decided",  # it is a cut
    "silenced",  # the client was told, the buffers are empty
    "silent_reported",  # the client is silent
]

_ORIGIN: Mapping[Kind, Moment] = {"reply": "speech_end", "stop": "onset"}
_ENDS: Mapping[Kind, Sequence[Moment]] = {
    "reply": ("first_heard", "first_sent"),
    "stop": ("silent_reported", "silenced", "decided"),
}
"""What ends the whole; the first of these that is known."""
_STAGES: Mapping[Moment, tuple[str, Sequence[Moment]]] = {
    "speech_end_known": ("ears", ("speech_end",)),
    "released": ("pause", ("speech_end", "speech_end_known")),
    "flushed": ("words", ("speech_end", "thought")),
    "prefilled": ("prefill", ("thought", "flushed")),
    "first_token": ("first token", ("thought", "flushed", "prefilled")),
    "first_sound": ("first sound", ("thought", "flushed", "prefilled", "first_token")),
    "first_sent": ("playout", ("speech_end", "released", "first_sound")),
    "first_heard": ("downlink", ("first_sent",)),
    "onset_known": ("ears", ("onset",)),
    "ducked": ("duck", ("onset", "onset_known")),
    "decided": ("decision", ("onset", "onset_known")),
    "silenced": ("silence", ("decided",)),
    "silent_reported": ("client", ("silenced",)),
}
"""For each moment that ends a stage: the stage's name, and the moments the latest of which begins it."""


@dataclass(frozen=True, slots=True)
class Stage:
    """From `start_ms` to `end_ms` after the end of speech (of a stop: after the onset)."""

    name: str
    start_ms: float
    end_ms: float


@dataclass(frozen=True, slots=True)
class Mark:
    """When a moment passed: monotonic seconds, and media time where it is known."""

    clock: float
    at: Time | None = None


@dataclass(slots=True)
class Entry:
    """The moments of one reply or stop."""

    kind: Kind
    marks: dict[Moment, Mark] = field(default_factory=dict)

    def mark(self, moment: Moment, clock: float, at: Time | None = None) -> None:
        """`moment` passed at `clock`. The first time counts."""
        self.marks.setdefault(moment, Mark(clock, at))

    @property
    def total_ms(self) -> float | None:
        """End of speech to audible, or onset to silent, as far as is known; None if one end is not known."""
        end = next((moment for moment in _ENDS[self.kind] if moment in self.marks), None)
        return None if end is None else self._since_origin(end)

    @property
    def stages(self) -> list[Stage]:
        """The stages both ends of which are known, in the order of their ends. They overlap where work did.

        A stage whose end lies before its beginning (clocks of a moment apart) takes no time.
        """
        stages = []
        for moment in self.marks:
            if moment not in _STAGES:
                continue
            name, begins = _STAGES[moment]
            starts = [start for begin in begins if (start := self._since_origin(begin)) is not None]
            end = self._since_origin(moment)
            if starts and end is not None:
                stages.append(Stage(name, min(max(starts), end), end))
        return sorted(stages, key=lambda stage: (stage.end_ms, stage.start_ms))

    def _since_origin(self, moment: Moment) -> float | None:
        origin, mark = self.marks.get(_ORIGIN[self.kind]), self.marks.get(moment)
        return None if origin is None or mark is None else (mark.clock - origin.clock) * 1000


class Ledger:
    """The entries of one call, by kind and number, for as long as they are open."""

    def __init__(self) -> None:
        self._open: dict[tuple[Kind, int], Entry] = {}

    def open(self, kind: Kind, number: int) -> Entry:
        """The entry of that number, opened if there was none."""
        return self._open.setdefault((kind, number), Entry(kind))

    def close(self, kind: Kind, number: int) -> Entry | None:
        """The entry is complete. None if there is none, or too little of it is known to tell its total."""
        entry = self._open.pop((kind, number), None)
        return None if entry is None or entry.total_ms is None else entry

    def drop(self, kind: Kind, number: int) -> None:
        """It never happened: a thought that was rolled back, a cough."""
        self._open.pop((kind, number), None)
