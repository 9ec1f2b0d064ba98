"""Text in pictures: PP-OCRv4's detector and recogniser (Chinese and Latin letters) in onnxruntime, one thread."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from .boxes import Box, boxes
from .picture import Rgb
from .weights import Models

Floats = NDArray[np.float32]

_LONGER_SIDE = 768
_MOST_LINES = 24
_HEIGHT, _WIDEST = 48, 1600
_SURE = 0.6
"""Mean chance of its letters from which a line is believed."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text and where it stands."""

    text: str
    box: Box
    confidence: float


class Reader:
    """Holds no state of a session."""

    def __init__(self, models: Models) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        providers = ["CPUExecutionProvider"]
        self._finds = onnxruntime.InferenceSession(models.finds, options, providers=providers)
        self._reads = onnxruntime.InferenceSession(models.reads, options, providers=providers)
        alphabet = self._reads.get_modelmeta().custom_metadata_map["character"].splitlines()
        self._alphabet = ["", *alphabet, " "]

    def read(self, rgb: Rgb) -> list[Line]:
        """The lines of text in a picture, in reading order."""
        found = sorted(self._find(rgb), key=lambda box: -box.width * box.height)[:_MOST_LINES]
        lines = [line for box in found if (line := self._line(rgb, box)) is not None]
        return in_order(lines)

    def _find(self, rgb: Rgb) -> list[Box]:
        height, width = rgb.shape[:2]
        scale = _LONGER_SIDE / max(height, width)
        rows, columns = (max(32, round(side * scale / 32) * 32) for side in (height, width))
        down, across = height / rows, width / columns
        picture = _sampled(
            rgb, (np.arange(columns)[None, :] + 0.5) * across - 0.5, (np.arange(rows)[:, None] + 0.5) * down - 0.5
        )
        chance: Floats = self._finds.run(None, {"x": _normed(picture)})[0][0, 0]
        return [
            Box(box.x * across, box.y * down, box.width * across, box.height * down, box.right) for box in boxes(chance)
        ]

    def _line(self, rgb: Rgb, box: Box) -> Line | None:
        right = np.array(box.right)
        down = np.array([-right[1], right[0]])
        width, height = box.width, box.height
        if height > 1.5 * width:  # a line that runs downwards, turned
            right, down, width, height = down, -right, height, width
        columns = int(np.clip(round(_HEIGHT * width / height), 16, _WIDEST))
        across = ((np.arange(columns) + 0.5) / columns - 0.5)[None, :] * width
        along = ((np.arange(_HEIGHT) + 0.5) / _HEIGHT - 0.5)[:, None] * height
        x = box.x + across * right[0] + along * down[0]
        y = box.y + across * right[1] + along * down[1]
        chances: Floats = self._reads.run(None, {"x": _normed(_sampled(rgb, x, y))})[0][0]
        best = chances.argmax(axis=1)
        # CTC: what is said twice in a row is one letter, and number 0 is none.
        letters = (best != 0) & (best != np.concatenate([[0], best[:-1]]))
        if not letters.any():
            return None
        sure = float(chances[letters, best[letters]].mean())
        text = "".join(self._alphabet[at] for at in best[letters]).strip()
        return Line(text, box, sure) if text and sure >= _SURE else None


def in_order(lines: list[Line]) -> list[Line]:
    """From top to bottom, and those that stand beside each other from left to right."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: line.box.y):
        beside = rows and abs(rows[-1][0].box.y - line.box.y) < 0.5 * min(rows[-1][0].box.height, line.box.height)
        if beside:
            rows[-1].append(line)
        else:
            rows.append([line])
    return [line for row in rows for line in sorted(row, key=lambda line: line.box.x)]


def _sampled(rgb: Rgb, x: NDArray[np.float64], y: NDArray[np.float64]) -> Floats:
    """`rgb` at places between its pixels, bilinear: [rows, columns, 3], values 0 to 255."""
    x, y = np.broadcast_arrays(np.clip(x, 0, rgb.shape[1] - 1.001), np.clip(y, 0, rgb.shape[0] - 1.001))
    left, top = x.astype(np.intp), y.astype(np.intp)
    right_by, down_by = (x - left).astype(np.float32)[..., None], (y - top).astype(np.float32)[..., None]
    flat = rgb.reshape(-1, 3)
    at = top * rgb.shape[1] + left
    upper = flat[at] * (1 - right_by) + flat[at + 1] * right_by
    at = at + rgb.shape[1]
    lower = flat[at] * (1 - right_by) + flat[at + 1] * right_by
    sampled: Floats = upper * (1 - down_by) + lower * down_by
    return sampled


def _normed(picture: Floats) -> Floats:
    """[rows, columns, 3] -> [1, 3, rows, columns] between -1 and 1, blue first, as the models were trained."""
    return np.ascontiguousarray(picture[None, ..., ::-1].transpose(0, 3, 1, 2) / 127.5 - 1, np.float32)
