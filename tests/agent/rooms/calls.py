"""A call with behaviour but without a mind, for rooms to serve."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable

import numpy as np

from agent.rooms.room import Playback, Room
from streaming.playout import Playout, Pulled
from streaming.time import Time, ticks


class FakeCall:
    """Keeps what it hears; speaks what the test tells it to; understands a handful of events."""

    def __init__(self, sees: bool = False) -> None:
        self.now: Time = 0
        self.playout = Playout()
        self.sees = sees
        self.room: Room | None = None
        self.gone: list[str] = []
        self.events: list[dict] = []
        self.frames: list[np.ndarray] = []
        self.pictures: list[bytes] = []
        self.sounded: list[tuple[int, int, int]] = []
        self.reached: list[tuple[int, int]] = []
        self.here = asyncio.Event()
        self.left_event = asyncio.Event()
        self.on_frame: Callable[[np.ndarray], None] = lambda frame: None

    def joined(self, room: Room) -> None:
        assert self.room is None
        self.room = room
        room.send([json.dumps({"type": "session.created"})])
        self.here.set()

    def left(self, room: Room, reason: str) -> None:
        assert room is self.room
        assert not self.gone, "left twice"
        self.gone.append(reason)
        self.left_event.set()

    def microphone(self, pcm: np.ndarray, t: Time) -> None:
        assert pcm.dtype == np.int16
        assert pcm.shape == (160,)
        assert t == self.now, "media time has a gap"
        self.now = t + ticks(160, 16_000)
        self.frames.append(pcm)
        self.on_frame(pcm)

    def picture(self, jpeg: bytes, t: Time) -> None:
        self.pictures.append(jpeg)

    def wire(self, raw: str) -> None:
        event = json.loads(raw)
        self.events.append(event)
        match event:
            case {"type": "input_audio_buffer.append", "audio": audio}:
                self.room.append(np.frombuffer(base64.b64decode(audio), "<i2"), 24_000)
            case {"type": "duplex.playback", "rtp_timestamp": timestamp}:
                self.room.playback(Playback(rtp_timestamp=timestamp))
            case {"type": "duplex.playback", "reply": reply, "until": until}:
                self.room.playback(Playback(reply=reply, until=until))
            case {"type": "echo"}:
                self.room.send([raw])

    def carry(self, pulled: Pulled) -> list[str]:
        return [
            json.dumps(
                {
                    "type": "delta",
                    "reply": span.reply,
                    "first": span.first,
                    "audio": base64.b64encode(
                        pulled.pcm[span.offset : span.offset + span.last - span.first].tobytes()
                    ).decode(),
                }
            )
            for span in pulled.spans
        ]

    def sent(self, pulled: Pulled) -> None:
        self.sounded += [(span.reply, span.first, span.last) for span in pulled.spans]

    def heard(self, reply: int, until: int) -> None:
        self.playout.heard(reply, until)
        self.reached.append((reply, until))

    def say(self, reply: int, pcm: np.ndarray) -> None:
        self.playout.start(reply)
        self.playout.push(reply, pcm)
        self.playout.finish(reply)
        self.playout.release(reply)

    def silence(self, reply: int) -> None:
        self.playout.silence(reply)
        self.room.silenced(reply)


async def until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """Waits for `condition`; fails if it does not come true."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)
