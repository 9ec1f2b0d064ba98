"""Tensors into a safetensors file, without that library: the format is eight bytes of length, JSON, and raw numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_KINDS = {"float16": "F16", "float32": "F32"}


def write(path: Path, tensors: Mapping[str, NDArray[np.generic]], about: Mapping[str, str]) -> None:
    """Writes `tensors` (half or single floats) and what is said `about` them."""
    header: dict[str, object] = {"__metadata__": dict(about)}
    at = 0
    for name, tensor in tensors.items():
        place = [at, at + tensor.nbytes]
        header[name] = {"dtype": _KINDS[tensor.dtype.name], "shape": list(tensor.shape), "data_offsets": place}
        at += tensor.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for tensor in tensors.values():
            file.write(np.ascontiguousarray(tensor).tobytes())
