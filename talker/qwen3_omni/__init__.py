"""Qwen3-Omni, speaking side: the Talker with its code predictor, and Code2Wav, streamed."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .talker import Qwen3OmniTalker
    from .vocoder import Qwen3OmniVocoder

DEFAULT = "Qwen/Qwen3-Omni-30B-A3B-Instruct"
CAPACITY = 12_288
"""Places of a slot: as much of the user's turns as the Thinker holds, and more than five minutes of speech."""


def check(model: str) -> list[str]:
    """What is missing, in sentences that say what to do; empty when ready. Loads nothing."""
    absent = [name for name in ("torch", "transformers", "safetensors") if find_spec(name) is None]
    if absent:
        return [f"{', '.join(absent)} is not installed: run `pip install 'colloquy[models]'`."]
    from ..omni.weights import files, folder

    name = model or DEFAULT
    try:
        known = files(folder(name))
    except FileNotFoundError as error:
        return [str(error)]
    if "talker.codec_head.weight" not in known:
        return [f"{name} has no Talker, it cannot speak: choose one like {DEFAULT}."]
    return []


def load(model: str, slots: int) -> tuple[Qwen3OmniTalker, Qwen3OmniVocoder]:
    """Talker and Vocoder of `model` (a name on the hub, or a folder) for `slots` sessions.

    On CUDA in bfloat16, the Vocoder in float32; on the processor all in float32. Raises `FileNotFoundError` or
    `ValueError`, each with one sentence.
    """
    import torch
    from transformers import Qwen3OmniMoeConfig
    from transformers.models.qwen3_omni_moe import modeling_qwen3_omni_moe as parts

    from ..omni.weights import device, folder, rows
    from ..omni.weights import load as load_part
    from .talker import Qwen3OmniTalker
    from .vocoder import Qwen3OmniVocoder

    place, on = folder(model or DEFAULT), device()
    config: Any = Qwen3OmniMoeConfig.from_pretrained(place)
    dtype = torch.bfloat16 if on.type == "cuda" else torch.float32
    talker = load_part(
        parts.Qwen3OmniMoeTalkerForConditionalGeneration, config.talker_config, place, "talker.", on, dtype
    )
    code2wav = load_part(parts.Qwen3OmniMoeCode2Wav, config.code2wav_config, place, "code2wav.", on, torch.float32)
    marks = [config.tts_bos_token_id, config.tts_eos_token_id, config.tts_pad_token_id]
    special = rows(place, "thinker.model.embed_tokens.weight", marks)
    speaks, sounds = Qwen3OmniTalker(config, talker, special, slots, CAPACITY), Qwen3OmniVocoder(code2wav, slots)
    speaks.warm()
    sounds.warm()
    return speaks, sounds
