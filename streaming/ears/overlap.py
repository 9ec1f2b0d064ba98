"""What it is when a sound begins while the agent is audible: an interruption, a backchannel, or noise.

No trained model yet. Short coughs and "mm"s are over sooner than anything a person says to be heard; what is still
there after that, and is voiced, is an interruption.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from streaming.time import Time, ms

from .opinions import Overlap, OverlapKind, SpeechStarted, SpeechStopped
from .sound import Frame

SHORT = ms(150)
"""Sounds shorter than this are never interruptions; what is still there at this age may be called one."""
STILL_THERE = 14.0
"""dB below its loudest frame within which a sound is still there, and not fading."""
LONG = ms(200)
WEAKLY_THERE = 25.0
"""The same for a sound of this age, which a short one has faded away long before: fricatives are weak."""
AT_LAST = ms(330)
"""How long after its onset a sound that goes on is called something, whatever it is like."""
TAKES_UP = ms(250)
"""A voice that comes again this soon after a piece is the same sound, and is judged by both pieces."""
VOICED = 0.55
ENOUGH_VOICE = ms(30)
"""Voiced sound that an interruption has at least."""


@dataclass(slots=True)
class Sound:
    """What has been heard of the sound that is being judged."""

    about: Time
    peak: float = -100.0
    voiced: Time = 0
    there: bool = False
    """Whether the last frame still belonged to it."""

    def hear(self, frame: Frame) -> None:
        """Take in a frame of it."""
        self.peak = max(self.peak, frame.level)
        below = WEAKLY_THERE if frame.end - self.about >= LONG else STILL_THERE
        self.there = frame.stands_out and frame.level > self.peak - below
        if frame.voicing >= VOICED:
            self.voiced += frame.end - frame.start

    @property
    def spoken(self) -> bool:
        """Whether it is voiced long enough to be words."""
        return self.voiced >= ENOUGH_VOICE


@dataclass(slots=True)
class OverlapEar:
    """One session's judgement of what sounds over the agent's voice."""

    _sound: Sound | None = None
    _said: bool = False
    """Whether this sound has been given its name; it may be called an interruption after all."""
    _last: Sound | None = None
    """The piece of sound before, while the next may still be its continuation."""
    _last_end: Time = 0
    _recent: list[Frame] = field(default_factory=list)
    """The frames since before an onset could lie."""

    def push(self, frame: Frame, edges: list[SpeechStarted | SpeechStopped], played: bool) -> list[Overlap]:
        """Take in a frame, and the `edges` that became known with it; returns what the sound turns out to be.

        `played`: a reply of the agent is audible, or released and about to be.
        """
        self._recent = [*self._recent[-15:], frame]
        if self._sound is not None:
            self._sound.hear(frame)
        for edge in edges:
            if isinstance(edge, SpeechStarted):
                if played:
                    self._began(edge)
            elif self._sound is not None:
                return self._ended(self._sound, edge)
        return self._goes_on(self._sound, frame) if self._sound is not None else []

    def _began(self, edge: SpeechStarted) -> None:
        self._sound, self._said = Sound(edge.about), False
        for frame in self._recent:
            if frame.end > edge.about:
                self._sound.hear(frame)
        if self._last is not None and edge.about - self._last_end <= TAKES_UP:
            self._sound.voiced += self._last.voiced

    def _goes_on(self, sound: Sound, frame: Frame) -> list[Overlap]:
        age = frame.end - sound.about
        if age >= SHORT and sound.there and sound.spoken:
            self._sound = None
            return [Overlap("interruption", about=sound.about, at=frame.end)]
        if age >= AT_LAST and not self._said:
            self._said = True
            return [Overlap(_name(sound), about=sound.about, at=frame.end)]
        return []

    def _ended(self, sound: Sound, edge: SpeechStopped) -> list[Overlap]:
        self._sound, self._last, self._last_end = None, sound, edge.about
        if self._said:
            return []
        return [Overlap(_name(sound), about=sound.about, at=edge.at)]


def _name(sound: Sound) -> OverlapKind:
    """What a sound is that is no interruption."""
    return "backchannel" if sound.spoken else "noise"
