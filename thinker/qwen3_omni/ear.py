"""The audio tower of Qwen3-Omni (AuT), in windows of two seconds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from ..omni.towers import HeardLayer, sinusoids

_WINDOW_CHUNKS = 2
"""Chunks of a second that see each other. The model was trained with windows of one to eight seconds; the
reference takes eight, which would leave up to eight seconds to be encoded when a turn ends."""


class Qwen3Ear(nn.Module):
    """13 positions a second. Windows do not see each other, so a window that is whole is final."""

    mirrored = True

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__()
        width, channels = config["d_model"], config["downsample_hidden_size"]
        self.bands, self.chunk = config["num_mel_bins"], 2 * config["n_window"]
        self.block = _WINDOW_CHUNKS * self.chunk
        self.conv2d1 = nn.Conv2d(1, channels, 3, 2, padding=1)
        self.conv2d2 = nn.Conv2d(channels, channels, 3, 2, padding=1)
        self.conv2d3 = nn.Conv2d(channels, channels, 3, 2, padding=1)
        self.conv_out = nn.Linear(channels * _eighth(self.bands), width, bias=False)
        heads, inner = config["encoder_attention_heads"], config["encoder_ffn_dim"]
        self.layers = nn.ModuleList(
            HeardLayer(width, heads, inner, key_bias=True) for _ in range(config["encoder_layers"])
        )
        self.ln_post = nn.LayerNorm(width)
        self.proj1, self.proj2 = nn.Linear(width, width), nn.Linear(width, config["output_dim"])

    def tokens(self, frames: int) -> int:
        """Positions that `frames` of a block give."""
        whole, rest = divmod(frames, int(self.chunk))
        return whole * _eighth(self.chunk) + _eighth(rest)

    @torch.inference_mode()
    def encode(self, mel: torch.Tensor, first: bool) -> torch.Tensor:
        """[tokens, width] for a block [bands, frames]. `first`: the turn's first.

        A chunk at the end of a turn is filled up with zeros, as in the reference, unless it is all there is.
        """
        frames = mel.shape[1]
        size = frames if first and frames < self.chunk else -(-frames // self.chunk) * self.chunk
        padded = F.pad(mel, (0, size - frames))
        chunks = padded.view(len(mel), -1, min(size, self.chunk)).transpose(0, 1)
        x = chunks[:, None].to(self.proj1.weight)
        for convolution in (self.conv2d1, self.conv2d2, self.conv2d3):
            x = F.gelu(convolution(x))
        x = self.conv_out(x.permute(0, 3, 1, 2).flatten(2))
        x = (x + sinusoids(*x.shape[1:], x.device).to(x.dtype)).flatten(0, 1)[: self.tokens(frames)]
        for layer in self.layers:
            x = layer(x)
        out: torch.Tensor = self.proj2(F.gelu(self.proj1(self.ln_post(x))))
        return out


def _eighth(length: int) -> int:
    """What three halvings leave."""
    for _ in range(3):
        length = (length + 1) // 2
    return length
