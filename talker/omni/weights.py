"""Weights of a part of a model, by the names under which they were published.

Only the files and tensors that the part needs are read. Experts, published one by one, are stacked as `transformers`
computes with them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import torch
from safetensors import safe_open
from torch import Tensor
from transformers import PreTrainedConfig, PreTrainedModel
from transformers.initialization import no_init_weights

Model = TypeVar("Model", bound=PreTrainedModel)

_INDEX, _SINGLE = "model.safetensors.index.json", "model.safetensors"
_EXPERT = re.compile(r"(?P<experts>.*\.experts)\.(?P<number>\d+)\.(?P<part>gate|up|down)_proj\.weight")


def folder(model: str) -> Path:
    """The folder of `model`: a folder, or a hub's name that was downloaded before. Raises `FileNotFoundError`."""
    path = Path(model).expanduser()
    if path.is_dir():
        return path
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(model, local_files_only=True))
    except (LocalEntryNotFoundError, HFValidationError) as error:
        raise FileNotFoundError(
            f"{model} is not on this machine: run `hf download {model}`, or name a folder."
        ) from error


def device() -> torch.device:
    """The first CUDA device, or the processor."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def files(folder: Path) -> dict[str, Path]:
    """The file of each tensor. Raises `FileNotFoundError`."""
    index, single = folder / _INDEX, folder / _SINGLE
    if index.is_file():
        names = json.loads(index.read_text(encoding="utf-8"))["weight_map"]
        return {name: folder / file for name, file in names.items()}
    if single.is_file():
        with safe_open(single, "pt") as opened:
            return dict.fromkeys(opened.keys(), single)
    raise FileNotFoundError(f"There are no weights in {folder}: it has neither {_INDEX} nor {_SINGLE}.")


def tensors(folder: Path, prefix: str) -> Iterator[tuple[str, Tensor]]:
    """(name without `prefix`, tensor) of all that begins with it, one file after the other."""
    of: dict[Path, list[str]] = {}
    for name, file in files(folder).items():
        if name.startswith(prefix):
            of.setdefault(file, []).append(name)
    for file, names in of.items():
        if not file.is_file():
            raise FileNotFoundError(f"{file.name} is missing in {folder}: fetch the model again.")
        with safe_open(file, "pt") as opened:
            for name in names:
                yield name[len(prefix) :], opened.get_tensor(name)


def rows(folder: Path, name: str, numbers: list[int]) -> Tensor:
    """[len(numbers), width] of the table `name`, without reading the rest of it. Raises `FileNotFoundError`."""
    file = files(folder).get(name)
    if file is None or not file.is_file():
        raise FileNotFoundError(f"The weights in {folder} have no {name}: fetch the model again.")
    with safe_open(file, "pt") as opened:
        table = opened.get_slice(name)
        return torch.cat([table[number : number + 1] for number in numbers])


def load(
    kind: type[Model], config: PreTrainedConfig, folder: Path, prefix: str, device: torch.device, dtype: torch.dtype
) -> Model:
    """A `kind` of `config` with the weights in `folder` that begin with `prefix`.

    Raises `FileNotFoundError` where files are missing, `ValueError` where the weights are not those of `config`.
    """
    with no_init_weights(), device:
        made: Model = kind._from_config(config, dtype=dtype)  # type: ignore[no-untyped-call]
    targets = {name: parameter.data for name, parameter in made.named_parameters()}
    targets |= {name: buffer for name, buffer in made.named_buffers() if name in made.state_dict()}
    missing = dict.fromkeys(targets, 0)
    for name, tensor in tensors(folder, prefix):
        into = _place(name, targets)
        if into is None:
            continue
        target, place = into
        if place.shape != tensor.shape:
            raise ValueError(
                f"{prefix}{name} is {tuple(tensor.shape)} in {folder}, but its config.json asks for "
                f"{tuple(place.shape)}: weights and configuration are not of one model."
            )
        place.copy_(tensor)
        missing[target] += place.numel()
    lacking = [name for name, count in missing.items() if count < targets[name].numel()]
    if lacking:
        raise ValueError(f"The weights in {folder} lack {prefix}{lacking[0]} and {len(lacking) - 1} more.")
    made.train(False).requires_grad_(False)
    return made


def _place(name: str, targets: dict[str, Tensor]) -> tuple[str, Tensor] | None:
    """The parameter that a published tensor belongs to, and where in it. None: to nothing that is computed with."""
    if name in targets:
        return name, targets[name]
    expert = _EXPERT.fullmatch(name)
    if expert is None:
        return None
    part = expert["part"]
    target = f"{expert['experts']}.{'down_proj' if part == 'down' else 'gate_up_proj'}"
    if target not in targets:
        return None
    place = targets[target][int(expert["number"])]
    if part != "down":
        gate, up = place.chunk(2)
        place = gate if part == "gate" else up
    return target, place
