"""Timelines: events at exact milliseconds in, commands at exact milliseconds out.

    play(on(0, 64), words("hello", 700), off(1000, 1096)).commands == ["1100 ThinkAhead", ...]

A cut (Silence, Cancel, CropToHeard at one moment, in this order) reads "cut". Before 0 lies a stretch of time in
which a preamble may have happened (`talking`, `released`, `tool_runs`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from agent.conversation.commands import (
    Announce,
    Cancel,
    Command,
    CropToHeard,
    ReplyStarted,
    Silence,
    TurnOpened,
)
from agent.conversation.conversation import Conversation
from agent.conversation.events import (
    Drained,
    Due,
    Event,
    Heard,
    Joined,
    Left,
    Lost,
    ReplyDone,
    ReplySound,
    ReplyWords,
    Tick,
    ToolCall,
    ToolResult,
    TypedTurn,
    Words,
)
from agent.conversation.history import AgentSaid
from agent.conversation.settings import ConversationSettings
from streaming.ears.opinions import CommandHeard, Overlap, SpeechStarted, SpeechStopped, TurnEnd, WhoIsIt
from streaming.time import ms, to_ms

ZERO = 10_000
"""Where a timeline's 0 lies in media time, in ms."""
SAMPLES_PER_MS = 24
WORD_MS = 300
"""How long each word of a preamble's reply sounds."""
WORDS = [f" word{n}" for n in range(40)]
"""A preamble's reply; its sound begins 1000 ms before 0."""


def t(milliseconds: float) -> int:
    return ms(ZERO + milliseconds)


def on(about: float, known: float) -> Event:
    return SpeechStarted(t(about), t(known))


def off(about: float, known: float) -> Event:
    return SpeechStopped(t(about), t(known))


def ended(probability: float, known: float, about: float | None = None) -> Event:
    return TurnEnd(probability, t(known if about is None else about), t(known))


def who(verdict: str, known: float, about: float | None = None) -> Event:
    return WhoIsIt(verdict, t(known if about is None else about), t(known))  # type: ignore[arg-type]


def overlap(kind: str, known: float, about: float = 0) -> Event:
    return Overlap(kind, t(about), t(known))  # type: ignore[arg-type]


def command(name: str, about: float, until: float, known: float) -> Event:
    return CommandHeard(name, t(about), t(until), t(known))  # type: ignore[arg-type]


@dataclass(frozen=True)
class Said:
    """Words of whatever turn is open (or was closed last) then."""

    text: str
    at: int
    until: int | None = None


def words(text: str, at: float, until: float | None = None) -> Said:
    return Said(text, t(at), None if until is None else t(until))


def typed(text: str, at: float) -> Event:
    return TypedTurn(text, t(at))


def due(text: str, at: float) -> Event:
    return Due(text, t(at))


def left(at: float) -> Event:
    return Left(t(at))


def joined(at: float) -> Event:
    return Joined(t(at))


def lost(at: float) -> Event:
    return Lost("it crashed", t(at))


def result(call: str, at: float, answer: bool = True) -> Event:
    return ToolResult(call, '"fine"', t(at), answer)


def heard(reply: int, until_ms: float, at: float, by_client: bool = False) -> Event:
    return Heard(reply, round(until_ms * SAMPLES_PER_MS), t(at), by_client)


def drained(reply: int, at: float) -> Event:
    return Drained(reply, t(at))


def tick(at: float) -> Event:
    return Tick(t(at))


def made(reply: int, at: float, texts: list[str], done: bool = True, word_ms: int = WORD_MS) -> list[Event]:
    """A reply's words and sound, all at once: each text lasts `word_ms`."""
    events: list[Event] = []
    for token, text in enumerate(texts):
        first = token * word_ms * SAMPLES_PER_MS
        events.append(ReplyWords(reply, token, text, t(at)))
        events.append(ReplySound(reply, token, first, first + word_ms * SAMPLES_PER_MS, t(at)))
    return [*events, ReplyDone(reply, t(at))] if done else events


def calls(reply: int, at: float, *names: str) -> list[Event]:
    return [ToolCall(reply, name, name, "{}", t(at)) for name in names]


def played(reply: int, begin: float, end: float) -> list[Event]:
    """Reports every 20 ms of sound that flows from `begin` to `end`."""
    return [heard(reply, at - begin, at) for at in range(int(begin) + 20, int(end) + 1, 20)]


@dataclass
class Timeline:
    """What came of it."""

    conversation: Conversation
    log: list[tuple[float, Command]] = field(default_factory=list)

    @property
    def commands(self) -> list[str]:
        """All commands that are no announcements, from 0 on."""
        listed = [(at, type(what)) for at, what in self.log if at >= 0 and not isinstance(what, Announce)]
        lines: list[str] = []
        while listed:
            at, what = listed[0]
            if listed[:3] == [(at, Silence), (at, Cancel), (at, CropToHeard)]:
                lines.append(f"{at:g} cut")
                del listed[:3]
            else:
                lines.append(f"{at:g} {what.__name__}")
                del listed[0]
        return lines

    @property
    def announced(self) -> list[str]:
        """All announcements from 0 on, without those of live words."""
        return [
            f"{at:g} {type(what.what).__name__}"
            for at, what in self.log
            if at >= 0
            and isinstance(what, Announce)
            and type(what.what).__name__ not in ("UserWords", "ReplyHeard", "SpeakerNamed")
        ]

    def all(self, kind: type) -> list[Command]:
        """All commands or happenings of a kind, from 0 on."""
        whats = [what.what if isinstance(what, Announce) else what for at, what in self.log if at >= 0]
        return [what for what in whats if isinstance(what, kind)]

    def order(self, at: float) -> list[str]:
        """Everything at one moment, announcements too."""
        return [
            type(what.what if isinstance(what, Announce) else what).__name__ for when, what in self.log if when == at
        ]

    @property
    def agent_lines(self) -> list[str]:
        return [entry.text for entry in self.conversation.history if isinstance(entry, AgentSaid)]

    @property
    def turn(self) -> int:
        """The number of the turn that opened last."""
        opened = [w.what for _, w in self.log if isinstance(w, Announce) and isinstance(w.what, TurnOpened)]
        return opened[-1].turn if opened else 0

    @property
    def reply(self) -> int:
        """The number of the reply that started last."""
        started = [w.what for _, w in self.log if isinstance(w, Announce) and isinstance(w.what, ReplyStarted)]
        return started[-1].reply if started else 0


def play(
    *events: Event | Said | list[Event],
    before: list[Event] | None = None,
    until: float | None = None,
    settings: ConversationSettings | None = None,
    **changed: object,
) -> Timeline:
    """Play the events in the order of their times, with a `Tick` whenever the conversation wants one.

    `until`: how far time goes on after the last event (default: 5 s after it). `changed`: settings by name.
    """
    conversation = Conversation(replace(settings or ConversationSettings(), **changed))  # type: ignore[arg-type]
    timeline = Timeline(conversation)
    script: list[Event | Said] = list(before or [])
    for event in events:
        script.extend(event if isinstance(event, list) else [event])
    script.sort(key=lambda event: event.at)
    end = (max((event.at for event in script), default=0) + ms(5000)) if until is None else t(until)

    def send(event: Event) -> None:
        timeline.log.extend((to_ms(event.at) - ZERO, what) for what in conversation.receive(event))

    def ticks_before(at: int) -> None:
        while conversation.wake_at is not None and conversation.wake_at < at:
            send(Tick(conversation.wake_at))

    for event in script:
        if event.at > end:
            break
        ticks_before(event.at)
        if isinstance(event, Said):
            send(Words(timeline.turn, event.text, "", event.at, event.until))
        else:
            send(event)
    ticks_before(end + 1)
    return timeline


def talking(until: float = 8000, done: bool = True) -> list[Event]:
    """The agent is audible from 1000 ms before 0 up to `until`; it answers something typed."""
    return [TypedTurn("tell me a story", t(-1500)), *made(1, -1100, WORDS, done), *played(1, -1000, until)]


def released() -> list[Event]:
    """The user has asked something, reply 1 was released just before 0, and nothing of it is audible yet."""
    return [
        on(-1500, -1436),
        Words(1, "what is the time", "", t(-900)),
        off(-300, -204),
        ended(0.95, -204),
        *made(1, -120, WORDS),
    ]


def tool_runs(*names: str, since: float = 0) -> list[Event]:
    """The user has asked something, and reply 1 is nothing but tool calls at `since`."""
    return [
        on(-1500, -1436),
        Words(1, "what is the weather", "", t(-900)),
        off(-300, -204),
        ended(0.95, -204),
        *calls(1, since, *names),
        ReplyDone(1, t(since)),
    ]


QUESTION = [on(0, 64), words("what is the time", 900), off(1000, 1096), ended(0.95, 1096)]
DEFAULTS = ConversationSettings()


def talks_briefly(number: int = 4, silent_from: int = 200) -> list[Event]:
    """The agent says a few words from -1000 on, all of which are heard at `silent_from`."""
    texts = WORDS[:number]
    return [
        TypedTurn("hi", t(-1500)),
        *made(1, -1100, texts),
        *played(1, -1000, silent_from - 20),
        drained(1, silent_from),
    ]
