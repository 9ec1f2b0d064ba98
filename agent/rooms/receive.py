"""Sound in over WebRTC: from Opus packets, as they come, to frames of media time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from aiortc.rtp import RtpPacket
from av import AudioFrame, Packet
from av.audio.codeccontext import AudioCodecContext
from av.codec import CodecContext
from av.error import FFmpegError

from streaming.clock import MediaClock
from streaming.frames import Pcm
from streaming.receive import Receiver, opus_length
from streaming.resample import Resampler
from streaming.time import TICKS_PER_SECOND, ticks

RATE = 16_000
FRAME = RATE // 100


class OpusDecoder:
    """Decodes one stream, packet by packet, to 16 kHz: 0.02 ms a packet."""

    def __init__(self) -> None:
        codec = CodecContext.create("libopus", "r")
        assert isinstance(codec, AudioCodecContext)
        codec.format = "s16"
        codec.layout = "mono"
        codec.sample_rate = TICKS_PER_SECOND
        self._codec = codec
        self._resampler = Resampler(TICKS_PER_SECOND, RATE)

    def decode(self, payload: bytes) -> Pcm:
        """The sound of `payload`, int16 mono at 16 kHz. Raises `ValueError` for what is no Opus."""
        try:
            frames: list[AudioFrame] = self._codec.decode(Packet(payload))
        except FFmpegError as problem:
            raise ValueError("this packet cannot be decoded") from problem
        return self._resampler.push(np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames]))


class Microphone:
    """What the user says, in frames. Pure: `now` is monotonic, in seconds.

    Packets that come in time wait for nothing. What is lost is concealed, what stays away for 200 ms is silence
    (`streaming.clock`): a track may stop sending in the middle of a turn, and the turn has to end nevertheless.
    """

    def __init__(self, now: float) -> None:
        self._clock = MediaClock(now)
        self._receiver = Receiver(OpusDecoder().decode, TICKS_PER_SECOND, RATE)

    def push(self, packet: RtpPacket, now: float) -> None:
        """A packet came. Call `frames` then."""
        try:
            length = opus_length(packet.payload)
        except ValueError:
            return
        self._receiver.push(packet.timestamp, length, packet.payload, now)

    def frames(self, now: float) -> Iterator[Pcm]:
        """The frames, int16[160] at 16 kHz, that can be heard by `now`, each once. Call it every 10 ms, too."""
        while self._receiver.ready(now) >= FRAME:
            self._clock.advance(ticks(FRAME, RATE), now)
            yield self._receiver.pull(FRAME, now)
        while self._clock.missing(now) >= ticks(FRAME, RATE):
            self._clock.fill(ticks(FRAME, RATE))
            yield self._receiver.pull(FRAME, now)
