"""What the Thinkers of these families hand over, as the Talkers see it.

The shape is `thinker.omni.handover.OmniHandover`; `talker` does not import `thinker`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor


class Handover(Protocol):
    """Positions of a slot that the Thinker took in together, linked to all that came before them.

    Never changed once made, and the same object for as long as the Thinker's cache holds them: who walks the chain
    back to an object that it knows has found what is old and what is new.
    """

    @property
    def before(self) -> Handover | None:
        """What stands in front of it; None at the beginning of the conversation."""
        ...

    @property
    def role(self) -> str:
        """Whose turn it belongs to: `system`, `user`, `assistant`, `tool`."""
        ...

    @property
    def tokens(self) -> Sequence[int]:
        """[n] token numbers."""
        ...

    @property
    def media(self) -> NDArray[np.bool_]:
        """[n] where sound or pictures stand."""
        ...

    @property
    def positions(self) -> NDArray[np.int64]:
        """[3, n] rotary positions (time, height, width)."""
        ...

    @property
    def next_position(self) -> int:
        """The rotary position of the text that follows."""
        ...

    @property
    def state(self) -> Tensor:
        """[n, width of the Thinker].

        2.5: input embedding (zero where `media`) plus the last hidden state after the final norm.
        3: input embedding; where `media`, the hidden state after `accept_hidden_layer` layers.
        """
        ...
