"""A low-rank adapter over the Thinker's weights: merged into them when they are converted.

The file is safetensors: for every matrix `NAME.a` [rank, inputs] and `NAME.b` [outputs, rank], half floats, the rows in
the order of the GGUF file. W + B A is rounded to four bits anew, block by block, as Q4_1 does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .weights import BLOCK, Q4, Floats, Gguf

_KINDS: Mapping[str, np.dtype[np.float16] | np.dtype[np.float32]] = {
    "F16": np.dtype(np.float16),
    "F32": np.dtype(np.float32),
}


def tensors(path: Path) -> Mapping[str, NDArray[np.floating]]:
    """All tensors of a safetensors file, mapped into memory. Raises `ValueError` for another kind of file."""
    data = np.memmap(path, np.uint8, "r")
    length = int(data[:8].view("<u8")[0]) if len(data) >= 8 else len(data)
    if length > len(data) - 8:
        raise ValueError(f"{path.name} is no safetensors file: get it again")
    found: dict[str, NDArray[np.floating]] = {}
    for name, about in json.loads(bytes(data[8 : 8 + length])).items():
        if name == "__metadata__":
            continue
        if about["dtype"] not in _KINDS:
            raise ValueError(f"{path.name}: {name} is in {about['dtype']}; adapters are in F16 or F32")
        first, last = about["data_offsets"]
        kind, shape = _KINDS[about["dtype"]], tuple(about["shape"])
        if last > len(data) - 8 - length or int(np.prod(shape)) * kind.itemsize != last - first:
            raise ValueError(f"{path.name} is cut off: get it again")
        found[name] = np.ndarray(shape, kind, buffer=data, offset=8 + length + first)
    return found


class Adapted(Gguf):
    """The weights of a GGUF file with an adapter merged into them."""

    def __init__(self, path: Path, adapter: Path) -> None:
        super().__init__(path)
        self._adapter = tensors(adapter)

    def linear(self, name: str) -> Q4:
        weights = super().linear(name)
        a, b = self._adapter.get(f"{name}.a"), self._adapter.get(f"{name}.b")
        if a is None or b is None:
            return weights
        if (b.shape[0], a.shape[1]) != weights.codes.shape:
            raise ValueError(f"the adapter does not fit {name}: it was made for other weights")
        return rounded(weights.floats() + b.astype(np.float32) @ a.astype(np.float32))


def rounded(weights: Floats) -> Q4:
    """[n, k] to four bits: w = scale * code + least in blocks of 32 along k."""
    blocks = weights.reshape(weights.shape[0], -1, BLOCK)
    least, most = blocks.min(axis=2), blocks.max(axis=2)
    # Through half floats, as the scales of the file itself.
    scale = ((most - least) / 15).astype(np.float16).astype(np.float32)
    least = least.astype(np.float16).astype(np.float32)
    codes = np.rint((blocks - least[..., None]) / np.where(scale == 0, 1, scale)[..., None])
    return Q4(np.clip(codes, 0, 15).astype(np.uint8).reshape(weights.shape), scale, least)
