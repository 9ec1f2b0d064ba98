"""Qwen3-Omni (30B-A3B), thinking side: hears in windows of two seconds, sees, thinks with a mixture of experts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..omni import family
from ..omni.sampling import Published

if TYPE_CHECKING:
    from ..joints import Perception, Thinker


def _parts() -> family.Parts:
    from .parts import PARTS

    return PARTS


FAMILY = family.Family(
    kind="qwen3_omni_moe",
    known="Qwen/Qwen3-Omni-30B-A3B-Instruct",
    biased=False,
    interleaved=True,
    preamble="",
    # As in the examples of its model card.
    published=Published(temperature=0.6, top_k=20, top_p=0.95, repetition=1.0),
    parts=_parts,
    quantises=False,
)


def check(model: str) -> list[str]:
    """What is missing, in sentences that say what to do; empty when ready."""
    return family.check(FAMILY, model)


def load(model: str, slots: int, threads: int) -> tuple[Perception, Thinker]:
    """The family with the weights of `model` (a name on the hub, or a folder)."""
    return family.load(FAMILY, model, slots)


def fits(model: str) -> int:
    """How many calls fit into the memory that is free now. Raises `Missing`, as a sentence."""
    return family.fits(FAMILY, model)
