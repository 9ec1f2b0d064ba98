"""A tiny Qwen3-Omni with random weights, and hand-overs made of what its stock parts compute."""

# ruff: noqa: C408
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import Qwen3OmniMoeConfig, Qwen3OmniMoeForConditionalGeneration

IM_START, IM_END, SYSTEM, USER, ASSISTANT, NEWLINE = 1, 2, 3, 4, 5, 6
AUDIO, IMAGE, VIDEO, AUDIO_START, VISION_START, TTS_PAD, TTS_BOS, TTS_EOS = 7, 8, 9, 10, 11, 12, 13, 14
WORDS = range(20, 90)
CODEC_EOS = 1060
"""Of the Talker's vocabulary of 1100, whose last 1024 tokens are never drawn but for this one."""
CODEBOOK, GROUPS = 76, 4


def configuration() -> Qwen3OmniMoeConfig:
    rope = {"rope_theta": 10000.0, "rope_type": "default"}
    mrope = {**rope, "mrope_section": [2, 1, 1], "interleaved": True}
    text = dict(
        vocab_size=100, hidden_size=32, intermediate_size=48, num_hidden_layers=3, num_attention_heads=4,
        num_key_value_heads=2, head_dim=8, moe_intermediate_size=16, num_experts=4, num_experts_per_tok=2,
        rope_parameters=mrope, max_position_embeddings=4096,
    )  # fmt: skip
    audio = dict(
        num_mel_bins=16, encoder_layers=1, encoder_attention_heads=2, encoder_ffn_dim=32, d_model=16,
        output_dim=32, downsample_hidden_size=8, n_window=50, n_window_infer=100,
    )  # fmt: skip
    vision = dict(
        depth=1, hidden_size=16, intermediate_size=32, num_heads=2, patch_size=4, out_hidden_size=32,
        num_position_embeddings=16, deepstack_visual_indexes=[0],
    )  # fmt: skip
    ids = dict(audio_token_id=AUDIO, image_token_id=IMAGE, video_token_id=VIDEO, audio_start_token_id=AUDIO_START)
    talker = dict(
        text_config={
            **text, "vocab_size": 1100, "hidden_size": 24, "head_dim": 8, "shared_expert_intermediate_size": 16,
        },
        code_predictor_config=dict(
            vocab_size=CODEBOOK, hidden_size=24, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2,
            num_key_value_heads=1, head_dim=8, num_code_groups=GROUPS, rope_parameters=rope,
        ),
        num_code_groups=GROUPS, thinker_hidden_size=32, codec_eos_token_id=CODEC_EOS, accept_hidden_layer=2,
        codec_nothink_id=1061, codec_think_bos_id=1062, codec_think_eos_id=1063, codec_pad_id=1064, codec_bos_id=1065,
        speaker_id={"ethan": 1070, "chelsie": 1071}, vision_start_token_id=VISION_START, position_id_per_seconds=13,
        spatial_merge_size=2, **ids,
    )  # fmt: skip
    return Qwen3OmniMoeConfig(
        thinker_config=dict(
            text_config=text, audio_config=audio, vision_config=vision, position_id_per_seconds=13,
            vision_start_token_id=VISION_START, user_token_id=USER, **ids,
        ),
        talker_config=talker,
        code2wav_config=dict(
            codebook_size=CODEBOOK, hidden_size=16, num_attention_heads=2, num_key_value_heads=2, intermediate_size=24,
            num_hidden_layers=2, num_quantizers=GROUPS, decoder_dim=32, sliding_window=6, rope_parameters=rope,
            max_position_embeddings=4096, layer_scale_initial_scale=0.5,
        ),
        im_start_token_id=IM_START, im_end_token_id=IM_END, system_token_id=SYSTEM, user_token_id=USER,
        assistant_token_id=ASSISTANT, tts_pad_token_id=TTS_PAD, tts_bos_token_id=TTS_BOS, tts_eos_token_id=TTS_EOS,
    )  # fmt: skip


def model(dtype: torch.dtype = torch.float32) -> Qwen3OmniMoeForConditionalGeneration:
    """Random weights that are large enough for the tokens to differ from one another. The same object each time."""
    return _model(dtype)


@cache
def _model(dtype: torch.dtype) -> Qwen3OmniMoeForConditionalGeneration:
    torch.manual_seed(0)
    made = Qwen3OmniMoeForConditionalGeneration(configuration()).to(dtype).eval()
    if dtype == torch.float64:
        made.set_experts_implementation("eager")  # the grouped product knows no float64
    with torch.no_grad():
        for name, parameter in made.named_parameters():
            if parameter.dim() > 1 and "code2wav" not in name:
                parameter.normal_(0.0, 0.25)
            elif "code2wav" in name:
                parameter.normal_(1.0 if "norm" in name else 0.0, 0.13)
    return made


@dataclass(frozen=True, eq=False)
class Piece:
    """A hand-over as the Thinker makes it."""

    before: Piece | None
    role: str
    tokens: tuple[int, ...]
    media: NDArray[np.bool_]
    positions: NDArray[np.int64]
    next_position: int
    state: Tensor


def turn(role: int, *content: int) -> list[int]:
    """One turn in the chat template."""
    return [IM_START, role, NEWLINE, *content, IM_END, NEWLINE]


OPENING = (IM_START, ASSISTANT, NEWLINE)


def roles(tokens: Sequence[int]) -> list[str]:
    """The role that each token belongs to."""
    names = {SYSTEM: "system", USER: "user", ASSISTANT: "assistant"}
    found: list[str] = []
    for at, token in enumerate(tokens):
        found.append(names[tokens[at + 1]] if token == IM_START else found[-1])
    return found


@torch.no_grad()
def handovers(
    made: Qwen3OmniMoeForConditionalGeneration, tokens: Sequence[int], cuts: Sequence[int] = (), **media: Any
) -> list[Piece]:
    """`tokens` as the Thinker hands them over, in pieces that end at turns and at `cuts`."""
    ids = torch.tensor([tokens])
    thinker = made.thinker
    lengths = media["feature_attention_mask"].sum(-1) if "feature_attention_mask" in media else None
    positions, _ = thinker.get_rope_index(
        ids, media.get("image_grid_thw"), None, torch.ones_like(ids), False, lengths, None
    )
    made_of = thinker(
        input_ids=ids, attention_mask=torch.ones_like(ids), position_ids=positions, output_hidden_states=True, **media
    )
    embeds = made_of.hidden_states[0][0]
    hidden = made_of.hidden_states[made.config.talker_config.accept_hidden_layer][0]
    of = roles(tokens)
    is_media = np.isin(np.array(tokens), (AUDIO, IMAGE, VIDEO))
    state = torch.where(torch.from_numpy(is_media)[:, None], hidden, embeds)
    ends = {*cuts, len(tokens), *(at for at, token in enumerate(tokens) if token == IM_START and at)}
    pieces: list[Piece] = []
    begin = 0
    for end in sorted(ends - {0}):
        at = slice(begin, end)
        where = positions[:, 0, at].numpy()
        pieces.append(
            Piece(
                pieces[-1] if pieces else None,
                of[begin],
                tuple(tokens[at]),
                is_media[at],
                where,
                int(positions[:, 0, :end].max()) + 1,
                state[at],
            )
        )
        begin = end
    return pieces


def grow(
    made: Qwen3OmniMoeForConditionalGeneration, kept: Sequence[Piece], tokens: Sequence[int], cuts: Sequence[int] = ()
) -> list[Piece]:
    """The chain `kept`, and what follows it in `tokens` (which begin with it) as new pieces on the same chain."""
    length = sum(len(piece.tokens) for piece in kept)
    chain, at = list(kept), 0
    for piece in handovers(made, tokens, [length, *cuts]):
        if at >= length:
            chain.append(replace(piece, before=chain[-1] if chain else None))
        at += len(piece.tokens)
    return chain


def special(made: Qwen3OmniMoeForConditionalGeneration) -> Tensor:
    """The Thinker's embeddings of the Talker's own marks."""
    return made.thinker.get_input_embeddings().weight.detach()[[TTS_BOS, TTS_EOS, TTS_PAD]]


@dataclass(frozen=True)
class Stock:
    """What stock `generate` says, greedily."""

    prompt: list[int]
    reply: list[int]
    """The tokens that the Thinker took in: without the one that ended it."""
    codes: Tensor
    """[frames, codebooks]"""


def stock(
    made: Qwen3OmniMoeForConditionalGeneration, prompt: list[int], tokens: int, frames: int, **media: Any
) -> Stock:
    """`generate` with at most so many tokens and frames, its vocoder left out."""
    kept: list[Tensor] = []

    def keep(codes: Tensor, **_: object) -> Tensor:
        kept.append(codes[0].T.clone())
        return torch.zeros(1, 1, 1)

    made.code2wav.chunked_decode = keep
    try:
        sequences, _ = made.generate(
            torch.tensor([prompt]), thinker_max_new_tokens=tokens, thinker_do_sample=False, talker_do_sample=False,
            thinker_eos_token_id=IM_END, talker_max_new_tokens=frames + 1, **media,
        )  # fmt: skip
    finally:
        del made.code2wav.chunked_decode
    return Stock(prompt, sequences[0, len(prompt) : -1].tolist(), kept[0])
