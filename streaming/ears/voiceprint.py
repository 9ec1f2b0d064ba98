"""A voice as a point on a sphere: near to itself, far from others.

The encoder reads 10 ms at a time and can be asked at any moment; it is Resemblyzer's LSTM (Apache-2.0; "Generalized
end-to-end loss for speaker verification", Wan et al. 2018) with a projection trained here for short stretches
(`training/ears/train_speaker.py`, card: `weights/speaker.md`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

from .mel import BANDS, HOP, powers

WEIGHTS = Path(__file__).parent / "weights"
LOUDNESS = 1e-3
"""The mean power that speech is brought to before the encoder hears it (-30 dBFS), as it was trained."""
FADES = 1e-3
"""Frames weaker than this share of the loudest so far do not count for how loud somebody speaks."""
LONGEST = 160
"""Frames after which the encoder is to begin anew: it was trained on stretches of 1.6 s."""
SIZE = 384
ENCODER = 1
"""Counts the encoders that were shipped: what one made is of no use to another."""

Floats = npt.NDArray[np.float32]


def _empty() -> Floats:
    return np.zeros((3, 1, 256), np.float32)


@dataclass(slots=True)
class Stretch:
    """What the encoder remembers of one stretch of one voice."""

    frames: int = 0
    """How many it has read."""
    hidden: Floats = field(default_factory=_empty)
    cell: Floats = field(default_factory=_empty)
    loudest: float = 0.0
    power: float = 0.0
    """Sum over the loud frames."""
    loud: int = 0


class VoiceEncoder:
    """The weights, shared by every session; whoever calls keeps the `Stretch`."""

    def __init__(self, path: Path = WEIGHTS / "speaker.onnx") -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def read(self, stretch: Stretch, mel: Floats, level: Floats) -> Floats:
        """The voice of `stretch` after the next frames: float32[SIZE] of length 1.

        `mel`: band powers float32[n, BANDS] (`mel.powers`); `level`: mean power float32[n] of each frame's 10 ms.
        """
        gains = np.empty(len(level), np.float32)
        for number, power in enumerate(level.tolist()):
            stretch.loudest = max(stretch.loudest, power)
            if power > FADES * stretch.loudest:
                stretch.power += power
                stretch.loud += 1
            gains[number] = LOUDNESS * max(stretch.loud, 1) / max(stretch.power, 1e-9)
        stretch.frames += len(level)
        voice, stretch.hidden, stretch.cell = self._session.run(
            None, {"mel": mel * gains[:, np.newaxis], "h": stretch.hidden, "c": stretch.cell}
        )
        return np.asarray(voice, np.float32)


@dataclass(frozen=True, slots=True)
class Profile:
    """Somebody who is known. Nothing can be said again from it: it is a direction, not a recording."""

    name: str
    voice: Floats
    """float32[SIZE] of length 1."""
    seconds: float
    """How much speech it was made of."""
    level: float | None = None
    """How loud this person is at the microphone as a rule, in dBFS; None: not known."""

    def better(self, voice: Floats, seconds: float, level: float | None) -> Profile:
        """The same person, known better by a further stretch."""
        together = self.voice * min(self.seconds, 30.0) + voice * seconds
        if self.level is not None and level is not None:
            level = self.level + (level - self.level) * min(1.0, seconds / min(self.seconds + seconds, 30.0))
        together /= np.linalg.norm(together)
        return Profile(self.name, together, self.seconds + seconds, self.level if level is None else level)

    def to_json(self) -> str:
        """To be kept by whoever wants to be known again."""
        told = {"name": self.name, "seconds": round(self.seconds, 2), "level": self.level}
        return json.dumps({"encoder": ENCODER, **told, "voice": [round(float(x), 5) for x in self.voice]})

    @staticmethod
    def from_json(text: str | bytes) -> Profile:
        """What `to_json` gave. Raises `ValueError` for anything else."""
        try:
            told: dict[str, Any] = json.loads(text)
            voice = np.array(told["voice"], np.float32)
            level = None if told.get("level") is None else float(told["level"])
            known = Profile(str(told["name"]), voice, float(told["seconds"]), level)
            right = (
                told["encoder"] == ENCODER and voice.shape == (SIZE,) and abs(float(np.linalg.norm(voice)) - 1) < 0.01
            )
        except (KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
            raise ValueError(f"this is no voice profile of Colloquy's: {error!r}") from None
        if not right:
            raise ValueError("this voice profile was made by another encoder: enrol again")
        return known


def voice_of(encoder: VoiceEncoder, sound: Floats) -> Floats:
    """The voice in a whole sound, float32[n] at 16 kHz in [-1, 1]: float32[SIZE] of length 1. Pauses do not count.

    Raises `ValueError` for less than 0.3 s of speech.
    """
    mel = powers(sound)
    level = sound[: len(mel) * HOP].reshape(-1, HOP).var(axis=1)
    loud = level > FADES * level.max(initial=0.0)
    mel, level = mel[loud], level[loud]
    if len(mel) < 30:
        raise ValueError(f"{len(mel) * 10} ms of speech say nothing about a voice: give at least 300 ms")
    voices, weights = [], []
    for first in range(0, len(mel), LONGEST):
        piece = slice(first, first + LONGEST)
        if first == 0 or len(mel[piece]) >= 50:
            voices.append(encoder.read(Stretch(), mel[piece].reshape(-1, BANDS), level[piece]))
            weights.append(len(mel[piece]))
    together = np.average(voices, axis=0, weights=weights)
    return np.asarray(together / np.linalg.norm(together), np.float32)
