"""The power of sound in 40 bands, 10 ms at a time: what every trained ear listens to.

Bands as in Slaney's Auditory Toolbox (linear below 1 kHz, logarithmic above, each of area 1), window and hop as the
speaker encoder was trained on: 25 ms (Hann) every 10 ms at 16 kHz.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

RATE = 16_000
HOP = 160
WINDOW = 400
BANDS = 40

Floats = npt.NDArray[np.float32]


def _hertz(mels: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Slaney's scale: 200/3 Hz a mel up to 1 kHz, then 27 mels for a factor of 6.4."""
    return np.where(mels < 15, mels * 200 / 3, 1000 * np.exp(np.log(6.4) / 27 * (mels - 15)))


def _bank() -> Floats:
    """float32[WINDOW // 2 + 1, BANDS]: the share of each spectral line in each band."""
    top = 15 + 27 * np.log(RATE / 2 / 1000) / np.log(6.4)
    edges = _hertz(np.linspace(0.0, top, BANDS + 2))
    lines = np.arange(WINDOW // 2 + 1) * RATE / WINDOW
    rise = (lines[:, None] - edges[:-2]) / (edges[1:-1] - edges[:-2])
    fall = (edges[2:] - lines[:, None]) / (edges[2:] - edges[1:-1])
    return np.asarray(np.clip(np.minimum(rise, fall), 0, None) * 2 / (edges[2:] - edges[:-2]), np.float32)


_BANK = _bank()
_TAPER = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)).astype(np.float32)


def power(sound: Floats) -> Floats:
    """Band powers, float32[..., BANDS], of windows float32[..., WINDOW] of sound in [-1, 1]."""
    spectrum = np.fft.rfft(sound * _TAPER)
    return np.asarray((spectrum.real**2 + spectrum.imag**2).astype(np.float32) @ _BANK, np.float32)


def powers(sound: Floats) -> Floats:
    """Band powers, float32[n // HOP, BANDS], of a whole sound; row k is of the window that ends with sample
    (k + 1) * HOP, as in a stream that begins in silence."""
    padded = np.concatenate((np.zeros(WINDOW - HOP, np.float32), sound))
    windows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP][: len(sound) // HOP]
    return power(windows)
