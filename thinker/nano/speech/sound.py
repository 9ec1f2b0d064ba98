"""The sound of a session that is still needed, and how loud it was."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

RATE = 16_000
FRAME = RATE // 100
"""Samples of one loudness frame: 10 ms."""
KEPT = 3 * RATE
"""Samples that are kept although no turn needs them, so that a turn may begin in the past."""
_SILENT = -100.0
_QUIETEST_SPEECH = -55.0
"""dBFS: nothing below it is speech."""
_CONTRAST = 9.0
"""dB that speech stands out from the room at least."""
_FALL = 28.0
"""dB below the level of speech that is certainly none of it."""

Floats = NDArray[np.float32]


@dataclass
class Sound:
    """Samples by their position since the session began; older ones are forgotten."""

    first: int = 0
    """Position of the oldest sample kept; always on a whole frame."""
    pcm: NDArray[np.int16] = field(default_factory=lambda: np.zeros(0, np.int16))
    levels: Floats = field(default_factory=lambda: np.zeros(0, np.float32))
    """Loudness of each whole frame kept, in dBFS."""

    @property
    def end(self) -> int:
        return self.first + self.pcm.size

    def push(self, pcm: NDArray[np.int16]) -> None:
        self.pcm = np.concatenate([self.pcm, pcm])
        done = self.levels.size * FRAME
        fresh = self.pcm[done : self.pcm.size // FRAME * FRAME].reshape(-1, FRAME).astype(np.float32)
        if fresh.size:
            power = (fresh - fresh.mean(axis=1, keepdims=True)) ** 2
            levels = 10 * np.log10(power.mean(axis=1) / 2**30 + 10 ** (_SILENT / 10))
            self.levels = np.concatenate([self.levels, levels.astype(np.float32)])

    def forget(self, before: int) -> None:
        """Drops whole frames before position `before`."""
        frames = min(max(0, before - self.first) // FRAME, self.levels.size)
        if frames >= 100:  # a second at a time, not a copy a frame
            self.pcm, self.levels = self.pcm[frames * FRAME :].copy(), self.levels[frames:].copy()
            self.first += frames * FRAME

    def stretch(self, first: int, last: int) -> Floats:
        """Samples [first, last) in [-1, 1]."""
        part = self.pcm[max(0, first - self.first) : max(0, last - self.first)]
        scaled: Floats = part.astype(np.float32) / np.float32(32768)
        return scaled

    def loudness(self, first: int, last: int) -> Floats:
        """Of the whole frames of [first, last)."""
        return self.levels[max(0, first - self.first) // FRAME : max(0, last - self.first) // FRAME]


@dataclass(frozen=True, slots=True)
class Loudness:
    """How loud the room is and how loud the speech in it, in dBFS."""

    room: float
    speech: float

    @staticmethod
    def of(levels: Floats) -> Loudness:
        """Judged by the quiet and the loud frames of a stretch that has both."""
        if not levels.size:
            return Loudness(_SILENT, _SILENT)
        room, speech = np.percentile(levels, (10, 95))
        return Loudness(float(room), float(speech))

    @property
    def threshold(self) -> float:
        """Frames softer than this are pauses."""
        return max(self.room + 0.35 * (self.speech - self.room), self.speech - _FALL, _QUIETEST_SPEECH)

    @property
    def has_speech(self) -> bool:
        """Whether anything stands out that could be speech."""
        return self.speech > _QUIETEST_SPEECH and self.speech - self.room > _CONTRAST


def quietest(levels: Floats, width: int = 12) -> int:
    """The frame in the middle of the softest `width` frames."""
    if levels.size <= width:
        return levels.size // 2
    means = np.convolve(levels, np.full(width, 1 / width), mode="valid")
    return int(means.argmin()) + width // 2
