"""The agent's voice in a room: 10 ms frames at the pace of real time, from a queue that can be emptied between two."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from livekit import rtc

Pcm = npt.NDArray[np.int16]

RATE = 24_000
FRAME = RATE // 100
SOURCE_QUEUE_MS = 0
"""The SDK's own queue would hold up to a second of sound; with none, frames are ours to pace, and to keep back."""
MOST_LATE = 3
"""Frames that are sent at once after a hiccup; what is later than that is late for good."""
DOWNLINK_MS = 45.0
"""From here to a participant's ear: SFU and jitter buffer, measured on loopback (40 to 48)."""


@dataclass(slots=True)
class Word:
    text: str
    half: int
    """The sample of its item at which more than half of it has been played."""


@dataclass(slots=True)
class Queue:
    """Sound that waits, and how far each item has been played. Without I/O."""

    pieces: deque[tuple[str, int, Pcm]] = field(default_factory=deque)
    """(item, first sample within it, samples)."""
    item: str = ""
    """What is being played, or was last."""
    played: int = 0
    """So many samples of it have left."""
    words: dict[str, list[Word]] = field(default_factory=dict)

    def add(self, item: str, first: int, pcm: Pcm) -> None:
        if len(pcm):
            self.pieces.append((item, first, pcm))

    def time(self, item: str, words: list[Word]) -> None:
        """When words of `item` sound. Only the latest items are remembered."""
        self.words.setdefault(item, []).extend(words)
        while len(self.words) > 4:
            del self.words[next(iter(self.words))]

    def clear(self) -> None:
        """Nothing that waits is played."""
        self.pieces.clear()

    def take(self, count: int) -> Pcm:
        """The next `count` samples, with silence where there are none."""
        frame = np.zeros(count, np.int16)
        filled = 0
        while filled < count and self.pieces:
            item, first, pcm = self.pieces.popleft()
            part = pcm[: count - filled]
            frame[filled : filled + len(part)] = part
            filled += len(part)
            self.item, self.played = item, first + len(part)
            if len(part) < len(pcm):
                self.pieces.appendleft((item, first + len(part), pcm[len(part) :]))
        return frame

    def heard(self, item: str) -> str:
        """The words of `item` of which more than half has left."""
        if item != self.item:
            return ""
        return "".join(word.text for word in self.words.get(item, []) if word.half <= self.played)


class Voice:
    """The published track. `left(item, samples)` is called for every frame of a reply that has left."""

    def __init__(self, left: Callable[[str, int], None]) -> None:
        self._source = rtc.AudioSource(RATE, 1, queue_size_ms=SOURCE_QUEUE_MS)
        self._left = left
        self.queue = Queue()
        self._gain = self._wanted = 1.0

    async def publish(self, room: rtc.Room) -> str:
        """Publishes the track and returns its name at the server."""
        track = rtc.LocalAudioTrack.create_audio_track("colloquy", self._source)
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE, dtx=False, red=False)
        publication = await room.local_participant.publish_track(track, options)
        return publication.sid

    def clear(self) -> None:
        """Silent from the next frame on."""
        self.queue.clear()
        self._source.clear_queue()
        self.gain(0.0)

    def gain(self, db: float) -> None:
        """Softer (negative dB) or at full level (0), without a click."""
        self._wanted = float(10 ** (min(db, 0.0) / 20))

    async def run(self) -> None:
        """Sends frames until cancelled; silence, too, so that the other end's buffer never has to guess."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            now = loop.time()
            if now - due > MOST_LATE * FRAME / RATE:
                due = now
            while due <= now:
                await self._frame()
                due += FRAME / RATE
                now = loop.time()
            await asyncio.sleep(due - now)

    async def _frame(self) -> None:
        playing = bool(self.queue.pieces)
        pcm = self.queue.take(FRAME)
        if self._gain != self._wanted or self._gain != 1.0:
            ramp = np.linspace(self._gain, self._wanted, FRAME, dtype=np.float32)
            self._gain = self._wanted
            pcm = (pcm * ramp).astype(np.int16)
        await self._source.capture_frame(rtc.AudioFrame(pcm.tobytes(), RATE, 1, FRAME))
        if playing:
            self._left(self.queue.item, self.queue.played)

    async def close(self) -> None:
        """Frees the track's source."""
        await self._source.aclose()
