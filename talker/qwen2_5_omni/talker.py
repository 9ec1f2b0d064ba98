"""Qwen2.5-Omni's Talker: 50 frames a second, one codebook.

It gets the whole dialogue as the Thinker understood it: each token's embedding (none for sound and pictures) plus the
last hidden state after it. Of the reply it gets the same, one token a frame, so that the text is taken in many times
faster than it is spoken (Qwen2.5-Omni Technical Report, section 2.3; the order of rows as in `transformers`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from transformers import Qwen2_5OmniConfig
from transformers.models.qwen2_5_omni.modeling_qwen2_5_omni import Qwen2_5OmniTalkerForConditionalGeneration as Model

from ..omni.cache import SlotCache
from ..omni.handover import Handover
from ..omni.sampling import Sampling, draw, penalised
from ..omni.state import Place
from ..omni.talker import OmniTalker

SAMPLING = Sampling(temperature=0.9, top_k=40, top_p=0.8, penalty=1.05)


class Qwen25OmniTalker(OmniTalker):
    """The Talker over slots."""

    def __init__(
        self,
        config: Qwen2_5OmniConfig,
        model: Model,
        special: Tensor,
        begins: Mapping[str, Tensor],
        slots: int,
        capacity: int,
        sampling: Sampling = SAMPLING,
        longest: int = 4096,
    ) -> None:
        """`special` [2, width of the Thinker]: the Thinker's embeddings of the text's end and padding; `begins`
        [width]: for each voice, that of the token with which it begins to speak. `capacity`: dialogue and frames that
        one slot holds; `longest`: frames of a reply.
        """
        talker: Any = config.talker_config
        device, dtype = model.codec_head.weight.device, model.codec_head.weight.dtype
        cache = SlotCache(
            talker.num_hidden_layers, slots, talker.num_key_value_heads, capacity, talker.head_dim, device, dtype
        )
        end = frozenset({talker.tts_codec_pad_token_id, talker.tts_codec_end_token_id})
        super().__init__(slots, cache, sampling, end, talker.vocab_size, (1, sampling.top_k), device, longest)
        self._model: Any = model
        self._suppressed = torch.zeros(talker.vocab_size, dtype=torch.bool, device=device)
        self._suppressed[talker.tts_codec_start_token_id] = True
        # The penalty counts what stands for the dialogue, too: among it the padding that also ends a reply.
        self._before = [
            talker.tts_codec_mask_token_id,
            talker.tts_codec_pad_token_id,
            talker.tts_codec_start_token_id,
        ]
        self._hidden = torch.zeros(slots + 1, talker.hidden_size, device=device, dtype=dtype)
        """What the next frame is drawn from."""
        self._last = torch.zeros(slots + 1, dtype=torch.int64, device=device)
        """The frame before."""
        self.voices: Sequence[str] = tuple(begins)
        self._end_text, self._pad = special.to(device, dtype)
        with torch.inference_mode():
            marks = torch.tensor([talker.tts_codec_pad_token_id, talker.tts_codec_start_token_id], device=device)
            pad, self._begin_codec = self._model.model.embed_tokens(marks)
            self._begins = {name: row.to(device, dtype) + pad for name, row in begins.items()}

    def _text(self, handover: Handover) -> Tensor:
        return handover.state.to(self._device, self._hidden.dtype)

    def _context(self, node: Handover, place: Place) -> tuple[Tensor | None, Tensor, Place]:
        rows = self._text(node)
        positions = torch.from_numpy(node.positions).to(self._device)
        return rows, positions, Place(node, place.length + len(rows), node.next_position)

    def _opening(self, voice: str, first: Handover, row: Tensor) -> Tensor:
        return torch.stack((self._begins[voice], row + self._begin_codec))

    def _prefill(self, slot: int, rows: Tensor, places: Tensor, positions: Tensor) -> None:
        window = self._cache.window(
            torch.tensor([slot], device=self._device), places[None], self._cache.reach(int(places[-1]) + 1)
        )
        made = self._model.model(
            inputs_embeds=self._model.thinker_to_talker_proj(rows)[None],
            position_ids=positions[:, None],
            attention_mask={"full_attention": window.mask},
            past_key_values=window,
            use_cache=True,
        ).last_hidden_state
        self._hidden[slot] = made[0, -1]

    def _end_rows(self) -> tuple[Tensor, Tensor]:
        return self._end_text, self._pad

    def _reset(self, slot: int) -> None:
        self._seen[slot] = False
        self._seen[slot, self._before] = True

    def _tensors(self) -> tuple[Tensor, ...]:
        return self._seen, self._last

    def _draw_frame(self, key: int, slots: Tensor, noise: Tensor) -> tuple[Tensor]:
        return (self._draw(slots, self._hidden[slots], noise),)

    def _next_frame(
        self, key: tuple[int, int], slots: Tensor, places: Tensor, positions: Tensor, rows: Tensor, noise: Tensor
    ) -> tuple[Tensor]:
        window = self._cache.window(slots, places[:, None], key[1])
        taken = self._model.model.embed_tokens(self._last[slots]) + rows
        hidden = self._model.model(
            inputs_embeds=self._model.thinker_to_talker_proj(taken)[:, None],
            position_ids=positions.expand(3, -1)[..., None],
            attention_mask={"full_attention": window.mask},
            past_key_values=window,
            use_cache=True,
        ).last_hidden_state[:, 0]
        return (self._draw(slots, hidden, noise),)

    def _draw(self, slots: Tensor, hidden: Tensor, noise: Tensor) -> Tensor:
        """[batch, 1] the frame that follows from `hidden` [batch, width]."""
        seen = self._seen[slots]
        logits = penalised(self._model.codec_head(hidden), seen, self._suppressed, self._sampling.penalty)
        code = draw(logits, self._sampling, noise[:, 0])
        self._seen[slots] = seen.scatter(1, code[:, None], True)
        self._last[slots] = code
        return code[:, None]
