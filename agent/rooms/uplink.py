"""Sound that comes as events, as frames of media time.

Clients send it when they like: in real time, a file at once, or only while somebody speaks. What comes is passed
on, however fast; what does not come is silence (`streaming.clock`).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from streaming.clock import MediaClock
from streaming.frames import Pcm
from streaming.resample import Resampler
from streaming.time import ticks

RATE = 16_000
FRAME = RATE // 100
MOST_WAITING_S = 120
FRAMES_AT_ONCE = 20
"""A file that was sent at once is heard at twenty times real time: neither the loop nor the ears choke on it."""


class Uplink:
    """Cuts what is appended into frames of 10 ms and fills in silence. Pure: `now` is monotonic, in seconds."""

    def __init__(self, now: float) -> None:
        self._clock = MediaClock(now)
        self._resampler = Resampler(RATE, RATE)
        self._rate = RATE
        self._waiting: Pcm = np.zeros(0, np.int16)

    def append(self, pcm: Pcm, rate: int) -> None:
        """Mono sound at `rate` Hz has come.

        Raises `BufferError` where so much comes so fast that it would pile up.
        """
        if rate != self._rate:
            self._rate, self._resampler = rate, Resampler(rate, RATE)
        sound = self._resampler.push(pcm)
        if len(self._waiting) + len(sound) > MOST_WAITING_S * RATE:
            raise BufferError(f"more than {MOST_WAITING_S} s of sound wait to be heard: send it more slowly")
        self._waiting = np.concatenate((self._waiting, sound))

    def frames(self, now: float) -> Iterator[Pcm]:
        """The frames, int16[160] at 16 kHz, that are to be heard by `now`, each once."""
        for _ in range(FRAMES_AT_ONCE):
            if len(self._waiting) < FRAME:
                break
            frame, self._waiting = self._waiting[:FRAME], self._waiting[FRAME:]
            self._clock.advance(ticks(FRAME, RATE), now)
            yield frame
        while self._clock.missing(now) >= ticks(FRAME, RATE):
            # What is left of the sound is shorter than a frame, and comes before the silence.
            rest, self._waiting = self._waiting, self._waiting[:0]
            self._clock.fill(ticks(FRAME, RATE))
            yield np.concatenate((rest, np.zeros(FRAME - len(rest), np.int16)))
