"""The audio tower of Qwen2.5-Omni: Whisper's encoder over blocks of two seconds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from ..omni.towers import HeardLayer, sinusoids


class Qwen25Ear(nn.Module):
    """25 positions a second. Blocks do not see each other, so a block that is whole is final."""

    mirrored = False

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__()
        width = config["d_model"]
        self.bands, self.block = config["num_mel_bins"], 2 * config["n_window"]
        self.conv1 = nn.Conv1d(self.bands, width, 3, padding=1)
        self.conv2 = nn.Conv1d(width, width, 3, stride=2, padding=1)
        heads, inner = config["encoder_attention_heads"], config["encoder_ffn_dim"]
        self.layers = nn.ModuleList(
            HeardLayer(width, heads, inner, key_bias=False) for _ in range(config["encoder_layers"])
        )
        self.ln_post = nn.LayerNorm(width)
        self.proj = nn.Linear(width, config["output_dim"])

    def tokens(self, frames: int) -> int:
        """Positions that `frames` of a block give."""
        return (frames + 1) // 2 // 2

    @torch.inference_mode()
    def encode(self, mel: torch.Tensor, first: bool) -> torch.Tensor:
        """[tokens, width] for a block [bands, frames]."""
        x = F.gelu(self.conv1(mel.to(self.proj.weight)))
        x = F.gelu(self.conv2(x)).T
        x = x + sinusoids(len(x), x.shape[1], x.device).to(x.dtype)
        for layer in self.layers:
            x = layer(x)
        pairs = x[: len(x) // 2 * 2].view(-1, 2, x.shape[1])
        out: torch.Tensor = self.proj(self.ln_post((pairs[:, 0] + pairs[:, 1]) / 2))
        return out
