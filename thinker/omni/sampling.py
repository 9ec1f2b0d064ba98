"""The choice of the next token, on the host, from the best candidates alone.

Each reply draws from a generator of its own, so that who else is in the batch changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Published:
    """How the model's authors advise to sample."""

    temperature: float
    top_k: int
    top_p: float
    repetition: float
    """Logits of what was said in this reply are divided by this (multiplied where negative)."""


@dataclass
class Sampler:
    """How one reply is sampled."""

    how: Published
    temperature: float
    """0: the likeliest token, always."""
    random: np.random.Generator
    said: set[int] = field(default_factory=set)

    @property
    def candidates(self) -> int:
        """So many of the best logits are needed: what was said may fall behind as many others."""
        penalised = len(self.said) if self.how.repetition != 1.0 else 0
        return penalised + (self.how.top_k if self.temperature > 0 else 1)

    def choose(self, tokens: NDArray[np.int64], logits: Floats) -> int:
        """One of `tokens`, the `candidates` best or more, given their `logits`, [n] each; remembers it."""
        if self.how.repetition != 1.0:
            said = np.isin(tokens, list(self.said))
            logits = np.where(
                said, np.where(logits > 0, logits / self.how.repetition, logits * self.how.repetition), logits
            )
        order = np.lexsort((tokens, -logits))
        chosen = order[0] if self.temperature <= 0 else self._draw(order, logits)
        token = int(tokens[chosen])
        self.said.add(token)
        return token

    def _draw(self, order: NDArray[np.intp], logits: Floats) -> np.intp:
        best = order[: self.how.top_k]
        weights = np.exp((logits[best] - logits[best[0]]) / self.temperature)
        weights /= weights.sum()
        kept = min(int(np.searchsorted(weights.cumsum(), self.how.top_p)) + 1, len(best))
        chosen: np.intp = self.random.choice(best[:kept], p=weights[:kept] / weights[:kept].sum())
        return chosen
