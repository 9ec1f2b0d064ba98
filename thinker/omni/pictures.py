"""Camera pictures as the patches that the eyes take."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

_TOKENS = 128
"""About as many positions does one moment take: what the reference gives a frame of a video at the least."""


@dataclass(frozen=True, slots=True)
class Patching:
    """How an eye cuts its pictures."""

    patch: int
    """Pixels of a patch's side."""
    merge: int
    """Patches of a position's side."""
    frames: int
    """Pictures under one position."""
    mean: tuple[float, float, float]
    deviation: tuple[float, float, float]

    @property
    def side(self) -> int:
        """Pixels of a position's side."""
        return self.patch * self.merge


def picture(jpeg: bytes) -> Image.Image:
    """The picture in a JPEG file. Raises `ValueError` for anything else."""
    try:
        image = Image.open(io.BytesIO(jpeg), formats=["JPEG"])
        return image.convert("RGB")
    except (UnidentifiedImageError, OSError) as error:
        raise ValueError(f"that is no JPEG picture: {error}") from error


def size(width: int, height: int, side: int) -> tuple[int, int]:
    """Width and height in multiples of `side`, in about the same ratio, for about as many positions as are wanted."""
    scale = math.sqrt(_TOKENS * side * side / (width * height))
    columns, rows = (max(1, round(length * scale / side)) for length in (width, height))
    while columns * rows > 2 * _TOKENS:  # a very long picture
        columns, rows = max(1, columns // 2), max(1, rows // 2)
    return columns * side, rows * side


def fitted(image: Image.Image, how: Patching) -> Image.Image:
    """The picture in the size in which it is looked at."""
    return image.resize(size(*image.size, how.side), Image.Resampling.BICUBIC)


def patches(images: list[Image.Image], how: Patching) -> tuple[torch.Tensor, int, int]:
    """The pictures of one moment, fitted, as [rows * columns, 3 * frames * patch * patch] float32, and their rows and
    columns in patches. Patches that one position merges stand together.

    A moment with too few pictures repeats its last; of too many the first and the newest are taken.
    """
    width, height = images[0].size
    kept = [images[0], *images[1:][-(how.frames - 1) :]]
    frames = np.stack([_pixels(image, width, height, how) for image in kept])
    frames = np.concatenate([frames, np.repeat(frames[-1:], how.frames - len(frames), axis=0)])
    rows, columns, merge, patch = height // how.patch, width // how.patch, how.merge, how.patch
    cut = frames.reshape(how.frames, 3, rows // merge, merge, patch, columns // merge, merge, patch)
    ordered = cut.transpose(2, 5, 3, 6, 1, 0, 4, 7).reshape(rows * columns, -1)
    return torch.from_numpy(np.ascontiguousarray(ordered)), rows, columns


def _pixels(image: Image.Image, width: int, height: int, how: Patching) -> NDArray[np.float32]:
    """[3, height, width]."""
    small = image.resize((width, height), Image.Resampling.BICUBIC)
    values = np.asarray(small, np.float32) / 255.0
    mean, deviation = (np.array(of, np.float32) for of in (how.mean, how.deviation))
    return np.asarray(((values - mean) / deviation).transpose(2, 0, 1), np.float32)


def places(rows: int, columns: int, merge: int, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Row and column [rows * columns] of every patch, in the order of `patches`."""
    grid = torch.stack(torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij"))
    ordered = grid.view(2, rows // merge, merge, columns // merge, merge).transpose(2, 3).reshape(2, -1).to(device)
    return ordered[0], ordered[1]
