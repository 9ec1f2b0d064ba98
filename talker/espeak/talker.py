"""The Talker: from tokens to phrases. What it gives to the Vocoder are `Line`s."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from talker.joints import Codes

from . import voices
from .phrases import Phrase, Phraser


@dataclass(frozen=True, slots=True)
class Line:
    """A phrase, and how to say it. These are espeak's `Codes`."""

    phrase: Phrase
    voice: voices.Voice
    speed: float


@dataclass(slots=True)
class _Reply:
    voice: voices.Voice = voices.VOICES[voices.DEFAULT]
    speed: float = 1.0
    phraser: Phraser = field(default_factory=Phraser)


class EspeakTalker:
    """Gives one phrase a step, as soon as it can be spoken."""

    voices: Sequence[str] = tuple(voices.VOICES)

    def __init__(self, slots: int) -> None:
        self._replies = [_Reply() for _ in range(slots)]

    def open(self, slot: int) -> None:
        self._replies[slot] = _Reply()

    def close(self, slot: int) -> None:
        self._replies[slot] = _Reply()

    def start(self, slot: int, voice: str, speed: float) -> None:
        """A reply begins. Raises `ValueError` for an unknown voice."""
        self._replies[slot] = _Reply(voices.voice(voice), speed)

    def feed(self, slot: int, token: int, text: str, handover: object) -> None:
        self._replies[slot].phraser.feed(token, text)

    def finish(self, slot: int) -> None:
        self._replies[slot].phraser.finish()

    def ready(self, slot: int) -> bool:
        return self._replies[slot].phraser.ready

    def step(self, slots: Sequence[int]) -> list[Codes]:
        replies = [self._replies[slot] for slot in slots]
        return [Line(reply.phraser.take(), reply.voice, reply.speed) for reply in replies]

    def done(self, slot: int) -> bool:
        return self._replies[slot].phraser.done
