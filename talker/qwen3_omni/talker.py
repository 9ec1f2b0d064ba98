"""Qwen3-Omni's Talker: 12.5 frames a second, 16 codebooks a frame.

Of the dialogue it gets the user's turns alone: words as the Thinker embeds them, sound and pictures as the Thinker
sees them after some layers. Of the reply it gets the embedded words, so that its first frame needs the Thinker's first
token and nothing else (Qwen3-Omni Technical Report, section 2; the order of rows as in `transformers`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from transformers import Qwen3OmniMoeConfig
from transformers.models.qwen3_omni_moe.modeling_qwen3_omni_moe import (
    Qwen3OmniMoeTalkerForConditionalGeneration as Model,
)

from ..omni.cache import SlotCache
from ..omni.handover import Handover
from ..omni.sampling import Sampling, draw, penalised
from ..omni.state import Place
from ..omni.talker import OmniTalker
from .predictor import SAMPLING as PREDICTOR_SAMPLING
from .predictor import residual_codes

SAMPLING = Sampling(temperature=0.9, top_k=50, top_p=1.0, penalty=1.05)
_RESERVED = 1024
"""Tokens at the end of the vocabulary that are never drawn, but for the one that ends a reply."""
_HEADER = 3
"""Tokens that open the assistant's turn."""
_PADDING = 4
"""Rows between them and the text's own beginning."""


class Qwen3OmniTalker(OmniTalker):
    """The Talker over slots."""

    def __init__(
        self,
        config: Qwen3OmniMoeConfig,
        model: Model,
        special: Tensor,
        slots: int,
        capacity: int,
        sampling: Sampling = SAMPLING,
        longest: int = 4096,
    ) -> None:
        """`special` [3, width of the Thinker]: the Thinker's embeddings of `tts_bos`, `tts_eos` and `tts_pad`.
        `capacity`: dialogue and frames that one slot holds; `longest`: frames of a reply. Greedy `sampling` draws the
        other codebooks greedily, too.
        """
        talker: Any = config.talker_config
        text = talker.text_config
        device, dtype = model.codec_head.weight.device, model.codec_head.weight.dtype
        width = getattr(text, "head_dim", None) or text.hidden_size // text.num_attention_heads
        cache = SlotCache(
            text.num_hidden_layers, slots, text.num_key_value_heads, capacity, width, device=device, dtype=dtype
        )
        end = frozenset({talker.codec_eos_token_id})
        noise = (talker.num_code_groups, max(sampling.top_k, PREDICTOR_SAMPLING.top_k))
        super().__init__(slots, cache, sampling, end, text.vocab_size, noise, device, longest)
        self._model: Any = model
        self._draws = replace(PREDICTOR_SAMPLING, greedy=sampling.greedy)
        self._suppressed = torch.zeros(text.vocab_size, dtype=torch.bool, device=device)
        self._suppressed[max(text.vocab_size - _RESERVED, 0) :] = True
        self._suppressed[talker.codec_eos_token_id] = False
        self._hidden = torch.zeros(slots + 1, text.hidden_size, device=device, dtype=dtype)
        """What the next frame is drawn from."""
        self._spoken = torch.zeros_like(self._hidden)
        """The embeddings of the frame before, summed."""
        speakers = {name.capitalize(): number for name, number in (talker.speaker_id or {}).items()}
        # The first one is the default.
        self._speakers = dict(sorted(speakers.items(), key=lambda item: (item[0] != "Ethan", item[0])))
        self.voices: Sequence[str] = tuple(self._speakers)
        with torch.inference_mode():
            self._begin_text, self._end_text, self._pad = model.text_projection(special.to(device, dtype))
            first = (talker.codec_nothink_id, talker.codec_think_bos_id, talker.codec_think_eos_id)
            self._codec = {
                name: model.model.codec_embedding(
                    torch.tensor([*first, number, talker.codec_pad_id, talker.codec_bos_id], device=device)
                )
                for name, number in self._speakers.items()
            }

    @torch.inference_mode()
    def _text(self, handover: Handover) -> Tensor:
        return self._model.text_projection(handover.state.to(self._device, self._hidden.dtype))  # type: ignore[no-any-return]

    def _context(self, node: Handover, place: Place) -> tuple[Tensor | None, Tensor, Place]:
        positions = torch.from_numpy(node.positions).to(self._device)
        if node.role not in ("user", "tool"):
            return None, positions, replace(place, node=node)
        # The turns between were left out: this one follows on from the user's turn before.
        goes_on = place.node is not None and place.node.role in ("user", "tool")
        shift = place.shift if goes_on else place.position - int(node.positions[0, 0])
        state = node.state.to(self._device, self._hidden.dtype)
        media = torch.from_numpy(node.media).to(self._device)[:, None]
        if not node.media.any():
            rows = self._model.text_projection(state)
        elif node.media.all():
            rows = self._model.hidden_projection(state)
        else:
            rows = torch.where(media, self._model.hidden_projection(state), self._model.text_projection(state))
        after = Place(node, place.length + len(rows), node.next_position + shift, shift)
        return rows, positions + shift, after

    def _opening(self, voice: str, first: Handover, row: Tensor) -> Tensor:
        header: list[Tensor] = []
        node = first.before
        while node is not None and sum(len(rows) for rows in header) < _HEADER:
            header.append(self._text(node))
            node = node.before
        opened = torch.cat(header[::-1])[-_HEADER:] if header else self._pad.new_zeros(0, len(self._pad))
        codec = self._codec[voice]
        text = torch.cat((self._pad.expand(_PADDING, -1), self._begin_text[None], row[None]))
        return torch.cat((opened, text + codec))

    def _prefill(self, slot: int, rows: Tensor, places: Tensor, positions: Tensor) -> None:
        window = self._cache.window(
            torch.tensor([slot], device=self._device), places[None], self._cache.reach(int(places[-1]) + 1)
        )
        made = self._model.model(
            inputs_embeds=rows[None],
            position_ids=positions[:, None],
            attention_mask=window.mask,
            past_key_values=window,
            use_cache=True,
        ).last_hidden_state
        self._hidden[slot] = made[0, -1]

    def _end_rows(self) -> tuple[Tensor, Tensor]:
        return self._end_text, self._pad

    def _reset(self, slot: int) -> None:
        self._seen[slot] = False

    def _tensors(self) -> tuple[Tensor, ...]:
        return self._seen, self._spoken

    def _draw_frame(self, key: int, slots: Tensor, noise: Tensor) -> tuple[Tensor]:
        return (self._draw(slots, self._hidden[slots], noise),)

    def _next_frame(
        self, key: tuple[int, int], slots: Tensor, places: Tensor, positions: Tensor, rows: Tensor, noise: Tensor
    ) -> tuple[Tensor]:
        window = self._cache.window(slots, places[:, None], key[1])
        hidden = self._model.model(
            inputs_embeds=(self._spoken[slots] + rows)[:, None],
            position_ids=positions.expand(3, -1)[..., None],
            attention_mask=window.mask,
            past_key_values=window,
            use_cache=True,
        ).last_hidden_state[:, 0]
        return (self._draw(slots, hidden, noise),)

    def _draw(self, slots: Tensor, hidden: Tensor, noise: Tensor) -> Tensor:
        """[batch, codebooks] the frame that follows from `hidden` [batch, width]."""
        seen = self._seen[slots]
        logits = penalised(self._model.codec_head(hidden), seen, self._suppressed, self._sampling.penalty)
        first = draw(logits, self._sampling, noise[:, 0])
        self._seen[slots] = seen.scatter(1, first[:, None], True)
        embedded = self._model.model.codec_embedding(first)
        others, spoken = residual_codes(self._model.code_predictor, hidden, embedded, self._draws, noise[:, 1:])
        self._spoken[slots] = spoken
        return torch.cat((first[:, None], others), 1)
