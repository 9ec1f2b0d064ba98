"""A mixture of experts: each position goes through the few of many small networks that its router chose."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn


class Experts(nn.Module):
    """`used` of `count` SwiGLU networks for each position, weighted by the router (Qwen3-MoE)."""

    def __init__(self, width: int, inner: int, count: int, used: int, normalise: bool) -> None:
        """`normalise`: the weights of those that were chosen add up to one."""
        super().__init__()
        self.used, self.normalise = used, normalise
        self.gate = nn.Linear(width, count, bias=False)
        self.gate_up = nn.Parameter(torch.empty(count, 2 * inner, width))
        self.down = nn.Parameter(torch.empty(count, width, inner))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[n, width] for [n, width]."""
        logits = self.gate(x)
        odds = torch.softmax(logits, dim=-1, dtype=torch.promote_types(x.dtype, torch.float))
        weights, chosen = odds.topk(self.used, dim=-1)
        if self.normalise:
            weights = weights / weights.sum(dim=-1, keepdim=True)
        weights = weights.to(x.dtype)
        return self.grouped(x, chosen, weights) if x.is_cuda else self.one_by_one(x, chosen, weights)

    def one_by_one(self, x: torch.Tensor, chosen: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """Each expert that was chosen by anybody, in turn."""
        out = torch.zeros_like(x)
        for expert in torch.unique(chosen).tolist():
            rows, ranks = torch.where(chosen == expert)
            gate, up = F.linear(x[rows], self.gate_up[expert]).chunk(2, dim=-1)
            out.index_add_(0, rows, F.linear(F.silu(gate) * up, self.down[expert]) * weights[rows, ranks, None])
        return out

    def grouped(self, x: torch.Tensor, chosen: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """All experts in two grouped products; nothing depends on the host, so that a graph can hold it."""
        flat = chosen.reshape(-1)
        order = flat.argsort(stable=True)
        ends = (flat[:, None] <= torch.arange(self.down.shape[0], device=x.device)).sum(0, dtype=torch.int32)
        rows = x[order // self.used]
        gate, up = F.grouped_mm(rows, self.gate_up.transpose(1, 2), offs=ends).chunk(2, dim=-1)
        made = F.grouped_mm(F.silu(gate) * up, self.down.transpose(1, 2), offs=ends)
        # Put back in order and added up there: adding in place would depend on who comes first.
        back = made[order.argsort()].view(*chosen.shape, -1)
        return (back * weights[..., None]).sum(dim=1)
