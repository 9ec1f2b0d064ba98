"""Qwen2.5-Omni, speaking side: the Talker, and the diffusion transformer with BigVGAN, streamed in blocks."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .talker import Qwen25OmniTalker
    from .vocoder import Qwen25OmniVocoder

DEFAULT = "Qwen/Qwen2.5-Omni-7B"
CAPACITY = 12_288
"""Places of a slot: the whole dialogue as the Thinker holds it, and 80 seconds of speech at least."""
SPEAKERS = "spk_dict.pt"


def check(model: str) -> list[str]:
    """What is missing, in sentences that say what to do; empty when ready. Loads nothing."""
    absent = [name for name in ("torch", "transformers", "safetensors") if find_spec(name) is None]
    if absent:
        return [f"{', '.join(absent)} is not installed: run `pip install 'colloquy[models]'`."]
    from ..omni.weights import files, folder

    name = model or DEFAULT
    try:
        place = folder(name)
        known = files(place)
    except FileNotFoundError as error:
        return [str(error)]
    if "talker.codec_head.weight" not in known:
        return [f"{name} has no Talker, it cannot speak: choose one like {DEFAULT}."]
    if not (place / SPEAKERS).is_file():
        return [f"{name} lacks {SPEAKERS}, which holds its voices: fetch the model again."]
    return []


def load(model: str, slots: int) -> tuple[Qwen25OmniTalker, Qwen25OmniVocoder]:
    """Talker and Vocoder of `model` (a name on the hub, or a folder) for `slots` sessions.

    On CUDA in bfloat16, on the processor in float32; the Vocoder always in float32, as its equation asks for. Raises
    `FileNotFoundError` or `ValueError`, each with one sentence.
    """
    import torch
    from transformers import Qwen2_5OmniConfig
    from transformers.models.qwen2_5_omni import modeling_qwen2_5_omni as parts

    from ..omni.weights import device, folder, rows
    from ..omni.weights import load as load_part
    from .talker import Qwen25OmniTalker
    from .vocoder import Qwen25OmniVocoder

    place, on = folder(model or DEFAULT), device()
    config: Any = Qwen2_5OmniConfig.from_pretrained(place)
    talker_config, wave_config = config.talker_config, config.token2wav_config
    dtype = torch.bfloat16 if on.type == "cuda" else torch.float32
    talker = load_part(parts.Qwen2_5OmniTalkerForConditionalGeneration, talker_config, place, "talker.", on, dtype)
    dit, bigvgan = wave_config.dit_config, wave_config.bigvgan_config
    prefix = "token2wav.code2wav_{}_model."
    flow = load_part(parts.Qwen2_5OmniToken2WavDiTModel, dit, place, prefix.format("dit"), on, torch.float32)
    wave = load_part(
        parts.Qwen2_5OmniToken2WavBigVGANModel, bigvgan, place, prefix.format("bigvgan"), on, torch.float32
    )
    speakers: dict[str, Any] = torch.load(place / SPEAKERS, weights_only=True, map_location=on)
    names = sorted(speakers, key=lambda name: (name != "Chelsie", name))  # the first one is the default
    marks = [talker_config.tts_text_end_token_id, talker_config.tts_text_pad_token_id]
    marks += [int(speakers[name]["bos_token"]) for name in names]
    table = rows(place, "thinker.model.embed_tokens.weight", marks)
    voices = {name: (speakers[name]["cond"], speakers[name]["ref_mel"]) for name in names}
    begins = dict(zip(names, table[2:], strict=True))
    speaks = Qwen25OmniTalker(config, talker, table[:2], begins, slots, CAPACITY)
    sounds = Qwen25OmniVocoder(flow, wave, voices, slots)
    speaks.warm()
    sounds.warm()
    return speaks, sounds
