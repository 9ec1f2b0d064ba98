"""Silero VAD: how probable it is that somebody speaks, several times per 32 ms window.

The network ships as ONNX inside the `silero-vad` distribution (MIT). Importing that package would import
torch, so its file is looked up on disk and run by onnxruntime alone.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime

RATE = 16_000
WINDOW = 512
"""Samples of one step of the network (32 ms)."""
CONTEXT = 64
"""Samples before the window that the network wants to see too."""
HIDDEN = 128

Floats = npt.NDArray[np.float32]


def weights_path() -> Path:
    """The network's file inside the installed `silero-vad` distribution, which is not imported.

    Raises `FileNotFoundError`, naming what to install.
    """
    spec = importlib.util.find_spec("silero_vad")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / "data" / "silero_vad_16k_sequence.onnx"
        if path.is_file():
            return path
    raise FileNotFoundError(
        "the weights of Silero VAD are not installed: pip install --no-deps silero-vad==6.2.3 "
        "(without dependencies: only its ONNX file is read, torch is not needed)"
    )


@dataclass(slots=True)
class SileroState:
    """What one stream of windows remembers."""

    hidden: Floats = field(default_factory=lambda: np.zeros((1, 1, HIDDEN), np.float32))
    cell: Floats = field(default_factory=lambda: np.zeros((1, 1, HIDDEN), np.float32))


class Silero:
    """The network's weights, shared by every session; whoever calls keeps the state."""

    def __init__(self, path: Path | None = None) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            str(path or weights_path()), options, providers=["CPUExecutionProvider"]
        )

    def step(self, state: SileroState, sound: Floats) -> float:
        """The probability of speech in the last `WINDOW` samples of `sound`; `state` goes on by one window.

        `sound`: float32[CONTEXT + WINDOW] at 16 kHz in [-1, 1], the windows of one state in order.
        """
        probability, state.hidden, state.cell = self._session.run(
            None, {"input": sound[np.newaxis], "h": state.hidden, "c": state.cell}
        )
        return float(probability[0])
