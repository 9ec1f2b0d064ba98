"""When words may be relied upon: bookkeeping over hypotheses that grow and change their mind. Pure.

Two things are decided apart. What is *stable* is shown to people as final: two hearings in a row agreed on it, and
it is never taken back. What is *taken in* was given to the Thinker: everything but the word that is just being
spoken, as soon as it is heard, because taking back a few tokens is cheap and having them early is what makes the
answer fast.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

_PUNCTUATION = ".,;:!?…-–—\"“”'‘’()"
_ENDINGS = ".,;:!?…-–—"


def plain(word: str) -> str:
    """`word` without what may still change around it: punctuation at its edges, capitals."""
    return word.strip(_PUNCTUATION).casefold()


def agreed(a: Sequence[str], b: Sequence[str]) -> int:
    """How many words at their beginnings are the same."""
    count = 0
    for one, other in zip(a, b, strict=False):
        if plain(one) != plain(other):
            break
        count += 1
    return count


def aligned(stable: Sequence[str], heard: Sequence[str]) -> int:
    """How many words at the beginning of `heard` say what `stable` says, by the least number of edits."""
    row = list(range(len(heard) + 1))
    for word in stable:
        before, row = row, [row[0] + 1]
        for i, other in enumerate(heard):
            row.append(min(before[i] + (plain(word) != plain(other)), before[i + 1] + 1, row[i] + 1))
    return min(range(len(row)), key=lambda i: (row[i], abs(i - len(stable))))


@dataclass(frozen=True, slots=True)
class Piece:
    """Words that were taken in together."""

    words: tuple[str, ...]
    closing: str = ""
    """Of a piece without words: the punctuation that ends a turn, for as long as it is the end."""


@dataclass(frozen=True, slots=True)
class Change:
    """What the Thinker must do: take back its last pieces, then take in `text`."""

    takes_back: int
    text: str


@dataclass
class Words:
    """The words of one turn."""

    frozen: tuple[str, ...] = ()
    """Stable words whose sound is no longer looked at."""
    stable: tuple[str, ...] = ()
    """Stable words of the sound that still is."""
    heard: tuple[str, ...] = ()
    """The latest hypothesis about that sound, stable words included."""
    taken: list[Piece] = field(default_factory=list)

    def hear(self, hypothesis: Sequence[str]) -> None:
        """A hypothesis about a turn that goes on: its last word may be half a word, and what is stable stays."""
        words = (*self.stable, *hypothesis[aligned(self.stable, hypothesis) :])
        sure = min(agreed(self.heard, words), len(words) - 1)
        self.stable = words[: max(sure, len(self.stable))]
        self.heard = words

    def correct(self, hypothesis: Sequence[str]) -> None:
        """A hypothesis about a turn that may be whole: it counts as it is, but nothing is stable by it yet."""
        self.heard = tuple(hypothesis)

    def settle(self) -> None:
        """All words heard are final; a stable word that the last hearing contradicts gives way, this once."""
        self.stable = self.heard

    def freeze(self, hypothesis: Sequence[str], rest: Sequence[str]) -> None:
        """The sound looked at was parted: `hypothesis` is what its first part says, `rest` what the second does."""
        known = aligned(self.stable, hypothesis)
        if known < len(hypothesis):  # nothing stable lies beyond the cut
            self.frozen += (*self.stable, *hypothesis[known:])
            self.stable = ()
        else:
            inside = aligned(hypothesis, self.stable)
            self.frozen += self.stable[:inside]
            self.stable = self.stable[inside:]
        self.heard = (*self.stable, *rest[aligned(self.stable, rest) :])

    @property
    def all(self) -> tuple[str, ...]:
        return self.frozen + self.heard

    def take_in(self, growing: bool) -> list[Change]:
        """What to take back and to take in, in this order, so that the Thinker knows all words heard."""
        words, closing = self.all, ""
        if growing:
            words = words[:-1]  # the last may be half a word
        if words and (not growing or len(words) > len(self.frozen) + len(self.stable)):
            # The recogniser ends whatever it hears with a full stop: it comes apart, to be taken back by itself.
            bare = words[-1].rstrip(_ENDINGS) or words[-1]
            closing, words = "" if growing else words[-1][len(bare) :], (*words[:-1], bare)
        taken = [word for piece in self.taken for word in piece.words]
        same = agreed(taken, words)
        known = len(words) == same == len(taken)
        if growing and len(words) == same:
            return []  # nothing new, or fewer words than before: wait for the next hearing
        if known and (not closing or self.taken[-1].closing == closing):
            return []
        kept, back = 0, len(self.taken)
        for piece in self.taken:
            if piece.closing or kept + len(piece.words) > same:
                break
            kept, back = kept + len(piece.words), back - 1
        del self.taken[len(self.taken) - back :]
        changes = []
        for piece in (Piece(words[kept:]), Piece((), closing)):
            if piece.words or piece.closing:
                text = (" " if kept and piece.words else "") + " ".join(piece.words) + piece.closing
                changes.append(Change(back, text))
                self.taken.append(piece)
                back = 0
        if back:  # nothing follows what is taken back
            changes.append(Change(back, ""))
            self.taken.append(Piece((), " "))
        return changes
