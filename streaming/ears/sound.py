"""What the microphone sounds like, 10 ms at a time: level, noise floor, probability of speech, voicing, bands.

Everything that the ears decide later is decided on these frames, so the sound is analysed once. The agent's own voice
is taken out of it first, as far as that can be done.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from streaming.time import Time, ms, ticks

from .echo import EchoCanceller
from .mel import BANDS, power
from .mel import WINDOW as MEL_WINDOW
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

Floats = npt.NDArray[np.float32]
Pcm = npt.NDArray[np.int16]

_SPECTRUM = 2 * PITCH_WINDOW
_KEPT = CONTEXT + WINDOW + FRAME
"""Samples of the past that any analysis looks back upon."""
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
    mel: Floats = field(default_factory=lambda: np.zeros(BANDS, np.float32), compare=False)
    """Band powers float32[BANDS] of the 25 ms up to its end."""
    played: Floats = field(default_factory=lambda: np.zeros(BANDS, np.float32), compare=False)
    """The same of what the agent was playing."""

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
    _echo: EchoCanceller = field(default_factory=EchoCanceller)
    _streams: list[SileroState] = field(default_factory=lambda: [SileroState() for _ in range(PHASES)])
    _sound: Floats = field(default_factory=lambda: np.zeros(_KEPT, np.float32))
    """What was heard last, without echo, in [-1, 1]."""
    _played: Floats = field(default_factory=lambda: np.zeros(MEL_WINDOW, np.float32))
    """What was played last."""
    _pending: Pcm = field(default_factory=lambda: np.zeros((2, 0), np.int16))
    """Microphone and what is played, of a frame that is not full yet."""
    _heard: int = 0
    """Samples in frames so far."""
    _steps: int = 0
    _speech: float = 0.0

    def push(self, mic: Pcm, played: Pcm | None, t: Time) -> Iterator[Frame]:
        """Take in `mic`, int16[n] mono at 16 kHz whose first sample is at media time `t`, and what is played then."""
        both = np.stack((mic, np.zeros_like(mic) if played is None else played))
        end = t - ticks(self._pending.shape[1], RATE)
        both = np.concatenate((self._pending, both), axis=1)
        frames = both.shape[1] // FRAME
        self._pending = both[:, frames * FRAME :]
        for first in range(0, frames * FRAME, FRAME):
            end += ticks(FRAME, RATE)
            heard, plays = both[:, first : first + FRAME].astype(np.float32) / np.float32(32768)
            yield self._frame(self._echo.push(heard, plays), plays, end)

    def _frame(self, heard: Floats, plays: Floats, end: Time) -> Frame:
        """The next 10 ms, which end at `end`."""
        sound = self._sound = np.concatenate((self._sound[FRAME:], heard))
        self._played = np.concatenate((self._played[FRAME:], plays))
        self._heard += FRAME
        stride = WINDOW // PHASES
        while (self._steps + 1) * stride <= self._heard:
            self._steps += 1
            stop = len(sound) - (self._heard - self._steps * stride)
            window = sound[stop - CONTEXT - WINDOW : stop]
            self._speech = self.silero.step(self._streams[self._steps % PHASES], window)
        level = 10.0 * math.log10(float(np.var(heard)) + 1e-12)
        threshold = self.floor.hear(level, self._speech)
        voicing = _voicing(sound[-PITCH_WINDOW:]) if level > threshold else 0.0
        playing = power(self._played) if np.any(self._played) else np.zeros(BANDS, np.float32)
        return Frame(end, level, threshold, self._speech, voicing, power(sound[-MEL_WINDOW:]), playing)


def _voicing(sound: Floats) -> float:
    """The highest autocorrelation of float32[PITCH_WINDOW] at a lag of a voice's period, in [0, 1]."""
    power = np.abs(np.fft.rfft((sound - sound.mean()) * _TAPER, _SPECTRUM)) ** 2
    autocorrelation = np.fft.irfft(power)
    energy = float(autocorrelation[0]) + 1e-9
    return min(max(float(np.max(autocorrelation[LAGS] / _TAPER_AUTOCORRELATION)) / energy, 0.0), 1.0)
