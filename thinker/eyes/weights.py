"""Where the reading models lie: PP-OCRv4 (Apache-2.0), inside a package that is installed for its data alone."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Models:
    """ONNX files."""

    finds: Path
    """Picture -> where there is text."""
    reads: Path
    """A line of text -> letters. Knows its alphabet."""


def models() -> Models | None:
    """The models, or None where the package (or the reader of codes) is not installed."""
    spec = importlib.util.find_spec("rapidocr_onnxruntime")
    if spec is None or importlib.util.find_spec("zxingcpp") is None:
        return None
    for folder in spec.submodule_search_locations or ():
        inside = Path(folder, "models")
        found = Models(inside / "ch_PP-OCRv4_det_infer.onnx", inside / "ch_PP-OCRv4_rec_infer.onnx")
        if found.finds.exists() and found.reads.exists():
            return found
    return None
