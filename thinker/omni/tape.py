"""A session's latest sound and pictures, by their place on its media clock."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image

KEPT_S = 3
"""Seconds that are kept from before a turn."""


@dataclass
class Tape:
    """What came in. Places are samples at 16 kHz."""

    first: int = 0
    """The first that is still there."""
    pictures: list[tuple[int, Image.Image]] = field(default_factory=list)
    """(place, picture), in order."""
    _sound: bytearray = field(default_factory=bytearray)

    @property
    def end(self) -> int:
        """The place after the last sample."""
        return self.first + len(self._sound) // 2

    def push(self, pcm: NDArray[np.int16], at: int) -> None:
        """Sound from `at` on: a gap becomes silence, what is known already is dropped."""
        if not self._sound:
            self.first = at
        if at > self.end:
            self._sound += bytes(2 * (at - self.end))
        self._sound += np.ascontiguousarray(pcm[self.end - at :], "<i2").tobytes()

    def sound(self, begin: int, end: int) -> NDArray[np.int16]:
        """Samples `begin` … `end` - 1, as far as they are there."""
        begin = max(begin, self.first)
        return np.frombuffer(bytes(self._sound[2 * (begin - self.first) : 2 * (end - self.first)]), "<i2")

    def seen(self, begin: int, end: int) -> list[Image.Image]:
        """The pictures of `begin` … `end` - 1."""
        return [image for at, image in self.pictures if begin <= at < end]

    def forget(self, before: int) -> None:
        """Drops what lies before `before`."""
        if (gone := min(before, self.end) - self.first) > 0:
            del self._sound[: 2 * gone]
            self.first += gone
        self.pictures = [kept for kept in self.pictures if kept[0] >= before]
