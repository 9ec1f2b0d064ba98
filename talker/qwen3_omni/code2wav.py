"""Qwen3-Omni's vocoder as a stream: what the whole gives, frame by frame.

Stock decoding cuts the frames into chunks with 25 frames of context, less than the 72 that the transformer's window
sees, and each chunk loses 555 samples. Here the transformer keeps keys and values of its window, and every convolution
its last inputs, so that each frame is computed once and nothing is lost: the sound is that of one decoding of all
frames. The transposed convolutions look 555 samples ahead; the first frame gives so much less, and so the end is
reached 555 samples (23 ms) before the last frame's, as in the whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from transformers.models.qwen3_omni_moe.modeling_qwen3_omni_moe import Qwen3OmniMoeCode2Wav as Code2Wav

from ..omni.graphs import Graphed, bucket, sizes
from ..omni.streamed import CausalConv, LateTransposedConv


class StreamedCode2Wav:
    """The vocoder over slots."""

    def __init__(self, code2wav: Code2Wav, slots: int) -> None:
        model: Any = code2wav
        config: Any = model.config
        self._model = model
        self._device = model.code_embedding.weight.device
        self._window = config.sliding_window
        width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        shape = (config.num_hidden_layers, slots + 1, config.num_key_value_heads, self._window - 1, width)
        self._keys = model.code_embedding.weight.new_zeros(shape)
        self._values = torch.zeros_like(self._keys)
        self._ups = [
            (LateTransposedConv(grow.conv, slots), CausalConv(block.dwconv.conv, slots), block)
            for grow, block in model.upsample
        ]
        first, *blocks, self._snake, last = model.decoder
        self._first, self._last = CausalConv(first.conv, slots), CausalConv(last.conv, slots)
        self._blocks = [
            (
                block.block[0],
                LateTransposedConv(block.block[1].conv, slots),
                [
                    (CausalConv(unit.conv1.conv, slots), CausalConv(unit.conv2.conv, slots), unit)
                    for unit in block.block[2:]
                ],
            )
            for block in blocks
        ]
        self.samples_per_frame = int(model.total_upsample)
        self.look_ahead = 0
        """Samples that the first push gives less: 555 in the published model."""
        for _, grow, _ in self._blocks:
            self.look_ahead = grow.before(self.look_ahead)
        self._pushed = [0] * slots
        """Frames so far."""
        self._spare = slots
        self._graph = Graphed(self._decode, self._device, slots)

    def start(self, slot: int) -> None:
        """Nothing was said yet."""
        self._pushed[slot] = 0
        for tensor in self._tensors():
            tensor[slot] = 0
        self._keys[:, slot] = 0
        self._values[:, slot] = 0

    @torch.inference_mode()
    def push(self, slots: Sequence[int], codes: Tensor) -> list[Tensor]:
        """Samples [n x samples_per_frame], in [-1, 1], of frames `codes` [batch, n, codebooks] for each of `slots`.

        The first push of a slot gives `look_ahead` samples less. They hold until the next push.
        """
        count, size = codes.shape[1], bucket(len(slots))
        fresh = any(not self._pushed[slot] for slot in slots)
        begins = torch.zeros(size, dtype=torch.int64)
        begins[: len(slots)] = torch.tensor([self._pushed[slot] for slot in slots])
        index = torch.tensor([*slots, *([self._spare] * (size - len(slots)))])
        codes = torch.cat((codes, codes[:1].expand(size - len(slots), -1, -1)))
        (made,) = self._graph(
            (size, count, fresh),
            index.to(self._device, non_blocking=True),
            begins.to(self._device, non_blocking=True),
            codes.to(self._device, non_blocking=True),
        )
        sounds: list[Tensor] = []
        for row, slot in enumerate(slots):
            sounds.append(made[row, self.look_ahead if not self._pushed[slot] else 0 :])
            self._pushed[slot] += count
        return sounds

    def mark(self, slot: int) -> tuple[int, tuple[Tensor, ...]]:
        """All of the slot's state, for `crop`."""
        kept = [tensor[slot].clone() for tensor in self._tensors()]
        return self._pushed[slot], (*kept, self._keys[:, slot].clone(), self._values[:, slot].clone())

    def crop(self, slot: int, mark: tuple[int, tuple[Tensor, ...]]) -> None:
        """Back to `mark`, as if nothing had come after it."""
        self._pushed[slot], (*kept, keys, values) = mark
        for tensor, state in zip(self._tensors(), kept, strict=True):
            tensor[slot] = state
        self._keys[:, slot], self._values[:, slot] = keys, values

    @torch.inference_mode()
    def warm(self) -> None:
        """Captures the graphs of one frame, so that no caller waits for them. Without CUDA there are none."""
        if self._device.type != "cuda":
            return
        codebooks = self._model.config.num_quantizers
        for size in sizes(len(self._pushed)):
            spare = torch.full((size,), self._spare, device=self._device)
            codes = torch.zeros(size, 1, codebooks, dtype=torch.int64, device=self._device)
            for fresh in (True, False):
                self._graph((size, 1, fresh), spare, torch.zeros_like(spare), codes)

    # --- inside ---------------------------------------------------------------------------------

    def _tensors(self) -> list[Tensor]:
        """State with one row a slot, beside keys and values."""
        convs: list[CausalConv | LateTransposedConv] = [self._first, self._last]
        for grow, depthwise, _ in self._ups:
            convs += [grow, depthwise]
        for _, grow, units in self._blocks:
            convs += [grow, *(conv for one, two, _ in units for conv in (one, two))]
        return [conv.state for conv in convs]

    def _decode(self, key: tuple[int, int, bool], slots: Tensor, begins: Tensor, codes: Tensor) -> tuple[Tensor]:
        """[batch, n x samples_per_frame]. `key`: (batch size, frames, whether a slot is at its beginning)."""
        _, count, fresh = key
        model = self._model
        hidden = model.code_embedding(codes.transpose(1, 2) + model.code_offset).mean(1)
        at = begins[:, None] + torch.arange(count, device=begins.device)
        mask = self._mask(begins, at)
        hidden = model.pre_transformer(
            inputs_embeds=hidden,
            position_ids=at,
            attention_mask={"full_attention": mask, "sliding_attention": mask},
            past_key_values=_Sliding(self._keys, self._values, slots),
            use_cache=True,
        ).last_hidden_state.transpose(1, 2)
        for grow, depthwise, block in self._ups:
            hidden = grow(hidden, slots)
            made = block.norm(depthwise(hidden, slots).transpose(1, 2))
            made = block.gamma * block.pwconv2(block.act(block.pwconv1(made)))
            hidden = hidden + made.transpose(1, 2)
        wave = self._first(hidden, slots)
        before, real = 0, None
        for snake, grow, units in self._blocks:
            wave = grow(snake(wave), slots)
            if fresh:
                # What lies before the beginning is the silence that the whole is padded with.
                before = grow.before(before)
                place = torch.arange(wave.shape[-1], device=wave.device)
                real = (place >= before) | (begins[:, None, None] > 0)
                wave = wave * real
            for dilated, pointwise, unit in units:
                made = pointwise(unit.act2(dilated(unit.act1(wave), slots)), slots)
                wave = wave + made if real is None else (wave + made) * real
        wave = self._last(self._snake(wave), slots)
        return (wave[:, 0].clamp(-1, 1),)

    def _mask(self, begins: Tensor, at: Tensor) -> Tensor:
        """[batch, 1, n, window - 1 + n]: what each frame sees of the kept frames and the new ones."""
        kept = self._window - 1
        seen = begins[:, None] - kept + torch.arange(kept + at.shape[1], device=begins.device)
        seen, now = seen[:, None], at[:, :, None]
        visible: Tensor = ((seen >= 0) & (seen <= now) & (seen > now - self._window))[:, None]
        return visible


class _Sliding:
    """Keys and values of the frames in the window, for one push."""

    def __init__(self, keys: Tensor, values: Tensor, slots: Tensor) -> None:
        self._kept = keys, values
        self._slots = slots

    def update(self, keys: Tensor, values: Tensor, layer: int, *_: object, **__: object) -> tuple[Tensor, Tensor]:
        """Takes in [batch, heads, n, width], gives the kept frames and these."""
        seen: list[Tensor] = []
        for kept, new in zip(self._kept, (keys, values), strict=True):
            whole = torch.cat((kept[layer][self._slots], new), 2)
            kept[layer][self._slots] = whole[:, :, -kept.shape[3] :]
            seen.append(whole)
        return seen[0], seen[1]
