"""Rotary embedding with three positions (time, height, width): TM-RoPE of the Qwen-Omni reports."""

from __future__ import annotations

from collections.abc import Sequence

import torch


def axes(sections: Sequence[int], interleaved: bool) -> torch.Tensor:
    """[head / 2] which of the three positions turns each frequency.

    `sections` says how many frequencies belong to each: one after the other (Qwen2.5-Omni), or `interleaved`
    (Qwen3-Omni): time, height, width in turn as far as height and width reach, then time alone.
    """
    if not interleaved:
        return torch.repeat_interleave(torch.arange(3), torch.tensor(list(sections)))
    which = torch.zeros(sum(sections), dtype=torch.long)
    for axis in (1, 2):
        which[axis : 3 * sections[axis] : 3] = axis
    return which


class Rotary:
    """Angles of positions. Computed in float32, whatever the weights are in, as the reference does."""

    def __init__(self, head: int, base: float, sections: Sequence[int], interleaved: bool) -> None:
        self._head, self._base, self._sections, self._interleaved = head, base, sections, interleaved
        self._tables: dict[torch.device, tuple[torch.Tensor, torch.Tensor]] = {}

    def _table(self, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
        """Which position turns each frequency, and the frequencies."""
        if device not in self._tables:
            frequencies = 1.0 / (self._base ** (torch.arange(0, self._head, 2, dtype=torch.float) / self._head))
            self._tables[device] = axes(self._sections, self._interleaved).to(device), frequencies.to(device)
        return self._tables[device]

    def angles(self, positions: torch.Tensor, dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor]:
        """Cosine and sine [n, 1, head] for `positions` [3, n]."""
        which, frequencies = self._table(positions.device)
        angles = positions[which].T.float() * frequencies
        cosine, sine = (torch.cat([half, half], dim=-1).to(dtype)[:, None] for half in (angles.cos(), angles.sin()))
        return cosine, sine


def rotated(x: torch.Tensor, cosine: torch.Tensor, sine: torch.Tensor) -> torch.Tensor:
    """`x` [n, heads, head] turned by the angles."""
    first, second = x.chunk(2, dim=-1)
    return x * cosine + torch.cat([-second, first], dim=-1) * sine


def grid_angles(rows: torch.Tensor, columns: torch.Tensor, head: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Cosine and sine [n, 1, head] float32 for patches at `rows` and `columns` [n] of a picture."""
    frequencies = 1.0 / (
        10_000.0 ** (torch.arange(0, head // 2, 2, dtype=torch.float, device=rows.device) / (head // 2))
    )
    both = torch.cat([rows[:, None].float() * frequencies, columns[:, None].float() * frequencies], dim=-1)
    whole = torch.cat([both, both], dim=-1)[:, None]
    return whole.cos(), whole.sin()
