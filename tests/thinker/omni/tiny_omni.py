"""Tiny Qwen-Omni models with random weights, as checkpoints in the form in which the real ones are published."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import (
    Qwen2_5OmniConfig,
    Qwen2_5OmniForConditionalGeneration,
    Qwen3OmniMoeConfig,
    Qwen3OmniMoeForConditionalGeneration,
)

from thinker import qwen2_5_omni, qwen3_omni
from thinker.joints import Chunk, Perceived
from thinker.omni.checkpoint import find
from thinker.omni.family import Family, assemble
from thinker.omni.perception import OmniPerception
from thinker.omni.positions import Piece
from thinker.omni.sampling import Published
from thinker.omni.thinker import OmniThinker

_TEXT_MARKS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<tool_call>", "</tool_call>")
_MEDIA_MARKS = ("AUDIO", "audio_bos", "audio_eos", "vision_bos", "vision_eos", "IMAGE", "VIDEO")
SPECIAL = (*_TEXT_MARKS, *(f"<|{name}|>" for name in _MEDIA_MARKS))
ID = {name: 256 + at for at, name in enumerate(SPECIAL)}
VOCABULARY = 288
"""A little more than the tokeniser knows, as in the real ones."""

_IDS = {
    "audio_start_token_id": ID["<|audio_bos|>"],
    "audio_end_token_id": ID["<|audio_eos|>"],
    "vision_start_token_id": ID["<|vision_bos|>"],
    "vision_end_token_id": ID["<|vision_eos|>"],
}
_TEXT = {
    "vocab_size": VOCABULARY,
    "hidden_size": 32,
    "intermediate_size": 40,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 2048,
}
_SOUND = {
    "encoder_layers": 2,
    "encoder_attention_heads": 2,
    "encoder_ffn_dim": 48,
    "d_model": 24,
    "output_dim": 32,
    "max_source_positions": 1500,
}


def _qwen25() -> Qwen2_5OmniConfig:
    text = {**_TEXT, "rope_parameters": {"rope_theta": 1e6, "rope_type": "default", "mrope_section": [2, 1, 1]}}
    vision = {
        "depth": 3, "hidden_size": 24, "intermediate_size": 32, "num_heads": 2, "out_hidden_size": 32,
        "fullatt_block_indexes": [1], "window_size": 56,
    }  # fmt: skip
    ids = {f"{name}_token_index": ID[f"<|{name.upper()}|>"] for name in ("audio", "image", "video")}
    thinker = {
        "text_config": text, "audio_config": _SOUND, "vision_config": vision, "position_id_per_seconds": 25,
        "tie_word_embeddings": False, **ids, **_IDS,
    }  # fmt: skip
    return Qwen2_5OmniConfig(thinker_config=thinker, enable_audio_output=False)


def _qwen3() -> Qwen3OmniMoeConfig:
    rope = {"rope_theta": 1e6, "rope_type": "default", "mrope_section": [2, 1, 1], "interleaved": True}
    text = {
        **_TEXT, "head_dim": 8, "moe_intermediate_size": 16, "num_experts": 6, "num_experts_per_tok": 2,
        "rope_parameters": rope,
    }  # fmt: skip
    sound = {**_SOUND, "downsample_hidden_size": 8, "n_window": 50, "n_window_infer": 200, "num_mel_bins": 128}
    vision = {
        "depth": 3, "hidden_size": 24, "intermediate_size": 32, "num_heads": 2, "out_hidden_size": 32,
        "num_position_embeddings": 64, "deepstack_visual_indexes": [0, 1],
    }  # fmt: skip
    ids = {f"{name}_token_id": ID[f"<|{name.upper()}|>"] for name in ("audio", "image", "video")}
    thinker = {
        "text_config": text, "audio_config": sound, "vision_config": vision, "position_id_per_seconds": 13,
        **ids, **_IDS,
    }  # fmt: skip
    return Qwen3OmniMoeConfig(
        thinker_config=thinker, talker_config={"accept_hidden_layer": 3}, enable_audio_output=False
    )


def configuration(name: str) -> Any:
    """A model that does not speak."""
    return _qwen25() if name == "qwen2_5_omni" else _qwen3()


@cache
def reference(name: str, dtype: torch.dtype = torch.float32) -> Any:
    """The stock model, whose weights are large enough for everything to matter. The same object each time."""
    torch.manual_seed(3)
    kinds = {"qwen2_5_omni": Qwen2_5OmniForConditionalGeneration, "qwen3_omni": Qwen3OmniMoeForConditionalGeneration}
    made: Any = kinds[name](configuration(name))
    with torch.no_grad():
        for weight, parameter in made.named_parameters():
            if parameter.dim() > 1:
                wide = "lm_head" in weight or "embed_tokens" in weight
                parameter.normal_(0.0, 0.3 if wide else 1.0 / parameter[0].numel() ** 0.5)
            elif "norm" not in weight and "ln_" not in weight:
                parameter.normal_(0.0, 0.1)
    made = made.to(dtype).eval()
    made.set_experts_implementation("eager")
    return made


def save(name: str, folder: Path) -> None:
    """Writes the model as it is published: config.json, safetensors, tokenizer.json."""
    reference(name).save_pretrained(folder)
    tokeniser().save(str(folder / "tokenizer.json"))


def tokeniser() -> Tokenizer:
    """Every byte is a token; the marks come after them."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    made = Tokenizer(models.BPE(vocab={letter: at for at, letter in enumerate(letters)}, merges=[]))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    # As published: the marks of calls count as text.
    for mark in SPECIAL:
        kind = made.add_tokens if "tool_call" in mark else made.add_special_tokens
        kind([AddedToken(mark, special="tool_call" not in mark, normalized=False)])
    return made


FAMILIES: dict[str, Family] = {"qwen2_5_omni": qwen2_5_omni.FAMILY, "qwen3_omni": qwen3_omni.FAMILY}


GREEDY = Published(temperature=0.0, top_k=1, top_p=1.0, repetition=1.0)


def load(
    name: str, folder: Path, slots: int, dtype: torch.dtype = torch.float32, published: Published = GREEDY
) -> tuple[OmniPerception, OmniThinker]:
    """The family on the processor, with the weights in `folder`."""
    family = replace(FAMILIES[name], published=published)
    return assemble(family, find(str(folder), family.kind, family.known), slots, torch.device("cpu"), dtype)


def sound(seconds: float, seed: int = 0) -> NDArray[np.int16]:
    """Noise that grows softer, so that the loudest is at the beginning."""
    at = np.arange(round(seconds * 16_000))
    noise = np.random.default_rng(seed).normal(0.0, 4000.0, at.size)
    return np.clip(noise / (1 + at / 40_000), -32_000, 32_000).astype(np.int16)


def image(seed: int, width: int = 96, height: int = 72) -> Image.Image:
    """A picture of coarse noise."""
    coarse = np.random.default_rng(seed).integers(0, 256, (9, 12, 3), np.uint8)
    return Image.fromarray(coarse).resize((width, height), Image.Resampling.NEAREST)


def jpeg(seed: int) -> bytes:
    """The same as a file."""
    import io

    file = io.BytesIO()
    image(seed).save(file, "JPEG", quality=90)
    return file.getvalue()


@dataclass
class Heard:
    """What a turn gave, piece by piece, as the engine would keep it."""

    pieces: list[Piece]

    def take(self, perceived: Perceived | None) -> None:
        for chunk in perceived.chunks if perceived else ():
            if chunk.takes_back:
                del self.pieces[-chunk.takes_back :]
            assert isinstance(chunk.payload, Piece)
            self.pieces.append(chunk.payload)

    @property
    def chunks(self) -> list[Chunk]:
        return [Chunk(piece) for piece in self.pieces]


def write_config(folder: Path, **changes: object) -> None:
    """Changes entries of config.json."""
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, **changes}))
