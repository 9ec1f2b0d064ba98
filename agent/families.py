"""The model families: one line each. Adding a family touches its two folders and this table."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path

FAMILIES: dict[str, tuple[str, str]] = {
    "nano": ("thinker.nano", "talker.espeak"),
    "qwen2.5-omni": ("thinker.qwen2_5_omni", "talker.qwen2_5_omni"),
    "qwen3-omni": ("thinker.qwen3_omni", "talker.qwen3_omni"),
}
"""Family -> (module of the thinking side, module of the speaking side).

A thinking module has `check(model) -> list[str]` (what is missing, in sentences that say what to do; empty when
ready, and quick: nothing is loaded) and `load(model, slots, threads) -> (Perception, Thinker)`; a speaking module
has `check(model) -> list[str]` and `load(model, slots) -> (Talker, Vocoder)`.
"""

_MODELS = {"qwen2.5-omni": "Qwen/Qwen2.5-Omni-7B", "qwen3-omni": "Qwen/Qwen3-Omni-30B-A3B-Instruct"}
"""Family -> the model that is meant by its name alone, where there are several."""
_TYPES = {"qwen2_5_omni": "qwen2.5-omni", "qwen3_omni_moe": "qwen3-omni"}
"""`model_type` in a model's config.json -> family."""
_QUANTISES = frozenset({"qwen2.5-omni"})
"""Families whose thinking module takes `quantization` as its last argument, in `check` and in `load`."""


CHOOSES_NO_TOOLS = frozenset({"nano"})
"""Families whose Thinker is too small to choose among many tools: it is told of the user's own only, and the others
are called where the words ask for them for certain (`agent.tools`)."""


def resolve(model: str) -> tuple[str, str]:
    """Family and model for the name of a family, a name on the hub, or a folder. Raises `ValueError`."""
    if model in FAMILIES:
        return model, _MODELS.get(model, model)
    description = Path(model).expanduser() / "config.json"
    if description.is_file():
        try:
            kind = json.loads(description.read_text(encoding="utf-8")).get("model_type")
        except (ValueError, AttributeError) as error:
            raise ValueError(f"{description} cannot be read ({error}): download the model again.") from error
        if kind in _TYPES:
            return _TYPES[kind], model
        raise ValueError(f"{model} holds a model of type {kind!r}, which is none of {', '.join(_TYPES)}.")
    for family in _MODELS:
        if family in model.lower():
            return family, model
    raise ValueError(
        f"There is no model {model!r}: give a family ({', '.join(FAMILIES)}), a folder with a config.json, or a name "
        f"on the hub such as {next(iter(_MODELS.values()))}."
    )


def fits(family: str) -> int | None:
    """How many calls at once the free memory is enough for; None where memory is not what limits them.

    Only where nothing is lacking.
    """
    if family not in _MODELS:
        return None
    calls: int = import_module(FAMILIES[family][0]).fits(_MODELS[family])
    return calls


def lacking(model: str, quantization: str = "none") -> list[str]:
    """What `model` needs that is not here, in sentences that say what to do; empty when it is ready."""
    try:
        family, name = resolve(model)
    except ValueError as unknown:
        return [str(unknown)]
    thinking, speaking = (import_module(module) for module in FAMILIES[family])
    # Both halves of most families come from one download: what the first lacks is said once.
    how = () if quantization == "none" else (quantization,)
    if how and family not in _QUANTISES:
        return [f"{name} cannot be quantised: leave out --quantization."]
    missing: list[str] = thinking.check(name, *how)
    return missing or list(speaking.check(name))
