"""What the microphone sounds like, 10 ms at a time: level, noise floor, probability of speech, voicing.

Everything that the ears decide later is decided on these frames, so the sound is analysed once.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from streaming.time import Time, ms, ticks

from .silero import CONTEXT, RATE, WINDOW, Silero, SileroState

FRAME = RATE // 100
"""Samples of a frame (10 ms)."""
PHASES = 2
"""Streams of windows that take turns, so that the probability is renewed every 16 ms instead of every 32."""
QUIETEST = -75.0
"""The noise floor is never taken for lower than this, in dBFS: digital silence is no measure of a room."""
PITCH_WINDOW = 512
"""Samples in which voicing is looked for (32 ms: two periods of the deepest voice)."""
LAGS = slice(RATE // 400, RATE // 70)
"""Autocorrelation lags of voices, 70 to 400 Hz."""

_SPECTRUM = 2 * PITCH_WINDOW
_TAPER = np.hanning(PITCH_WINDOW).astype(np.float32)
_TAPER_AUTOCORRELATION = np.fft.irfft(np.abs(np.fft.rfft(_TAPER, _SPECTRUM)) ** 2)[LAGS]
_TAPER_AUTOCORRELATION /= np.sum(_TAPER**2)


@dataclass(frozen=True, slots=True)
class Frame:
    """10 ms of the microphone."""

    end: Time
    """Media time of its last sample."""
    level: float
    """Energy, in dBFS."""
    threshold: float
    """The level above which it is more than the room's noise, in dBFS."""
    speech: float
    """The probability that somebody speaks, as far as the network has heard, in [0, 1]."""
    voicing: float
    """How periodic the last 32 ms are at a voice's pitch, in [0, 1]; 0 where the level is below the threshold."""

    @property
    def start(self) -> Time:
        """Media time of its first sample."""
        return self.end - ms(10)

    @property
    def stands_out(self) -> bool:
        """Whether it is louder than the room's noise."""
        return self.level > self.threshold


@dataclass(slots=True)
class NoiseFloor:
    """The room's noise: quick to fall, slow to rise, slower still while somebody speaks."""

    level: float | None = None
    """dBFS, None before the first frame."""
    spread: float = 1.0
    """Mean deviation of the noise from its level, in dB."""

    def hear(self, level: float, speech: float) -> float:
        """Take in a frame of `level` dBFS; returns the threshold above which sound stands out, in dBFS."""
        if self.level is None:
            self.level = min(max(level, QUIETEST), -45.0)
        step = level - self.level
        if step < 0:
            self.level += 0.15 * step
        elif speech < 0.3:
            self.level += 0.05 * min(step, 6.0)
        else:
            self.level += 0.02
        if speech < 0.3 and abs(step) < 12.0:
            self.spread += 0.03 * (abs(step) - self.spread)
        self.level = max(self.level, QUIETEST)
        return self.level + min(max(4.0 * self.spread, 6.0), 12.0)


@dataclass(slots=True)
class Listener:
    """One session's microphone, cut into `Frame`s."""

    silero: Silero
    floor: NoiseFloor = field(default_factory=NoiseFloor)
    _streams: list[SileroState] = field(default_factory=lambda: [SileroState() for _ in range(PHASES)])
    _sound: npt.NDArray[np.float32] = field(default_factory=lambda: np.zeros(CONTEXT + WINDOW, np.float32))
    """What was heard last, in [-1, 1]: enough for a window, and whatever does not fill a frame yet."""
    _pending: int = 0
    """Samples at the end of `_sound` that belong to no frame yet."""
    _heard: int = 0
    """Samples in frames so far."""
    _steps: int = 0
    _speech: float = 0.0

    def push(self, mic: npt.NDArray[np.int16], t: Time) -> Iterator[Frame]:
        """Take in `mic`, int16[n] mono at 16 kHz whose first sample is at media time `t`."""
        kept = self._sound[-(CONTEXT + WINDOW + self._pending) :]
        self._sound = np.concatenate((kept, mic.astype(np.float32) / 32768.0))
        frames, self._pending = divmod(self._pending + len(mic), FRAME)
        last = len(self._sound) - self._pending
        end = t + ticks(len(mic) - self._pending, RATE)
        for left in reversed(range(frames)):
            yield self._frame(self._sound[: last - left * FRAME], end - ticks(left * FRAME, RATE))

    def _frame(self, sound: npt.NDArray[np.float32], end: Time) -> Frame:
        """The frame that ends with `sound`, which also holds what came before."""
        self._heard += FRAME
        stride = WINDOW // PHASES
        while (self._steps + 1) * stride <= self._heard:
            self._steps += 1
            stop = len(sound) - (self._heard - self._steps * stride)
            window = sound[stop - CONTEXT - WINDOW : stop]
            self._speech = self.silero.step(self._streams[self._steps % PHASES], window)
        last = sound[-FRAME:]
        level = 10.0 * math.log10(float(np.var(last)) + 1e-12)
        threshold = self.floor.hear(level, self._speech)
        voicing = _voicing(sound[-PITCH_WINDOW:]) if level > threshold else 0.0
        return Frame(end, level, threshold, self._speech, voicing)


def _voicing(sound: npt.NDArray[np.float32]) -> float:
    """The highest autocorrelation of float32[PITCH_WINDOW] at a lag of a voice's period, in [0, 1]."""
    power = np.abs(np.fft.rfft((sound - sound.mean()) * _TAPER, _SPECTRUM)) ** 2
    autocorrelation = np.fft.irfft(power)
    energy = float(autocorrelation[0]) + 1e-9
    return min(max(float(np.max(autocorrelation[LAGS] / _TAPER_AUTOCORRELATION)) / energy, 0.0), 1.0)
