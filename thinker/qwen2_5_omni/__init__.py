"""Qwen2.5-Omni (3B, 7B), thinking side: hears in blocks of two seconds, sees, thinks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..omni import family
from ..omni.sampling import Published

if TYPE_CHECKING:
    from ..joints import Perception, Thinker
    from ..omni.quantisation import Quantisation


def _parts() -> family.Parts:
    from .parts import PARTS

    return PARTS


FAMILY = family.Family(
    kind="qwen2_5_omni",
    known="Qwen/Qwen2.5-Omni-7B",
    biased=True,
    interleaved=False,
    # Without this sentence, its model card says, speech may not work as it should.
    preamble="You are Qwen, a virtual human developed by the Qwen Team, Alibaba Group, capable of perceiving auditory "
    "and visual inputs, as well as generating text and speech.",
    # As the generation_config.json of Qwen2.5-Instruct, whose weights the Thinker began with.
    published=Published(temperature=0.7, top_k=20, top_p=0.8, repetition=1.05),
    parts=_parts,
    quantises=True,
)


def check(model: str, quantisation: str = "none") -> list[str]:
    """What is missing, in sentences that say what to do; empty when ready."""
    return family.check(FAMILY, model, quantisation)


def load(model: str, slots: int, threads: int, quantisation: Quantisation = "none") -> tuple[Perception, Thinker]:
    """The family with the weights of `model` (a name on the hub, or a folder)."""
    return family.load(FAMILY, model, slots, quantisation)


def fits(model: str) -> int:
    """How many calls fit into the memory that is free now. Raises `Missing`, as a sentence."""
    return family.fits(FAMILY, model)
