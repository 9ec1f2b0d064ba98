"""The agent's own voice taken out of the microphone, so that it can be talked to over open speakers.

WebRTC's audio processing (AEC3), as livekit's SDK carries it: Apache-2.0, wheels for Linux, macOS and Windows, kept
up by a company that lives on it. `aec-audio-processing` wraps the same code, but has no wheels for Linux and needs
a compiler there.
"""

from __future__ import annotations

import numpy as np
from livekit.rtc import AudioFrame
from livekit.rtc.apm import AudioProcessingModule

from streaming.frames import Pcm

RATE = 48_000
FRAME = RATE // 100
"""AEC3 takes exactly 10 ms."""


class EchoCanceller:
    """State of one sound card: it learns the path from this loudspeaker to this microphone. One thread at a time."""

    def __init__(self, delay_s: float) -> None:
        """`delay_s`: how much later a rendered sample comes back in a recorded one, as far as the card can tell."""
        # Noise suppression and gain control stay off: the agent's ears were made for sound as it is.
        self._module = AudioProcessingModule(echo_cancellation=True, high_pass_filter=True)
        self._delay_ms = round(min(max(delay_s, 0.0), 0.5) * 1000)

    def process(self, recorded: Pcm, rendered: Pcm) -> Pcm:
        """`recorded` without `rendered` in it; both int16[480] at 48 kHz, of the same moment at the card."""
        far = AudioFrame(rendered.tobytes(), RATE, 1, FRAME)
        near = AudioFrame(bytearray(recorded.tobytes()), RATE, 1, FRAME)
        self._module.process_reverse_stream(far)
        self._module.set_stream_delay_ms(self._delay_ms)
        self._module.process_stream(near)
        return np.frombuffer(near.data, np.int16)
