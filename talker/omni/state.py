"""What a Talker knows of one session. The rest of it is a row of tensors on the device."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from .frame import Drawn
from .handover import Handover


@dataclass(frozen=True, slots=True)
class Place:
    """How far a cache has taken in a dialogue."""

    node: Handover | None = None
    """The last of the chain that it holds."""
    length: int = 0
    """Places in the cache."""
    position: int = 0
    """The rotary position of what follows."""
    shift: int = 0
    """What is added to the Thinker's rotary positions in this run of turns."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of text that is to be taken in, and the token that is whole with it."""

    row: Tensor
    token: int
    text: str


@dataclass(slots=True)
class Slot:
    """One session. Everything else about it is a row of the device's tensors."""

    voice: str = ""
    places: list[Place] = field(default_factory=lambda: [Place()])
    """Where the cache stood after each piece of the dialogue; the reply comes after the last."""
    length: int = 0
    position: int = 0
    rows: list[Row] = field(default_factory=list)
    taken: int = 0
    """Rows that were taken in; more than there are once the end and padding are."""
    first: Handover | None = None
    """The reply's first token."""
    finished: bool = False
    ended: bool = False
    frames: int = 0
    pending: tuple[Drawn, int] | None = None
    """The token that was drawn last, not yet looked at."""
    replies: int = 0
    generator: torch.Generator | None = None


@dataclass(frozen=True, slots=True)
class Marked:
    slot: Slot
    generator: Tensor | None
    tensors: tuple[Tensor, ...]
