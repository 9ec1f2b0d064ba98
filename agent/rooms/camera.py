"""Now and then a picture of the user's camera, small, as JPEG."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from fractions import Fraction

from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from av import VideoFrame
from av.codec import CodecContext
from av.video.codeccontext import VideoCodecContext

LONGER_SIDE = 768
INTERVAL_S = 0.5
QUANTISER = 4
"""JPEG quality: 2 is the best, 31 the worst; at 4 a face and small print survive."""


async def watch(track: MediaStreamTrack, take: Callable[[bytes], None]) -> None:
    """Calls `take` with a JPEG file, at most every half second, until `track` ends.

    All other frames are dropped as they come; scaling and encoding happen off the loop.
    """
    loop = asyncio.get_running_loop()
    due = loop.time()
    while True:
        try:
            frame = await track.recv()
        except MediaStreamError:
            return
        if loop.time() < due or not isinstance(frame, VideoFrame):
            continue
        due = loop.time() + INTERVAL_S
        take(await loop.run_in_executor(None, jpeg, frame))


def jpeg(frame: VideoFrame) -> bytes:
    """`frame` as a JPEG file, its longer side at most 768 pixels."""
    scale = min(1.0, LONGER_SIDE / max(frame.width, frame.height))
    # yuvj420p halves its colours both ways: the sides have to be even.
    width, height = (max(2, round(side * scale / 2) * 2) for side in (frame.width, frame.height))
    small = frame.reformat(width, height, "yuvj420p")
    small.pts = 0
    encoder = CodecContext.create("mjpeg", "w")
    assert isinstance(encoder, VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuvj420p"
    encoder.time_base = Fraction(1, 1000)
    encoder.qmin = encoder.qmax = QUANTISER
    return b"".join(bytes(packet) for packet in [*encoder.encode(small), *encoder.encode(None)])
