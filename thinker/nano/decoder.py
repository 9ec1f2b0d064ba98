"""The decoder at work: embeddings in, hidden states out, keys and values kept in each slot's own memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from .speech.recogniser import session
from .weights import BLOCK

Floats = NDArray[np.float32]


@dataclass
class Memory:
    """Keys and values of one slot. Going back is a matter of `length`: what lies beyond is written over."""

    keys_values: Floats
    """[layers, 2, 1, kv_heads, capacity, head]"""
    binding: ort.IOBinding
    embeddings: Floats = field(default_factory=lambda: np.empty((1, 0, 0), np.float32))
    length: int = 0


class Decoder:
    """Weights and sessions; safe for use by one thread at a time."""

    def __init__(self, folder: Path, threads: int) -> None:
        self._body = session(folder / "body.onnx", threads)
        self._head = session(folder / "head.onnx", threads)
        self._codes = np.load(folder / "codes.npy", mmap_mode="r")
        self._scale = np.load(folder / "scale.npy")
        keys = [node for node in self._body.get_inputs() if node.name.startswith("key")]
        self._layers, self._kv = len(keys), [1, *keys[0].shape[1:]]
        self.width = int(self._codes.shape[1])

    def memory(self) -> Memory:
        """Memory of a slot, all of it taken at once: a call that grows longer does not grow the process."""
        keys_values = np.full([self._layers, 2, *self._kv], 0, np.float32)
        binding = self._body.io_binding()
        for layer, parts in enumerate(keys_values):
            for part, buffer in zip(("key", "value"), parts, strict=True):
                where = ("cpu", 0, np.float32, self._kv, buffer.ctypes.data)
                binding.bind_input(f"{part}{layer}", *where)
                binding.bind_output(f"{part}{layer}_out", *where)
        return Memory(keys_values, binding)

    def embed(self, tokens: list[int]) -> Floats:
        """[1, t, width]"""
        blocks: Floats = self._codes[tokens].reshape(len(tokens), -1, BLOCK).astype(np.float32)
        blocks *= self._scale[tokens][..., None]
        embedded: Floats = blocks.reshape(1, len(tokens), self.width)
        return embedded

    def run(self, memory: Memory, embeddings: Floats) -> Floats:
        """Takes [1, t, width] in after what `memory` holds; returns hidden [t, width]. It must fit."""
        count = embeddings.shape[1]
        hidden: Floats = np.empty_like(embeddings)
        last = np.array([memory.length + count - 1], np.int32)
        total = np.array(memory.length + count, np.int32)
        for name, array in (("embeddings", embeddings), ("lengths", last), ("total", total)):
            memory.binding.bind_input(name, "cpu", 0, array.dtype.type, array.shape, array.ctypes.data)
        memory.binding.bind_output("hidden", "cpu", 0, np.float32, hidden.shape, hidden.ctypes.data)
        self._body.run_with_iobinding(memory.binding)
        memory.length += count
        last_hidden: Floats = hidden[0]
        return last_hidden

    def logits(self, hidden: Floats) -> Floats:
        """[width] -> [vocabulary]"""
        logits: Floats = self._head.run(None, {"hidden": hidden[None]})[0][0]
        return logits
