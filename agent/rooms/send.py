"""Sound out over WebRTC: Opus packets of 10 ms, encoded here and handed to aiortc as they are."""

from __future__ import annotations

import asyncio
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame, Packet
from av.audio.codeccontext import AudioCodecContext
from av.codec import CodecContext

from streaming.time import TICKS_PER_SECOND, Time

from .sdp import PACKET_MS

SPEECH_RATE = 24_000
SAMPLES = SPEECH_RATE * PACKET_MS // 1000
BIT_RATE = 48_000
CLOCK = Fraction(1, TICKS_PER_SECOND)
"""Opus' RTP clock counts 48 kHz samples, which are the ticks of media time."""


class OpusEncoder:
    """One stream of 10 ms packets.

    `lowdelay` looks ahead 2.5 ms (`voip`: 6.4 ms) and takes half the time, 0.04 ms a packet; it has no in-band
    error correction, which would cost another packet of delay. Opus takes 24 kHz as it is.
    """

    def __init__(self) -> None:
        codec = CodecContext.create("libopus", "w")
        assert isinstance(codec, AudioCodecContext)
        codec.format = "s16"
        codec.layout = "mono"
        codec.sample_rate = SPEECH_RATE
        codec.bit_rate = BIT_RATE
        codec.options = {"application": "lowdelay", "frame_duration": str(PACKET_MS)}
        self._codec = codec

    def encode(self, pcm: npt.NDArray[np.int16]) -> bytes:
        """int16[240] at 24 kHz as one Opus packet of 10 ms."""
        frame = AudioFrame.from_ndarray(pcm.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = SPEECH_RATE
        (packet,) = self._codec.encode(frame)
        return bytes(packet)


class PacketTrack(MediaStreamTrack):
    """A track of packets that are already encoded: aiortc adds headers and sends them."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._packets: asyncio.Queue[Packet[Any] | None] = asyncio.Queue()
        self.wanted = asyncio.Event()
        """Set as soon as aiortc asks for packets: what is put in before would lie in wait and be late for ever."""
        self.last: Time = 0
        """The position of the packet that was put in last."""

    def put(self, payload: bytes, at: Time) -> None:
        """Send `payload` as the packet at position `at` of the room's output line."""
        packet: Packet[Any] = Packet(payload)
        packet.pts = at
        packet.time_base = CLOCK
        self.last = at
        self._packets.put_nowait(packet)

    @property
    def waiting(self) -> int:
        """How many packets aiortc has not taken yet."""
        return self._packets.qsize()

    async def recv(self) -> Packet[Any]:
        """The next packet, for aiortc."""
        self.wanted.set()
        packet = await self._packets.get() if self.readyState == "live" else None
        if packet is None:
            raise MediaStreamError
        return packet

    def stop(self) -> None:
        """Ends the track, and whoever waits in `recv`."""
        super().stop()
        self._packets.put_nowait(None)
