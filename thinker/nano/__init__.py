"""The bundled family, thinking side: Moonshine tiny hears, SmolLM2-135M thinks, on two processor cores."""

from __future__ import annotations

from ..eyes.weights import models
from ..joints import Perception, Thinker
from .weights import missing, moonshine, shipped_adapter, smollm2


def check(model: str) -> list[str]:
    """What is missing, in sentences that say what to do; empty when ready. There is but one model."""
    return missing()


def load(model: str, slots: int, threads: int) -> tuple[Perception, Thinker]:
    """Loads the family; converts the Thinker's weights first where that was not done yet (seconds, once).

    `threads` processor threads are for the Thinker; the ear has one of its own. Raises `FileNotFoundError` when
    weights are not installed.
    """
    thinking, hearing = smollm2(), moonshine()
    if thinking is None or hearing is None:
        raise FileNotFoundError(" ".join(missing()))
    # onnxruntime is only loaded when there is something to run.
    from ..eyes.eyes import Eyes
    from .converted import converted
    from .perception import NanoPerception
    from .speech.recogniser import Moonshine
    from .thinker import NanoThinker

    thinker = NanoThinker(converted(thinking, adapter=shipped_adapter()), slots, threads)
    seeing = models()
    eyes = Eyes(seeing) if seeing is not None else None
    return NanoPerception(Moonshine(hearing, threads=1), thinker.tokeniser, eyes=eyes), thinker
