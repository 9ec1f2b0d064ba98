"""If these fail, the graph does not compute what the weights say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from thinker.nano import graph
from thinker.nano.converted import convert
from thinker.nano.decoder import Decoder
from thinker.nano.tokeniser import Tokeniser
from thinker.nano.weights import Floats, Gguf, Shape, q4_1, q8_0

TEXT = "What is the capital of France, and what is it famous for? The capital of"


def norm(x: Floats, gamma: Floats, shape: Shape) -> Floats:
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + shape.epsilon) * gamma


def rotated(x: Floats, shape: Shape) -> Floats:
    cos, sin = (table[: len(x), None] for table in graph.rotations(shape, len(x)))
    a, b = np.split(x, 2, axis=-1)
    return np.concatenate([a * cos - b * sin, b * cos + a * sin], axis=-1)


def reference(gguf: Gguf, tokens: list[int]) -> tuple[Floats, Floats]:
    """Hidden states and logits, in numpy and float32, from weights as ggml's formats define them."""
    shape = gguf.shape
    embedding = gguf.embedding().floats()
    x = embedding[tokens]
    future = np.triu(np.full((len(x), len(x)), -np.inf, np.float32), 1)
    for layer in range(shape.layers):
        name = f"blk.{layer}"
        y = norm(x, gguf.norm(f"{name}.attn_norm.weight"), shape)
        q, k = (
            rotated(
                (y @ gguf.rotated(f"{name}.attn_{part}.weight", heads).floats().T).reshape(len(x), heads, -1), shape
            )
            for part, heads in (("q", shape.heads), ("k", shape.kv_heads))
        )
        v = (y @ gguf.linear(f"{name}.attn_v.weight").floats().T).reshape(len(x), shape.kv_heads, -1)
        k, v = (np.repeat(part, shape.heads // shape.kv_heads, axis=1) for part in (k, v))
        scores = np.einsum("qhd,khd->hqk", q, k) / np.sqrt(shape.head) + future
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        weights /= weights.sum(-1, keepdims=True)
        seen = np.einsum("hqk,khd->qhd", weights, v).reshape(len(x), -1)
        x = x + seen @ gguf.linear(f"{name}.attn_output.weight").floats().T
        y = norm(x, gguf.norm(f"{name}.ffn_norm.weight"), shape)
        gate, up = (y @ gguf.linear(f"{name}.ffn_{part}.weight").floats().T for part in ("gate", "up"))
        x = x + (gate / (1 + np.exp(-gate)) * up) @ gguf.linear(f"{name}.ffn_down.weight").floats().T
    hidden = norm(x, gguf.norm("output_norm.weight"), shape)
    return hidden, hidden @ embedding.T


@pytest.fixture(scope="module")
def expected(gguf_file: Path, tokeniser: Tokeniser) -> tuple[list[int], Floats, Floats]:
    tokens = tokeniser.encode(TEXT)
    return tokens, *reference(Gguf(gguf_file), tokens)


@pytest.fixture(scope="module")
def exact(gguf_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Decoder:
    """The same graph with float activations."""
    folder = tmp_path_factory.mktemp("exact")
    convert(gguf_file, folder, graph.FLOAT)
    return Decoder(folder, threads=1)


def test_four_bit_weights_are_carried_over_without_any_loss(
    exact: Decoder, expected: tuple[list[int], Floats, Floats]
) -> None:
    tokens, hidden, _ = expected
    assert np.abs(exact.run(exact.memory(), exact.embed(tokens)) - hidden).max() < 1e-3


def test_chunked_prefill_gives_what_one_prefill_gives(
    exact: Decoder, expected: tuple[list[int], Floats, Floats]
) -> None:
    tokens, hidden, _ = expected
    memory = exact.memory()
    parts = [exact.run(memory, exact.embed(tokens[a:b])) for a, b in ((0, 5), (5, 6), (6, 13), (13, len(tokens)))]
    assert np.abs(np.concatenate(parts) - hidden).max() < 1e-3


def test_eight_bit_activations_change_no_answer(folder: Path, expected: tuple[list[int], Floats, Floats]) -> None:
    tokens, hidden, logits = expected
    decoder = Decoder(folder, threads=1)
    got = decoder.run(decoder.memory(), decoder.embed(tokens))
    cosine = (got * hidden).sum(-1) / np.linalg.norm(got, axis=-1) / np.linalg.norm(hidden, axis=-1)
    assert cosine.min() > 0.98
    same = [int(decoder.logits(row).argmax()) == int(right.argmax()) for row, right in zip(got, logits, strict=True)]
    assert np.mean(same) >= 0.8
    assert same[-1], "the next word differs"


def test_both_formats_are_read_as_ggml_defines_them() -> None:
    half = lambda value: np.array([value], np.float16).view(np.uint8)  # noqa: E731
    nibbles = np.arange(16, dtype=np.uint8)
    block = np.concatenate([half(0.5), half(-1.0), nibbles | (15 - nibbles) << 4])[None]
    assert q4_1(block).floats()[0].tolist() == [0.5 * q - 1 for q in [*range(16), *range(15, -1, -1)]]
    block = np.concatenate([half(0.25), np.arange(-16, 16, dtype=np.int8).view(np.uint8)])[None]
    assert q8_0(block).floats()[0].tolist() == [0.25 * q for q in range(-16, 16)]
