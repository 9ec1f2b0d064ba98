"""A tiny Qwen2.5-Omni with random weights, and hand-overs made of what its stock parts compute."""

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
from transformers import Qwen2_5OmniConfig, Qwen2_5OmniForConditionalGeneration

IM_START, IM_END, SYSTEM, USER, ASSISTANT, NEWLINE = 1, 2, 3, 4, 5, 6
AUDIO, IMAGE, VIDEO, AUDIO_START, AUDIO_END, VISION_START, VISION_END = 7, 8, 9, 10, 11, 12, 13
TEXT_PAD, TEXT_START, TEXT_END, OTHER_START = 14, 15, 16, 17
CODES = 80
CODEC_PAD, CODEC_BOS, CODEC_EOS, CODEC_MASK = 80, 81, 82, 83
VOICES = {"Chelsie": TEXT_START, "Ethan": OTHER_START}
MEL = 8
SEED = 7


def configuration() -> Qwen2_5OmniConfig:
    mrope = {"rope_theta": 10000.0, "rope_type": "default", "mrope_section": [2, 1, 1]}
    ids = dict(audio_token_index=AUDIO, image_token_index=IMAGE, video_token_index=VIDEO)
    marks = dict(
        audio_start_token_id=AUDIO_START, audio_end_token_id=AUDIO_END,
        vision_start_token_id=VISION_START, vision_end_token_id=VISION_END,
    )  # fmt: skip
    text = dict(
        vocab_size=100, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, rope_parameters=mrope, max_position_embeddings=4096,
    )  # fmt: skip
    return Qwen2_5OmniConfig(
        thinker_config=dict(
            text_config=text,
            audio_config=dict(
                num_mel_bins=16, encoder_layers=1, encoder_attention_heads=2, encoder_ffn_dim=32, d_model=16,
                output_dim=32, n_window=100,
            ),
            vision_config=dict(
                depth=1, hidden_size=16, intermediate_size=32, num_heads=2, patch_size=4, out_hidden_size=32,
                window_size=16, fullatt_block_indexes=[0],
            ),
            pad_token_id=0, **ids, **marks,
        ),
        talker_config=dict(
            vocab_size=90, embedding_size=32, hidden_size=24, intermediate_size=40, num_hidden_layers=2,
            num_attention_heads=2, num_key_value_heads=1, head_dim=8, rope_parameters=mrope,
            max_position_embeddings=4096, tts_text_start_token_id=TEXT_START, tts_text_end_token_id=TEXT_END,
            tts_text_pad_token_id=TEXT_PAD, tts_codec_start_token_id=CODEC_BOS, tts_codec_end_token_id=CODEC_EOS,
            tts_codec_pad_token_id=CODEC_PAD, tts_codec_mask_token_id=CODEC_MASK, pad_token_id=CODEC_PAD,
            **ids, **marks,
        ),
        token2wav_config=dict(
            dit_config=dict(
                hidden_size=32, num_hidden_layers=8, look_ahead_layers=[4], look_backward_layers=[0, 7],
                num_attention_heads=2, head_dim=16, emb_dim=16, num_embeds=CODES,
                mel_dim=MEL, enc_dim=16, enc_emb_dim=12, enc_channels=[16, 16, 16, 16, 48], enc_attention_channels=8,
                enc_se_channels=8, enc_res2net_scale=2,
            ),
            bigvgan_config=dict(mel_dim=MEL, upsample_initial_channel=64),
        ),
    )  # fmt: skip


def model(dtype: torch.dtype = torch.float32) -> Qwen2_5OmniForConditionalGeneration:
    """Random weights that are large enough for the tokens to differ from one another. The same object each time."""
    return _model(dtype)


@cache
def _model(dtype: torch.dtype) -> Qwen2_5OmniForConditionalGeneration:
    made = Qwen2_5OmniForConditionalGeneration(configuration()).to(dtype).eval()
    torch.manual_seed(SEED)
    with torch.no_grad():
        for name, parameter in made.named_parameters():
            if parameter.dim() > 1 and "token2wav" not in name:
                parameter.normal_(0.0, 0.25)
            elif "token2wav" in name and parameter.dim() > 1:
                fan = parameter[0].numel()
                parameter.normal_(0.0, (0.85 if "bigvgan" in name else 0.7) * fan**-0.5)
    return made


def speakers() -> dict[str, dict[str, Any]]:
    """What `spk_dict.pt` holds."""
    noise = torch.Generator().manual_seed(3)
    return {
        name: {
            "bos_token": token,
            "cond": torch.randn(1, 12, generator=noise),
            "ref_mel": torch.randn(1, 40, MEL, generator=noise),
        }
        for name, token in VOICES.items()
    }


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


@torch.no_grad()
def handovers(
    made: Qwen2_5OmniForConditionalGeneration, tokens: Sequence[int], cuts: Sequence[int] = (), **media: Any
) -> list[Piece]:
    """`tokens` as the Thinker hands them over, in pieces that end at turns and at `cuts`."""
    ids = torch.tensor([tokens])
    thinker, ones = made.thinker, torch.ones_like(ids)
    lengths = media["feature_attention_mask"].sum(-1) if "feature_attention_mask" in media else None
    positions, _ = thinker.get_rope_index(ids, media.get("image_grid_thw"), None, ones, False, lengths, None)
    made_of = thinker(input_ids=ids, attention_mask=ones, position_ids=positions, output_hidden_states=True, **media)
    is_media = np.isin(np.array(tokens), (AUDIO, IMAGE, VIDEO))
    embeds = made_of.hidden_states[0][0].clone()
    embeds[torch.from_numpy(is_media)] = 0
    state = embeds + made_of.hidden_states[-1][0]
    names = {SYSTEM: "system", USER: "user", ASSISTANT: "assistant"}
    ends = {*cuts, len(tokens), *(at for at, token in enumerate(tokens) if token == IM_START)} - {0}
    pieces: list[Piece] = []
    begin, role = 0, ""
    for end in sorted(ends):
        at = slice(begin, end)
        role = names[tokens[begin + 1]] if tokens[begin] == IM_START else role
        pieces.append(
            Piece(
                pieces[-1] if pieces else None,
                role,
                tuple(tokens[at]),
                is_media[at],
                positions[:, 0, at].numpy(),
                int(positions[:, 0, :end].max()) + 1,
                state[at],
            )
        )
        begin = end
    return pieces


def grow(
    made: Qwen2_5OmniForConditionalGeneration, kept: Sequence[Piece], tokens: Sequence[int], cuts: Sequence[int] = ()
) -> list[Piece]:
    """The chain `kept`, and what follows it in `tokens` (which begin with it) as new pieces on the same chain."""
    length = sum(len(piece.tokens) for piece in kept)
    chain, at = list(kept), 0
    for piece in handovers(made, tokens, [length, *cuts]):
        if at >= length:
            chain.append(replace(piece, before=chain[-1] if chain else None))
        at += len(piece.tokens)
    return chain


@torch.no_grad()
def reference(
    made: Qwen2_5OmniForConditionalGeneration,
    prompt: Sequence[int],
    reply: Sequence[int],
    frames: int,
    voice: str = "Chelsie",
    end: Sequence[int] = (CODEC_PAD, CODEC_EOS),
    penalty: float = 1.05,
    **media: Any,
) -> Tensor:
    """[frames, 1] greedy codes from the stock modules, with the attention mask that stock `generate` drops.

    `reply`: the tokens that the Thinker took in, at least one.
    """
    talker, ids = made.talker, torch.tensor([[*prompt, *reply]])
    ones = torch.ones_like(ids)
    lengths = media["feature_attention_mask"].sum(-1) if "feature_attention_mask" in media else None
    said = made.thinker(input_ids=ids, attention_mask=ones, output_hidden_states=True, use_cache=False, **media)
    embeds = said.hidden_states[0].clone()
    embeds[(ids == AUDIO) | (ids == IMAGE) | (ids == VIDEO)] = 0
    rows = embeds + said.hidden_states[-1]
    table = made.thinker.get_input_embeddings().weight
    count = len(prompt)
    text = torch.cat((rows[:, count + 1 :], table[None, [TEXT_END]], table[None, [TEXT_PAD]]), 1)
    taken = torch.cat((rows[:, :count], table[None, [VOICES[voice]]], rows[:, count : count + 1]), 1)
    asked = torch.tensor([[*prompt, VOICES[voice], reply[0]]])
    seen = [CODEC_MASK, CODEC_PAD, CODEC_BOS]
    codes: list[int] = []
    talker.rope_deltas = None
    out = talker(
        inputs_embeds=taken.clone(), input_text_ids=asked, attention_mask=torch.ones_like(asked), use_cache=True,
        image_grid_thw=media.get("image_grid_thw"), audio_feature_lengths=lengths, thinker_reply_part=text,
    )  # fmt: skip
    while len(codes) < frames:
        logits = out.logits[0, -1].float().clone()
        for code in {*seen, *codes}:
            logits[code] = logits[code] * penalty if logits[code] < 0 else logits[code] / penalty
        logits[CODEC_BOS] = float("-inf")
        code = int(logits.argmax())
        if code in end:
            break
        codes.append(code)
        length = asked.shape[1] + len(codes)
        out = talker(
            input_ids=torch.tensor([[code]]), attention_mask=torch.ones(1, length, dtype=torch.int64),
            past_key_values=out.past_key_values, thinker_reply_part=text, use_cache=True,
        )  # fmt: skip
        text = out.thinker_reply_part
    return torch.tensor(codes, dtype=torch.int64)[:, None]


def special(made: Qwen2_5OmniForConditionalGeneration) -> tuple[Tensor, dict[str, Tensor]]:
    """The Thinker's embeddings of the text's end and padding, and of each voice's beginning."""
    table = made.thinker.get_input_embeddings().weight.detach()
    return table[[TEXT_END, TEXT_PAD]], {name: table[token] for name, token in VOICES.items()}
