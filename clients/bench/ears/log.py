"""A case that is played to an agent, and the log of what it did: the only things that metrics look at.

The same for a case that is played inside, in media time, and one that is played over the wire. All times are ms
from the case's beginning, as floats: a sample of 16 kHz sound is 0.0625 ms.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Scenario = Literal[
    "interruption", "backchannel", "burst", "aside", "background", "stranger", "stranger_turn", "speaker",
    "command", "lookalike", "echo", "echo_interruption", "pause", "question",
]  # fmt: skip
"""What a case is about:

interruption, backchannel, command: the user, over the agent's speech. burst: coughs, laughter, keys.
aside: the user to somebody else, by name. background: others, at least 10 dB softer. stranger: others, as loud.
stranger_turn: others in the agent's silence. speaker: the user or others in silence, for verdicts.
lookalike, question, pause: turns of the user in silence. echo: nobody, the agent hears itself;
echo_interruption: the user through that.
"""
SCENARIOS: tuple[Scenario, ...] = Scenario.__args__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that sounds at the microphone: its first and last sample are the truth."""

    who: Literal["user", "other", "thing"]
    first: float
    last: float
    text: str = ""
    voice: str = ""
    command: str = ""
    """The command that it is; "" for none."""


@dataclass(frozen=True, slots=True)
class Case:
    """One trial. The first mark is what it is about; a `pause` case has two, the parts of one turn."""

    name: str
    scenario: Scenario
    condition: str
    """What else is to be heard: quiet, babble10 (six voices, 10 dB below speech), noise10, echo."""
    talking: bool
    """Whether the agent talks from before its beginning to after its end, if nobody stops it."""
    enrolled: bool
    """Whether the user's voice is known."""
    length: float
    marks: tuple[Mark, ...]
    language: str = "en"
    tags: tuple[str, ...] = ()
    """What else to tell it apart by: engine, sex, `near` (a stranger of the user's engine and sex), `real`."""

    @property
    def mark(self) -> Mark:
        """What it is about."""
        return self.marks[0]


@dataclass(frozen=True, slots=True)
class Stretch:
    """The agent was audible, at one loudness."""

    first: float
    last: float
    gain_db: float = 0.0


@dataclass(frozen=True, slots=True)
class Obeyed:
    """A command was named, as lying in [`first`, `last`), at `at`."""

    command: str
    first: float
    last: float
    at: float


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn of the user, as the agent saw it."""

    since: float
    opened: float
    ended: float | None = None
    """When it was closed or withdrawn; None: it is still open."""
    kept: bool = False
    """It was closed, and not withdrawn."""
    answered: bool = False
    text: str = ""


@dataclass(frozen=True, slots=True)
class Named:
    """An opinion of whose voice it is, about `about`, known at `at`."""

    verdict: str
    about: float
    at: float
    score: float | None


@dataclass(slots=True)
class Log:
    """What the agent did in one case."""

    audible: list[Stretch] = field(default_factory=list)
    """When it could be heard; stretches follow on in time and do not overlap."""
    cuts: list[float] = field(default_factory=list)
    """When a reply was ended before its end."""
    taken_up: list[float] = field(default_factory=list)
    """When a reply that had been cut was said on."""
    replies: list[float] = field(default_factory=list)
    """When the first sample of a new reply (no taking up) was audible."""
    commands: list[Obeyed] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    named: list[Named] = field(default_factory=list)
    path: float = 0.0
    """ms between a decision that is logged here and the ear, if the case was played inside; 0 at the ear itself."""
    seconds: float = 0.0
    """Media time that the ears heard."""
    cpu: float = 0.0
    """Processor seconds that the ears took."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A case and what came of it."""

    case: Case
    log: Log
