"""Sound as arrays: conversions, level, and cutting into frames that know their media time."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from streaming.time import Time, ticks, ticks_per_sample

Pcm = npt.NDArray[np.int16]
"""Mono sound, int16 [n]."""
Float = npt.NDArray[np.float32]
"""Mono sound, float32 [n] in [-1, 1)."""

SILENCE_DBFS = -120.0
"""The level of digital silence: low enough for everybody, and still a number."""


def from_bytes(raw: bytes | bytearray | memoryview) -> Pcm:
    """The samples in `raw`, little-endian int16. Raises `ValueError` if it ends within a sample."""
    if len(raw) % 2:
        raise ValueError(f"{len(raw)} bytes end within a 16-bit sample: keep the odd byte for the next piece")
    return np.frombuffer(raw, "<i2").astype(np.int16)


def to_bytes(pcm: Pcm) -> bytes:
    """`pcm` as little-endian int16."""
    return pcm.astype("<i2").tobytes()


def to_float(pcm: Pcm) -> Float:
    """`pcm` scaled to [-1, 1)."""
    return pcm.astype(np.float32) / np.float32(32768)


def to_int16(sound: npt.NDArray[np.floating]) -> Pcm:
    """`sound` in [-1, 1] rounded to int16; what is louder is clipped."""
    pcm: Pcm = np.clip(np.rint(sound * 32768), -32768, 32767).astype(np.int16)
    return pcm


def level_dbfs(pcm: Pcm) -> float:
    """The RMS level of `pcm` in dB below full scale (a full-scale square wave is 0), at least `SILENCE_DBFS`."""
    if not len(pcm):
        return SILENCE_DBFS
    sound = pcm.astype(np.float64)
    power = float(sound @ sound) / len(pcm) / 32768.0**2
    return max(SILENCE_DBFS, 10 * float(np.log10(power))) if power else SILENCE_DBFS


class Framer:
    """Cuts sound that comes in pieces of any length into frames of `hop` samples at `rate` Hz.

    `next` is the media time of the first sample of the next frame.
    """

    def __init__(self, rate: int, hop: int, start: Time = 0) -> None:
        """Raises `ValueError` for a rate that is off the media clock."""
        ticks_per_sample(rate)
        self.rate = rate
        self.hop = hop
        self.next = start
        self._rest: Pcm = np.zeros(0, np.int16)

    def push(self, pcm: Pcm) -> list[tuple[Time, Pcm]]:
        """Takes any number of samples; gives the frames that are full, each with the time of its first sample."""
        sound = np.concatenate((self._rest, pcm)) if len(self._rest) else pcm
        whole = len(sound) // self.hop
        # Copied: what is kept must not hang on an array that the caller may fill again.
        self._rest = sound[whole * self.hop :].copy()
        frames = []
        for index in range(whole):
            frames.append((self.next, sound[index * self.hop : (index + 1) * self.hop]))
            self.next += ticks(self.hop, self.rate)
        return frames
