"""Keys and values of a decoder, one row of fixed length a slot.

The decoder layers of transformers ask nothing of a cache but `update`, so that a batch of slots at different lengths
runs through them with a mask of its own; nothing is allocated, moved or read back between steps, which a CUDA graph
needs. Going back is setting a length: what lies behind it is overwritten.
"""

from __future__ import annotations

import torch
from torch import Tensor


class SlotCache:
    """[layers, slots + 1, heads, capacity, width]; the last row belongs to nobody: it fills up a batch."""

    def __init__(
        self, layers: int, slots: int, heads: int, capacity: int, width: int, device: torch.device, dtype: torch.dtype
    ) -> None:
        self.capacity = capacity
        self.spare = slots
        """The row that fills up a batch."""
        shape = (layers, slots + 1, heads, capacity, width)
        self.keys = torch.zeros(shape, device=device, dtype=dtype)
        self.values = torch.zeros(shape, device=device, dtype=dtype)

    def window(self, slots: Tensor, places: Tensor, visible: int) -> Window:
        """The cache of one pass that writes `places` [batch, n] of `slots` [batch] and sees up to `visible` places."""
        return Window(self, slots, places, min(visible, self.capacity))

    def reach(self, longest: int) -> int:
        """How many places a pass over contexts of up to `longest` places looks at: few sizes, one graph each."""
        size = 256
        while size < longest:
            size *= 2
        return min(size, self.capacity)


class Window:
    """What the decoder layers of one pass write to and read from."""

    def __init__(self, cache: SlotCache, slots: Tensor, places: Tensor, visible: int) -> None:
        self._cache = cache
        self._slots = slots
        self._places = places
        self._visible = visible
        self.mask = (torch.arange(visible, device=places.device) <= places[:, :, None])[:, None]
        """[batch, 1, n, visible]: a place sees itself and what comes before it."""

    def update(self, keys: Tensor, values: Tensor, layer: int, *_: object, **__: object) -> tuple[Tensor, Tensor]:
        """Takes in [batch, heads, n, width], gives all that is visible: [batch, heads, visible, width]."""
        seen: list[Tensor] = []
        for kept, new in ((self._cache.keys[layer], keys), (self._cache.values[layer], values)):
            kept[self._slots[:, None], :, self._places] = new.transpose(1, 2)
            seen.append(kept[:, :, : self._visible].index_select(0, self._slots))
        return seen[0], seen[1]


class ScratchWindow:
    """The cache of a pass that forgets everything afterwards: the code predictor's, which begins anew each frame."""

    def __init__(self) -> None:
        self._kept: dict[int, tuple[Tensor, Tensor]] = {}

    def update(self, keys: Tensor, values: Tensor, layer: int, *_: object, **__: object) -> tuple[Tensor, Tensor]:
        """Takes in [batch, heads, n, width], gives all so far."""
        if layer in self._kept:
            before_keys, before_values = self._kept[layer]
            keys, values = torch.cat((before_keys, keys), 2), torch.cat((before_values, values), 2)
        self._kept[layer] = keys, values
        return keys, values
