"""Takes the agent's own voice out of the microphone, as far as it is known what is being played.

A linear filter that goes on learning how loudspeaker, room and microphone change what is played: a partitioned-block
Kalman filter in the frequency domain ("Frequency-domain adaptive Kalman filter for acoustic echo control in hands-free
telephones", Enzner and Vary, 2006; partitions as in Kuech, Mabande and Enzner, 2014). It weighs by itself how far an
error is news about the room and how far it is somebody speaking. What it leaves over is told from speech by the
network, which hears what is played too. Its filter begins with sound that is heard when it is played and ends
`PARTITIONS` * 10 ms later: enough for buffers, wire and a small room.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

BLOCK = 160
"""Samples in a block: 10 ms at 16 kHz."""
PARTITIONS = 40
FORGETS = 0.9995
"""How much of the filter is believed to be still true after a block."""
SMOOTHS = 0.6
"""Of the power of what is left over."""

Floats = npt.NDArray[np.float32]
Complex = npt.NDArray[np.complex64]
_LINES = BLOCK + 1


@dataclass(slots=True)
class EchoCanceller:
    """One session's filter."""

    _filter: Complex = field(default_factory=lambda: np.zeros((PARTITIONS, _LINES), np.complex64))
    _doubt: Floats = field(default_factory=lambda: np.full((PARTITIONS, _LINES), 0.02, np.float32))
    """Variance of the filter's error."""
    _played: Complex = field(default_factory=lambda: np.zeros((PARTITIONS, _LINES), np.complex64))
    """Spectra of the last blocks that were played, the newest first."""
    _block: Floats = field(default_factory=lambda: np.zeros(BLOCK, np.float32))
    _left: Floats = field(default_factory=lambda: np.full(_LINES, 1e-4, np.float32))
    """Power of what is left over, by line."""
    _silent: int = PARTITIONS
    """For how many blocks nothing has been played."""
    _next: int = 0
    """The partition whose filter is next to be cut to its length."""

    def push(self, mic: Floats, played: Floats) -> Floats:
        """The next float32[BLOCK] of the microphone without the echo of what is `played`; both in [-1, 1]."""
        self._silent = 0 if np.any(played) else self._silent + 1
        if self._silent > PARTITIONS:
            return mic
        self._played = np.roll(self._played, 1, axis=0)
        self._played[0] = np.fft.rfft(np.concatenate((self._block, played)))
        self._block = played
        echo = np.fft.irfft((self._filter * self._played).sum(axis=0))[BLOCK:]
        left = (mic - echo).astype(np.float32)
        self._learn(np.fft.rfft(np.concatenate((np.zeros(BLOCK, np.float32), left))))
        # A filter that is worse than none is worth nothing until it has learnt.
        return left if np.dot(left, left) < np.dot(mic, mic) else mic

    def _learn(self, error: npt.NDArray[np.complexfloating]) -> None:
        power = self._played.real**2 + self._played.imag**2
        self._left = (SMOOTHS * self._left + (1 - SMOOTHS) * np.abs(error) ** 2).astype(np.float32)
        explained = 0.5 * np.einsum("pk,pk->k", power, self._doubt)
        step = self._doubt / (explained + self._left + 1e-7)
        self._filter += step * np.conj(self._played) * error
        strength = self._filter.real**2 + self._filter.imag**2
        self._doubt *= FORGETS**2 * (1 - 0.5 * step * power)
        self._doubt += (1 - FORGETS**2) * strength + 1e-8
        # Circular convolution is linear only for filters of half the length: one partition after the other is cut.
        taps = np.fft.irfft(self._filter[self._next])
        taps[BLOCK:] = 0
        self._filter[self._next] = np.fft.rfft(taps)
        self._next = (self._next + 1) % PARTITIONS
