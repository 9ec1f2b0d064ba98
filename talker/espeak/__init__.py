"""The stopgap mouth: espeak-ng, with exact word times. GPL, and therefore the optional extra `[espeak]`."""

from __future__ import annotations

from importlib.util import find_spec

from .talker import EspeakTalker
from .vocoder import EspeakVocoder


def check(model: str) -> list[str]:
    """What is missing, in sentences that say what to do. There is but one model."""
    if find_spec("espeakng_loader") is None:
        return ['The voice espeak-ng is not installed: run `pip install "colloquy[espeak]"`.']
    return []


def load(model: str, slots: int) -> tuple[EspeakTalker, EspeakVocoder]:
    """Talker and Vocoder for `slots` sessions. Raises `RuntimeError` where the library is missing or does not start."""
    missing = check(model)
    if missing:
        raise RuntimeError(" ".join(missing))
    from .library import library

    return EspeakTalker(slots), EspeakVocoder(slots, library())
