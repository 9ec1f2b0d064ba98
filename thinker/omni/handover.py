"""What the Thinker of an Omni family gives to its Talker.

`talker/` does not import `thinker/`: the talking side declares a Protocol of the same shape. A change here is a
change there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..joints import Role

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True, eq=False)
class OmniHandover:
    """`n` positions of a slot that the Thinker took in together, linked to all that came before them.

    The Thinker makes one for every chunk it prefills and one for every token it thinks (n = 1), and never changes
    it. The chain through `before` is the whole context of the slot, as it stands after a crop too: a Talker that
    eats the dialogue walks it back to the newest one that it holds already (compared by identity), crops what it
    holds beyond that, and takes in the rest. So a Talker needs no marks of its own for the context.
    """

    before: OmniHandover | None
    """What stands in front of it; None at the beginning of the conversation."""
    end: int
    """Positions of the slot up to and with this one (an index into the KV cache, not a rotary position)."""
    role: Role
    """Whose turn it belongs to; the marks that open and close a turn belong to it."""
    tokens: tuple[int, ...]
    """[n] ids; where sound or pictures stand, the family's placeholder."""
    media: NDArray[np.bool_]
    """[n] where sound or pictures stand."""
    positions: NDArray[np.int64]
    """[3, n] rotary positions (time, height, width). What follows goes on at `next_position`."""
    next_position: int
    """The rotary position of the text that follows: one more than the highest so far."""
    state: torch.Tensor
    """[n, width of the Thinker] on its device, in its type.

    Qwen2.5-Omni: the token's input embedding (zero where `media`) plus the last hidden state after the final norm.
    Qwen3-Omni: the token's input embedding; where `media`, the hidden state after `accept_hidden_layer` layers
    (`hidden_states[accept_hidden_layer]` of the reference).
    """
