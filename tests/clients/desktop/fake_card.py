"""A sound card with behaviour: devices that come and go, a loudspeaker that a microphone may hear.

It has no clock: `play` runs it for as long as a test wants, as fast as it goes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from clients.desktop.sound_card import BLOCK, Device, Devices, NoSound, Record, Render

Pcm = np.ndarray
RATE = 48_000


@dataclass
class FakeStream:
    card: FakeCard
    microphone: str
    loudspeaker: str
    record: Record
    render: Render
    buffer_s: float
    gaps: int = 0
    closed: bool = False
    delay: float = 0.02

    @property
    def active(self) -> bool:
        present = {*self.card.microphones, *self.card.loudspeakers}
        return not self.closed and self.microphone in present and self.loudspeaker in present

    def close(self) -> None:
        self.closed = True


@dataclass
class FakeCard:
    """Its devices are lists of names, the first of which is the default."""

    microphones: list[str] = field(default_factory=lambda: ["Built-in microphone", "Headset"])
    loudspeakers: list[str] = field(default_factory=lambda: ["Built-in loudspeaker", "Headset"])
    taps: list[tuple[int, float]] = field(default_factory=list)
    """How the microphone hears the loudspeaker: (delay in samples, factor)."""
    streams: list[FakeStream] = field(default_factory=list)
    heard: list[Pcm] = field(default_factory=list)
    """What left the loudspeaker, block by block."""
    _past: Pcm = field(default_factory=lambda: np.zeros(RATE, np.float32))

    @property
    def stream(self) -> FakeStream:
        return self.streams[-1]

    def rescan(self) -> Devices:
        assert all(stream.closed for stream in self.streams), "devices were looked for while a stream was open"
        return Devices(
            tuple(Device(name, number) for number, name in enumerate(self.microphones)),
            tuple(Device(name, number) for number, name in enumerate(self.loudspeakers)),
        )

    def open(
        self, microphone: int | None, loudspeaker: int | None, buffer_s: float, record: Record, render: Render
    ) -> FakeStream:
        if not self.microphones or not self.loudspeakers:
            raise NoSound("nothing is plugged in")
        names = self.microphones[microphone or 0], self.loudspeakers[loudspeaker or 0]
        self.streams.append(FakeStream(self, *names, record, render, buffer_s))
        return self.stream

    def play(self, seconds: float, said: Pcm | None = None, every: Callable[[], None] = lambda: None) -> Pcm:
        """Runs the card for `seconds`; what left the loudspeaker. `said` is what the user says meanwhile, int16."""
        count = round(seconds * RATE / BLOCK)
        voice = np.zeros(count * BLOCK, np.float32)
        if said is not None:
            voice[: len(said)] = said[: len(voice)]
        stream, begun = self.stream, len(self.heard)
        for first in range(0, count * BLOCK, BLOCK):
            if not stream.active:
                break
            rendered = stream.render(BLOCK, time.monotonic() + 0.01)
            self.heard.append(rendered)
            self._past = np.concatenate((self._past[BLOCK:], rendered.astype(np.float32)))
            recorded = voice[first : first + BLOCK].copy()
            for delay, factor in self.taps:
                recorded += factor * self._past[len(self._past) - BLOCK - delay : len(self._past) - delay]
            stream.record(np.clip(recorded, -32768, 32767).astype(np.int16))
            every()
        return np.concatenate(self.heard[begun:]) if self.heard[begun:] else np.zeros(0, np.int16)
