"""The bundled Thinker in torch: frozen weights, and a low-rank adapter (LoRA, Hu et al. 2021, arXiv 2106.09685)."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from thinker.nano.graph import rotations
from thinker.nano.weights import Gguf, Shape

LONGEST = 512


class Adapted(nn.Module):
    """y = W x + B A x * scale; W is frozen, B begins at zero."""

    def __init__(self, weights: NDArray[np.float32], rank: int, scale: float) -> None:
        super().__init__()
        outputs, inputs = weights.shape
        self.register_buffer("weight", torch.from_numpy(weights), persistent=False)
        self.a = nn.Parameter(torch.randn(rank, inputs) / math.sqrt(inputs))
        self.b = nn.Parameter(torch.zeros(outputs, rank))
        self.scale = scale

    def forward(self, x: Tensor) -> Tensor:
        weight = self.weight
        assert isinstance(weight, Tensor)
        low: Tensor = functional.linear(functional.linear(x, self.a), self.b)
        return functional.linear(x, weight) + low * self.scale


class Layer(nn.Module):
    """One layer of a Llama: attention over grouped heads, and a gated feed-forward."""

    def __init__(self, gguf: Gguf, number: int, rank: int, scale: float) -> None:
        super().__init__()
        self.shape: Shape = gguf.shape
        name = f"blk.{number}"

        def adapted(part: str, heads: int = 0) -> Adapted:
            full = f"{name}.{part}.weight"
            weights = gguf.rotated(full, heads) if heads else gguf.linear(full)
            return Adapted(weights.floats(), rank, scale)

        self.attn_q, self.attn_k = adapted("attn_q", gguf.shape.heads), adapted("attn_k", gguf.shape.kv_heads)
        self.attn_v, self.attn_output = adapted("attn_v"), adapted("attn_output")
        self.ffn_gate, self.ffn_up, self.ffn_down = adapted("ffn_gate"), adapted("ffn_up"), adapted("ffn_down")
        for part in ("attn_norm", "ffn_norm"):
            norm = torch.from_numpy(gguf.norm(f"{name}.{part}.weight"))
            self.register_buffer(part, norm, persistent=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        batch, length, _ = x.shape
        shape = self.shape
        normed = _normed(x, self.attn_norm, shape.epsilon)

        def heads(y: Tensor, count: int) -> Tensor:
            return y.view(batch, length, count, shape.head).transpose(1, 2)

        query = _rotated(heads(self.attn_q(normed), shape.heads), cos, sin)
        key = _rotated(heads(self.attn_k(normed), shape.kv_heads), cos, sin)
        value = heads(self.attn_v(normed), shape.kv_heads)
        group = shape.heads // shape.kv_heads
        key, value = key.repeat_interleave(group, dim=1), value.repeat_interleave(group, dim=1)
        seen = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        x = x + self.attn_output(seen.transpose(1, 2).reshape(batch, length, shape.width))
        normed = _normed(x, self.ffn_norm, shape.epsilon)
        fed: Tensor = self.ffn_down(functional.silu(self.ffn_gate(normed)) * self.ffn_up(normed))
        return x + fed


class Student(nn.Module):
    """Tokens [b, t] -> logits [b, t, vocabulary]. Only the adapters are parameters."""

    def __init__(self, gguf: Gguf, rank: int = 8, scale: float = 2.0) -> None:
        super().__init__()
        self.rank, self.scale = rank, scale
        self.shape = gguf.shape
        self.layers = nn.ModuleList(Layer(gguf, number, rank, scale) for number in range(gguf.shape.layers))
        cos, sin = rotations(gguf.shape, LONGEST)
        self.register_buffer("embedding", torch.from_numpy(gguf.embedding().floats()), persistent=False)
        self.register_buffer("norm", torch.from_numpy(gguf.norm("output_norm.weight")), persistent=False)
        self.register_buffer("cos", torch.from_numpy(cos), persistent=False)
        self.register_buffer("sin", torch.from_numpy(sin), persistent=False)

    def hidden(self, tokens: Tensor) -> Tensor:
        """[b, t] -> [b, t, width] after the last norm."""
        embedding, cos, sin = self.embedding, self.cos, self.sin
        assert isinstance(embedding, Tensor)
        assert isinstance(cos, Tensor)
        assert isinstance(sin, Tensor)
        x = functional.embedding(tokens, embedding)
        length = tokens.shape[1]
        for layer in self.layers:
            x = layer(x, cos[:length], sin[:length])
        return _normed(x, self.norm, self.shape.epsilon)

    def loss(self, tokens: Tensor, learnt: Tensor) -> Tensor:
        """Mean cross-entropy of the learnt tokens, each predicted from those before it."""
        embedding = self.embedding
        assert isinstance(embedding, Tensor)
        wanted = learnt[:, 1:]
        states = self.hidden(tokens[:, :-1])[wanted]
        return functional.cross_entropy(functional.linear(states, embedding), tokens[:, 1:][wanted])

    def adapter(self) -> Mapping[str, NDArray[np.float16]]:
        """What was learnt, as `thinker.nano.adapter` reads it: for every matrix A, and B times the scale, with the
        rows of queries and keys in the order of the GGUF file."""
        tensors: dict[str, NDArray[np.float16]] = {}
        for number, layer in enumerate(self.layers):
            for part, module in layer.named_children():
                assert isinstance(module, Adapted)
                b = (module.b.detach() * module.scale).cpu().numpy()
                heads = {"attn_q": self.shape.heads, "attn_k": self.shape.kv_heads}.get(part)
                if heads:
                    rows = np.arange(len(b)).reshape(heads, len(b) // heads // 2, 2).swapaxes(1, 2).reshape(-1)
                    b = b[np.argsort(rows)]
                name = f"blk.{number}.{part}.weight"
                tensors[f"{name}.a"] = module.a.detach().cpu().numpy().astype(np.float16)
                tensors[f"{name}.b"] = b.astype(np.float16)
        return tensors


def _normed(x: Tensor, weight: object, epsilon: float) -> Tensor:
    assert isinstance(weight, Tensor)
    return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + epsilon) * weight


def _rotated(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary positions on halves: [b, heads, t, head]."""
    first, second = x.chunk(2, dim=-1)
    return torch.cat([first * cos - second * sin, second * cos + first * sin], dim=-1)
