"""Sound from a room, as packets of the wire."""

from __future__ import annotations

from collections.abc import Iterator

from livekit import rtc

RATE = 24_000
PACKET = RATE // 50
"""20 ms: what is sent in longer ones is heard later."""


class Microphone:
    """Any rate and number of channels in, int16 mono at 24 kHz out, at once."""

    def __init__(self) -> None:
        self._resampler: rtc.AudioResampler | None = None
        self._form = (RATE, 1)

    def packets(self, frame: rtc.AudioFrame) -> Iterator[bytes]:
        """The packets that `frame` completes, in order."""
        form = (frame.sample_rate, frame.num_channels)
        if form != self._form:
            self._form = form
            # Rooms give 24 kHz unless told otherwise. A resampler holds some ms back, the quick one fewest.
            self._resampler = (
                None
                if form[0] == RATE
                else rtc.AudioResampler(form[0], RATE, num_channels=1, quality=rtc.AudioResamplerQuality.QUICK)
            )
        if frame.num_channels > 1:
            frame = _mono(frame)
        frames = [frame] if self._resampler is None else self._resampler.push(frame)
        for part in frames:
            raw = bytes(part.data.cast("B"))
            for first in range(0, len(raw), 2 * PACKET):
                yield raw[first : first + 2 * PACKET]


def _mono(frame: rtc.AudioFrame) -> rtc.AudioFrame:
    """The first channel: rooms that have several have the same in all."""
    return rtc.AudioFrame(
        bytes(memoryview(bytes(frame.data.cast("B"))).cast("h")[:: frame.num_channels]),
        frame.sample_rate,
        1,
        frame.samples_per_channel,
    )
