"""Conversations as tokens, exactly as the Thinker's own template writes them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from thinker.nano.template import Template, call_text
from thinker.nano.tokeniser import Tokeniser

from .dialogues import Dialogue

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Example:
    """Tokens, and which of them are to be learnt."""

    tokens: Sequence[int]
    learnt: Sequence[bool]


def example(dialogue: Dialogue, tokeniser: Tokeniser) -> Example:
    """`dialogue` in the template. What opens a turn is never learnt, what ends a learnt one is."""
    template = Template(tokeniser)
    tokens = list(template.system(dialogue.instructions, dialogue.tools))
    learnt = [False] * len(tokens)
    for turn in dialogue.turns:
        opening = template.begin(turn.role)
        said = tokeniser.encode(call_text(*turn.call) if turn.call else turn.text)
        closing = template.end(turn.role)
        tokens += [*opening, *said, *closing]
        # The line break after the turn's mark is the template's, not the model's.
        ends = [turn.learnt, *[False] * (len(closing) - 1)]
        learnt += [*[False] * len(opening), *[turn.learnt] * len(said), *ends]
    return Example(tokens, learnt)


def batches(examples: Iterator[Example], size: int, longest: int) -> Iterator[tuple[Ints, Flags]]:
    """[b, t] tokens, padded with 0, and [b, t] which are learnt. Examples longer than `longest` are left out."""
    while True:
        chosen: list[Example] = []
        while len(chosen) < size:
            one = next(examples)
            if len(one.tokens) <= longest:
                chosen.append(one)
        length = max(len(one.tokens) for one in chosen)
        tokens, learnt = np.zeros((size, length), np.int64), np.zeros((size, length), np.bool_)
        for row, one in enumerate(chosen):
            tokens[row, : len(one.tokens)] = one.tokens
            learnt[row, : len(one.tokens)] = one.learnt
        yield tokens, learnt
