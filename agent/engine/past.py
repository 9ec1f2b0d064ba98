"""The parts of a session's past, as the Thinker is to know them: settled lines, spoken turns, replies."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from thinker.joints import Call, Chunk, Role, Thinker

from .context import Piece
from .messages import Line, Setup

Stage = Literal["asked", "filling", "thinking", "speaking", "over"]


def pieces(chunks: Iterable[Chunk]) -> list[Piece]:
    """A piece for each chunk."""
    return [Piece(chunk) for chunk in chunks]


@dataclass(eq=False)
class Lines:
    """What is settled: one turn of `role`, in the family's template."""

    role: Role
    content: list[Piece]
    calls: frozenset[str] = frozenset()
    """The tool calls that it makes, or answers."""

    def pieces(self) -> list[Piece]:
        """What the cache is to hold of it."""
        return self.content


@dataclass(eq=False)
class Turn:
    """A turn that the user speaks or spoke."""

    number: int
    opening: list[Piece]
    closing: list[Piece]
    content: list[Piece] = field(default_factory=list)
    open: bool = True
    """More of it may come."""
    answered: Reply | None = None
    """The reply that is thought of it."""
    saved: list[Piece] | None = None
    """What was perceived of it when that reply's mark was taken."""
    deaf: int | None = None
    """The reply since whose flush what is perceived does not count: it lies behind the mark that was taken then."""

    def pieces(self) -> list[Piece]:
        """What the cache is to hold of it: nothing where nothing was understood."""
        if not self.content:
            return []
        return [*self.opening, *self.content, *([] if self.open and self.saved is None else self.closing)]

    def perceive(self, chunks: Sequence[Chunk]) -> None:
        """Takes in what is new, after taking back what no longer holds."""
        for chunk in chunks:
            self.content = [*self.content[: len(self.content) - chunk.takes_back], Piece(chunk)]


@dataclass(eq=False)
class Reply:
    """What the agent says, or said as far as it was heard."""

    number: int
    turn: Turn | None
    opening: list[Piece]
    closing: list[Piece]
    setup: Setup
    """What held when it was asked for; the session's may be another by the time it is thought."""
    preface: list[Piece] = field(default_factory=list)
    """Instructions for this reply alone: in the cache while it is thought, not after."""
    words: deque[str] | None = None
    """What is still to be said of a text that is given; None: it is thought."""
    stage: Stage = "asked"
    since: float = 0.0
    """The clock when speech stopped."""
    content: list[Piece] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    """The text of each spoken token."""
    ends: list[int] = field(default_factory=list)
    """How many pieces there were after each spoken token; empty once the reply was spelt anew."""
    calls: dict[str, Call] = field(default_factory=dict)
    steps: int = 0
    reason: Literal["complete", "length", "stopped"] = "complete"
    input_tokens: int = 0
    prefilled: float = 0.0
    samples: int = 0
    """Of sound made so far."""
    first_sound: float | None = None
    """The clock when its first sound was made."""

    def pieces(self) -> list[Piece]:
        """What the cache is to hold of it."""
        if self.stage == "asked":
            return []
        if self.stage in ("filling", "thinking"):
            return [*self.preface, *self.opening, *self.content]
        return [*self.opening, *self.content, *self.closing] if self.content else []

    def lead(self, now: float) -> float:
        """Seconds of sound made beyond real time; minus infinity before the first sound."""
        return float("-inf") if self.first_sound is None else self.samples / 24_000 - (now - self.first_sound)

    def keep(self, count: int, thinker: Thinker) -> None:
        """Only the first `count` spoken tokens were heard; calls that come after them are no part of it any more."""
        if count >= len(self.texts):
            return
        spelt = not self.ends
        self.texts = self.texts[:count]
        self.calls = {}
        if spelt:
            self.spell(thinker)
        else:
            self.content = self.content[: self.ends[count - 1] if count else 0]
            self.ends = self.ends[:count]

    def spell(self, thinker: Thinker) -> None:
        """Writes the reply as text, where its own tokens are not in the cache any more."""
        self.content, self.ends = [], []
        text = "".join(self.texts)
        chunks = thinker.text("assistant", text) if text else []
        for call in self.calls.values():
            chunks = [*chunks, *thinker.called(call.name, call.arguments)]
        self.content = pieces(chunks)


Part = Lines | Turn | Reply


def settled(lines: Sequence[Line], thinker: Thinker) -> list[Lines]:
    """`lines` in the family's template. An assistant's words and the calls after them are one turn."""
    parts: list[Lines] = []
    chunks: list[Chunk] = []
    calls: set[str] = set()
    for at, line in enumerate(lines):
        is_call = line.role == "assistant" and line.name is not None
        goes_on = bool(chunks)
        if not goes_on:
            chunks += thinker.begin_turn(line.role)
        if is_call:
            chunks += thinker.called(line.name or "", line.arguments or "{}")
        else:
            chunks += thinker.text(line.role, line.text)
        if line.call:
            calls.add(line.call)
        following = lines[at + 1] if at + 1 < len(lines) else None
        if line.role == "assistant" and following and following.role == "assistant" and following.name is not None:
            continue
        chunks += thinker.end_turn(line.role)
        parts.append(Lines(line.role, pieces(chunks), frozenset(calls)))
        chunks, calls = [], set()
    return parts
