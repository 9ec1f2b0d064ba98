"""Pictures: decoding, how they differ, how bright they are, and which colours they show."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Rgb = NDArray[np.uint8]
"""[height, width, 3]"""
Sketch = NDArray[np.float32]
"""[24, 32]: how light it is where."""

_ROWS, _COLUMNS = 24, 32
_DIFFERS, _DIFFERS_SOMEWHERE = 3.0, 14.0
"""Levels of light (0 to 255): of the whole, and of some place, above the noise of a camera."""
_SHARE = 0.12
"""Of the middle of the picture that a colour must have to be named."""
_HUES = (
    (15, "red"), (40, "orange"), (68, "yellow"), (165, "green"), (195, "turquoise"), (255, "blue"), (290, "purple"),
    (335, "pink"), (361, "red"),
)  # fmt: skip


def decode(jpeg: bytes) -> Rgb:
    """A JPEG file's picture. Raises `ValueError` if it is none."""
    import av  # only engines that are shown something need it
    from av.codec import CodecContext
    from av.video.codeccontext import VideoCodecContext

    try:
        decoder = CodecContext.create("mjpeg", "r")
        assert isinstance(decoder, VideoCodecContext)
        frames = [*decoder.decode(av.Packet(jpeg)), *decoder.decode(None)]
    except av.FFmpegError as problem:
        raise ValueError(f"that is no JPEG picture: {problem}") from problem
    if not frames:
        raise ValueError("that is no JPEG picture")
    return np.asarray(frames[0].to_ndarray(format="rgb24"), np.uint8)


def sketch(rgb: Rgb) -> Sketch:
    """What it takes to tell whether two pictures show the same."""
    height, width = rgb.shape[0] // _ROWS * _ROWS, rgb.shape[1] // _COLUMNS * _COLUMNS
    if not height or not width:
        return np.full((_ROWS, _COLUMNS), rgb.mean(), np.float32)
    # Every other pixel is enough, and green is most of what light is.
    light = rgb[:height, :width, 1].reshape(_ROWS, height // _ROWS, _COLUMNS, width // _COLUMNS)
    levels: Sketch = light[:, ::2, :, ::2].mean(axis=(1, 3), dtype=np.float32)
    return levels


def differs(a: Sketch, b: Sketch) -> bool:
    """Whether something moved, appeared or went."""
    gap = np.abs(a - b)
    return bool(gap.mean() > _DIFFERS or np.partition(gap, -4, axis=None)[-4] > _DIFFERS_SOMEWHERE)


def brightness(rgb: Rgb) -> str:
    """dark, dim, bright or very bright"""
    light = float(rgb[::4, ::4].mean())
    return "dark" if light < 30 else "dim" if light < 80 else "bright" if light < 200 else "very bright"


def colours(rgb: Rgb) -> Sequence[str]:
    """The main colours of the middle, the strongest first. Names of hues by angle in HSV."""
    height, width = rgb.shape[:2]
    middle = rgb[height // 4 : -(height // 4) or None : 4, width // 4 : -(width // 4) or None : 4].reshape(-1, 3)
    pixels = middle.astype(np.float32)
    high, low = pixels.max(axis=1), pixels.min(axis=1)
    span = high - low
    saturation = span / np.maximum(high, 1)
    red, green, blue = pixels.T
    safe = np.maximum(span, 1)
    hue = np.select(
        [high == red, high == green], [(green - blue) / safe % 6, (blue - red) / safe + 2], (red - green) / safe + 4
    )
    degrees = hue * 60
    names = np.select(
        [high < 45, (saturation < 0.18) & (high > 185), saturation < 0.18, (degrees < 40) & (high < 160)],
        ["black", "white", "grey", "brown"],
        np.select([degrees < limit for limit, _ in _HUES], [name for _, name in _HUES], "red"),
    )
    # Dark red is no brown, and pale red is pink.
    names = np.where((names == "brown") & ((degrees < 12) & (saturation > 0.6)), "red", names)
    names = np.where((names == "red") & (saturation < 0.45) & (high > 160), "pink", names)
    found, counts = np.unique(names, return_counts=True)
    order = np.argsort(-counts)
    return [str(found[at]) for at in order if counts[at] >= _SHARE * len(pixels)][:3] or [str(found[order[0]])]
