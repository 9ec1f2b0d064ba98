"""What the wire makes of a client's event: everything that the call has to do about it, in this order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from agent.conversation.events import Event
from agent.engine.messages import Line, Setup
from streaming.realtime.base import ServerEvent
from streaming.time import Time

from .voices import Voices


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What the mind behind a session is and can do."""

    model: str
    family: str
    sees: bool
    words: bool
    voices: Sequence[str]
    slots: int
    free: int


@dataclass(frozen=True, slots=True)
class Microphone:
    """Sound of the user that came as an event: int16[n] mono at `rate` Hz (24000 or 8000)."""

    pcm: npt.NDArray[np.int16]
    rate: int


@dataclass(frozen=True, slots=True)
class PlaybackReport:
    """What left the client's loudspeaker last: `rtp_timestamp` (WebRTC), or sample `until` of `reply` (24 kHz)."""

    rtp_timestamp: int | None
    reply: int | None
    until: int
    latency: Time
    """How much later than the report the sound leaves the loudspeaker."""


@dataclass(slots=True)
class Received:
    """Do what is there from top to bottom."""

    replies: list[ServerEvent] = field(default_factory=list)
    """To be sent at once, before anything that the rest leads to."""
    microphone: Microphone | None = None
    pictures: list[bytes] = field(default_factory=list)
    """JPEG files, in order."""
    playback: PlaybackReport | None = None
    voices: Voices | None = None
    """The ears are to know these people, and nobody else."""
    enrol: str | None = None
    """The ears are to get to know whoever speaks next, by this name."""
    setup: Setup | None = None
    """The mind is to be like this from now on (engine `Change`)."""
    lines: list[Line] = field(default_factory=list)
    """For the mind's context (engine `Add`): every item that the client created is here once, at the event that
    created it, typed turns and tool results included. The conversation hears of them by `events` and announces
    them as `Noted`; do not add them a second time. Where a reply is being made or heard, add them after its end
    (`Crop`), at the latest before the next `Think`."""
    rebuild: bool = False
    """The context changed in its middle: give the mind `Dialect.lines()` (engine `Rebuild`); `lines` is empty then."""
    events: list[Event] = field(default_factory=list)
    """For the conversation, stamped with the time given."""
    setup_after: Setup | None = None
    """One response was asked for with settings of its own: carry out what `events` led to, then `Change` to this."""
