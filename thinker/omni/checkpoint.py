"""A published checkpoint: found, measured before anything is loaded, and read by name."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

_BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I8": 1, "U8": 1, "BOOL": 1, "F8_E4M3": 1}


class Missing(Exception):
    """There is no such checkpoint here. The message is one sentence that says what to do."""


def find(model: str, kind: str, known: str) -> Checkpoint:
    """The checkpoint in folder `model`, or of hub name `model` in the hub's cache. Nothing is downloaded.

    `kind`: its `model_type`; `known`: a name to advise. Raises `Missing`.
    """
    folder = Path(model).expanduser()
    if not folder.is_dir():
        folder = _cached(model, known)
    config = folder / "config.json"
    if not config.is_file():
        raise Missing(f"{folder} is no model folder, it has no config.json: name the folder that {known} was put into.")
    try:
        found = json.loads(config.read_text(encoding="utf-8"))
    except ValueError as error:
        raise Missing(f"{config} cannot be read ({error}): download {known} again.") from error
    if found.get("model_type") != kind:
        raise Missing(
            f"{folder} holds a model of type {found.get('model_type')!r}, not {kind!r}: name one like {known}."
        )
    checkpoint = Checkpoint(folder, found)
    absent = sorted({file for file in checkpoint.files.values() if not (folder / file).is_file()})
    if absent or not checkpoint.files:
        lacks = f"the weights {absent[0]}" if absent else "weights (*.safetensors)"
        raise Missing(f"{folder} lacks {lacks}: download {known} again, it goes on where it stopped.")
    return checkpoint


def _cached(model: str, known: str) -> Path:
    looks_local = model.startswith((".", "/", "~")) or model.count("/") != 1
    if looks_local:
        raise Missing(f"There is no folder {model}: give a folder, or a name on the hub such as {known}.")
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(model, local_files_only=True))
    except (LocalEntryNotFoundError, HFValidationError) as error:
        raise Missing(f"{model} is not on this machine: run `hf download {model}` first, or name a folder.") from error


@dataclass(frozen=True)
class Checkpoint:
    """A folder of safetensors files with their config.json."""

    folder: Path
    config: Mapping[str, Any]

    @cached_property
    def files(self) -> Mapping[str, str]:
        """Weight -> file that it is in."""
        index = self.folder / "model.safetensors.index.json"
        if index.is_file():
            found: dict[str, str] = json.loads(index.read_text(encoding="utf-8"))["weight_map"]
            return found
        single = self.folder / "model.safetensors"
        return dict.fromkeys(_header(single), single.name) if single.is_file() else {}

    def numbers(self, prefix: str) -> int:
        """How many numbers the weights under `prefix` are."""
        total = 0
        for file in {file for name, file in self.files.items() if name.startswith(prefix)}:
            for name, about in _header(self.folder / file).items():
                if name.startswith(prefix):
                    begin, end = about["data_offsets"]
                    total += (end - begin) // _BYTES.get(about["dtype"], 2)
        return total

    def tensors(self, prefix: str, device: torch.device) -> Iterator[tuple[str, torch.Tensor]]:
        """The weights under `prefix`, named without it, one after the other, put on `device`."""
        from safetensors import safe_open

        for file in sorted({file for name, file in self.files.items() if name.startswith(prefix)}):
            with safe_open(self.folder / file, framework="pt", device=str(device)) as opened:
                for name in opened.keys():  # noqa: SIM118 (it is no mapping)
                    if name.startswith(prefix):
                        yield name.removeprefix(prefix), opened.get_tensor(name)


def _header(file: Path) -> dict[str, dict[str, Any]]:
    """What is in a safetensors file, without reading it."""
    with file.open("rb") as opened:
        (length,) = struct.unpack("<Q", opened.read(8))
        about: dict[str, dict[str, Any]] = json.loads(opened.read(length))
    about.pop("__metadata__", None)
    return about
