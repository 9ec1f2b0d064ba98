"""A room with a loudspeaker, a microphone and a person in it.

What leaves the loudspeaker comes back into the microphone: at -10 dB, some tens of ms late, with reflections; and the
person speaks into the same microphone. Everything runs on the loudspeaker's clock, 10 ms at a time, and is recorded
on it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from clients.bench.measure import Sound

from .pulse import LOUDSPEAKER, MICROPHONE

RATE = 48_000
BLOCK = RATE // 100
ECHO_DB = -10.0
REFLECTIONS = 40
DECAY_S = 0.04
PIPE_BYTES = 4096
"""What the microphone's pipe holds: 43 ms, so that nobody who opens it late hears an old room."""
F_SETPIPE_SZ = 1031


def impulse_response(delay_s: float, seed: int) -> list[tuple[int, float]]:
    """(delay in samples, factor) of the direct sound after `delay_s` and of the reflections; energy is `ECHO_DB`."""
    random = np.random.default_rng(seed)
    later = np.sort(random.uniform(0.001, 0.08, REFLECTIONS))
    factors = random.choice((-1, 1), REFLECTIONS) * 0.4 * np.exp(-later / DECAY_S)
    taps = [(delay_s, 1.0), *zip(delay_s + later, factors, strict=True)]
    energy = sum(factor**2 for _, factor in taps)
    scale = 10 ** (ECHO_DB / 20) / energy**0.5
    return [(round(at * RATE), float(factor * scale)) for at, factor in taps]


@dataclass(slots=True)
class Room:
    """Runs in a thread of its own from `start` until the person's track is over or `stop` is set."""

    environment: Mapping[str, str]
    person: Sound
    """What is said, float32 mono at 48 kHz; the recording is as long."""
    taps: list[tuple[int, float]]
    """The path from the loudspeaker to the microphone."""
    heard: Sound = field(init=False)
    """What left the loudspeaker."""
    marks: list[tuple[int, float]] = field(default_factory=list)
    """(sample, monotonic s when it was read), now and then."""
    dropped: int = 0
    """Blocks that the microphone did not take."""
    begun: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)
    stop: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.heard = np.zeros(len(self.person), np.float32)

    def start(self) -> None:
        """Begins, and waits until the loudspeaker's clock runs."""
        threading.Thread(target=self._run, name="room", daemon=True).start()
        self.begun.wait()

    def _run(self) -> None:
        with contextlib.suppress(PermissionError):
            # A room does not wait for its computer. (Linux: of this thread alone.)
            os.sched_setscheduler(threading.get_native_id(), os.SCHED_RR, os.sched_param(3))
        listen = ["parec", "-d", f"{LOUDSPEAKER}.monitor", "--raw", "--format=s16le", "--rate=48000", "--channels=1"]
        ears = subprocess.Popen([*listen, "--latency-msec=5"], env=dict(self.environment), stdout=subprocess.PIPE)
        microphone = os.open(Path(self.environment["XDG_RUNTIME_DIR"]) / MICROPHONE, os.O_RDWR | os.O_NONBLOCK)
        fcntl.fcntl(microphone, F_SETPIPE_SZ, PIPE_BYTES)
        assert ears.stdout is not None
        past = np.zeros(max((delay for delay, _ in self.taps), default=0) + BLOCK, np.float32)
        try:
            for first in range(0, len(self.person) - BLOCK, BLOCK):
                raw = ears.stdout.read(2 * BLOCK)
                if len(raw) < 2 * BLOCK or self.stop.is_set():
                    break
                if first % RATE == 0:
                    self.marks.append((first + BLOCK, time.monotonic()))
                self.begun.set()
                played = np.frombuffer(raw, "<i2").astype(np.float32) / 32768
                self.heard[first : first + BLOCK] = played
                past = np.concatenate((past[BLOCK:], played))
                recorded = self.person[first : first + BLOCK].copy()
                for delay, factor in self.taps:
                    recorded += past[len(past) - BLOCK - delay : len(past) - delay] * np.float32(factor)
                try:
                    os.write(microphone, (np.clip(recorded, -1, 1) * 32767).astype("<i2").tobytes())
                except BlockingIOError:
                    self.dropped += 1
        finally:
            ears.terminate()
            ears.wait()
            os.close(microphone)
            self.begun.set()
            self.over.set()

    def place(self, at: float) -> float:
        """Where in the recording, in s, the moment `at` (monotonic s) lies. Whoever reads late reads no earlier."""
        return at - min(read - sample / RATE for sample, read in self.marks)
