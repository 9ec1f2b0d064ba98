"""Qwen2.5-Omni's waveform from the mel spectrogram, piece by piece with overlap.

BigVGAN looks both ways, at what is more than `REACH` mel frames away with less than 1e-13 of the weight that it gives
to the frame itself (measured). A piece that is computed with so many frames around it is that of the whole.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from transformers.models.qwen2_5_omni.modeling_qwen2_5_omni import Qwen2_5OmniToken2WavBigVGANModel as BigVGAN

REACH = 24
"""Mel frames on either side that a sample depends on."""
_MIN_DB = -115.0


class Waveform:
    """The vocoder over windows of mel frames."""

    def __init__(self, model: BigVGAN) -> None:
        self._model: Any = model
        config: Any = model.config
        self.samples_per_frame = 1
        for rate in config.upsample_rates:
            self.samples_per_frame *= rate

    def decode(self, mel: Tensor) -> Tensor:
        """[batch, frames, mel bins] to [batch, frames x samples_per_frame] in [-1, 1]: `BigVGAN.forward` without its
        trip to the host."""
        model = self._model
        decibels = 20 * torch.log10(torch.exp(mel.transpose(1, 2)).clamp(min=10 ** (_MIN_DB / 20))) - 20
        hidden = model.conv_pre((2 * (decibels - _MIN_DB) / -_MIN_DB - 1).clamp(-1, 1))
        count = model.num_residual_blocks
        for at, (grow,) in enumerate(model.ups):
            hidden = grow(hidden)
            hidden = sum(block(hidden) for block in model.resblocks[at * count : (at + 1) * count]) / count
        return model.conv_post(model.activation_post(hidden))[:, 0].clamp(-1, 1)  # type: ignore[no-any-return]
