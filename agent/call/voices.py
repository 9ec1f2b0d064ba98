"""Whom the ears of one call know: read and set in the ears' own thread, between two frames."""

from __future__ import annotations

from agent.wire.voices import Voices
from streaming.ears.panel import Ears


def known(ears: Ears) -> Voices:
    """Whom `ears` know now, and whom they are getting to know."""
    return Voices(ears.people, ears.learns, ears.learning)


def meet(ears: Ears, voices: Voices) -> None:
    """From now on `ears` know these and nobody else, and are getting to know nobody by name."""
    ears.people = voices.people
    ears.learns = voices.learns
    ears.enrol(None)
