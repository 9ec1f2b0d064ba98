"""Weights into modules, by the names that the published checkpoints give them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import torch
from torch import nn

_EXPERT = re.compile(r"(.*)\.experts\.(\d+)\.(gate|up|down)_proj\.weight")
_TOGETHER = re.compile(r"(.*)\.experts\.(gate_up|down)_proj")


def fill(
    module: nn.Module,
    tensors: Iterable[tuple[str, torch.Tensor]],
    dtype: torch.dtype,
    device: torch.device,
    renamed: Mapping[str, str],
) -> None:
    """Makes `module`, which is on the meta device, one for inference on `device`, with `tensors` in `dtype`.

    `renamed`: beginnings of names in the checkpoint -> in the module. What the module does not have is left out.
    Raises `ValueError` if something it has is missing or of another size.
    """
    module.to(dtype).to_empty(device=device).eval().requires_grad_(False)
    room = dict(module.named_parameters())
    wanted = {name: parameter.numel() for name, parameter in room.items()}
    with torch.no_grad():
        for spelt, tensor in tensors:
            name = next((new + spelt.removeprefix(old) for old, new in renamed.items() if spelt.startswith(old)), spelt)
            place = _place(room, name)
            if place is None:
                continue
            whole, part = place
            if part.shape != tensor.shape:
                raise ValueError(
                    f"weight {spelt} has the shape {list(tensor.shape)}, not {list(part.shape)}: another model?"
                )
            part.copy_(tensor)
            wanted[whole] -= tensor.numel()
    missing = sorted(name for name, count in wanted.items() if count > 0)
    if missing:
        raise ValueError(f"{len(missing)} weights are missing, the first is {missing[0]}: download the model again")


def _place(room: Mapping[str, nn.Parameter], name: str) -> tuple[str, torch.Tensor] | None:
    """Where weight `name` goes: the parameter's name, and the part of it that is meant."""
    if name in room:
        return name, room[name]
    if found := _EXPERT.fullmatch(name):
        layer, expert, kind = found[1], int(found[2]), found[3]
        whole = f"{layer}.down" if kind == "down" else f"{layer}.gate_up"
        if whole not in room:
            return None
        matrix = room[whole][expert]
        half = matrix.shape[0] // 2
        return whole, matrix if kind == "down" else matrix[:half] if kind == "gate" else matrix[half:]
    if (found := _TOGETHER.fullmatch(name)) and (whole := f"{found[1]}.{found[2]}") in room:
        return whole, room[whole]
    return None
