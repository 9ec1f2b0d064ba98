"""G.711: 8-bit µ-law and A-law, as table look-ups.

The tables follow ITU-T G.711 in the reading of the ITU's reference software (G.191): a sample that lies exactly
between two steps goes to the one nearer to zero if it is negative and to the farther one if it is positive.
"""

from __future__ import annotations

from functools import cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from streaming.frames import Pcm

Law = Literal["ulaw", "alaw"]


def decode(raw: bytes, law: Law) -> Pcm:
    """One sample for each byte (8 kHz, int16)."""
    return _decoder(law)[np.frombuffer(raw, np.uint8)]


def encode(pcm: Pcm, law: Law) -> bytes:
    """One byte for each sample (8 kHz, int16)."""
    return _encoder(law)[pcm.view(np.uint16)].tobytes()


@cache
def _decoder(law: Law) -> Pcm:
    """int16 [256], by code."""
    codes = np.arange(256, dtype=np.int32) ^ (0xFF if law == "ulaw" else 0x55)
    segment, step, positive = (codes >> 4) & 7, codes & 15, codes < 128
    if law == "ulaw":
        # µ-law codes are sent inverted, so after the inversion a clear sign bit means positive.
        magnitude = (((step << 1) + 33) << segment) - 33 << 2
    else:
        magnitude = np.where(segment == 0, (step << 4) + 8, ((step << 4) + 264) << np.maximum(segment - 1, 0))
        positive = ~positive
    return np.where(positive, magnitude, -magnitude).astype(np.int16)


@cache
def _encoder(law: Law) -> npt.NDArray[np.uint8]:
    """uint8 [65536], by the sample's bits."""
    sample = np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int32)
    negative = sample < 0
    magnitude = np.where(negative, ~sample, sample)
    if law == "ulaw":
        magnitude = np.minimum((magnitude >> 2) + 33, 0x1FFF)
        segment = np.floor(np.log2(magnitude)).astype(np.int32) - 5
        code = (segment << 4) | ((magnitude >> (segment + 1)) & 15)
        code = np.where(negative, code | 0x80, code) ^ 0xFF
    else:
        magnitude = magnitude >> 4
        segment = np.maximum(np.floor(np.log2(np.maximum(magnitude, 1))).astype(np.int32) - 3, 0)
        step = magnitude >> np.maximum(segment - 1, 0)
        code = (segment << 4) | (step & 15)
        code = np.where(negative, code, code | 0x80) ^ 0x55
    codes: npt.NDArray[np.uint8] = code.astype(np.uint8)
    return codes
