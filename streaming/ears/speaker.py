"""Who speaks: one of those who are known, or somebody else.

The ear listens to each stretch of speech as it goes on and says what it thinks after 0.3, 0.5, 0.8, 1.2 and 1.6 s; then
it begins anew, so that a second voice in the midst of the first one's speech is noticed too. It gets to know its user
by itself, from the turns that were answered, and goes on learning from what is surely the user's.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from streaming.time import Time, ms

from .opinions import SpeechStarted, SpeechStopped, Verdict, WhoIsIt
from .sound import Frame
from .voiceprint import LONGEST, Profile, Stretch, VoiceEncoder

PIECE = 10
"""Frames that the encoder reads at once."""
LIMITS: dict[int, tuple[float, float]] = {
    30: (0.44, 0.57),
    50: (0.49, 0.59),
    80: (0.50, 0.60),
    120: (0.52, 0.61),
    160: (0.54, 0.61),
}
"""After so many frames: the similarity below which it is somebody else, and from which it is the user."""
KNOWN_AFTER = 2.4
"""Seconds of answered speech that make a user known."""
SAME = 0.55
"""Two stretches that are less alike were not spoken by one person: neither makes anybody known."""
WORTH = 80
"""Frames that a stretch has at least to be learnt from."""
LASTS, BENEFIT = ms(1500), 0.08
"""For so long after a verdict it takes so much more to say the opposite: nobody changes places in mid-sentence."""
CLEAR = 8.0
"""dB above the room's noise that speech is at least to be learnt from."""
SURE = 0.08
"""A stretch that is this much more alike than the user's limit makes a profile better."""
FORGOTTEN = ms(8000)
"""What was said this long before the agent began to answer is not what it answers."""

Floats = npt.NDArray[np.float32]


@dataclass(slots=True)
class _Listening:
    """A stretch that goes on."""

    about: Time
    stretch: Stretch = field(default_factory=Stretch)
    waiting: list[Frame] = field(default_factory=list)
    voice: Floats | None = None
    clearly: float = 0.0
    """Sum over its frames of dB above the noise."""
    levels: list[float] = field(default_factory=list)

    def hear(self, frame: Frame, encoder: VoiceEncoder) -> bool:
        """Take in a frame; True if the voice is known anew."""
        self.waiting.append(frame)
        if len(self.waiting) < PIECE:
            return False
        mel = np.stack([waiting.mel for waiting in self.waiting])
        powers = np.array([10 ** (waiting.level / 10) for waiting in self.waiting], np.float32)
        self.clearly += sum(waiting.level - waiting.threshold for waiting in self.waiting)
        self.levels += [waiting.level for waiting in self.waiting]
        self.waiting = []
        self.voice = encoder.read(self.stretch, mel, powers)
        return True

    def learnt(self, at: Time) -> _Heard | None:
        """What may be learnt from it, if it is long and clear enough."""
        frames = self.stretch.frames
        if self.voice is None or frames < WORTH or self.clearly < CLEAR * frames:
            return None
        level = float(np.mean([level for level in self.levels if level > max(self.levels) - 25]))
        return _Heard(self.voice, frames / 100, level, at)


@dataclass(frozen=True, slots=True)
class _Heard:
    """A stretch that may make somebody known, once it has been answered."""

    voice: Floats
    seconds: float
    level: float
    at: Time
    answered: bool = False
    """The agent replied to it: it was meant for the agent."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """How far the ear has come in getting to know somebody whom it was asked to know."""

    name: str
    seconds: float
    """Of speech, so far."""
    needed: float


@dataclass(slots=True)
class SpeakerEar:
    """One session's ear for voices."""

    encoder: VoiceEncoder
    people: tuple[Profile, ...] = ()
    """Who counts as the user."""
    learns: bool = True
    """Whether it gets to know its user by itself."""
    asked: str | None = None
    """Whoever speaks next is to be known by this name, whatever is known already."""
    _now: _Listening | None = None
    """What is being judged: it begins anew with every onset."""
    _learning: _Listening = field(default_factory=lambda: _Listening(0))
    """What somebody may be known by: it goes on over pauses."""
    _recent: deque[Frame] = field(default_factory=lambda: deque(maxlen=24))
    """Frames since before an onset could lie."""
    _heard: list[_Heard] = field(default_factory=list)
    _played: bool = False
    _said: WhoIsIt | None = None
    """The last verdict that was sure."""

    def push(self, frame: Frame, edges: list[SpeechStarted | SpeechStopped], played: bool) -> list[WhoIsIt]:
        """Take in a frame and the edges that became known with it; `played`: the agent is audible meanwhile."""
        if played and not self._played:
            self._answered(frame.end)
        self._played = played
        self._recent.append(frame)
        told: list[WhoIsIt] = []
        if self._now is not None:
            told += self._hears(self._now, frame)
        for edge in edges:
            if isinstance(edge, SpeechStopped):
                self._judged(frame.end)
            else:
                self._now = _Listening(edge.about)
                for earlier in self._recent:
                    if earlier.end > edge.about:
                        told += self._hears(self._now, earlier)
        return [replace(opinion, at=frame.end) for opinion in told]

    def enrol(self, name: str | None) -> None:
        """Whoever speaks next is to be known as `name`, beside those who are; None: nobody is, after all."""
        self.asked = name
        self._heard.clear()
        self._learning = _Listening(0)

    @property
    def lesson(self) -> Lesson | None:
        """What has come of the last `enrol`; None: it is done, or nobody asked."""
        if self.asked is None:
            return None
        heard = sum(heard.seconds for heard in self._heard) + self._learning.stretch.frames / 100
        return Lesson(self.asked, min(heard, KNOWN_AFTER), KNOWN_AFTER)

    # --- whose voice it is ----------------------------------------------------------------------

    def _hears(self, now: _Listening, frame: Frame) -> list[WhoIsIt]:
        if frame.stands_out and (self.asked is not None or (self.learns and not self.people and not self._played)):
            self._learns(frame)
        if not self.people or not now.hear(frame, self.encoder) or now.voice is None:
            return []
        limits = LIMITS.get(now.stretch.frames)
        told = [] if limits is None else [self._verdict(now.about, now.voice, limits, frame.end)]
        if now.stretch.frames >= LONGEST:
            self._judged(frame.end)
            self._now = _Listening(frame.end)
        return told

    def _verdict(self, about: Time, voice: Floats, limits: tuple[float, float], at: Time) -> WhoIsIt:
        score = max(float(voice @ person.voice) for person in self.people)
        other, user = limits
        if self._said is not None and at - self._said.at < LASTS:
            other -= BENEFIT if self._said.verdict == "user" else 0.0
            user += BENEFIT if self._said.verdict == "other" else 0.0
        verdict: Verdict = "other" if score < other else "user" if score >= user else "unsure"
        told = WhoIsIt(verdict, about=about, at=at, score=score)
        if verdict != "unsure":
            self._said = told
        return told

    def _judged(self, at: Time) -> None:
        """The stretch has ended; what is surely the user's makes the profile better."""
        now, self._now = self._now, None
        heard = None if now is None else now.learnt(at)
        if heard is None or not self.learns or not self.people or heard.seconds < 1.2:
            return
        scores = [float(heard.voice @ person.voice) for person in self.people]
        best = int(np.argmax(scores))
        if scores[best] >= LIMITS[120][1] + SURE:
            better = self.people[best].better(heard.voice, heard.seconds, heard.level)
            self.people = (*self.people[:best], better, *self.people[best + 1 :])

    # --- getting to know somebody ---------------------------------------------------------------

    def _learns(self, frame: Frame) -> None:
        self._learning.hear(frame, self.encoder)
        if self._learning.stretch.frames >= LONGEST:
            self._learnt(frame.end)

    def _learnt(self, at: Time) -> None:
        heard = self._learning.learnt(at)
        self._learning = _Listening(at)
        if heard is not None:
            self._heard.append(heard)
        if self.asked is not None:
            self._enough(self.asked)

    def _answered(self, at: Time) -> None:
        """The agent begins to speak: what was said shortly before was meant for it."""
        if self.people or self.asked is not None or not self.learns:
            return
        self._learnt(at)
        self._heard = [
            replace(heard, answered=True) for heard in self._heard if heard.answered or heard.at > at - FORGOTTEN
        ]
        self._enough("user")

    def _enough(self, name: str) -> None:
        """Somebody becomes known as `name`, if enough was heard of one voice."""
        if not self._heard:
            return
        together = np.sum([heard.voice * np.float32(heard.seconds) for heard in self._heard], axis=0)
        together /= np.linalg.norm(together)
        alike = [heard for heard in self._heard if float(heard.voice @ together) >= SAME]
        seconds = sum(heard.seconds for heard in alike)
        if seconds < KNOWN_AFTER:
            return
        level = float(np.average([heard.level for heard in alike], weights=[heard.seconds for heard in alike]))
        self.people = (*self.people, Profile(name, np.asarray(together, np.float32), seconds, level))
        self.asked = None
        self._heard.clear()
