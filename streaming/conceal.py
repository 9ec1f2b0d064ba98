"""Hiding what is missing from a stream of speech, and making speech shorter without its being noticed."""

from __future__ import annotations

import numpy as np

from streaming.frames import Float, Pcm

_LONGEST_PERIOD = 0.015
_SHORTEST_PERIOD = 0.0025
_COMPARED = 0.010
"""Seconds of sound that are compared to find the period."""
_VOICED = 0.5
"""Sound that resembles itself less than this after a period has none worth repeating."""
_FULL, _GONE = 0.020, 0.060
"""A concealment keeps its level this long, and is silent from then on (seconds)."""
_CROSSFADE = 0.005
_SEAM = 0.002


class Concealer:
    """Follows a stream at `rate` Hz and makes up what is missing of it.

    The last period of the voice is repeated, and dies away over 60 ms: longer, it would say what nobody said.
    Where the stream begins again, one goes over into the other.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._played: Float = np.zeros(round((_LONGEST_PERIOD + _COMPARED) * rate) + 1, np.float32)
        """What was played last."""
        self._period: Float | None = None
        """What is repeated; None while nothing is missing."""
        self._step = 0.0
        """From the last sample played to where the repetition would begin."""
        self._made = 0
        """Samples made up since the stream broke off."""

    def sound(self, pcm: Pcm) -> Pcm:
        """The next samples of the stream, as they are to be played."""
        if self._period is None or not len(pcm):
            self._remember(pcm.astype(np.float32))
            return pcm
        length = min(len(pcm), round(_CROSSFADE * self._rate))
        fade_in = np.arange(1, length + 1, dtype=np.float32) / (length + 1)
        played = pcm.astype(np.float32)
        played[:length] = played[:length] * fade_in + self._make_up(length) * (1 - fade_in)
        self._period = None
        self._remember(played)
        return _int16(played)

    def conceal(self, count: int) -> Pcm:
        """`count` samples in place of those that are missing."""
        if self._period is None:
            self._begin()
        made = self._make_up(count)
        self._remember(made)
        return _int16(made)

    def _begin(self) -> None:
        length, likeness = find_period(self._played[::-1], self._rate)
        if likeness < _VOICED:
            length = round(_LONGEST_PERIOD * self._rate)
        repeated = self._played[-length:].copy()
        # Its end goes over into what came before its beginning, so that it joins itself.
        joint = length // 4
        before = self._played[-length - joint : -length]
        rising = np.arange(1, joint + 1, dtype=np.float32) / (joint + 1)
        repeated[-joint:] = repeated[-joint:] * (1 - rising) + before * rising
        self._period = repeated
        self._step = float(self._played[-1] - self._played[-length - 1])
        self._made = 0

    def _make_up(self, count: int) -> Float:
        assert self._period is not None
        index = np.arange(self._made, self._made + count)
        self._made += count
        seconds = index / self._rate
        made = self._period[index % len(self._period)]
        made += self._step * np.clip(1 - seconds / _SEAM, 0, 1)
        made *= np.clip((_GONE - seconds) / (_GONE - _FULL), 0, 1)
        return made.astype(np.float32)

    def _remember(self, played: Float) -> None:
        self._played = np.concatenate((self._played, played))[-len(self._played) :]


def shorten(pcm: Pcm, cut: int, rate: int) -> Pcm:
    """`pcm` without `cut` samples near its beginning, and without a click.

    The beginning goes over into what follows `cut` samples later: of voices, cut whole periods (`find_period`).
    """
    length = min(round(_CROSSFADE * rate), len(pcm) - cut)
    fade_in = np.arange(1, length + 1, dtype=np.float32) / (length + 1)
    joint = pcm[:length] * (1 - fade_in) + pcm[cut : cut + length] * fade_in
    return np.concatenate((_int16(joint.astype(np.float32)), pcm[cut + length :]))


def find_period(sound: Float | Pcm, rate: int, longest: float = _LONGEST_PERIOD) -> tuple[int, float]:
    """After how many samples `sound` repeats its beginning best, and how well, from -1 to 1.

    Looks from 2.5 ms on as far as `longest` (seconds, up to 15 ms), and needs 10 ms of sound beyond that.
    """
    shortest, compared = round(_SHORTEST_PERIOD * rate), round(_COMPARED * rate)
    latest = round(min(longest, _LONGEST_PERIOD) * rate)
    heard = sound[: latest + compared].astype(np.float32) / np.float32(32768)
    products = np.correlate(heard[shortest:], heard[:compared], "valid")
    energy = np.concatenate(([0.0], np.cumsum(heard.astype(np.float64) ** 2)))
    powers = energy[shortest + compared :] - energy[shortest:-compared]
    likeness = products / np.sqrt(np.maximum(powers * energy[compared], 1e-12))
    best = int(np.argmax(likeness))
    return shortest + best, float(likeness[best])


def _int16(sound: Float) -> Pcm:
    pcm: Pcm = np.clip(np.rint(sound), -32768, 32767).astype(np.int16)
    return pcm
