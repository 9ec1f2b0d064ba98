"""The published sizes of the Omni models, with random weights: for measuring speed where there are no weights.

Sizes as in the models' config.json; where those could not be read, as their keys and values per token, which are known,
have them. `tiny` makes the same things small, to try the measuring itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from torch import Tensor, nn
from transformers import (
    Qwen2_5OmniConfig,
    Qwen2_5OmniForConditionalGeneration,
    Qwen3OmniMoeConfig,
    Qwen3OmniMoeForConditionalGeneration,
)

from thinker.omni.checkpoint import Checkpoint

MODELS = ("qwen3-omni-30b-a3b", "qwen2.5-omni-7b", "qwen2.5-omni-3b")
_MARKS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<tool_call>", "</tool_call>")


def config(name: str, tiny: bool) -> Qwen3OmniMoeConfig | Qwen2_5OmniConfig:
    """The configuration of one of `MODELS`."""
    return _qwen3(tiny) if name.startswith("qwen3") else _qwen25(name.endswith("3b"), tiny)


def _qwen3(tiny: bool) -> Qwen3OmniMoeConfig:
    rope = {"rope_type": "default", "rope_theta": 1e6}
    mrope = {**rope, "mrope_section": [2, 1, 1] if tiny else [24, 20, 20], "interleaved": True}
    experts = {"num_experts": 4, "moe_intermediate_size": 16, "num_experts_per_tok": 2, "head_dim": 8}
    small = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2}
    text: dict[str, Any] = {
        "vocab_size": 152_064, "hidden_size": 2048, "num_hidden_layers": 48, "num_attention_heads": 32,
        "num_key_value_heads": 4, "head_dim": 128, "moe_intermediate_size": 768, "num_experts": 128,
        "num_experts_per_tok": 8, "max_position_embeddings": 65_536, "rope_parameters": mrope,
    }  # fmt: skip
    talker: dict[str, Any] = {
        "vocab_size": 3072, "hidden_size": 1024, "intermediate_size": 2048, "num_hidden_layers": 20,
        "num_attention_heads": 16, "num_key_value_heads": 2, "head_dim": 128, "moe_intermediate_size": 384,
        "num_experts": 128, "num_experts_per_tok": 6, "shared_expert_intermediate_size": 768,
        "rope_parameters": mrope,
    }  # fmt: skip
    predictor: dict[str, Any] = {"num_code_groups": 16, "rope_parameters": rope}
    sound: dict[str, Any] = {"output_dim": 2048}
    sight: dict[str, Any] = {"out_hidden_size": 2048}
    wave: dict[str, Any] = {"rope_parameters": {**rope, "rope_theta": 1e4}}
    width, accept = 2048, 24
    if tiny:
        text |= {**small, **experts}
        talker |= {**small, **experts, "hidden_size": 24, "shared_expert_intermediate_size": 16}
        predictor |= {**small, "hidden_size": 24, "head_dim": 8, "intermediate_size": 32}
        sound = {"encoder_layers": 1, "encoder_attention_heads": 2, "encoder_ffn_dim": 32, "d_model": 16}
        sound |= {"output_dim": 32, "downsample_hidden_size": 8}
        sight = {"depth": 1, "hidden_size": 16, "intermediate_size": 32, "num_heads": 2, "out_hidden_size": 32}
        sight |= {"deepstack_visual_indexes": [0]}
        wave |= {**small, "hidden_size": 16, "num_key_value_heads": 4, "intermediate_size": 24, "decoder_dim": 32}
        width, accept = 32, 1
    return Qwen3OmniMoeConfig(
        thinker_config={
            "text_config": text, "audio_config": sound, "vision_config": sight, "position_id_per_seconds": 13,
            "audio_token_id": 151_675, "image_token_id": 151_655, "video_token_id": 151_656,
            "audio_start_token_id": 151_669, "audio_end_token_id": 151_670, "vision_start_token_id": 151_652,
            "vision_end_token_id": 151_653,
        },
        talker_config={
            "text_config": talker, "code_predictor_config": predictor, "num_code_groups": 16,
            "thinker_hidden_size": width, "accept_hidden_layer": accept, "codec_eos_token_id": 2150,
            "codec_nothink_id": 2155, "codec_think_bos_id": 2156, "codec_think_eos_id": 2157, "codec_pad_id": 2148,
            "codec_bos_id": 2149, "speaker_id": {"ethan": 2302, "chelsie": 2301}, "position_id_per_seconds": 13,
            "audio_token_id": 151_675, "spatial_merge_size": 2,
        },
        code2wav_config=wave,
    )  # fmt: skip


def _qwen25(small: bool, tiny: bool) -> Qwen2_5OmniConfig:
    mrope = {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [2, 1, 1] if tiny else [16, 24, 24]}
    width = 32 if tiny else 2048 if small else 3584
    layers, heads, shared, inner = (2, 4, 2, 48) if tiny else (36, 16, 2, 11_008) if small else (28, 28, 4, 18_944)
    text = {
        "vocab_size": 152_064, "hidden_size": width, "intermediate_size": inner, "num_hidden_layers": layers,
        "num_attention_heads": heads, "num_key_value_heads": shared, "rope_parameters": mrope,
    }  # fmt: skip
    talker: dict[str, Any] = {
        "vocab_size": 8448, "embedding_size": width, "hidden_size": 896, "num_hidden_layers": 24,
        "intermediate_size": 4864 if small else 18_944, "num_attention_heads": 14 if small else 12,
        "num_key_value_heads": 2 if small else 4, "head_dim": 64 if small else 128,
        "rope_parameters": {**mrope, "mrope_section": [16, 8, 8] if small else [16, 24, 24]}, "pad_token_id": 8292,
    }  # fmt: skip
    sound: dict[str, Any] = {"output_dim": width}
    sight: dict[str, Any] = {"out_hidden_size": width}
    dit: dict[str, Any] = {}
    wave: dict[str, Any] = {}
    if tiny:
        talker |= {"hidden_size": 24, "intermediate_size": 40, "num_hidden_layers": 2, "num_attention_heads": 2}
        talker |= {"num_key_value_heads": 1, "head_dim": 8, "rope_parameters": mrope}
        sound |= {"encoder_layers": 1, "encoder_attention_heads": 2, "encoder_ffn_dim": 32, "d_model": 16}
        sight |= {"depth": 1, "hidden_size": 16, "intermediate_size": 32, "num_heads": 2, "fullatt_block_indexes": [0]}
        dit = {"hidden_size": 32, "num_attention_heads": 2, "head_dim": 16, "emb_dim": 16, "enc_dim": 16}
        dit |= {"enc_channels": [16, 16, 16, 16, 48], "enc_attention_channels": 8, "enc_se_channels": 8}
        wave = {"upsample_initial_channel": 64}
    return Qwen2_5OmniConfig(
        thinker_config={
            "text_config": text, "audio_config": sound, "vision_config": sight, "position_id_per_seconds": 25,
            "audio_start_token_id": 151_647, "audio_end_token_id": 151_648, "vision_start_token_id": 151_652,
            "vision_end_token_id": 151_653, "pad_token_id": 151_643,
        },
        talker_config=talker,
        token2wav_config={"dit_config": dit, "bigvgan_config": wave},
    )  # fmt: skip


def stock(description: Any, device: torch.device, dtype: torch.dtype) -> Any:
    """The stock model on `device`, with random weights."""
    qwen3 = hasattr(description, "code2wav_config")
    kind: Any = Qwen3OmniMoeForConditionalGeneration if qwen3 else Qwen2_5OmniForConditionalGeneration
    with device:
        made = kind._from_config(description, dtype=dtype)
    return randomise(made).eval()


def part(kind: Any, description: Any, device: torch.device, dtype: torch.dtype) -> Any:
    """One of the stock model's parts on `device`, with random weights."""
    from transformers.initialization import no_init_weights

    with no_init_weights(), device:
        made: Any = kind._from_config(description, dtype=dtype)
    return randomise(made).eval().requires_grad_(False)


def randomise(module: nn.Module) -> nn.Module:
    """Weights for which nothing overflows and tokens differ."""
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if parameter.dim() > 1:
                parameter.normal_(0.0, 0.7 * parameter[0].numel() ** -0.5)
            else:
                parameter.fill_(1.0 if "norm" in name and "weight" in name else 0.0)
    return module


class RandomCheckpoint(Checkpoint):
    """A checkpoint that is made up as it is read. Its tokeniser knows bytes and marks."""

    def __init__(self, description: Any, folder: Path) -> None:
        super().__init__(folder, description.to_dict())
        object.__setattr__(self, "_description", description)
        letters = sorted(pre_tokenizers.ByteLevel.alphabet())
        tokeniser = Tokenizer(models.BPE(vocab={letter: at for at, letter in enumerate(letters)}, merges=[]))
        tokeniser.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokeniser.decoder = decoders.ByteLevel()
        tokeniser.add_special_tokens([AddedToken(mark, special=True, normalized=False) for mark in _MARKS])
        tokeniser.save(str(folder / "tokenizer.json"))

    def tensors(self, prefix: str, device: torch.device) -> Iterator[tuple[str, Tensor]]:
        """Random tensors under their published names (experts all in one)."""
        description = self._description  # type: ignore[attr-defined]
        qwen3 = hasattr(description, "code2wav_config")
        kind: Any = Qwen3OmniMoeForConditionalGeneration if qwen3 else Qwen2_5OmniForConditionalGeneration
        with torch.device("meta"):
            parameters = kind._from_config(description).named_parameters()
            shapes = {_published(name): tensor.shape for name, tensor in parameters}
        for name, shape in shapes.items():
            if name.startswith(prefix):
                scale = 0.7 * (shape[-1] ** -0.5)
                made = torch.empty(shape, device=device, dtype=torch.bfloat16)
                yield name.removeprefix(prefix), made.normal_(0.0, scale) if len(shape) > 1 else made.fill_(1.0)


def _published(name: str) -> str:
    """The published name of one of stock `transformers`' parameters."""
    for part, known in (("language_model.", "model."), ("audio_tower.", "audio_tower."), ("visual.", "visual.")):
        name = name.replace(f"thinker.model.{part}", f"thinker.{known}")
    return name
