"""Cameras and shared screens, looked at as often as something changes in them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
import numpy.typing as npt
from av.codec import CodecContext
from av.video.codeccontext import VideoCodecContext
from livekit import rtc

LOOK_EVERY_S = 0.5
"""A track is looked at no more often; frames between are dropped unseen, which costs nothing but their decoding."""
STILL_EVERY_S = 10.0
"""A picture that does not change is sent again after this long, in case it was forgotten."""
CHANGED = 6.0
"""Mean difference of the luma thumbnails, of 255, from which on a picture is another one. Camera noise makes 1 to 2."""
MOVED = 40.0
"""The same for the most changed of the thumbnail's cells: a line of text on a screen that stands still otherwise."""
CELL = 16
"""Rows and columns of a picture of which the thumbnail takes the mean of a few."""
QUANTISER = 4
"""JPEG quality: 2 is the best, 31 the worst; at 4 a face and small print survive."""
LONGER_SIDE = 1024

Luma = npt.NDArray[np.uint8]


@dataclass(slots=True)
class Sight:
    """Decides which pictures of one track are worth sending. Pure."""

    _last: npt.NDArray[np.float32] | None = None
    _sent: float = float("-inf")

    def worth(self, luma: Luma, now: float) -> bool:
        """Whether the picture `luma` (uint8[height, width]), seen at `now` (s), differs from the last one sent."""
        small = luma[CELL // 4 :: CELL // 2, CELL // 4 :: CELL // 2].astype(np.float32)
        before = self._last
        if before is not None and before.shape == small.shape and now - self._sent < STILL_EVERY_S:
            difference = np.abs(small - before)
            if difference.mean() < CHANGED and np.mean(difference > MOVED) < 0.002:
                return False
        self._last, self._sent = small, now
        return True


class Eyes:
    """Watches video tracks and gives JPEGs of what changes to `see`."""

    def __init__(self, see: Callable[[bytes], None]) -> None:
        self._see = see
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def add(self, sid: str, track: rtc.Track) -> None:
        """A camera or a screen."""
        self.remove(sid)
        self._tasks[sid] = asyncio.create_task(self._watch(track))

    def remove(self, sid: str) -> None:
        """It was unpublished."""
        if (task := self._tasks.pop(sid, None)) is not None:
            task.cancel()

    async def _watch(self, track: rtc.Track) -> None:
        stream = rtc.VideoStream(track, capacity=1, format=rtc.VideoBufferType.I420)
        loop = asyncio.get_running_loop()
        sight, due = Sight(), 0.0
        try:
            async for event in stream:
                now = loop.time()
                if now < due:
                    continue
                due = now + LOOK_EVERY_S
                frame = event.frame
                size = frame.width * frame.height
                planes = np.frombuffer(frame.data, np.uint8)
                if sight.worth(planes[:size].reshape(frame.height, frame.width), now):
                    self._see(await asyncio.to_thread(jpeg, planes.copy(), frame.width, frame.height))
        finally:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.shield(stream.aclose())

    def close(self) -> None:
        """Stops watching."""
        for sid in list(self._tasks):
            self.remove(sid)


def jpeg(i420: Luma, width: int, height: int) -> bytes:
    """A picture of planar YUV 4:2:0 as a JPEG file, its longer side at most `LONGER_SIDE`."""
    rows = i420[: width * height * 3 // 2].reshape(height * 3 // 2, width)
    scale = min(1.0, LONGER_SIDE / max(width, height))
    # Colours are halved both ways: the sides have to be even.
    width, height = (max(2, round(side * scale / 2) * 2) for side in (width, height))
    small = av.VideoFrame.from_ndarray(rows, "yuv420p").reformat(width, height, "yuvj420p")
    small.pts = 0
    encoder = CodecContext.create("mjpeg", "w")
    assert isinstance(encoder, VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuvj420p"
    encoder.time_base = Fraction(1, 1000)
    encoder.qmin = encoder.qmax = QUANTISER
    return b"".join(bytes(packet) for packet in [*encoder.encode(small), *encoder.encode(None)])
