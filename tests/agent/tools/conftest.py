"""A scene in which tools can be tried, with timers and notes that behave."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from agent.tools.desk import BUILT_IN
from agent.tools.keeping import KeptNotes
from agent.tools.said import heard
from agent.tools.timers import CallTimers
from agent.tools.tool import Line, Scene, Seen, ToolError
from streaming.time import TICKS_PER_SECOND, Time

NOON = datetime(2026, 11, 21, 9, 31, tzinfo=ZoneInfo("Europe/Berlin"))


class Room:
    """Asks the built-in tools as the desk does, and does at once what they promise."""

    def __init__(self) -> None:
        self.now: Time = 0
        self.timers = CallTimers(lambda: self.now)
        self.notes = KeptNotes()
        self.said: list[Line] = []
        self.seen: Seen | None = None

    def wait(self, seconds: float) -> list[str]:
        """Time passes; what rings meanwhile."""
        self.now += round(seconds * TICKS_PER_SECOND)
        return self.timers.due()

    def ask(self, text: str) -> tuple[str, str]:
        """The tool that takes the words, and what it says; two empty texts if none does."""
        scene = Scene(NOON, self.timers, self.notes, list(self.said), self.seen)
        name, says = "", ""
        for tool in BUILT_IN:
            arguments = tool.hear(heard(text), scene)
            if arguments is None:
                continue
            name = tool.name
            try:
                outcome = tool.run(arguments, scene)
            except ToolError as problem:
                says = str(problem)
                break
            says = outcome.says
            if outcome.commit is not None:
                outcome.commit()
            break
        self.said += [Line(True, text), *([Line(False, says)] if says else [])]
        return name, says

    def says(self, text: str) -> str:
        return self.ask(text)[1]


@pytest.fixture
def room() -> Room:
    return Room()
