"""CUDA graphs of the Thinker's step: launched as one, in batch sizes and spans of a few kinds.

A step is hundreds of small kernels; launching them one by one from Python takes several times as long as they run.
Without CUDA the function is simply called.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

Outputs = tuple[torch.Tensor, torch.Tensor]


def bucket(count: int, most: int) -> int:
    """The batch size in which `count` slots are stepped: the next power of two, but not more than `most`."""
    size = 1
    while size < count:
        size *= 2
    return max(count, min(size, most))


class Graphs:
    """`function(span, table)`, captured once for each span and batch size, and replayed.

    The function reads nothing back to the host. Its outputs are overwritten by the next call: copy what is kept.
    """

    def __init__(self, function: Callable[[int, torch.Tensor], Outputs], device: torch.device, spare: int) -> None:
        """`spare`: a slot that belongs to no session, for the run that warms up."""
        self._function = function
        self._device = device
        self._spare = spare
        self._pool: Any = None
        self._captured: dict[tuple[int, int], tuple[torch.cuda.CUDAGraph, torch.Tensor, Outputs]] = {}

    def __call__(self, span: int, table: torch.Tensor) -> Outputs:
        """`table` [4, b], on the host."""
        if self._device.type != "cuda":
            return self._function(span, table.to(self._device))
        key = span, table.shape[1]
        if key not in self._captured:
            self._captured[key] = self._capture(span, table)
        graph, into, outputs = self._captured[key]
        into.copy_(table, non_blocking=False)
        graph.replay()
        return outputs

    def warm(self, kinds: Sequence[tuple[int, int]]) -> None:
        """Captures for each (span, batch size), where there is CUDA."""
        for span, size in kinds if self._device.type == "cuda" else ():
            table = torch.zeros((4, size), dtype=torch.int64)
            table[0] = self._spare
            self(span, table)

    def _capture(self, span: int, table: torch.Tensor) -> tuple[torch.cuda.CUDAGraph, torch.Tensor, Outputs]:
        into = table.to(self._device)
        aside = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            # Libraries set themselves up in a run of their own, which writes into nobody's slot.
            warm = into.clone()
            warm[0] = self._spare
            self._function(span, warm)
        torch.cuda.current_stream().wait_stream(aside)
        graph = torch.cuda.CUDAGraph()
        # Perception goes on in its own thread meanwhile: only this one is held to the rules of a capture.
        # All graphs share their memory: what one leaves is copied before the next runs.
        with torch.cuda.graph(graph, pool=self._pool, capture_error_mode="thread_local"):
            outputs = self._function(span, into)
        self._pool = self._pool or graph.pool()
        return graph, into, outputs
