"""History as the mind is to know it."""

from __future__ import annotations

from collections.abc import Iterable

from agent.engine.messages import Line

from .history import AgentSaid, Entry, ToolCalled, ToolReturned, Typed, UserSaid

TOPIC_DROPPED = "The user does not want to hear more about that: another topic, please."
"""What the mind is told when a reply is dropped (the command `Drop`)."""


def line_of(entry: Entry) -> Line | None:
    """What the mind knows of `entry`; None for what is only between the people on the line (backchannels, notices)."""
    if isinstance(entry, UserSaid):
        return None if entry.text is None else Line("user", entry.text)
    if isinstance(entry, Typed):
        return Line(entry.role, entry.text)
    if isinstance(entry, AgentSaid):
        return Line("assistant", entry.text.strip())
    if isinstance(entry, ToolCalled):
        return Line("assistant", "", call=entry.call, name=entry.name, arguments=entry.arguments)
    if isinstance(entry, ToolReturned):
        return Line("tool", entry.output, call=entry.call)
    return None


def lines(history: Iterable[Entry]) -> list[Line]:
    """The context to give to a mind that knows nothing yet."""
    known: list[Line] = []
    for entry in history:
        line = line_of(entry)
        if line is not None:
            known.append(line)
        if isinstance(entry, AgentSaid) and entry.dropped:
            known.append(Line("system", TOPIC_DROPPED))
    return known
