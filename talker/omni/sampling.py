"""How the next codec token is drawn: penalty, suppression, temperature, top-k, top-p, all on the device.

The order and the meaning are those of `transformers.generate`: the repetition penalty (Keskar et al. 2019) and the
suppressed tokens first, also when greedy; then temperature, top-k and top-p (Holtzman et al. 2020). The draw is the
Gumbel maximum over the candidates that are left, with noise that comes from outside: a slot draws the same in any
batch, and a CUDA graph holds no random state.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Sampling:
    """What a model was published with."""

    temperature: float = 0.9
    top_k: int = 50
    top_p: float = 1.0
    penalty: float = 1.0
    """Divides the positive logits of tokens that were there already, multiplies the negative ones."""
    greedy: bool = False


def penalised(logits: Tensor, seen: Tensor, suppressed: Tensor, penalty: float) -> Tensor:
    """[batch, vocabulary] float32 logits; `seen` [batch, vocabulary] and `suppressed` [vocabulary] are bool."""
    logits = logits.float()
    if penalty != 1.0:
        logits = torch.where(seen, torch.where(logits < 0, logits * penalty, logits / penalty), logits)
    return logits.masked_fill(suppressed, float("-inf"))


def draw(logits: Tensor, how: Sampling, noise: Tensor | None) -> Tensor:
    """A token for each row of `logits` [batch, vocabulary]: [batch] int64.

    `noise` [batch, at least `how.top_k`] is uniform in [0, 1); None where `how` is greedy.
    """
    if how.greedy or noise is None:
        return logits.argmax(-1)
    logits = logits.float() / how.temperature
    values, tokens = logits.topk(min(how.top_k, logits.shape[-1]), dim=-1)
    if how.top_p < 1.0:
        shares = values.softmax(-1)
        # What is left from here down to the least likely candidate; the most likely one always stays.
        tail = shares.flip(-1).cumsum(-1).flip(-1)
        beyond = tail <= 1.0 - how.top_p
        beyond[..., 0] = False
        values = values.masked_fill(beyond, float("-inf"))
    gumbel = -torch.log(-torch.log(noise[:, : values.shape[-1]].clamp(1e-10, 1.0 - 1e-7)))
    return tokens.gather(-1, (values + gumbel).argmax(-1, keepdim=True)).squeeze(-1)
