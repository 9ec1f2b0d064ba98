"""CUDA graphs: a step that is launched as one, in batch sizes of a few kinds.

A decoder step of these models is hundreds of small kernels; launching them one by one takes far longer than running
them (170 ms a frame for Qwen3-Omni's Talker, of which 80 ms may be spent). Where there is no CUDA, the function is
simply called.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import torch
from torch import Tensor

BATCHES = (1, 2, 4, 8, 16, 32, 64)
"""Batches are filled up to one of these."""


def bucket(count: int) -> int:
    """The batch size in which `count` rows are computed. Raises `ValueError` beyond the largest."""
    for size in BATCHES:
        if count <= size:
            return size
    raise ValueError(f"{count} rows are more than one batch holds: split it at {BATCHES[-1]}.")


def sizes(most: int) -> tuple[int, ...]:
    """All batch sizes in which up to `most` rows are computed."""
    return tuple(size for size in BATCHES if size <= bucket(min(most, BATCHES[-1])))


class Graphed:
    """A function of tensors whose shapes follow from a key, captured once for each key and replayed.

    `function(key, slots, *inputs)` may read and write tensors that live as long as this object (weights, and the rows
    of `slots` in caches and states), must not read anything back to the host, and returns tensors that the next call
    overwrites. `spare` is a row that belongs to no session.
    """

    def __init__(self, function: Callable[..., tuple[Tensor, ...]], device: torch.device, spare: int) -> None:
        self._function = function
        self._spare = spare
        self._on = device.type == "cuda"
        self._captured: dict[Hashable, tuple[torch.cuda.CUDAGraph, Sequence[Tensor], tuple[Tensor, ...]]] = {}
        self._pool: Any = None

    def __call__(self, key: Hashable, *inputs: Tensor) -> tuple[Tensor, ...]:
        """What the function returns. Its tensors hold until the next call with any key: copy what is to be kept."""
        if not self._on:
            return self._function(key, *inputs)
        if key not in self._captured:
            self._captured[key] = self._capture(key, inputs)
        graph, into, outputs = self._captured[key]
        for kept, new in zip(into, inputs, strict=True):
            kept.copy_(new, non_blocking=True)
        graph.replay()
        return outputs

    def _capture(
        self, key: Hashable, inputs: Sequence[Tensor]
    ) -> tuple[torch.cuda.CUDAGraph, Sequence[Tensor], tuple[Tensor, ...]]:
        """Records the function. It runs once before, so that libraries set themselves up outside the graph: on the
        spare row, because a state must not advance twice."""
        into = [tensor.clone() for tensor in inputs]
        aside = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            self._function(key, torch.full_like(into[0], self._spare), *into[1:])
        torch.cuda.current_stream().wait_stream(aside)
        graph = torch.cuda.CUDAGraph()
        # The perceiving thread goes on allocating meanwhile: only this thread is held to a capture's rules.
        with torch.cuda.graph(graph, pool=self._pool, capture_error_mode="thread_local"):
            outputs = self._function(key, *into)
        self._pool = self._pool or graph.pool()
        return graph, into, outputs
