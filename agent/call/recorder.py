"""Writes a call's events and commands to a file that `colloquy replay` plays again. There is no sound in it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from agent.conversation.commands import Command
from agent.conversation.events import Event, Tick
from agent.conversation.record import first_line, line_for
from agent.conversation.settings import ConversationSettings


class Recorder:
    """One recorded call. A tick that led to nothing is left out: it says nothing but that time passed."""

    def __init__(self, path: Path, settings: ConversationSettings) -> None:
        """Raises `OSError` where the file cannot be written."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("w", encoding="utf-8")
        self._file.write(first_line(settings) + "\n")

    def write(self, event: Event, commands: Sequence[Command]) -> None:
        """One event and what it led to."""
        if commands or not isinstance(event, Tick):
            self._file.write(line_for(event, commands) + "\n")

    def close(self) -> None:
        """Nothing more will come."""
        self._file.close()
