"""The joint to the sound card: what devices there are, and a stream from one and to another. PortAudio is behind it."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np

from streaming.frames import Pcm

RATE = 48_000
BLOCK = RATE // 200
"""5 ms: what waits for a block to fill is heard later by so much."""
BUFFER_S = 0.02
"""What the card's buffers hold: a process that is held up for longer is heard as a gap. The microphone's is as small,
because some systems hand over what was recorded only by the bufferful."""
MOST_BUFFER_S = 0.16

Record = Callable[[Pcm], None]
"""Takes what was recorded, int16[n]. Called by the card, and never to block."""
Render = Callable[[int, float], Pcm]
"""(n, when the last of them leaves the loudspeaker, in monotonic s) -> int16[n]. Called by the card, not to block."""


@dataclass(frozen=True, slots=True)
class Device:
    """A microphone or a loudspeaker."""

    name: str
    number: int


@dataclass(frozen=True, slots=True)
class Devices:
    """What is plugged in now."""

    microphones: tuple[Device, ...]
    loudspeakers: tuple[Device, ...]


class NoSound(Exception):
    """No sound card can be used; the message says why, for people."""


class Stream(Protocol):
    """Sound in and out, running since it was opened."""

    @property
    def active(self) -> bool:
        """Whether the card still asks for sound."""

    @property
    def delay(self) -> float:
        """How long a rendered sample takes to the loudspeaker and a recorded one from the microphone, in s."""

    @property
    def gaps(self) -> int:
        """How often the loudspeaker ran dry because this process was held up."""

    def close(self) -> None:
        """Silent at once. Safe to call twice; may take a while when the device is gone."""


class SoundCard(Protocol):
    """What `Voice` needs of a sound system. `PortAudio` is one; tests have one of their own."""

    def rescan(self) -> Devices:
        """What is there now. No stream of ours may be open. Raises `NoSound`."""

    def open(
        self, microphone: int | None, loudspeaker: int | None, buffer_s: float, record: Record, render: Render
    ) -> Stream:
        """Mono at 48 kHz from and to a device (None: the system's default), `buffer_s` ahead of the loudspeaker.

        Raises `NoSound`.
        """


class PortAudio:
    """Every sound card that PortAudio knows: ALSA, PulseAudio and PipeWire, CoreAudio, WASAPI."""

    def __init__(self) -> None:
        """Raises `NoSound` where sounddevice or PortAudio is not installed."""
        try:
            import sounddevice
        except ImportError as problem:
            raise NoSound("sounddevice is not installed: pip install 'colloquy[desktop]'") from problem
        except OSError as problem:
            raise NoSound(
                "PortAudio was not found; install it (Debian and Ubuntu: libportaudio2, macOS: brew install portaudio)"
            ) from problem
        self._library = sounddevice

    def rescan(self) -> Devices:
        """PortAudio lists devices when it starts, so it is started again."""
        with contextlib.suppress(self._library.PortAudioError):  # it was not running
            self._library._terminate()
        try:
            self._library._initialize()
            systems = self._library.query_hostapis()
            devices = self._library.query_devices()
        except self._library.PortAudioError as problem:
            raise NoSound(f"the sound system does not answer: {problem}") from problem
        best = self._system(systems)
        found = [Device(str(device["name"]), number) for number, device in enumerate(devices)]
        kept = [device for device in found if devices[device.number]["hostapi"] == best]
        return Devices(
            tuple(device for device in kept if devices[device.number]["max_input_channels"] > 0),
            tuple(device for device in kept if devices[device.number]["max_output_channels"] > 0),
        )

    @staticmethod
    def _system(systems: Any) -> int:
        """Windows shows each device once per system; of those, WASAPI is the quick one."""
        for number, system in enumerate(systems):
            if system["name"] == "Windows WASAPI":
                return number
        return next((number for number, system in enumerate(systems) if system["devices"]), 0)

    def open(
        self, microphone: int | None, loudspeaker: int | None, buffer_s: float, record: Record, render: Render
    ) -> Stream:
        """Opens and starts blocks of 5 ms.

        In and out are two streams: two devices have two clocks, and one that stumbles must not stop the other.
        """

        def recorded(block: Any, count: int, at: Any, status: Any) -> None:
            record(block[:, 0].copy())

        def rendered(block: Any, count: int, at: Any, status: Any) -> None:
            ahead = at.outputBufferDacTime - at.currentTime
            # Some systems do not tell; then what the stream was opened with has to do.
            ahead = ahead if 0 < ahead < 1 else float(outward.latency)
            if status.output_underflow:
                found.gaps += 1
            block[:, 0] = render(count, time.monotonic() + ahead + count / RATE)

        extra = self._library.WasapiSettings(auto_convert=True) if sys.platform == "win32" else None
        how = {
            "samplerate": RATE,
            "blocksize": BLOCK,
            "channels": 1,
            "dtype": np.int16,
            "extra_settings": extra,
        }
        number = partial(self._number, self._library.query_hostapis())
        opened: list[Any] = []
        found = _PortAudioStream(opened)
        try:
            outward = self._library.OutputStream(
                device=number(loudspeaker, "output"), callback=rendered, latency=buffer_s, **how
            )
            opened.append(outward)
            inward = self._library.InputStream(
                device=number(microphone, "input"), callback=recorded, latency=buffer_s, **how
            )
            opened.append(inward)
            for stream in opened:
                stream.start()
        except (self._library.PortAudioError, ValueError) as problem:
            for stream in opened:
                stream.close(ignore_errors=True)
            raise NoSound(f"the sound device cannot be opened: {problem}") from problem
        return found

    @classmethod
    def _number(cls, systems: Any, chosen: int | None, way: str) -> int | None:
        """A device's number; None becomes the default of the system whose devices are shown."""
        if chosen is not None:
            return chosen
        default = int(systems[cls._system(systems)][f"default_{way}_device"])
        return default if default >= 0 else None


class _PortAudioStream:
    def __init__(self, streams: list[Any]) -> None:
        self._streams = streams
        self.gaps = 0

    @property
    def active(self) -> bool:
        return all(stream.active for stream in self._streams)

    @property
    def delay(self) -> float:
        # Recorded blocks are taken as they come, whatever the buffer could hold.
        return float(self._streams[0].latency) + BLOCK / RATE

    def close(self) -> None:
        for stream in self._streams:
            stream.close(ignore_errors=True)
