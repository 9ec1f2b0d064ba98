"""Is the turn over? An opinion from the words: whole sentences are, hanging ones are not (`completeness`)."""

from __future__ import annotations

from dataclasses import dataclass

from streaming.time import Time

from .completeness import Completeness
from .opinions import TurnEnd
from .words import SpokenWords


@dataclass(slots=True)
class TurnEndEar:
    """One session's opinion of whether its turn is over; given once a pause, and again when it changes."""

    completeness: Completeness
    _about: Time | None = None
    """The pause that the last opinion was about."""
    _given: float = -1.0

    def judge(self, words: SpokenWords, at: Time) -> list[TurnEnd]:
        """What `words` say now, if that is news."""
        text = words.settled
        if text is None or words.stopped is None:
            return []
        probability = self.completeness.of(text)
        if (words.stopped, probability) == (self._about, self._given):
            return []
        self._about, self._given = words.stopped, probability
        return [TurnEnd(probability, about=words.stopped, at=at)]
