"""Recorded calls: what a conversation received and commanded, as JSON lines; and playing them again.

The first line says what the file is and which settings the call began with; each further line is one event and the
commands that it gave. Texts are in there, sound is not.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any, get_args

import msgspec

from .commands import Command
from .conversation import Conversation
from .events import Event
from .history import Entry
from .settings import ConversationSettings

VERSION = 1

_EVENTS: dict[str, type] = {kind.__name__: kind for kind in get_args(Event)}
_ENTRIES: dict[str, type] = {kind.__name__: kind for kind in get_args(Entry)}


class NotARecording(ValueError):
    """The file is no recorded call, or one of another version; the message says which line and what to do."""


@dataclass(frozen=True, slots=True)
class Difference:
    """At `line` of the recording (from 1) other commands came than before."""

    line: int
    event: dict[str, Any]
    recorded: list[dict[str, Any]]
    replayed: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """What came of playing a recording again."""

    events: int
    commands: int
    differences: tuple[Difference, ...]
    history: tuple[Entry, ...]
    """As it is at the recording's end."""

    @property
    def same(self) -> bool:
        """The same events gave the same commands."""
        return not self.differences


def first_line(settings: ConversationSettings, history: Iterable[Entry] = ()) -> str:
    """What a recording begins with; no newline."""
    return _json({"colloquy_call": VERSION, "settings": _plain(settings), "history": [_plain(e) for e in history]})


def line_for(event: Event, commands: Iterable[Command]) -> str:
    """One event and what it gave; no newline."""
    return _json({"event": _plain(event), "commands": [_plain(command) for command in commands]})


def replay(lines: Iterable[str]) -> ReplayReport:
    """Play a recording's lines again. Raises `NotARecording`."""
    rows = [(number, line) for number, line in enumerate(lines, 1) if line.strip()]
    conversation = _begin(rows[0][1] if rows else "")
    differences: list[Difference] = []
    commands = 0
    for number, line in rows[1:]:
        try:
            row = json.loads(line)
            recorded = row["commands"]
            event = _event(row["event"])
        except (KeyError, TypeError, ValueError) as error:
            raise NotARecording(f"line {number} is no recorded event: {error!r}") from error
        replayed = [_plain(command) for command in conversation.receive(event)]
        commands += len(replayed)
        if replayed != recorded:
            differences.append(Difference(number, row["event"], recorded, replayed))
    return ReplayReport(len(rows) - 1, commands, tuple(differences), tuple(conversation.history))


def replay_file(path: Path | str) -> ReplayReport:
    """Play the recording in `path` again. Raises `NotARecording`, and `OSError` where it cannot be read."""
    with open(path, encoding="utf-8") as file:
        return replay(file)


def _begin(line: str) -> Conversation:
    try:
        head = json.loads(line)
        version = head["colloquy_call"]
        if version != VERSION:
            raise NotARecording(f"this is a recording of version {version}, and only {VERSION} can be replayed here")
        settings = msgspec.convert(_untyped(head["settings"]), ConversationSettings)
        return Conversation(settings, [_typed(entry, _ENTRIES) for entry in head["history"]])
    except (KeyError, TypeError, json.JSONDecodeError, msgspec.ValidationError) as error:
        raise NotARecording("this is no recorded call: its first line must name the version and settings") from error


def _event(plain: dict[str, Any]) -> Event:
    if plain["is"] == "SettingsChanged":
        plain = {**plain, "settings": _untyped(plain["settings"])}
    event: Event = _typed(plain, _EVENTS)
    return event


def _typed(plain: dict[str, Any], kinds: dict[str, type]) -> Any:
    return msgspec.convert(_untyped(plain), kinds[plain["is"]])


def _untyped(plain: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in plain.items() if name != "is"}


def _plain(value: object) -> Any:
    """A dataclass as a dictionary that says under "is" which it is."""
    if is_dataclass(value):
        named = {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
        return {"is": type(value).__name__, **named}
    return value


def _json(row: dict[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"))
