"""Qwen2.5-Omni's mel spectrogram from codes, block by block.

The diffusion transformer works on blocks of 24 mel frames (12 codes, 240 ms). Two of its layers see the block before,
one the block after, so that a block depends on the two before it and the one after, and beyond those only through the
trajectories of its neighbours. A block is therefore computed in a window of those four, as the technical report
describes; what that leaves out is measured in the tests.

What does not change between the 36 evaluations of a window is computed once: the voice's conditioning once for all,
the modulation of every layer at every time once for all, the codes' part of the input once a window.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from transformers.models.qwen2_5_omni.modeling_qwen2_5_omni import Qwen2_5OmniToken2WavDiTModel as DiT

STEPS = 10
GUIDANCE = 0.5
SWAY = -1.0


class BlockDiT:
    """The transformer and its ODE solver over windows of blocks."""

    def __init__(self, model: DiT) -> None:
        self._model: Any = model
        config: Any = model.config
        self.block: int = config.block_size
        self.repeats: int = config.repeats
        self.mel_dim: int = config.mel_dim
        self._codes: int = config.num_embeds
        self._split = (config.mel_dim, config.enc_dim, config.emb_dim, config.enc_emb_dim)
        self.device: torch.device = self._model.proj_out.weight.device
        self.dtype: torch.dtype = self._model.proj_out.weight.dtype
        with torch.inference_mode():
            self._prepare()

    def _prepare(self) -> None:
        """Times of the solver, and what every layer makes of each of them."""
        model = self._model
        times = torch.linspace(0, 1, STEPS, device=self.device, dtype=self.dtype)
        times += SWAY * (torch.cos(torch.pi / 2 * times) - 1 + times)
        begins, self._lengths = times[:-1], times[1:] - times[:-1]
        inner = [begins, begins + self._lengths / 3, begins + self._lengths * (2 / 3), times[1:]]
        embedded = F.silu(model.time_embed(torch.stack(inner, 1).flatten()))
        self._modulation = [layer.attn_norm.linear(embedded).chunk(6, 1) for layer in model.transformer_blocks]
        """For each layer six [4 x (STEPS - 1), width]: shift, scale, gate of attention; shift, scale, gate of MLP."""
        self._final = model.norm_out.linear(embedded).chunk(2, 1)
        self._weights = model.input_embed.proj.weight.split(self._split, 1)
        self._no_code = model.text_embed.codec_embed.weight[0]

    @torch.inference_mode()
    def timbre(self, conditioning: Tensor, reference_mel: Tensor) -> Tensor:
        """[2, width]: what the transformer is told of a voice, with guidance and without.

        `conditioning` [1, width] and `reference_mel` [1, frames, mel bins]: the voice's `cond` and `ref_mel`.
        """
        _, of_mel, _, of_speaker = self._weights
        speaker = conditioning.to(self.device, self.dtype)
        mel = reference_mel.to(self.device, self.dtype)
        both = self._model.input_embed.spk_encoder(torch.cat((mel, torch.zeros_like(mel))))
        speakers = torch.cat((speaker, torch.zeros_like(speaker)))
        made: Tensor = F.linear(both, of_mel, self._model.input_embed.proj.bias) + F.linear(speakers, of_speaker)
        return made

    def solve(self, codes: Tensor, noise: Tensor, conditioning: Tensor, lengths: Tensor) -> Tensor:
        """[batch, frames, mel bins] of a window.

        `codes` [batch, frames / repeats]; `noise` like the result; `conditioning` [batch, 2, width]; `lengths`
        [batch]: frames that there are, the others fill up the last block and mean nothing.
        """
        _, _, of_code, _ = self._weights
        # Order of rows: all sessions with guidance, then all without, as classifier-free guidance has them.
        # The Talker's marks are beyond the codes that there are; a model in its senses does not say them.
        embedded = self._model.text_embed.codec_embed(codes.clamp(max=self._codes)).repeat_interleave(self.repeats, 1)
        told = F.linear(embedded, of_code) + conditioning[:, :1]
        untold = (F.linear(self._no_code, of_code) + conditioning[:, 1:]).expand_as(told)
        fixed = torch.cat((told, untold))
        velocity = self._velocity(fixed, lengths.repeat(2))
        mel, third = noise, 1 / 3
        for step, length in enumerate(self._lengths):
            at = 4 * step
            one = velocity(at, mel)
            two = velocity(at + 1, mel + length * one * third)
            three = velocity(at + 2, mel + length * (two - one * third))
            four = velocity(at + 3, mel + length * (one - two + three))
            mel = mel + (one + 3 * (two + three) + four) * length / 8
        return mel

    def _velocity(self, fixed: Tensor, lengths: Tensor) -> Callable[[int, Tensor], Tensor]:
        """The right side of the equation: (number of the evaluation, mel) to its derivative."""
        model, count = self._model, fixed.shape[1]
        places = torch.arange(count, device=fixed.device)
        rotary = model.rotary_embed(fixed, places[None])
        there = (places < lengths[:, None])[:, None, None]
        ahead = (places // self.block)[None] - (places // self.block)[:, None]
        masks = [
            ((ahead >= -layer.look_backward_block) & (ahead <= layer.look_ahead_block))[None, None] & there
            for layer in model.transformer_blocks
        ]
        of_mel = self._weights[0]

        def velocity(at: int, mel: Tensor) -> Tensor:
            hidden = F.linear(mel, of_mel).repeat(2, 1, 1) + fixed
            for layer, mask, modulation in zip(model.transformer_blocks, masks, self._modulation, strict=True):
                shift, scale, gate, shift_mlp, scale_mlp, gate_mlp = (part[at] for part in modulation)
                norm = layer.attn_norm.norm(hidden) * (1 + scale) + shift
                hidden = hidden + gate * layer.attn(norm, position_embeddings=rotary, attention_mask=mask)
                norm = layer.ff_norm(hidden) * (1 + scale_mlp) + shift_mlp
                hidden = hidden + gate_mlp * layer.ff(norm)
            scale, shift = (part[at] for part in self._final)
            guided, free = model.proj_out(model.norm_out.norm(hidden) * (1 + scale) + shift).chunk(2)
            return guided + (guided - free) * GUIDANCE  # type: ignore[no-any-return]

        return velocity
