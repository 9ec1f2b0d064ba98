"""What stands where in the Thinker's input: pieces of prefill, with rotary positions that need no future.

A turn that is heard (and seen) is one or more stretches. All positions of a stretch count from where it began, in
time: every 40 ms of sound (80 ms in Qwen3-Omni) is one further on, a picture stands at the time it was taken, with
its rows and columns as height and width. So nothing that comes later moves what is there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray

from ..joints import Role

Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """What one chunk puts into the Thinker: the payload of an Omni family's `Chunk`."""

    role: Role
    tokens: tuple[int, ...]
    """[n]; placeholders where `media`."""
    offsets: Indices
    """[3, n] rotary positions, counted from the end of what stands before, or from the stretch's beginning."""
    after: int
    """The offset of what follows."""
    media: NDArray[np.bool_]
    """[n] where `seen` and `heard` go."""
    in_stretch: bool = False
    """`offsets` count from the beginning of the stretch."""
    opens: bool = False
    """A stretch begins behind this piece."""
    embeddings: torch.Tensor | None = None
    """[number of `media`, width], in order."""
    visual: NDArray[np.bool_] | None = None
    """[n] where pictures stand, if the family adds to its first layers there."""
    levels: Sequence[torch.Tensor] = field(default_factory=tuple)
    """[number of `visual`, width] for each of the first layers."""


def text(role: Role, tokens: Sequence[int]) -> Piece:
    """Plain tokens, one position each."""
    line = np.arange(len(tokens), dtype=np.int64)
    return Piece(role, tuple(tokens), np.stack([line] * 3), len(tokens), np.zeros(len(tokens), bool))


def marks(tokens: Sequence[int], together: bool, opens: bool) -> Piece:
    """The tokens that open or close a stretch. `together`: they share one position (Qwen2.5-Omni)."""
    line = np.zeros(len(tokens), np.int64) if together else np.arange(len(tokens), dtype=np.int64)
    return Piece(
        "user", tuple(tokens), np.stack([line] * 3), int(line[-1]) + 1, np.zeros(len(tokens), bool), opens=opens
    )


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One moment of the camera, encoded."""

    at: int
    """Its time, in positions since the stretch began."""
    rows: int
    columns: int
    embeddings: torch.Tensor
    """[rows * columns, width]."""
    levels: Sequence[torch.Tensor] = field(default_factory=tuple)

    @property
    def offsets(self) -> Indices:
        """[3, rows * columns] time, height, width."""
        rows, columns = np.indices((self.rows, self.columns)).reshape(2, -1)
        return np.stack([np.full(rows.size, self.at), rows, columns])


def block(
    sound: torch.Tensor, first: int, pictures: Sequence[Picture], audio_token: int, video_token: int, merged: bool
) -> Piece:
    """A piece of a stretch: `sound` [n, width], whose first token is number `first` of it, and what was seen meanwhile.

    `merged`: by time, pictures first on ties (Qwen3-Omni); else all that is seen in a block comes before all that
    is heard in it (Qwen2.5-Omni). A picture must not be later than the sound.
    """
    end = first + len(sound)
    parts: list[tuple[Indices, torch.Tensor, Picture | None]] = []
    heard = first
    for picture in pictures:
        if merged and picture.at > heard:
            parts.append((_line(heard, picture.at), sound[heard - first : picture.at - first], None))
            heard = picture.at
        parts.append((picture.offsets, picture.embeddings, picture))
    if heard < end:
        parts.append((_line(heard, end), sound[heard - first :], None))
    seen = np.concatenate([np.full(offsets.shape[1], of is not None) for offsets, _, of in parts])
    levels = zip(*(picture.levels for picture in pictures), strict=True) if pictures else ()
    return Piece(
        "user",
        tuple(np.where(seen, video_token, audio_token).tolist()),
        np.concatenate([offsets for offsets, _, _ in parts], axis=1),
        end,
        np.ones(seen.size, bool),
        in_stretch=True,
        embeddings=torch.cat([embeddings for _, embeddings, _ in parts]),
        visual=seen if pictures and pictures[0].levels else None,
        levels=[torch.cat(level) for level in levels],
    )


def _line(first: int, end: int) -> Indices:
    return np.stack([np.arange(first, end, dtype=np.int64)] * 3)
