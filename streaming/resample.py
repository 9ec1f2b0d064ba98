"""Resampling: of a stream with hardly any delay, and of a whole sound.

A stream goes through a polyphase filter of our own, because soxr's streams keep sound back in blocks. Fed 10 ms
at a time they hold (least to most, ms): 48→16 kHz 6-36 at quality HQ, 5-37 at MQ, 2-20 at LQ, which also takes
8 dB at 85% of the band; 8→16 kHz 12-115 at HQ; QQ holds nothing and filters nothing. `Resampler` gives every
output sample as soon as its last input sample is there, about a millisecond late, flat within 0.1 dB up to 85%
of the narrower band and 60 dB down from 5% above it on. A whole sound has nothing to wait for, and goes
through soxr.
"""

from __future__ import annotations

from functools import cache
from math import ceil, gcd

import numpy as np
import numpy.typing as npt
import soxr

from streaming.frames import Float, Pcm

_PASS, _STOP = 0.85, 1.05
"""Where the filter begins to fall and where it has fallen, in units of the narrower band. What folds back from
the 5% beyond lands in the uppermost 5%, where speech has nothing."""
_ATTENUATION_DB = 60.0


def resample(pcm: Pcm, source: int, target: int) -> Pcm:
    """A whole sound at `source` Hz, as it is at `target` Hz: aligned, without delay, in soxr's best quality."""
    if source == target or not len(pcm):
        return pcm
    resampled: Pcm = soxr.resample(pcm, source, target, quality="VHQ")
    return resampled


class Resampler:
    """Changes the rate of one int16 stream from `source` to `target` Hz.

    `delay` is how much later, in seconds, sound comes out than it went in: 2.3 ms with 8 kHz on either side,
    1.1 ms with 16 kHz, 0.8 ms between 22.05 or 24 and 48 kHz, none if the rates are the same.
    """

    def __init__(self, source: int, target: int) -> None:
        common = gcd(source, target)
        self._up, self._down = target // common, source // common
        self._filters = _filters(source, target)
        taps = self._filters.shape[1]
        self.delay = 0.0 if source == target else (taps * self._up - 1) / 2 / (source * self._up)
        self._history: Float = np.zeros(taps - 1, np.float32)
        self._next = 0
        """Where the next output sample lies, in units of 1 / (source * up) s after the next input sample."""

    def push(self, pcm: Pcm) -> Pcm:
        """The next samples, as many as can be told by now."""
        if self._up == self._down:
            return pcm
        sound = np.concatenate((self._history, pcm.astype(np.float32)))
        taps = self._filters.shape[1]
        count = max(0, ceil((len(pcm) * self._up - self._next) / self._down))
        at = self._next + self._down * np.arange(count)
        self._next += self._down * count - len(pcm) * self._up
        self._history = sound[len(sound) - taps + 1 :]
        if not count:
            return np.zeros(0, np.int16)
        windows = np.lib.stride_tricks.sliding_window_view(sound, taps)
        if self._up == 1:
            resampled = windows[at[0] :: self._down] @ self._filters[0]
        else:
            resampled = np.einsum("ij,ij->i", windows[at // self._up], self._filters[at % self._up])
        rounded: Pcm = np.clip(np.rint(resampled), -32768, 32767).astype(np.int16)
        return rounded

    def finish(self) -> Pcm:
        """The end of the stream, which the delay held back. What is pushed afterwards is a new stream."""
        if self._up == self._down:
            return np.zeros(0, np.int16)
        rest = self.push(np.zeros(self._filters.shape[1] // 2, np.int16))
        self._history = np.zeros_like(self._history)
        self._next = 0
        return rest


@cache
def _filters(source: int, target: int) -> npt.NDArray[np.float32]:
    """[up, taps]: for each phase a windowed sinc, latest sample last. Kaiser's formulas give window and length."""
    up = target // gcd(source, target)
    band = min(source, target) / 2
    beta = 0.1102 * (_ATTENUATION_DB - 8.7)
    width = 2 * np.pi * (_STOP - _PASS) * band / source
    taps = ceil((_ATTENUATION_DB - 8) / (2.285 * width))
    time = (np.arange(taps * up) - (taps * up - 1) / 2) / up
    cutoff = (_PASS + _STOP) * band / source
    prototype = cutoff * np.sinc(cutoff * time) * np.kaiser(taps * up, beta)
    filters = prototype.reshape(taps, up).T[:, ::-1]
    # Every phase passes a constant unchanged, so that none of them hums at the difference.
    scaled: npt.NDArray[np.float32] = (filters / filters.sum(axis=1, keepdims=True)).astype(np.float32)
    return np.ascontiguousarray(scaled)
