"""The vision tower of Qwen3-Omni: a ViT with learnt positions, which also adds to the Thinker's first layers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from ..omni.pictures import Patching, places
from ..omni.rope import grid_angles
from ..omni.towers import mixed, turned

Angles = tuple[torch.Tensor, torch.Tensor]


class Qwen3Eye(nn.Module):
    """Looks at one moment (two frames) at a time."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__()
        width, merge, out = config["hidden_size"], config["spatial_merge_size"], config["out_hidden_size"]
        self.patching = Patching(
            config["patch_size"], merge, config["temporal_patch_size"], (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)
        )
        self.head = width // config["num_heads"]
        self.side = int(config["num_position_embeddings"] ** 0.5)
        """Of the square of learnt positions."""
        self.deep = list(config["deepstack_visual_indexes"])
        self.patch_embed = Patches(config.get("in_channels", 3), self.patching, width)
        self.pos_embed = nn.Embedding(config["num_position_embeddings"], width)
        self.blocks = nn.ModuleList(
            Block(width, config["num_heads"], config["intermediate_size"]) for _ in range(config["depth"])
        )
        self.merger = Merger(width, merge, out, late=False)
        self.merger_list = nn.ModuleList(Merger(width, merge, out, late=True) for _ in self.deep)

    @torch.inference_mode()
    def look(self, patches: torch.Tensor, rows: int, columns: int) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """For one moment's patches: [positions, width of the Thinker], and what is added to its first layers."""
        x = self.patch_embed(patches)
        row, column = places(rows, columns, self.patching.merge, x.device)
        x = x + self._learnt(row, column, rows, columns).to(x.dtype)
        angles = grid_angles(row, column, self.head)
        levels = []
        for at, block in enumerate(self.blocks):
            x = block(x, angles)
            if at in self.deep:
                levels.append(self.merger_list[self.deep.index(at)](x))
        return self.merger(x), levels

    def _learnt(self, row: torch.Tensor, column: torch.Tensor, rows: int, columns: int) -> torch.Tensor:
        """[n, width] the square of learnt positions, stretched over the picture."""
        last = self.side - 1
        y, x = row.float() * last / max(1, rows - 1), column.float() * last / max(1, columns - 1)
        total = torch.zeros((), device=row.device)
        for down in (0, 1):
            for right in (0, 1):
                # Each of the four neighbours, by how near it is.
                weight = (1 - (y - (y.floor() + down)).abs()) * (1 - (x - (x.floor() + right)).abs())
                at = (y.floor().long() + down).clamp(max=last) * self.side + (x.floor().long() + right).clamp(max=last)
                total = total + self.pos_embed(at) * weight[:, None]
        return total


class Patches(nn.Module):
    """A linear map of each patch, which the checkpoint keeps as a convolution."""

    def __init__(self, channels: int, how: Patching, width: int) -> None:
        super().__init__()
        kernel = (how.frames, how.patch, how.patch)
        self.proj = nn.Conv3d(channels, width, kernel, stride=kernel)

    def forward(self, patches: torch.Tensor) -> torch.Tensor:
        weight = self.proj.weight
        return F.linear(patches.to(weight), weight.flatten(1), self.proj.bias)


class Block(nn.Module):
    def __init__(self, width: int, heads: int, inner: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width, eps=1e-6), nn.LayerNorm(width, eps=1e-6)
        self.attn = SeenAttention(width, heads)
        self.mlp = SeenNetwork(width, inner)

    def forward(self, x: torch.Tensor, angles: Angles) -> torch.Tensor:
        x = x + self.attn(self.norm1(x), angles)
        y: torch.Tensor = self.mlp(self.norm2(x))
        return x + y


class SeenAttention(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x: torch.Tensor, angles: Angles) -> torch.Tensor:
        query, key, value = self.qkv(x).view(len(x), 3, self.heads, -1).unbind(1)
        out: torch.Tensor = self.proj(mixed(*turned(query, key, angles), value))
        return out


class SeenNetwork(nn.Module):
    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.linear_fc1, self.linear_fc2 = nn.Linear(width, inner), nn.Linear(inner, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.linear_fc2(F.gelu(self.linear_fc1(x), approximate="tanh"))
        return out


class Merger(nn.Module):
    """One position for each square of patches. `late`: the norm is over the square, not over each patch."""

    def __init__(self, width: int, merge: int, out: int, late: bool) -> None:
        super().__init__()
        self.inner, self.late = width * merge * merge, late
        self.ln_q = nn.LayerNorm(self.inner if late else width, eps=1e-6)
        self.mlp = nn.ModuleList([nn.Linear(self.inner, self.inner), nn.GELU(), nn.Linear(self.inner, out)])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.ln_q(x.view(-1, self.inner) if self.late else x).view(-1, self.inner)
        for part in self.mlp:
            x = part(x)
        return x
