"""How cut-offs and delay trade against each other: the same ears' events through other patience.

Until the first turn is closed nothing that the ears hear depends on it, so one hearing serves all settings.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from agent.conversation import commands as does
from agent.conversation.conversation import Conversation
from agent.conversation.events import Event, Joined, Tick, Words
from agent.conversation.settings import ConversationSettings
from clients.bench.ears.log import Case
from streaming.ears.opinions import CommandHeard, Overlap, SpeechStarted, SpeechStopped, TurnEnd, WhoIsIt
from streaming.time import Time, ms, to_ms

HEARD = (SpeechStarted, SpeechStopped, TurnEnd, Overlap, WhoIsIt, CommandHeard, Words, Joined)
SCALES = (0.25, 0.4, 0.6, 0.8, 1.0, 1.25, 1.6, 2.0, 3.0)
"""Factors on the three pauses of rule 3."""
LIMITS = (200, 300, 400, 600, 800, 1000, 1200, 1600)
"""Fixed limits, in ms, that know nothing: what the ears' opinions are compared with."""


@dataclass(frozen=True, slots=True)
class Patience:
    """One setting, and what became of one turn under it."""

    kind: str
    """`ears` (a factor on the pauses) or `limit` (a fixed pause)."""
    value: float
    cut_off: bool
    """Closed before its last part began."""
    delay: float | None
    """ms from its last sample to its end; None: it was cut off, or never closed."""


def patience(case: Case, events: Sequence[Event], settings: ConversationSettings) -> list[Patience]:
    """What all settings would have made of the turn of `case`."""
    return [
        _outcome(case, kind, value, _first_closed(events, changed, ms(case.length)))
        for kind, value, changed in _settings(settings)
    ]


def _settings(own: ConversationSettings) -> Iterator[tuple[str, float, ConversationSettings]]:
    for scale in SCALES:
        sure, open_, unlikely = (
            round(pause * scale) for pause in (own.pause_if_sure, own.pause_if_open, own.pause_if_unlikely)
        )
        yield "ears", scale, replace(own, pause_if_sure=sure, pause_if_open=open_, pause_if_unlikely=unlikely)
    for limit in LIMITS:
        fixed = ms(limit)
        yield "limit", limit, replace(own, pause_if_sure=fixed, pause_if_open=fixed, pause_if_unlikely=fixed)


def _first_closed(events: Sequence[Event], settings: ConversationSettings, end: Time) -> Time | None:
    """When the first turn is closed and answered; None: never."""
    conversation = Conversation(settings)
    for event in [event for event in events if isinstance(event, HEARD)] + [Tick(end)]:
        while conversation.wake_at is not None and conversation.wake_at < event.at:
            at = conversation.wake_at
            if _closes(conversation.receive(Tick(at))):
                return at
        if _closes(conversation.receive(event)):
            return event.at
    return None


def _closes(commands: Sequence[does.Command]) -> bool:
    return any(
        isinstance(command, does.Announce)
        and isinstance(command.what, does.TurnClosed)
        and command.what.reply is not None
        for command in commands
    )


def _outcome(case: Case, kind: str, value: float, closed: Time | None) -> Patience:
    if closed is None:
        return Patience(kind, value, False, None)
    at = to_ms(closed)
    cut_off = at < case.marks[-1].first
    return Patience(kind, value, cut_off, None if at < case.marks[-1].last else at - case.marks[-1].last)
