"""Log-mel features of a turn, made as its sound comes in.

The features are those of Whisper (Radford et al. 2022), which both Omni families use: 25 ms Hann windows every
10 ms, Slaney's mel bands, the logarithm, and a floor 8 below the loudest value. The reference takes that maximum
over the whole clip, future included; here it is the loudest so far in the session, given by the caller.
"""

from __future__ import annotations

import functools

import numpy as np
import torch
from numpy.typing import NDArray

RATE = 16_000
HOP, WINDOW = 160, 400
"""Samples from one frame to the next, and under one frame, which is centred."""
LOOKAHEAD = WINDOW // 2 - HOP
"""Samples that must be there beyond the end of the last frame's hop."""
_DEPTH = 8.0
"""Everything so far below the maximum is as good as silent (log10 of power)."""
QUIETEST = -10.0
"""log10 of the least power that is told from nothing: the maximum of a session that was silent so far."""


def power(
    pcm: NDArray[np.int16], start: int, first: int, count: int, bands: int, over: bool, mirrored: bool
) -> torch.Tensor:
    """log10 mel power [bands, count] float32 of frames `first` … of a turn.

    `pcm` is the turn's sound from its sample `start` on, which must not lie behind `needed_from(first)`. Frame n is
    centred on sample 160 n. Before the turn its sound is mirrored. After its last sample, which only matters when it
    is `over`, it is mirrored where `mirrored`, else silent. Raises `ValueError` if samples are missing.
    """
    begin, end = (place - start for place in (first * HOP - WINDOW // 2, (first + count - 1) * HOP + WINDOW // 2))
    if end > pcm.size and not over:
        raise ValueError(f"frames up to sample {end + start} were asked for, and there are {pcm.size + start}")
    sound = torch.from_numpy(pcm[max(0, begin) : max(0, end)].astype(np.float32) / 32768.0)
    if begin < 0:
        sound = torch.cat([_mirrored_before(pcm, -begin), sound])
    if end > pcm.size:
        missing = end - pcm.size
        after = _mirrored_before(pcm[::-1], missing).flip(0) if mirrored else torch.zeros(missing)
        sound = torch.cat([sound, after])
    frames = sound.unfold(0, WINDOW, HOP) * torch.hann_window(WINDOW)
    spectrum = torch.fft.rfft(frames).abs() ** 2
    return torch.log10((spectrum @ filters(bands)).clamp(min=10.0**QUIETEST)).T


def needed_from(first: int) -> int:
    """The first sample of a turn that frame `first` needs."""
    return max(0, first * HOP - WINDOW // 2)


def normalised(log_power: torch.Tensor, maximum: float) -> torch.Tensor:
    """What the towers take, for a session whose loudest value so far is `maximum`."""
    return (log_power.clamp(min=maximum - _DEPTH) + 4.0) / 4.0


def _mirrored_before(pcm: NDArray[np.int16], count: int) -> torch.Tensor:
    """`count` samples that stand before `pcm` when it is mirrored at its first sample."""
    mirrored = np.zeros(count, np.float32)
    known = pcm[1 : 1 + count][::-1]
    mirrored[count - known.size :] = known / np.float32(32768.0)
    return torch.from_numpy(mirrored)


@functools.cache
def filters(bands: int) -> torch.Tensor:
    """[201, bands] weights of Slaney's mel bands from 0 to 8 kHz, each with the same area."""
    edges = _frequency(np.linspace(_mel(0.0), _mel(RATE / 2), bands + 2))
    bins = np.linspace(0, RATE / 2, WINDOW // 2 + 1)
    falling = (edges[None, 2:] - bins[:, None]) / np.diff(edges)[None, 1:]
    rising = (bins[:, None] - edges[None, :-2]) / np.diff(edges)[None, :-1]
    weights = np.maximum(0, np.minimum(rising, falling)) * (2.0 / (edges[2:] - edges[:-2]))
    return torch.from_numpy(weights.astype(np.float32))


_LINEAR_UP_TO, _MELS_THERE, _STEP = 1000.0, 15.0, 27.0 / np.log(6.4)


def _mel(frequency: float) -> float:
    linear = 3.0 * frequency / 200.0
    return linear if frequency < _LINEAR_UP_TO else _MELS_THERE + float(np.log(frequency / _LINEAR_UP_TO)) * _STEP


def _frequency(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(mel < _MELS_THERE, 200.0 * mel / 3.0, _LINEAR_UP_TO * np.exp((mel - _MELS_THERE) / _STEP))
