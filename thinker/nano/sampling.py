"""The choice of the next token."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

DEFAULT_TEMPERATURE = 0.2
"""As the model's authors advise."""
_TOP_P = 0.9
_CANDIDATES = 64
_REPETITION = 1.1
"""Logits of what was said lately are divided by this (multiplied when negative)."""
_LATELY = 48
_EARLIER = 1.1
"""The same for the tokens of earlier replies: else the next one begins as they did, and soon says what they said."""
_PHRASE = 6
"""Tokens of a phrase that is not said twice in one conversation."""


def said_before(tokens: Sequence[int], spoken: int) -> frozenset[int]:
    """The tokens after which the last `_PHRASE` of `tokens` would stand in them for a second time.

    A model this small that has once repeated itself does so for ever: its own past is the likeliest continuation.
    Shorter repetitions are left alone, for the same question may well have the same answer; and so is what the
    template repeats: the phrase must lie in the last `spoken` tokens.
    """
    if spoken < _PHRASE - 1:
        return frozenset()
    end = list(tokens[1 - _PHRASE :])
    found = set()
    for at in range(len(tokens) - _PHRASE + 1):
        if tokens[at] == end[0] and list(tokens[at : at + _PHRASE - 1]) == end:
            found.add(tokens[at + _PHRASE - 1])
    return frozenset(found)


@dataclass
class Sampler:
    """How one reply is sampled."""

    temperature: float
    random: np.random.Generator
    earlier: frozenset[int] = frozenset()
    """The tokens of earlier replies."""
    said: list[int] = field(default_factory=list)

    def choose(self, logits: Floats, forbidden: Iterable[int] = (), allowed: NDArray[np.bool_] | None = None) -> int:
        """A token; `allowed` [vocabulary] must hold for at least one that is not `forbidden`. Changes `logits`."""
        for tokens, by in ((set(self.said[-_LATELY:]), _REPETITION), (self.earlier, _EARLIER)):
            again = np.fromiter(tokens, np.intp)
            logits[again] = np.where(logits[again] > 0, logits[again] / by, logits[again] * by)
        logits[list(forbidden)] = -np.inf
        if allowed is not None:
            logits[~allowed] = -np.inf
        return int(logits.argmax()) if self.temperature <= 0 else self._draw(logits)

    def _draw(self, logits: Floats) -> int:
        best = np.argpartition(logits, -_CANDIDATES)[-_CANDIDATES:]
        best = best[np.argsort(-logits[best])]
        weights = np.exp((logits[best] - logits[best[0]]).astype(np.float64) / self.temperature)
        weights /= weights.sum()
        kept = int(np.searchsorted(weights.cumsum(), _TOP_P)) + 1
        return int(self.random.choice(best[:kept], p=weights[:kept] / weights[:kept].sum()))
