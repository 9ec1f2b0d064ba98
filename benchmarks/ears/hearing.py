"""The real ears of one session, and what they cost."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from streaming.ears.opinions import Opinion
from streaming.ears.panel import Ears, EarsModels
from streaming.ears.voiceprint import Profile
from streaming.time import Time, ticks

ROOT = Path(__file__).resolve().parent.parent.parent
DECIDES: dict[str, set[str]] = {
    "streaming/ears": set(),
    "agent/conversation": set(),
    "benchmarks/ears": {"drafts", "endpoints", "hearing", "material", "mind", "play", "scenes", "stage", "words"},
    "training/ears": {"voices", "texts", "noises"},
}
"""What a result depends on: folders, and which files of them if not all."""


def fingerprint() -> str:
    """Of everything that decides what comes out: results of another one are not mixed in."""
    digest = hashlib.sha256()
    for folder, names in DECIDES.items():
        for file in sorted((ROOT / folder).rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts and (not names or file.stem in names):
                digest.update(file.relative_to(ROOT).as_posix().encode() + file.read_bytes())
    return digest.hexdigest()[:16]


RATE = 16_000
FRAME = RATE // 100
SAMPLED = 7
"""No multiple of it is one of the ears' hops."""


class Hearing:
    """One session's ears, with the processor time that they take."""

    def __init__(self, models: EarsModels, people: Sequence[Profile] = ()) -> None:
        """`people`: whose voices are known."""
        self._ears = Ears(models, people=people)
        self._frames = 0
        self.cpu = 0.0
        """Seconds, from every `SAMPLED`th frame: asking for the time is not free."""

    def push(self, mic: NDArray[np.int16], played: NDArray[np.int16] | None, t: Time) -> list[Opinion]:
        """10 ms of the microphone from `t` on; `played`: what leaves the loudspeaker meanwhile, None if nothing."""
        self._frames += 1
        if self._frames % SAMPLED:
            return self._ears.push(mic, played, t)
        began = time.thread_time()
        opinions = self._ears.push(mic, played, t)
        self.cpu += SAMPLED * (time.thread_time() - began)
        return opinions

    def words(self, text: str, at: Time, until: Time | None) -> list[Opinion]:
        """The words of the user's turn, known at `at`, of sound up to `until`."""
        return self._ears.hear_words(text, at, until)


def known(models: EarsModels, sound: NDArray[np.int16]) -> tuple[Profile, ...]:
    """Whoever speaks in int16[n] at 16 kHz, as ears that were asked to know them know them; empty: they could not."""
    ears = Ears(models)
    ears.enrol("user")
    quiet = np.random.default_rng(0).integers(-4, 5, RATE // 2).astype(np.int16)
    heard = np.concatenate((quiet, sound, quiet))
    for first in range(0, len(heard) - FRAME + 1, FRAME):
        ears.push(heard[first : first + FRAME], None, ticks(first, RATE))
    return ears.people
