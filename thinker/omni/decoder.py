"""The language model of an Omni Thinker: prefill of one slot, and a step of many, over one static KV cache.

Modules bear the names that the published checkpoints give their weights, so that a checkpoint is loaded by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import nn

from .experts import Experts
from .memory import ManySlots, Memory, OneSlot, View
from .rope import Rotary, rotated


@dataclass(frozen=True, slots=True)
class Shape:
    """The sizes of a decoder."""

    layers: int
    width: int
    heads: int
    kv_heads: int
    head: int
    inner: int
    vocabulary: int
    epsilon: float
    rope_base: float
    rope_sections: tuple[int, ...]
    longest: int
    """Positions that the model was made for."""
    biased: bool
    """Queries, keys and values have a bias (Qwen2), or queries and keys a norm (Qwen3)."""
    experts: int = 0
    experts_used: int = 0
    expert_inner: int = 0
    normalise_experts: bool = False
    dense_layers: frozenset[int] = frozenset()
    """Layers without experts."""

    @staticmethod
    def of(config: Mapping[str, Any], biased: bool) -> Shape:
        """The shape that the `text_config` of a published config.json describes."""
        rope = config.get("rope_parameters") or config.get("rope_scaling") or {}
        layers, experts, every = (
            config["num_hidden_layers"],
            config.get("num_experts", 0),
            config.get("decoder_sparse_step", 1),
        )
        plain = set(config.get("mlp_only_layers") or ()) | {at for at in range(layers) if (at + 1) % every}
        return Shape(
            layers=layers,
            width=config["hidden_size"],
            heads=config["num_attention_heads"],
            kv_heads=config["num_key_value_heads"],
            head=config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"],
            inner=config["intermediate_size"],
            vocabulary=config["vocab_size"],
            epsilon=config["rms_norm_eps"],
            rope_base=float(rope.get("rope_theta") or config["rope_theta"]),
            rope_sections=tuple(rope["mrope_section"]),
            longest=config["max_position_embeddings"],
            biased=biased,
            experts=experts,
            experts_used=config.get("num_experts_per_tok", 0),
            expert_inner=config.get("moe_intermediate_size", 0),
            normalise_experts=config.get("norm_topk_prob", False),
            dense_layers=frozenset(plain),
        )

    def kv_bytes(self, item: int) -> int:
        """Bytes of keys and values of one position, in numbers of `item` bytes."""
        return 2 * self.layers * self.kv_heads * self.head * item


class Norm(nn.Module):
    """RMS norm, at least in float32."""

    def __init__(self, width: int, epsilon: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.epsilon = epsilon

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        exact = x.to(torch.promote_types(x.dtype, torch.float))
        scale = torch.rsqrt(exact.square().mean(-1, keepdim=True) + self.epsilon)
        return self.weight * (exact * scale).to(x.dtype)


class Dense(nn.Module):
    """The SwiGLU network of a layer."""

    def __init__(self, width: int, inner: int, bias: bool = False) -> None:
        super().__init__()
        self.gate_proj, self.up_proj = nn.Linear(width, inner, bias=bias), nn.Linear(width, inner, bias=bias)
        self.down_proj = nn.Linear(inner, width, bias=bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return cast(torch.Tensor, self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x)))


class Attention(nn.Module):
    """Grouped-query attention over a view of the KV cache."""

    def __init__(self, shape: Shape, layer: int) -> None:
        super().__init__()
        self.layer, self.head = layer, shape.head
        self.q_proj = nn.Linear(shape.width, shape.heads * shape.head, bias=shape.biased)
        self.k_proj = nn.Linear(shape.width, shape.kv_heads * shape.head, bias=shape.biased)
        self.v_proj = nn.Linear(shape.width, shape.kv_heads * shape.head, bias=shape.biased)
        self.o_proj = nn.Linear(shape.heads * shape.head, shape.width, bias=False)
        self.q_norm = nn.Identity() if shape.biased else Norm(shape.head, shape.epsilon)
        self.k_norm = nn.Identity() if shape.biased else Norm(shape.head, shape.epsilon)

    def forward(self, x: torch.Tensor, angles: tuple[torch.Tensor, torch.Tensor], view: View) -> torch.Tensor:
        query, key, value = (
            project(x).view(len(x), -1, self.head) for project in (self.q_proj, self.k_proj, self.v_proj)
        )
        query, key = rotated(self.q_norm(query), *angles), rotated(self.k_norm(key), *angles)
        return cast(torch.Tensor, self.o_proj(view.attend(self.layer, query, key, value).flatten(1)))


class Layer(nn.Module):
    """Attention, then a network, each around a norm."""

    def __init__(self, shape: Shape, layer: int) -> None:
        super().__init__()
        self.self_attn = Attention(shape, layer)
        dense = not shape.experts or layer in shape.dense_layers
        self.mlp: nn.Module = (
            Dense(shape.width, shape.inner)
            if dense
            else Experts(shape.width, shape.expert_inner, shape.experts, shape.experts_used, shape.normalise_experts)
        )
        self.input_layernorm = Norm(shape.width, shape.epsilon)
        self.post_attention_layernorm = Norm(shape.width, shape.epsilon)

    def forward(self, x: torch.Tensor, angles: tuple[torch.Tensor, torch.Tensor], view: View) -> torch.Tensor:
        x = x + self.self_attn(self.input_layernorm(x), angles, view)
        return cast(torch.Tensor, x + self.mlp(self.post_attention_layernorm(x)))


@dataclass(frozen=True, slots=True)
class Deep:
    """What the eye adds to the first layers, beside what it puts in their place (DeepStack)."""

    rows: torch.Tensor
    """[m] which positions."""
    levels: Sequence[torch.Tensor]
    """[m, width] for each of the first layers."""


class Decoder(nn.Module):
    """Embedding, layers, norm, head. Everything about sessions is in the `Memory` and in the arguments."""

    def __init__(self, shape: Shape, interleaved: bool, accept: int | None = None) -> None:
        """`interleaved`: see `rope.axes`. `accept`: after how many layers what is heard and seen goes to the Talker."""
        super().__init__()
        self.shape, self.accept = shape, accept
        self.embed_tokens = nn.Embedding(shape.vocabulary, shape.width)
        self.layers = nn.ModuleList(Layer(shape, layer) for layer in range(shape.layers))
        self.norm = Norm(shape.width, shape.epsilon)
        self.lm_head = nn.Linear(shape.width, shape.vocabulary, bias=False)
        self.rotary = Rotary(shape.head, shape.rope_base, shape.rope_sections, interleaved)

    @property
    def dtype(self) -> torch.dtype:
        return self.norm.weight.dtype

    @property
    def device(self) -> torch.device:
        return self.norm.weight.device

    def memory(self, slots: int, capacity: int) -> Memory:
        """An empty KV cache."""
        shape = self.shape
        return Memory(shape.layers, slots, shape.kv_heads, capacity, shape.head, self.dtype, self.device)

    def embed(self, tokens: Sequence[int]) -> torch.Tensor:
        """[n, width]."""
        return cast(torch.Tensor, self.embed_tokens(torch.tensor(tokens, device=self.device)))

    def prefill(
        self, memory: Memory, slot: int, start: int, x: torch.Tensor, positions: torch.Tensor, deep: Deep | None = None
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Takes `x` [n, width] in at `positions` [3, n], behind `start` others; the caller minds the capacity.

        Returns the last hidden states after the norm, and those after `accept` layers, each [n, width].
        """
        return self._run(x, positions, OneSlot(memory, slot, start, len(x), self.shape.heads), deep)

    def step(
        self,
        memory: Memory,
        slots: torch.Tensor,
        lengths: torch.Tensor,
        positions: torch.Tensor,
        tokens: torch.Tensor,
        span: int,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """One position more for each of `slots` [b], behind `lengths` [b] others, at `positions` [b].

        Looks at `span` places of each slot, more than the longest has. Returns the input embeddings and the last
        hidden states after the norm, [b, width] each.
        """
        x = self.embed_tokens(tokens)
        view = ManySlots.of(memory, slots, lengths, span)
        return x, self._run(x, positions.expand(3, -1), view, None)[0]

    def _run(
        self, x: torch.Tensor, positions: torch.Tensor, view: View, deep: Deep | None
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        angles = self.rotary.angles(positions, x.dtype)
        accepted = None
        for at, layer in enumerate(self.layers):
            if at == self.accept:
                accepted = x
            x = layer(x, angles, view)
            if deep is not None and at < len(deep.levels):
                x = x.index_add(0, deep.rows, deep.levels[at])
        if self.accept == self.shape.layers:
            accepted = x
        return self.norm(x), accepted
