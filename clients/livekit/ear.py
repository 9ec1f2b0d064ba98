"""What the people in a room say, as one stream: whoever speaks is heard, and nobody needs to be chosen."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from livekit import rtc

from streaming.resample import Resampler

Pcm = npt.NDArray[np.int16]

RATE = 24_000
FRAME = RATE // 100
TRACK_RATE = 48_000
MOST_WAITING = 3
"""Frames of one microphone that may wait for another's."""
DRIVER_IDLE = 3
"""The stream goes at the pace of one microphone; if another is so many frames ahead of it, at that one's."""
LOUDNESS_KEEPS = 0.97
"""How much of the loudness of before remains in 10 ms: a third of a second's memory."""


@dataclass(slots=True)
class Mixer:
    """Adds up microphones, frame by frame. Pure.

    The stream goes at the pace of one of them, and takes of the others what is there: with one microphone, which is
    the ordinary case, nothing waits and nothing is changed.
    """

    waiting: dict[str, deque[Pcm]] = field(default_factory=dict)
    loudness: dict[str, float] = field(default_factory=dict)
    """Who -> mean square, lately."""
    _driver: str = ""

    def push(self, who: str, frame: Pcm) -> Pcm | None:
        """A frame of `who`; the sum, if it is time for one."""
        power = float(np.mean(np.square(frame.astype(np.float32))))
        self.loudness[who] = LOUDNESS_KEEPS * self.loudness.get(who, 0.0) + (1 - LOUDNESS_KEEPS) * power
        queue = self.waiting.setdefault(who, deque(maxlen=MOST_WAITING))
        queue.append(frame)
        if self._driver not in self.waiting or len(queue) >= DRIVER_IDLE:
            self._driver = who
        if who != self._driver:
            return None
        if len(self.waiting) == 1:
            return queue.popleft()
        total = np.zeros(len(frame), np.int32)
        for other in self.waiting.values():
            if other:
                total += other.popleft()
        mixed: Pcm = np.clip(total, -32768, 32767).astype(np.int16)
        return mixed

    def remove(self, who: str) -> None:
        """`who` has no microphone any more."""
        self.waiting.pop(who, None)
        self.loudness.pop(who, None)

    @property
    def loudest(self) -> str | None:
        """Who speaks, as far as loudness tells."""
        return max(self.loudness, key=lambda who: self.loudness[who], default=None)


class Ear:
    """Listens to all microphones that it is given, and gives 10 ms frames of the sum to `hear` (24 kHz)."""

    def __init__(self, hear: Callable[[Pcm], None]) -> None:
        self._hear = hear
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.mixer = Mixer()

    def add(self, sid: str, who: str, track: rtc.Track) -> None:
        """A microphone of `who`."""
        self.remove(sid)
        self._tasks[sid] = asyncio.create_task(self._listen(who, track))

    def remove(self, sid: str) -> None:
        """It was unpublished: a stream that is left open would deliver what comes after it."""
        if (task := self._tasks.pop(sid, None)) is not None:
            task.cancel()

    async def _listen(self, who: str, track: rtc.Track) -> None:
        stream = rtc.AudioStream(track, sample_rate=TRACK_RATE, num_channels=1, frame_size_ms=10, capacity=20)
        resampler = Resampler(TRACK_RATE, RATE)
        try:
            async for event in stream:
                pcm = np.frombuffer(event.frame.data, np.int16)
                mixed = self.mixer.push(who, resampler.push(pcm))
                if mixed is not None:
                    self._hear(mixed)
        finally:
            self.mixer.remove(who)
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.shield(stream.aclose())

    def close(self) -> None:
        """Stops listening."""
        for sid in list(self._tasks):
            self.remove(sid)
