"""The KV cache of all slots, and how one prefill and one batched step look into it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
import torch.nn.functional as F


class Memory:
    """Keys and values of every slot at fixed addresses: cropping is a matter of a length, which others keep.

    One slot more than asked for takes the writes of a step's padding.
    """

    def __init__(
        self, layers: int, slots: int, heads: int, capacity: int, head: int, dtype: torch.dtype, device: torch.device
    ) -> None:
        self.capacity = capacity
        self.spare = slots
        """The slot that belongs to nobody."""
        size = (layers, slots + 1, heads, capacity, head)
        self.keys = torch.zeros(size, dtype=dtype, device=device)
        self.values = torch.zeros(size, dtype=dtype, device=device)


class View(Protocol):
    """Where a pass writes its keys and values, and what its queries see."""

    def attend(self, layer: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
        """[n, heads, head], for [n, heads, head], and twice [n, kv heads, head] which are written first."""
        ...


class OneSlot:
    """`count` positions of one slot, from `start` on; each sees all before it."""

    def __init__(self, memory: Memory, slot: int, start: int, count: int, heads: int) -> None:
        self._keys, self._values = memory.keys[:, slot], memory.values[:, slot]
        self._start, self._end = start, start + count
        device = memory.keys.device
        seen = torch.arange(self._end, device=device) <= torch.arange(start, self._end, device=device)[:, None]
        # Heads that share keys become rows of one attention: no copy of the keys for each of them.
        self._mask = seen.repeat(heads // memory.keys.shape[2], 1)

    def attend(self, layer: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
        keys, values = self._keys[layer], self._values[layer]
        keys[:, self._start : self._end] = key.transpose(0, 1)
        values[:, self._start : self._end] = value.transpose(0, 1)
        count, heads, head = query.shape
        groups = query.view(count, keys.shape[0], -1, head).permute(1, 2, 0, 3).reshape(keys.shape[0], -1, head)
        seen = keys[:, : self._end], values[:, : self._end]
        mixed = F.scaled_dot_product_attention(groups[None], seen[0][None], seen[1][None], attn_mask=self._mask)
        return mixed.view(keys.shape[0], -1, count, head).permute(2, 0, 1, 3).reshape(count, heads, head)


@dataclass(frozen=True, slots=True)
class ManySlots:
    """One position each of many slots. All shapes are fixed by the batch and `span`, so that a graph can hold it."""

    memory: Memory
    slots: torch.Tensor
    """[b] which slots."""
    lengths: torch.Tensor
    """[b] positions in each, before this one."""
    mask: torch.Tensor
    """[b, 1, 1, span] what each sees."""

    @staticmethod
    def of(memory: Memory, slots: torch.Tensor, lengths: torch.Tensor, span: int) -> ManySlots:
        """`span`: how far into the slots to look; more than any of `lengths`."""
        seen = torch.arange(span, device=slots.device) <= lengths[:, None]
        return ManySlots(memory, slots, lengths, seen[:, None, None])

    def attend(self, layer: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
        keys, values = self.memory.keys[layer], self.memory.values[layer]
        keys[self.slots, :, self.lengths] = key
        values[self.slots, :, self.lengths] = value
        span = self.mask.shape[-1]
        batch, heads, head = query.shape
        seen = keys[:, :, :span].index_select(0, self.slots), values[:, :, :span].index_select(0, self.slots)
        groups = query.view(batch, keys.shape[1], -1, head)
        return F.scaled_dot_product_attention(groups, *seen, attn_mask=self.mask).reshape(batch, heads, head)
