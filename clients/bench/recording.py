"""One recorded call: what was said, what came back, and every event of the wire, on one clock."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from .measure import Sound

RATE = 48_000
ANYBODY: dict[str, Any] = {"type": "duplex.speaker.people", "people": [], "learns": False}
"""Several people speak in turn in a call of the bench: the agent is not to hold to the first of them."""


@dataclass(slots=True)
class Recording:
    """Sound is float32 mono at 48 kHz; times are seconds from the beginning of both tracks."""

    mic: Sound
    ear: Sound
    """The agent's sound as it arrived, before the client's own mute and volume."""
    events: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    gains: list[tuple[float, float]] = field(default_factory=list)
    """When the client set its volume (0 when muted), and to what."""
    slips: list[tuple[float, float]] = field(default_factory=list)
    """Where the recording itself lost time against the wall clock: (place, seconds). Trials there do not count."""

    def heard(self) -> Sound:
        """What left the loudspeaker: `ear` with mutes and volume applied."""
        gain = np.ones(len(self.ear), np.float32)
        for time, value in self.gains:
            gain[max(0, round(time * RATE)) :] = value
        return self.ear * gain

    def save(self, path: Path) -> None:
        """One .npz file."""
        tracks = {name: (getattr(self, name) * 32767).astype(np.int16) for name in ("mic", "ear")}
        told = json.dumps({"events": self.events, "gains": self.gains, "slips": self.slips})
        np.savez_compressed(path, **tracks, told=np.frombuffer(told.encode(), np.uint8))

    @classmethod
    def load(cls, path: Path) -> Recording:
        """What `save` wrote."""
        with np.load(path) as kept:
            told = json.loads(kept["told"].tobytes())
            mic, ear = (kept[name].astype(np.float32) / 32767 for name in ("mic", "ear"))
        return cls(mic, ear, **{name: [tuple(pair) for pair in pairs] for name, pairs in told.items()})


class Caller(Protocol):
    """Someone who can call: plays the microphone track in real time and records what comes back."""

    async def call(self, url: str, key: str, microphone: Sound) -> Recording:
        """Makes one call. Raises `CallFailed`, which says what to do."""


class CallFailed(Exception):
    """The call could not be made; the message is for people."""
