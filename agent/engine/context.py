"""What a slot's KV cache holds, piece by piece, and how it is brought to hold what is wanted.

A session says what its context ought to be, as a list of pieces; what the cache holds already and still is the
beginning of that stays, the rest is cropped, and what is missing is prefilled one piece at a time. So every
change of the past (a rollback, a reply cut to what was heard, a revised word) is a change of that list, and what
comes out is exactly what a fresh prefill of it gives.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from thinker.joints import Chunk, Handover, Mark, Thinker


@dataclass(eq=False, slots=True)
class Piece:
    """A piece of context. Pieces are compared by identity: the same words in another place are another piece."""

    chunk: Chunk | None = None
    """None: a token that the Thinker made itself, which cannot be prefilled again."""


@dataclass(slots=True)
class Held:
    """A piece that the cache holds."""

    piece: Piece
    before: Mark
    positions: int
    clock: float
    """When it was taken in, in `time.monotonic()` seconds."""


class Context:
    """The cache of one slot."""

    def __init__(self, thinker: Thinker, slot: int) -> None:
        self._thinker = thinker
        self._slot = slot
        self.held: list[Held] = []
        self._wanted: Sequence[Piece] = ()

    @property
    def behind(self) -> bool:
        """Whether something that is wanted is missing."""
        return len(self.held) < len(self._wanted)

    @property
    def next(self) -> Piece:
        """The first piece that is missing. Only when `behind`."""
        return self._wanted[len(self.held)]

    def common(self, pieces: Sequence[Piece]) -> int:
        """How many of `pieces`, from the first on, the cache holds."""
        count = 0
        for held, piece in zip(self.held, pieces, strict=False):
            if held.piece is not piece:
                break
            count += 1
        return count

    def want(self, pieces: Sequence[Piece]) -> None:
        """From now on the cache is to hold `pieces`; what it holds beyond their common beginning is cropped."""
        common = self.common(pieces)
        if common < len(self.held):
            self._thinker.crop(self._slot, self.held[common].before)
            del self.held[common:]
        self._wanted = pieces

    def fill(self, clock: float) -> None:
        """Takes in the next missing piece. Raises `SlotFull`."""
        self.take(self.next, clock)

    def take(self, piece: Piece, clock: float) -> Handover | None:
        """Takes in `piece` after what is held. Raises `SlotFull`."""
        assert piece.chunk is not None
        before, length = self._thinker.mark(self._slot), self._thinker.length(self._slot)
        handover = self._thinker.prefill(self._slot, piece.chunk)
        self.held.append(Held(piece, before, self._thinker.length(self._slot) - length, clock))
        return handover

    def mark(self) -> tuple[Mark, int]:
        """Where the cache stands, for `thought`."""
        return self._thinker.mark(self._slot), self._thinker.length(self._slot)

    def thought(self, piece: Piece, before: tuple[Mark, int], clock: float) -> None:
        """The Thinker made `piece` itself; `before` is the mark taken before the step."""
        mark, length = before
        self.held.append(Held(piece, mark, self._thinker.length(self._slot) - length, clock))

    def lost(self) -> None:
        """The slot was opened anew: it holds nothing."""
        self.held = []
        self._wanted = ()
