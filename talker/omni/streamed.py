"""Convolutions that are computed piece by piece, with state a slot: exactly the convolution of the whole.

What a causal convolution needs of the past is its last inputs. A transposed convolution of kernel 2s and stride s, cut
by s on both sides as Qwen3-Omni cuts it, needs one input of the future: it is one input late here.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class CausalConv:
    """A causal `Conv1d` of stride 1 over slots. Keeps its last (kernel - 1) x dilation inputs."""

    def __init__(self, conv: nn.Conv1d, slots: int) -> None:
        self._conv = conv
        kept = (conv.kernel_size[0] - 1) * conv.dilation[0]
        self.state: Tensor = conv.weight.new_zeros(slots + 1, conv.in_channels, kept)

    def __call__(self, x: Tensor, slots: Tensor) -> Tensor:
        """[batch, channels, n] to [batch, channels out, n]."""
        kept = self.state.shape[-1]
        if not kept:
            return F.conv1d(x, self._conv.weight, self._conv.bias)
        x = torch.cat((self.state[slots], x), -1)
        self.state[slots] = x[..., -kept:]
        return F.conv1d(x, self._conv.weight, self._conv.bias, dilation=self._conv.dilation, groups=self._conv.groups)


class LateTransposedConv:
    """A `ConvTranspose1d` of kernel 2s and stride s (or kernel and stride s) over slots, one input late (or not)."""

    def __init__(self, conv: nn.ConvTranspose1d, slots: int) -> None:
        self._conv = conv
        self._stride = conv.stride[0]
        self._late = (conv.kernel_size[0] - self._stride) // self._stride
        if self._late not in (0, 1) or conv.kernel_size[0] % self._stride:
            raise ValueError(
                f"A transposed convolution of kernel {conv.kernel_size} and stride {conv.stride} is unknown."
            )
        self.state: Tensor = conv.weight.new_zeros(slots + 1, conv.in_channels, self._late)

    def __call__(self, x: Tensor, slots: Tensor) -> Tensor:
        """[batch, channels, n] to [batch, channels out, n x stride]."""
        count = x.shape[-1]
        if self._late:
            x = torch.cat((self.state[slots], x), -1)
            self.state[slots] = x[..., -1:]
        made = F.conv_transpose1d(x, self._conv.weight, self._conv.bias, stride=self._stride)
        return made[..., self._late * self._stride :][..., : count * self._stride]

    def before(self, already: int) -> int:
        """Outputs that lie before the beginning, where `already` of the inputs did."""
        return (already + self._late) * self._stride
