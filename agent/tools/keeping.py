"""Where notes are kept: in the call, or in one file a profile in the user's data folder."""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from pathlib import Path

log = logging.getLogger(__name__)

MOST = 500
LONGEST = 500


def data_folder() -> Path:
    """Where what the user wants kept lies: `COLLOQUY_DATA`, or the user's data folder."""
    if chosen := os.environ.get("COLLOQUY_DATA"):
        return Path(chosen)
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "colloquy"
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA") or Path.home()) / "colloquy"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "colloquy"


class KeptNotes:
    """Implements `agent.tools.tool.Notes`. Without a profile they end with the call."""

    def __init__(self, profile: str = "", folder: Path | None = None) -> None:
        """`profile` is a name of letters, digits, - and _. Raises `ValueError` for another."""
        if profile and not re.fullmatch(r"[\w-]{1,64}", profile):
            raise ValueError(f"a profile is named with letters, digits, - and _, not {profile!r}")
        self._path = (folder or data_folder()) / f"notes-{profile}.json" if profile else None
        self._notes = self._read()

    def _read(self) -> list[str]:
        if self._path is None or not self._path.exists():
            return []
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as problem:
            log.warning("the notes in %s cannot be read (%s): they are left as they are", self._path, problem)
            self._path = None
            return []
        return [str(note) for note in found] if isinstance(found, list) else []

    def all(self) -> list[str]:
        return list(self._notes)

    def add(self, text: str) -> None:
        """The newest is last; of too many the oldest go."""
        self._notes = [*[note for note in self._notes if note != text][-MOST + 1 :], text[:LONGEST]]
        self._write()

    def remove(self, texts: object) -> None:
        gone = set(texts) if isinstance(texts, (list, tuple)) else set()
        self._notes = [note for note in self._notes if note not in gone]
        self._write()

    def _write(self) -> None:
        if self._path is None:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            fresh = self._path.with_suffix(".new")
            fresh.write_text(json.dumps(self._notes, ensure_ascii=False, indent=1), encoding="utf-8")
            os.chmod(fresh, 0o600)
            fresh.replace(self._path)
        except OSError as problem:
            log.warning("notes cannot be written to %s (%s): they end with the process", self._path, problem)
