"""What ears and eyes of both families share: attention without a past, and position tables."""

from __future__ import annotations

import functools
import math
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import nn

from .pictures import Patching
from .rope import rotated


class Ear(Protocol):
    """The audio tower of a family."""

    bands: int
    """Mel bands that it takes."""
    block: int
    """Frames (10 ms) that are encoded together; what comes later changes nothing of them."""
    mirrored: bool
    """How the reference continues sound beyond its end: mirrored, or silent."""

    def tokens(self, frames: int) -> int:
        """Positions that `frames` of a block give."""
        ...

    def encode(self, mel: torch.Tensor, first: bool) -> torch.Tensor:
        """[tokens, width] for a block [bands, frames]. `first`: the turn's first."""
        ...


class Eye(Protocol):
    """The vision tower of a family."""

    patching: Patching

    def look(self, patches: torch.Tensor, rows: int, columns: int) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """For one moment's patches: [positions, width], and what is added to the first layers, the same each."""
        ...


@functools.cache
def sinusoids(length: int, width: int, device: torch.device) -> torch.Tensor:
    """[length, width] float32: Whisper's table of positions."""
    scales = torch.exp(-math.log(10_000) / (width // 2 - 1) * torch.arange(width // 2).float())
    angles = torch.arange(length)[:, None] * scales
    return torch.cat([angles.sin(), angles.cos()], dim=1).to(device)


def mixed(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, mask: torch.Tensor | None = None
) -> torch.Tensor:
    """Attention of everything to everything: [n, heads * head] for three times [n, heads, head]."""
    query, key, value = (x.transpose(0, 1)[None] for x in (query, key, value))
    return F.scaled_dot_product_attention(query, key, value, attn_mask=mask)[0].transpose(0, 1).flatten(1)


class HeardLayer(nn.Module):
    """A layer of Whisper's encoder. `key_bias`: its keys have one, as in Qwen3-Omni and not in Whisper."""

    def __init__(self, width: int, heads: int, inner: int, key_bias: bool) -> None:
        super().__init__()
        self.self_attn = HeardAttention(width, heads, key_bias)
        self.self_attn_layer_norm, self.final_layer_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.fc1, self.fc2 = nn.Linear(width, inner), nn.Linear(inner, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.self_attn(self.self_attn_layer_norm(x))
        y: torch.Tensor = self.fc2(F.gelu(self.fc1(self.final_layer_norm(x))))
        return x + y


class HeardAttention(nn.Module):
    """Attention among all positions of a block."""

    def __init__(self, width: int, heads: int, key_bias: bool) -> None:
        super().__init__()
        self.heads = heads
        self.q_proj, self.v_proj, self.out_proj = (nn.Linear(width, width) for _ in range(3))
        self.k_proj = nn.Linear(width, width, bias=key_bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        query, key, value = (p(x).view(len(x), self.heads, -1) for p in (self.q_proj, self.k_proj, self.v_proj))
        out: torch.Tensor = self.out_proj(mixed(query, key, value))
        return out


def turned(
    query: torch.Tensor, key: torch.Tensor, angles: tuple[torch.Tensor, torch.Tensor]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Queries and keys of patches, turned at least in float32."""
    exact = torch.promote_types(query.dtype, torch.float)
    cosine, sine = angles[0].to(exact), angles[1].to(exact)
    return rotated(query.to(exact), cosine, sine).to(query.dtype), rotated(key.to(exact), cosine, sine).to(key.dtype)
