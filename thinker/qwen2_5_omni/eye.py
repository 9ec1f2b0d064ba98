"""The vision tower of Qwen2.5-Omni: a ViT in which most layers look within small windows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from ..omni.decoder import Dense, Norm
from ..omni.pictures import Patching, places
from ..omni.rope import grid_angles
from ..omni.towers import mixed, turned

Angles = tuple[torch.Tensor, torch.Tensor]


class Qwen25Eye(nn.Module):
    """Looks at one moment (two frames) at a time."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__()
        width, merge = config["hidden_size"], config["spatial_merge_size"]
        self.patching = Patching(
            config["patch_size"],
            merge,
            config["temporal_patch_size"],
            (0.48145466, 0.4578275, 0.40821073),
            (0.26862954, 0.26130258, 0.27577711),
        )
        self.window = config["window_size"] // self.patching.side
        """Positions of a window's side."""
        self.whole = frozenset(config["fullatt_block_indexes"])
        """Layers that look at all of the picture."""
        self.head = width // config["num_heads"]
        self.patch_embed = Patches(config.get("in_channels", 3), self.patching, width, bias=False)
        self.blocks = nn.ModuleList(
            Block(width, config["num_heads"], config["intermediate_size"]) for _ in range(config["depth"])
        )
        self.merger = Merger(width, merge, config["out_hidden_size"])

    @torch.inference_mode()
    def look(self, patches: torch.Tensor, rows: int, columns: int) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """[positions, width of the Thinker] for one moment's patches; nothing is added to later layers."""
        x = self.patch_embed(patches)
        row, column = places(rows, columns, self.patching.merge, x.device)
        angles = grid_angles(row, column, self.head)
        wide = self.window * self.patching.merge
        window = row // wide * columns + column // wide
        within = window[:, None] == window
        for at, block in enumerate(self.blocks):
            x = block(x, angles, None if at in self.whole else within)
        return self.merger(x), []


class Patches(nn.Module):
    """A linear map of each patch, which the checkpoint keeps as a convolution."""

    def __init__(self, channels: int, how: Patching, width: int, bias: bool) -> None:
        super().__init__()
        kernel = (how.frames, how.patch, how.patch)
        self.proj = nn.Conv3d(channels, width, kernel, stride=kernel, bias=bias)

    def forward(self, patches: torch.Tensor) -> torch.Tensor:
        weight = self.proj.weight
        return nn.functional.linear(patches.to(weight), weight.flatten(1), self.proj.bias)


class Block(nn.Module):
    def __init__(self, width: int, heads: int, inner: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = Norm(width, 1e-6), Norm(width, 1e-6)
        self.attn = SeenAttention(width, heads)
        self.mlp = Dense(width, inner, bias=True)

    def forward(self, x: torch.Tensor, angles: Angles, mask: torch.Tensor | None) -> torch.Tensor:
        x = x + self.attn(self.norm1(x), angles, mask)
        y: torch.Tensor = self.mlp(self.norm2(x))
        return x + y


class SeenAttention(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v, self.proj = (nn.Linear(width, width) for _ in range(4))

    def forward(self, x: torch.Tensor, angles: Angles, mask: torch.Tensor | None) -> torch.Tensor:
        query, key, value = (part(x).view(len(x), self.heads, -1) for part in (self.q, self.k, self.v))
        out: torch.Tensor = self.proj(mixed(*turned(query, key, angles), value, mask))
        return out


class Merger(nn.Module):
    """One position for each square of patches."""

    def __init__(self, width: int, merge: int, out: int) -> None:
        super().__init__()
        self.inner = width * merge * merge
        self.ln_q = Norm(width, 1e-6)
        self.mlp = nn.Sequential(nn.Linear(self.inner, self.inner), nn.GELU(), nn.Linear(self.inner, out))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.mlp(self.ln_q(x).view(-1, self.inner))
        return out
