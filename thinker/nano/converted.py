"""The Thinker's weights in the form in which they run, converted once and kept in the user's cache.

A cache entry is named by the weight file's content and the converter's version, is written beside its place and
moved there whole, so that two processes that start together never see half of one.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx

from . import graph
from .adapter import Adapted
from .tokeniser import vocabulary_file
from .weights import Gguf

VERSION = 1
"""Counts changes of what is written here: older entries are not read any more."""
CAPACITY = 2048
"""Positions in one slot."""


def cache_folder() -> Path:
    """Where converted weights are kept: `COLLOQUY_CACHE`, or the user's cache folder."""
    if chosen := os.environ.get("COLLOQUY_CACHE"):
        return Path(chosen)
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "colloquy"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "colloquy"


def converted(weights: Path, cache: Path | None = None, adapter: Path | None = None) -> Path:
    """The folder with `body.onnx`, `head.onnx`, their data, `codes.npy`, `scale.npy` and `tokeniser.json`.

    Converts `weights` (a GGUF file) if that was not done before: some seconds; with `adapter` (safetensors) merged
    into them. Raises `OSError` when the cache cannot be written.
    """
    cache = cache or cache_folder()
    entry = cache / "-".join(["nano", str(VERSION), *map(_fingerprint, filter(None, (weights, adapter)))])
    if not entry.exists():
        cache.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f".{entry.name}-", dir=cache))
        try:
            convert(weights, fresh, adapter=adapter)
            fresh.rename(entry)
        except OSError:
            if not entry.exists():  # else another process was faster
                raise
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    return entry


def convert(weights: Path, folder: Path, accuracy: int = graph.EIGHT_BITS, adapter: Path | None = None) -> None:
    """Writes the converted model into `folder`."""
    gguf = Gguf(weights) if adapter is None else Adapted(weights, adapter)
    with (folder / "body.bin").open("wb") as blob:
        onnx.save(graph.body(gguf, blob, CAPACITY, accuracy), folder / "body.onnx")
    with (folder / "head.bin").open("wb") as blob:
        onnx.save(graph.head(gguf, blob, accuracy), folder / "head.onnx")
    embedding = gguf.embedding()
    np.save(folder / "codes.npy", embedding.codes)
    np.save(folder / "scale.npy", embedding.scale)
    (folder / "tokeniser.json").write_text(vocabulary_file(gguf), encoding="utf-8")


def _fingerprint(path: Path) -> str:
    """Enough of the file to tell one set of weights from another, without reading all of it at every start."""
    digest = hashlib.sha256(str(path.stat().st_size).encode())
    with path.open("rb") as file:
        digest.update(file.read(1 << 22))
        file.seek(-min(1 << 20, path.stat().st_size), os.SEEK_END)
        digest.update(file.read())
    return digest.hexdigest()[:16]
