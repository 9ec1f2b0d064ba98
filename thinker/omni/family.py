"""What one Omni family is made of, and how it is checked and loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from .budget import callers, needed, room
from .checkpoint import Checkpoint, Missing, find
from .sampling import Published

if TYPE_CHECKING:
    import torch

    from .perception import OmniPerception, Stretches
    from .quantisation import Quantisation
    from .thinker import Handing, OmniThinker
    from .towers import Ear, Eye

_NEEDED = ("torch", "transformers", "safetensors", "PIL")
CAPACITY = 8192
"""Positions of a slot: about five minutes of what is heard. What is older is forgotten line by line."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What is known of a family only with torch at hand."""

    ear: Callable[[Mapping[str, Any]], Ear]
    """Of an `audio_config`."""
    eye: Callable[[Mapping[str, Any]], Eye]
    """Of a `vision_config`."""
    handing: Handing
    stretches: Callable[[Mapping[str, Any]], Stretches]
    """Of a `thinker_config`."""


@dataclass(frozen=True, slots=True)
class Family:
    """A family."""

    kind: str
    """`model_type` of its config.json."""
    known: str
    """One of its models on the hub."""
    biased: bool
    """See `decoder.Shape`."""
    interleaved: bool
    """See `rope.axes`."""
    preamble: str
    """What its models want to be told before anything else."""
    published: Published
    parts: Callable[[], Parts]
    quantises: bool
    """Its layers are matrices that can be quantised; a mixture of experts keeps them in another form."""

    @property
    def otherwise(self) -> str:
        """What else helps where memory is short."""
        return "use --quantization int8 or int4, " if self.quantises else ""


def check(family: Family, model: str, quantisation: str = "none") -> list[str]:
    """What is missing for `model`, in sentences that say what to do; empty when it is ready. Loads nothing."""
    absent = [name for name in _NEEDED if find_spec(name) is None]
    if absent:
        return [f"{', '.join(absent)} is not installed: run `pip install 'colloquy[models]'`."]
    name = model or family.known
    try:
        checkpoint = find(name, family.kind, family.known)
    except Missing as missing:
        return [str(missing)]
    where, free = room()
    if callers(checkpoint, CAPACITY, quantisation, free) < 1:
        wanted = needed(checkpoint, CAPACITY, quantisation)
        return [
            f"{name} needs {wanted / 2**30:.1f} GiB for one call, and {where} has {free / 2**30:.1f} GiB free: "
            f"close what else runs there, {family.otherwise}or choose a smaller model."
        ]
    return []


def fits(family: Family, model: str, quantisation: str = "none") -> int:
    """How many calls fit into the memory that is free now. Raises `Missing`."""
    checkpoint = find(model or family.known, family.kind, family.known)
    return callers(checkpoint, CAPACITY, quantisation, room()[1])


def load(
    family: Family, model: str, slots: int, quantisation: Quantisation = "none"
) -> tuple[OmniPerception, OmniThinker]:
    """The thinking side of `model`, on the first CUDA device, or on the processor where there is none.

    Raises `Missing` (one sentence) if it is not here, `ValueError` if so many slots do not fit into the memory, or the
    weights not the description.
    """
    checkpoint = find(model or family.known, family.kind, family.known)
    most = callers(checkpoint, CAPACITY, quantisation, room()[1])
    if slots > most:
        raise ValueError(
            f"{slots} calls at once do not fit into the memory, {most} do: start it with --sessions {most}"
        )
    import torch

    on_gpu = torch.cuda.is_available()
    device = torch.device("cuda" if on_gpu else "cpu")
    parts = assemble(family, checkpoint, slots, device, torch.bfloat16 if on_gpu else torch.float32, quantisation)
    parts[1].warm()
    return parts


def assemble(
    family: Family,
    checkpoint: Checkpoint,
    slots: int,
    device: torch.device,
    dtype: torch.dtype,
    quantisation: Quantisation = "none",
) -> tuple[OmniPerception, OmniThinker]:
    """`load` for a device and a type of numbers."""
    import torch

    from .decoder import Decoder, Shape
    from .loading import fill
    from .perception import OmniPerception
    from .quantisation import quantise
    from .template import OmniTokeniser, Template
    from .thinker import OmniThinker

    config, parts = checkpoint.config["thinker_config"], family.parts()
    shape = Shape.of(config["text_config"], family.biased)
    accept = checkpoint.config.get("talker_config", {}).get("accept_hidden_layer")
    with torch.device("meta"):
        decoder = Decoder(shape, family.interleaved, accept)
        ear, eye = parts.ear(config["audio_config"]), parts.eye(config["vision_config"])
    for module, prefix in ((decoder, "thinker."), (ear, "thinker.audio_tower."), (eye, "thinker.visual.")):
        assert isinstance(module, torch.nn.Module)
        fill(module, checkpoint.tensors(prefix, device), dtype, device, {"model.": ""})
    quantise(decoder.layers, quantisation)
    template = Template(OmniTokeniser.of(checkpoint.folder), family.preamble)
    capacity = min(CAPACITY, shape.longest)
    thinker = OmniThinker(decoder, template, parts.handing, family.published, slots, capacity)
    return OmniPerception(ear, eye, parts.stretches(config), device), thinker
