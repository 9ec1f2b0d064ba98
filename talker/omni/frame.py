"""What the Talkers of these families give to their Vocoders."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import torch
from torch import Tensor


class Drawn:
    """Tokens of one batched step, on their way from the device to the host.

    The copy is started at once and waited for only when somebody asks, which is after the sound of the same step has
    been waited for anyway: a step costs one wait, not two.
    """

    def __init__(self, tokens: Tensor) -> None:
        """`tokens` [batch] on any device."""
        self._event: torch.cuda.Event | None = None
        if tokens.device.type == "cuda":
            self._host = torch.empty(tokens.shape, dtype=tokens.dtype, pin_memory=True)
            self._host.copy_(tokens, non_blocking=True)
            self._event = torch.cuda.Event()  # type: ignore[no-untyped-call]
            self._event.record()
        else:
            self._host = tokens.clone()

    def __getitem__(self, row: int) -> int:
        if self._event is not None:
            self._event.synchronize()
            self._event = None
        return int(self._host[row])


@dataclass(frozen=True, slots=True)
class Frame:
    """One codec frame of one slot, or the news that there is none: the Talker said that it is done."""

    codes: Tensor
    """[codebooks] int64, on the device. What they are after the end means nothing."""
    drawn: Drawn
    row: int
    end: Collection[int]
    """Tokens of the first codebook that mean the end."""
    voice: str
    said: tuple[tuple[int, str], ...] = ()
    """(token, text) that the Talker has taken in since the frame before."""
    whole: bool = False
    """There is no more text than what was taken in."""

    def ended(self) -> bool:
        """Whether this is the end, not a frame. Waits for the device."""
        return self.drawn[self.row] in self.end
