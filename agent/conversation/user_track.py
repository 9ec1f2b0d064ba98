"""What the user is doing: silent, speaking or pausing. It knows nothing of the agent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from streaming.ears.opinions import CommandHeard, OverlapKind, TurnEnd, Verdict
from streaming.time import Time, ms

from .words import joined

UserState = Literal["silent", "speaking", "pausing"]

SAME_SOUND = ms(300)
"""Two ears that look at one sound may differ by this much about where it began."""


@dataclass(slots=True)
class Speech:
    """One stretch of sound that voice detection calls speech."""

    onset: Time
    """Where it counts from."""
    segment: Time
    """Where voice detection saw it begin; earlier than `onset` if somebody else spoke first."""
    stopped: Time | None = None
    verdict: Verdict | None = None
    overlap: OverlapKind | None = None
    contested: bool = False
    """The agent had the floor at its onset, and what it means is not decided."""
    dismissed: bool = False
    """It goes on, but is none of our business."""
    words_before: int = 0
    """How many words the turn had at its onset."""
    brought_words: bool = False


@dataclass(slots=True)
class Turn:
    """What the user says before it is answered: one or more stretches of speech, and pauses."""

    number: int
    since: Time
    """The true onset."""
    automatic: bool
    """Whether we find its end (else the client commits it)."""
    onset: Time
    """Of its latest speech."""
    until: Time | None = None
    """Where its latest speech ended; None while somebody speaks."""
    earlier: Time | None = None
    """Where the speech before its latest ended."""
    spoken: Time = 0
    """Length of its ended speech."""
    stable: str = ""
    tentative: str = ""
    by_user: bool = False
    """Somebody knows for sure that the user's voice is in it."""
    likely: float | None = None
    """How probable it is that it is over, by the latest opinion about this pause."""
    command: CommandHeard | None = None
    cut_at: Time | None = None
    cut_reply: int | None = None
    hummed_at: Time | None = None
    """When the agent last said "mm-hm" to it."""

    @property
    def text(self) -> str:
        return joined(self.stable, self.tentative)

    def speak(self, onset: Time) -> None:
        """Speech again, after a pause."""
        self.onset, self.earlier, self.until, self.likely = onset, self.until, None, None

    def pause(self, about: Time) -> None:
        """The latest speech ended about `about`."""
        self.until = max(about, self.onset)
        self.spoken += self.until - self.onset


@dataclass(slots=True)
class UserTrack:
    speech: Speech | None = None
    last_speech: Speech | None = None
    """The one before, for opinions that come late."""
    continued: Speech | None = None
    """Speech that goes on and is about to count as a new onset."""
    turn: Turn | None = None
    closed: Turn | None = None
    """The latest turn that is over."""
    turns: int = 0
    early: TurnEnd | None = None
    """An opinion about a pause that is not known yet."""
    free_since: Time = 0
    """What was said before was committed or taken back by the client."""

    @property
    def state(self) -> UserState:
        if self.speech is not None and not self.speech.dismissed:
            return "speaking"
        return "silent" if self.turn is None else "pausing"

    def hear(self, onset: Time) -> Speech:
        """Speech begins; what went on before is over."""
        self.last_speech = self.speech or self.last_speech
        self.speech, self.continued = self.continued or Speech(onset, onset), None
        return self.speech

    def fall_silent(self) -> None:
        """The present speech is over."""
        self.last_speech, self.speech = self.speech or self.last_speech, None

    def speech_about(self, about: Time) -> Speech | None:
        """The speech that an opinion about `about` means, if it is still of interest."""
        for speech in (self.speech, self.last_speech):
            if speech is not None and about >= speech.segment - SAME_SOUND:
                return speech
        return None

    def open(self, since: Time, automatic: bool) -> Turn:
        """A new turn begins."""
        self.turns += 1
        since = max(since, self.free_since)
        self.turn = Turn(self.turns, since, automatic, onset=since)
        return self.turn

    def close(self) -> None:
        """The turn is over."""
        self.closed, self.turn, self.early = self.turn, None, None

    def reopen(self) -> None:
        """The turn that was closed last goes on."""
        self.turn, self.closed = self.closed, None
