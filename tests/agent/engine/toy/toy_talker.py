"""The speaking half of the family for tests: each token is 100 ms of a number that its hand-over makes."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from talker.joints import Codes, Spoken

TOKEN = 2400


def check(model: str) -> list[str]:
    return []


def load(model: str, slots: int) -> tuple[ToyTalker, ToyVocoder]:
    return ToyTalker(), ToyVocoder()


def level(handover: int) -> int:
    return handover % 30_000 + 1


@dataclass
class _Speaking:
    queue: deque[tuple[int, int]] = field(default_factory=deque)
    finished: bool = False


class ToyTalker:
    voices: Sequence[str] = ("low", "high")

    def __init__(self) -> None:
        self.slots: dict[int, _Speaking] = {}

    def open(self, slot: int) -> None:
        assert slot not in self.slots
        self.slots[slot] = _Speaking()

    def close(self, slot: int) -> None:
        del self.slots[slot]

    def start(self, slot: int, voice: str, speed: float) -> None:
        if voice and voice not in self.voices:
            raise ValueError(f"no voice {voice}: low, high")
        self.slots[slot] = _Speaking()

    def feed(self, slot: int, token: int, text: str, handover: object) -> None:
        assert isinstance(handover, int)
        assert not self.slots[slot].finished
        self.slots[slot].queue.append((token, handover))

    def finish(self, slot: int) -> None:
        self.slots[slot].finished = True

    def ready(self, slot: int) -> bool:
        return bool(self.slots[slot].queue)

    def step(self, slots: Sequence[int]) -> list[Codes]:
        return [self.slots[slot].queue.popleft() for slot in slots]

    def done(self, slot: int) -> bool:
        return self.slots[slot].finished and not self.slots[slot].queue


class ToyVocoder:
    sample_rate = 24_000

    def __init__(self) -> None:
        self.made: dict[int, int] = {}

    def open(self, slot: int) -> None:
        assert slot not in self.made
        self.made[slot] = 0

    def close(self, slot: int) -> None:
        del self.made[slot]

    def start(self, slot: int) -> None:
        self.made[slot] = 0

    def push(self, slots: Sequence[int], codes: Sequence[Codes]) -> list[Spoken]:
        return [self._push(slot, code) for slot, code in zip(slots, codes, strict=True)]

    def _push(self, slot: int, code: Codes) -> Spoken:
        assert isinstance(code, tuple)
        token, handover = code
        if handover == -1:
            raise RuntimeError("cannot be spoken")
        first = self.made[slot]
        self.made[slot] += TOKEN
        return Spoken(np.full(TOKEN, level(handover), np.int16), [(token, first, first + TOKEN)])

    def flush(self, slot: int) -> Spoken:
        return Spoken(np.zeros(0, np.int16))
