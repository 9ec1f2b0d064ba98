"""Recognisers that are told, or can tell, what is said; and what the Thinker would hold of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from streaming.time import Time, ticks
from thinker.joints import Mark, Perceived
from thinker.nano.perception import NanoPerception
from thinker.nano.speech.agreement import plain
from thinker.nano.speech.recogniser import Hypothesis
from thinker.nano.speech.sound import FRAME, RATE
from thinker.nano.tokeniser import Tokeniser

Pcm = NDArray[np.int16]
Floats = NDArray[np.float32]

WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TONES = 300 * 1.3 ** np.arange(len(WORDS))
_LONG, _GAP, _PAUSE = 30, 3, 15
"""Frames of a word, between words, and after every fifth."""


class Letters(Tokeniser):
    """A tokeniser that needs no vocabulary: a token a character."""

    def __init__(self) -> None:
        self.pieces = [chr(code).encode() for code in range(128)]

    def encode(self, text: str) -> list[int]:
        return [ord(letter) for letter in text]


def room(seconds: float) -> Pcm:
    """Nobody speaks."""
    return np.random.default_rng(1).integers(-4, 5, round(seconds * RATE)).astype(np.int16)


def spoken(text: str) -> Pcm:
    """`WORDS` as tones of 0.3 s."""
    parts = []
    for number, word in enumerate(text.split(), 1):
        t = np.arange(_LONG * FRAME) / RATE
        tone = 10_000 * np.sin(2 * np.pi * _TONES[WORDS.index(word)] * t)
        parts += [tone.astype(np.int16), room((_GAP if number % 5 else _PAUSE) * FRAME / RATE)]
    return np.concatenate(parts)


@dataclass
class Tones:
    """Hears what `spoken` says. Of a tone that is cut off it makes half a word; at another tempo it is unsure."""

    longest: int = 0
    """Samples of the longest stretch it was asked for."""
    asked: int = 0

    def transcribe(self, sound: Floats, guess: Sequence[int] = ()) -> Hypothesis:
        self.longest, self.asked = max(self.longest, sound.size), self.asked + 1
        loud = np.abs(sound[: sound.size // FRAME * FRAME]).reshape(-1, FRAME).max(axis=1) > 0.05
        edges = np.flatnonzero(np.diff(np.concatenate([[False], loud, [False]]).astype(int))).reshape(-1, 2)
        words, tokens, off = [], [], []
        for first, last in edges * FRAME:
            crossings = np.count_nonzero(np.diff(np.signbit(sound[first:last])))
            distance = np.abs(np.log(_TONES * 2 * (last - first) / RATE / max(1, crossings)))
            tokens.append(int(distance.argmin()))
            off.append(float(distance.min()))
            words.append(WORDS[tokens[-1]] if last - first > (_LONG - 3) * FRAME else WORDS[tokens[-1]][:2])
        return Hypothesis(tuple(tokens), " ".join(words), -0.05 - 5 * float(np.mean(off))) if words else Hypothesis()


@dataclass
class Scripted:
    """Hears what it is told to, one hypothesis after the other; the last for ever."""

    hypotheses: list[tuple[str, float]] = field(default_factory=lambda: [("", 0.0)])

    def transcribe(self, sound: Floats, guess: Sequence[int] = ()) -> Hypothesis:
        text, confidence = self.hypotheses[0] if len(self.hypotheses) == 1 else self.hypotheses.pop(0)
        return Hypothesis(tuple(range(len(text))), text, confidence)


def plainly(text: str) -> list[str]:
    """The words of `text`, without what punctuation and capitals make of them."""
    return [word for word in map(plain, text.split()) if word]


@dataclass
class Listening:
    """A session in slot 0: sound goes in, and what comes out is kept as the Thinker would."""

    perception: NanoPerception
    tokeniser: Tokeniser
    piece: int = 320
    """Samples that are given at once."""
    at: int = 0
    pieces: list[str] = field(default_factory=list)
    """Chunks taken in and not taken back, as text."""
    stable: list[str] = field(default_factory=list)
    told: list[tuple[str, str]] = field(default_factory=list)
    """Stable and tentative words of every report."""

    def __post_init__(self) -> None:
        self.perception.open(0)

    @property
    def now(self) -> Time:
        return ticks(self.at, RATE)

    @property
    def taken(self) -> str:
        return "".join(self.pieces)

    def begin(self) -> None:
        self.perception.begin(0, self.now)
        self.pieces, self.stable = [], []

    def hear(self, pcm: Pcm) -> None:
        for first in range(0, pcm.size, self.piece):
            part = pcm[first : first + self.piece]
            perceived = self.perception.audio(0, part, self.now)
            self.at += part.size
            if perceived is not None:
                stable = perceived.stable.split()
                assert stable[: len(self.stable)] == self.stable, "stable words are never taken back"
                self._take(perceived)

    def flush(self) -> str:
        """All words of the turn."""
        perceived = self.perception.flush(0)
        self._take(perceived)
        assert perceived.tentative == ""
        return perceived.stable

    def mark(self) -> tuple[Mark, list[str]]:
        return self.perception.mark(0), list(self.pieces)

    def crop(self, mark: tuple[Mark, list[str]]) -> None:
        self.perception.crop(0, mark[0])
        self.pieces, self.stable = list(mark[1]), []

    def _take(self, perceived: Perceived) -> None:
        for chunk in perceived.chunks:
            assert 0 <= chunk.takes_back <= len(self.pieces)
            assert isinstance(chunk.payload, tuple)
            self.pieces[len(self.pieces) - chunk.takes_back :] = [self.tokeniser.decode(chunk.payload)]
        self.stable = perceived.stable.split()
        self.told.append((perceived.stable, perceived.tentative))
