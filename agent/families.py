"""The model families: one line each. Adding a family touches its two folders and this table."""

from __future__ import annotations

from importlib import import_module

FAMILIES: dict[str, tuple[str, str]] = {
    "nano": ("thinker.nano", "talker.espeak"),
}
"""Family -> (module of the thinking side, module of the speaking side).

A thinking module has `check(model) -> list[str]` (what is missing, in sentences that say what to do; empty when
ready, and quick: nothing is loaded) and `load(model, slots, threads) -> (Perception, Thinker)`; a speaking module
has `check() -> list[str]` and `load(slots) -> (Talker, Vocoder)`.
"""


CHOOSES_NO_TOOLS = frozenset({"nano"})
"""Families whose Thinker is too small to choose among many tools: it is told of the user's own only, and the others
are called where the words ask for them for certain (`agent.tools`)."""


def lacking(family: str) -> list[str]:
    """What `family` needs that is not here, in sentences that say what to do; empty when it is ready."""
    if family not in FAMILIES:
        return [f"There is no model family {family!r}: choose one of {', '.join(FAMILIES)}."]
    thinking, speaking = (import_module(name) for name in FAMILIES[family])
    return [*thinking.check(family), *speaking.check()]
