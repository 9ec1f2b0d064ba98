"""What a room is to an `AgentSession`, without a room: a microphone, and a loudspeaker that plays in real time."""

from __future__ import annotations

import asyncio
import time

from livekit import rtc
from livekit.agents import io

RATE = 24_000
FRAME = RATE // 100


class Microphone(io.AudioInput):
    """Silence, and what `say` was given, 10 ms at a time."""

    def __init__(self) -> None:
        super().__init__(label="microphone")
        self._waiting = b""
        self._due = 0.0

    def say(self, pcm: bytes) -> None:
        """int16 at 24 kHz, from now on."""
        self._waiting += pcm

    async def __anext__(self) -> rtc.AudioFrame:
        now = time.monotonic()
        self._due = max(self._due + 0.01, now - 1.0)
        await asyncio.sleep(max(0.0, self._due - now))
        block, self._waiting = self._waiting[: 2 * FRAME], self._waiting[2 * FRAME :]
        return rtc.AudioFrame(block.ljust(2 * FRAME, b"\0"), RATE, 1, FRAME)


class Loudspeaker(io.AudioOutput):
    """Plays at the pace of real time, and forgets what it has when it is cleared."""

    def __init__(self) -> None:
        super().__init__(label="loudspeaker", capabilities=io.AudioOutputCapabilities(pause=False), sample_rate=RATE)
        self.cleared: list[float] = []
        """Seconds that had been played of each reply that the session cleared."""
        self.finished: list[float] = []
        self._pushed = 0.0
        self._began = 0.0
        self._stopped = asyncio.Event()
        self._playing: asyncio.Task[None] | None = None

    @property
    def played(self) -> float:
        """Seconds of the reply that is being played."""
        return min(self._pushed, time.monotonic() - self._began) if self._pushed else 0.0

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        if self._playing is not None:
            await self._playing
        await super().capture_frame(frame)
        if not self._pushed:
            self._began = time.monotonic()
            self._stopped.clear()
            self.on_playback_started(created_at=time.time())
        self._pushed += frame.duration

    def flush(self) -> None:
        super().flush()
        if self._pushed and self._playing is None:
            self._playing = asyncio.create_task(self._play_out())

    def clear_buffer(self) -> None:
        if self._pushed:
            self.cleared.append(self.played)
            self._stopped.set()

    async def _play_out(self) -> None:
        try:
            await asyncio.wait_for(self._stopped.wait(), self._pushed - self.played)
            position, interrupted = self.cleared[-1], True
        except TimeoutError:
            position, interrupted = self._pushed, False
        self.finished.append(position)
        self._pushed, self._playing = 0.0, None
        self.on_playback_finished(playback_position=position, interrupted=interrupted)
