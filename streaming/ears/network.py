"""The network that hears what a sound is: one causal network, four questions, every 20 ms.

Does somebody near speak? What is it: an interruption, a backchannel, a noise, something said to somebody else? Has a
command just been said? And in a pause: was that all? It hears the microphone (without echo, as far as that can be
taken out) and what is being played, so that it can tell what is left of the agent's own voice from its user's.

Its opinions are probabilities; what follows from them is decided elsewhere. Trained by
`training/ears/train_network.py`; card: `weights/network.md`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime

from .mel import BANDS
from .opinions import CommandName

WEIGHTS = Path(__file__).parent / "weights"
FRAMES = 2
"""Frames of 10 ms in a step."""
HIDDEN = 128
KINDS = ("nothing", "interruption", "backchannel", "noise", "aside")
COMMANDS: tuple[CommandName | None, ...] = (None, "stop", "wait", "change_topic")
QUIETEST = 1e-7
"""Added to powers before their logarithm."""

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Impression:
    """What the network makes of the sound up to now; probabilities."""

    speech: float
    """Somebody near speaks."""
    interruption: float
    backchannel: float
    noise: float
    aside: float
    """It is said to somebody else."""
    commands: Mapping[CommandName, float]
    """Each has just been said, and nothing with it."""
    over: float
    """If nobody speaks now: whoever spoke last has said it all."""


NOTHING = Impression(0.0, 0.0, 0.0, 0.0, 0.0, {"stop": 0.0, "wait": 0.0, "change_topic": 0.0}, 0.5)
"""Before anything was heard."""


@dataclass(slots=True)
class NetworkState:
    """What one stream remembers."""

    first: Floats = field(default_factory=lambda: np.zeros((1, 1, HIDDEN), np.float32))
    second: Floats = field(default_factory=lambda: np.zeros((1, 1, HIDDEN), np.float32))


class EarsNetwork:
    """The weights, shared by every session; whoever calls keeps the state."""

    def __init__(self, path: Path = WEIGHTS / "network.onnx") -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def step(self, state: NetworkState, mic: Floats, played: Floats) -> Impression:
        """The next 20 ms: band powers float32[FRAMES, BANDS] of the microphone and of what is played."""
        heard = np.log10(np.concatenate((mic, played)).reshape(1, 1, 2 * FRAMES * BANDS) + np.float32(QUIETEST))
        speech, kinds, commands, over, state.first, state.second = self._session.run(
            None, {"heard": heard, "first": state.first, "second": state.second}
        )
        _, interruption, backchannel, noise, aside = kinds[0, 0].tolist()
        said = {name: float(p) for name, p in zip(COMMANDS, commands[0, 0], strict=True) if name is not None}
        return Impression(float(speech[0, 0, 0]), interruption, backchannel, noise, aside, said, float(over[0, 0, 0]))
