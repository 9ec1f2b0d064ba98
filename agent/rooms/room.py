"""The joint between a transport and a call.

A room turns a transport into timed frames in and timed sound out; it knows nothing of models, of turn-taking
or of what the events that it carries mean. Everything here happens on the asyncio loop, and nothing blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from streaming.playout import Playout, Pulled
from streaming.time import Time


@dataclass(frozen=True, slots=True)
class Playback:
    """What a client says was audible last: an RTP timestamp (WebRTC), or sample `until` of `reply` (24 kHz)."""

    rtp_timestamp: int | None = None
    reply: int | None = None
    until: int = 0
    latency: Time = 0
    """How much later than that report says the sound leaves the client's speaker."""


class CallSide(Protocol):
    """What a room needs of a call. A call outlives its rooms: a client that comes back gets a new one."""

    @property
    def now(self) -> Time:
        """The end of the last microphone frame: where the next one begins."""

    @property
    def playout(self) -> Playout:
        """Where the room pulls the sound from that is to be sent now."""

    @property
    def sees(self) -> bool:
        """Whether pictures are of use."""

    def joined(self, room: Room) -> None:
        """The other end is there; `room` can send from now on."""

    def left(self, room: Room, reason: str) -> None:
        """The other end is gone; `room` is closed. Called once for every `joined`. `reason` is for people."""

    def microphone(self, pcm: npt.NDArray[np.int16], t: Time) -> None:
        """10 ms of the user's sound, int16[160] at 16 kHz, whose first sample lies at `t`.

        Frames follow each other without gaps at the pace of real time (what did not come is silence), and may
        run ahead of it only where the client itself sent faster.
        """

    def picture(self, jpeg: bytes, t: Time) -> None:
        """A camera frame, at most 768 pixels on its longer side; at most two a second, and only if the call `sees`."""

    def wire(self, raw: str) -> None:
        """One event of the client, as it came."""

    def carry(self, pulled: Pulled) -> list[str]:
        """The encoded events that carry this sound (only asked by rooms that send sound as events)."""

    def sent(self, pulled: Pulled) -> None:
        """Sound has left; `Playout` knows it already. Not called for silence."""

    def heard(self, reply: int, until: int) -> None:
        """Samples [0, `until`) of `reply` (24 kHz) have been audible at the other end, as far as one can know."""


class Room(Protocol):
    """What a call needs of a room."""

    @property
    def downlink(self) -> Time:
        """How long sound that leaves now takes to become audible: reported by the client, else an estimate."""

    def send(self, events: Sequence[str]) -> None:
        """Send encoded events in this order. After the end of the call they are dropped."""

    def append(self, pcm: npt.NDArray[np.int16], rate: int) -> None:
        """Sound that came as an event (`input_audio_buffer.append`), mono int16 at `rate` Hz."""

    def silenced(self, reply: int) -> None:
        """`reply` was silenced in `Playout`: nothing of it still leaves, and nothing more of it counts as heard."""

    def playback(self, report: Playback) -> None:
        """The client's report of what was audible last. The call hears of it through `heard`."""

    async def close(self, reason: str) -> None:
        """End the connection and free everything. Safe to call twice."""
