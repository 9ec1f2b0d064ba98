"""The user's words, from the default family's own perception: Moonshine, in media time, on a clock that it drives."""

from __future__ import annotations

from functools import cache
from typing import cast

import numpy as np
from numpy.typing import NDArray

from streaming.time import Time, ms
from thinker.joints import Mark, Perceived
from thinker.nano.perception import NanoPerception
from thinker.nano.speech.recogniser import Hypothesis, Moonshine, Transcribes
from thinker.nano.tokeniser import Tokeniser
from thinker.nano.weights import moonshine

RATE = 16_000
COST, COST_PER_S = 0.025, 0.025
"""Seconds that one hearing is taken to last, and more for each second of sound: about what two busy cores need."""
BLOCK_S = 0.8
"""While somebody speaks, a turn is heard this often; more often, as in a call, costs the benchmark hours."""
SLOT = 0


@cache
def recogniser() -> Moonshine:
    """The default family's. Raises `RuntimeError`, which says what to install."""
    folder = moonshine()
    if folder is None:
        raise RuntimeError("moonshine-voice is not installed: run `pip install --no-deps moonshine-voice==0.0.49`")
    return Moonshine(folder, threads=1)


class NoTokens:
    """Stands for the Thinker's tokeniser: there is no Thinker."""

    def encode(self, text: str) -> list[int]:
        """Nothing."""
        return []


class Clocked:
    """A recogniser that takes the same time on every machine."""

    def __init__(self, inner: Transcribes) -> None:
        self._inner = inner
        self.seconds = 0.0

    def transcribe(self, sound: NDArray[np.float32], guess: tuple[int, ...] = ()) -> Hypothesis:
        """What the inner one hears."""
        self.seconds += COST + COST_PER_S * len(sound) / RATE
        return self._inner.transcribe(sound, guess)


class Words:
    """One session's recognition of the user's turns."""

    def __init__(self) -> None:
        self._clocked = Clocked(recogniser())
        tokeniser = cast(Tokeniser, NoTokens())
        self._perception = NanoPerception(self._clocked, tokeniser, lambda: self._clocked.seconds)  # type: ignore[arg-type]
        self._perception.block_s = BLOCK_S
        self._perception.open(SLOT)
        self._turn: int | None = None
        self._mark: Mark = None
        self._due: list[tuple[Time, int, Perceived]] = []
        """(known at, turn, words)."""

    def opened(self, turn: int, since: Time) -> None:
        """`turn` is heard, from `since` on."""
        if turn != self._turn:
            self._turn = turn
            self._perception.begin(SLOT, max(0, since - ms(300)))

    def over(self) -> None:
        """The turn is over, or was none."""
        if self._turn is not None:
            self._perception.end(SLOT)
        self._turn = None

    def audio(self, pcm: NDArray[np.int16], t: Time) -> None:
        """20 ms of the microphone from `t` on."""
        began = self._clocked.seconds
        perceived = self._perception.audio(SLOT, pcm, t)
        self._later(perceived, began, t + ms(20))

    def flush(self, now: Time) -> Time:
        """The last words are wanted, for an answer; returns when they are known."""
        if self._turn is None:
            return now
        self._mark = self._perception.mark(SLOT)
        began = self._clocked.seconds
        self._later(self._perception.flush(SLOT), began, now)
        return now + ms(1000 * (self._clocked.seconds - began))

    def crop(self) -> None:
        """The answer was taken back."""
        self._perception.crop(SLOT, self._mark)

    def known(self, now: Time) -> list[tuple[int, Perceived]]:
        """Words, with their turn, that are known by `now` and were not told."""
        known = [(turn, perceived) for at, turn, perceived in self._due if at <= now]
        self._due = [due for due in self._due if due[0] > now]
        return known

    def _later(self, perceived: Perceived | None, began: float, now: Time) -> None:
        if perceived is not None and self._turn is not None:
            self._due.append((now + ms(1000 * (self._clocked.seconds - began)), self._turn, perceived))
