"""The joints of a model family on the speaking side.

The Talker turns hand-overs into codec frames as they come and waits when they are late; the Vocoder turns
frames into sound. State per slot, apart from weights. `Codes` are opaque to everybody but the same family.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Codes = object
"""One or more codec frames of one slot: opaque."""
Mark = object


@dataclass(frozen=True, slots=True)
class Spoken:
    """Samples that follow on from the last ones of this reply, and what they say."""

    pcm: NDArray[np.int16]
    """[n] mono at `Vocoder.sample_rate`."""
    spans: Sequence[tuple[int, int, int]] = field(default_factory=tuple)
    """(token, first, last) in samples from the reply's beginning, in order; pauses belong to nobody."""


class Talker(Protocol):
    """Speaks hand-overs. Waiting for a late hand-over is never mistaken for the end."""

    voices: Sequence[str]

    def open(self, slot: int) -> None: ...

    def close(self, slot: int) -> None: ...

    def start(self, slot: int, voice: str, speed: float) -> None:
        """A reply begins (an unfinished one before it is forgotten). Raises `ValueError` for an unknown voice."""
        ...

    def feed(self, slot: int, token: int, text: str, handover: object) -> None:
        """Token number `token` of the reply, as soon as the Thinker has it."""
        ...

    def finish(self, slot: int) -> None:
        """No more tokens will come: speak what is left."""
        ...

    def ready(self, slot: int) -> bool:
        """Whether a step would give frames now (False: waits for hand-overs, or is done)."""
        ...

    def step(self, slots: Sequence[int]) -> list[Codes]:
        """The next frame or frames for each of `slots` (all ready), batched."""
        ...

    def done(self, slot: int) -> bool:
        """Finished, and every frame is out."""
        ...


class Vocoder(Protocol):
    """Turns codec frames into sound, exactly as the whole reply decoded at once would sound."""

    sample_rate: int
    """24000."""

    def open(self, slot: int) -> None: ...

    def close(self, slot: int) -> None: ...

    def start(self, slot: int) -> None:
        """A reply begins."""
        ...

    def push(self, slots: Sequence[int], codes: Sequence[Codes]) -> list[Spoken]: ...

    def flush(self, slot: int) -> Spoken:
        """What was held back for look-ahead; the reply is over."""
        ...
