"""The talk as plain lines: for screen readers, pipes, and terminals that can do no more."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import TextIO

from .assistant import Assistant
from .transcript import Entry

WHO = {"user": "You", "agent": "Agent"}


@dataclass(slots=True)
class Plain:
    """Writes each turn when it is over, and each note when it comes."""

    out: TextIO = field(default_factory=lambda: sys.stdout)
    _written: dict[str, str] = field(default_factory=dict)
    _link: str = ""
    _reply_ms: float | None = None

    def show(self, assistant: Assistant) -> None:
        """Writes what is new."""
        status = assistant.call.status
        if status.link != self._link:
            self._link = status.link
            self._write(f"[{status.link}{f': {status.problem}' if status.problem else ''}]")
        for entry in assistant.call.transcript.entries:
            # A turn may be corrected once it is over: then it is written again.
            if entry.state != "live" and self._written.get(entry.id) != entry.text:
                self._written[entry.id] = entry.text
                self._write(self._line(entry))
        if status.reply_ms is not None and status.reply_ms != self._reply_ms:
            self._reply_ms = status.reply_ms
            self._write(f"[answered after {status.reply_ms:.0f} ms]")

    @staticmethod
    def _line(entry: Entry) -> str:
        if entry.who == "note":
            return f"[{entry.text.strip()}]"
        end = {"cut": " – (interrupted)", "lost": " – (connection lost)"}.get(entry.state, "")
        return f"{WHO[entry.who]}: {entry.text.strip()}{end}"

    def _write(self, line: str) -> None:
        print(line, file=self.out, flush=True)
