"""What an ear can tell from two recordings on one clock: the caller's microphone, and what came back.

Sound is float32 mono in [-1, 1]; places are seconds from the recording's beginning. Levels are RMS over 5 ms, so
every place is exact to that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Sound = npt.NDArray[np.float32]

HOP_S = 0.005
AUDIBLE_DBFS = -50.0


def levels(sound: Sound, rate: int) -> npt.NDArray[np.float64]:
    """dBFS of each whole 5 ms of `sound`; digital silence is -120."""
    hop = round(rate * HOP_S)
    frames = sound[: len(sound) // hop * hop].reshape(-1, hop).astype(np.float64)
    return np.asarray(10 * np.log10(np.maximum((frames**2).mean(axis=1), 1e-12)))


@dataclass(frozen=True, slots=True)
class Listener:
    """One recording, ready to be asked."""

    loud: npt.NDArray[np.bool_]
    """Whether each 5 ms can be heard."""

    @classmethod
    def of(cls, sound: Sound, rate: int, audible_dbfs: float = AUDIBLE_DBFS) -> Listener:
        """Hears everything above `audible_dbfs`."""
        return cls(levels(sound, rate) > audible_dbfs)

    def first_audible(self, after: float, before: float, sustained_s: float = 0.03) -> float | None:
        """Where sound begins that goes on for `sustained_s` (no click does) between two places; None: nowhere."""
        need = max(1, round(sustained_s / HOP_S))
        start, run = round(after / HOP_S), 0
        for index in range(start, min(len(self.loud), round(before / HOP_S))):
            run = run + 1 if self.loud[index] else 0
            if run == need:
                return (index - need + 1) * HOP_S
        return None

    def silent_from(self, after: float, for_s: float = 0.3) -> float | None:
        """The first place from `after` on where it is silent for `for_s`; None: not within the recording."""
        need = round(for_s / HOP_S)
        run = 0
        for index in range(round(after / HOP_S), len(self.loud)):
            run = 0 if self.loud[index] else run + 1
            if run == need:
                return (index - need + 1) * HOP_S
        return None

    def audible_share(self, start: float, end: float) -> float:
        """The share of the time between two places that can be heard."""
        part = self.loud[round(start / HOP_S) : round(end / HOP_S)]
        return float(part.mean()) if len(part) else 0.0


def locate(clip: Sound, track: Sound, rate: int, start: float, end: float) -> tuple[float, float]:
    """Where in `track`, between `start` and `end`, `clip` begins, and how sure that is.

    The second value is the normalised cross-correlation in [0, 1]; below about 0.5 it was not found. Codecs keep it
    above 0.8 on clean speech.
    """
    first = max(0, round(start * rate))
    part = track[first : round(end * rate)].astype(np.float64)
    if len(part) < len(clip):
        return start, 0.0
    size = 1 << (len(part) + len(clip) - 1).bit_length()
    product = np.fft.irfft(np.fft.rfft(part, size) * np.conj(np.fft.rfft(clip.astype(np.float64), size)), size)
    product = product[: len(part) - len(clip) + 1]
    energy = np.concatenate(([0.0], np.cumsum(part**2)))
    energy = energy[len(clip) :] - energy[: len(energy) - len(clip)]
    score = product / np.sqrt(np.maximum(energy * float((clip.astype(np.float64) ** 2).sum()), 1e-12))
    best = int(np.argmax(np.where(energy > 0.05 * energy.max(), score, 0.0)))
    return (first + best) / rate, float(score[best])


def word_errors(said: str, meant: str) -> tuple[int, int]:
    """(wrong words, words meant): the least insertions, deletions and substitutions between two texts."""

    def words(text: str) -> list[str]:
        kept = "".join(c if c.isalnum() or c == "'" else " " for c in text.lower().replace("\u2019", "'"))
        return kept.split()

    ours, theirs = words(said), words(meant)
    row = list(range(len(ours) + 1))
    for i, right in enumerate(theirs, 1):
        previous, row[0] = row[0], i
        for j, word in enumerate(ours, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (word != right))
    return row[-1], len(theirs)


@dataclass(frozen=True, slots=True)
class Spread:
    """How a measure is spread over n turns, in ms."""

    n: int
    p50: float
    p95: float
    max: float

    @classmethod
    def of(cls, values_ms: Sequence[float]) -> Spread | None:
        """None where there is nothing to tell."""
        if not values_ms:
            return None
        p50, p95 = np.percentile(values_ms, [50, 95])
        return cls(len(values_ms), float(p50), float(p95), float(max(values_ms)))

    def __str__(self) -> str:
        return f"{self.p50:.0f} / {self.p95:.0f} / {self.max:.0f} ms (n = {self.n})"
