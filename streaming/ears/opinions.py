"""What ears say. Each opinion has two times: what it is about, and when it became known.

Lengths and pauses are counted from `about`; nothing is commanded before `at`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from streaming.time import Time

Verdict = Literal["user", "other", "unsure"]
OverlapKind = Literal["interruption", "backchannel", "not_user", "not_addressed", "noise", "echo"]
CommandName = Literal["stop", "wait", "change_topic"]


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """Somebody began to speak about `about`."""

    about: Time
    at: Time


@dataclass(frozen=True, slots=True)
class SpeechStopped:
    """Whoever spoke fell silent about `about`."""

    about: Time
    at: Time


@dataclass(frozen=True, slots=True)
class WhoIsIt:
    """Whose voice is heard about `about`. `score` is a cosine similarity in [-1, 1], or None."""

    verdict: Verdict
    about: Time
    at: Time
    score: float | None = None


@dataclass(frozen=True, slots=True)
class TurnEnd:
    """How probable it is that the turn that paused about `about` is over, in [0, 1]."""

    probability: float
    about: Time
    at: Time


@dataclass(frozen=True, slots=True)
class Overlap:
    """What a sound that began about `about`, while the agent was audible, is."""

    kind: OverlapKind
    about: Time
    at: Time


@dataclass(frozen=True, slots=True)
class CommandHeard:
    """A spoken command from `about` to `until`."""

    command: CommandName
    about: Time
    until: Time
    at: Time


Opinion = SpeechStarted | SpeechStopped | WhoIsIt | TurnEnd | Overlap | CommandHeard
