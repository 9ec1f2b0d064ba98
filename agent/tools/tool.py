"""What a tool is: a schema that models know, a recogniser of the words that call it, and what it does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from .said import Said

Arguments = dict[str, Any]
"""A call's arguments, as JSON knows them."""


class ToolError(Exception):
    """The tool cannot do that; the message is a short sentence that can be spoken."""


@dataclass(frozen=True, slots=True)
class Line:
    """Something that was said in the call, as it was heard."""

    by_user: bool
    text: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What the eyes know now."""

    camera: bool = False
    """Whether pictures come at all."""
    text: str = ""
    codes: Sequence[str] = ()
    colours: Sequence[str] = ()
    """Of what is held in the middle, the strongest first."""
    brightness: str = ""


class Timers(Protocol):
    """The timers of a call, on its media clock."""

    def pending(self) -> Sequence[tuple[str, float]]:
        """(label, seconds left), the next first. A label may be empty."""
        ...

    def start(self, label: str, seconds: float, says: str) -> None:
        """`says` is spoken when the time is over."""
        ...

    def cancel(self, label: str | None) -> None:
        """Those of that label; None: all."""
        ...


class Notes(Protocol):
    """What was to be remembered."""

    def all(self) -> Sequence[str]: ...

    def add(self, text: str) -> None: ...

    def remove(self, texts: Sequence[str]) -> None: ...


@dataclass(frozen=True, slots=True)
class Scene:
    """What a tool may know of the call, and what it may change."""

    now: datetime
    """Local time, with its zone."""
    timers: Timers
    notes: Notes
    said: Sequence[Line] = ()
    """The call so far, without what is being asked."""
    seen: Seen | None = None
    """None: the model has no eyes."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A short sentence that can be spoken as it is, and what is to be done once it is known that it is heard."""

    says: str
    commit: Callable[[], None] | None = None


@dataclass(frozen=True, slots=True)
class Tool:
    """One thing that the assistant can do. `run` raises `ToolError` for what it cannot do, and returns in no time."""

    name: str
    description: str
    run: Callable[[Arguments, Scene], Outcome]
    hear: Callable[[Said, Scene], Arguments | None]
    """The arguments with which these words call the tool; None unless that is certain."""
    properties: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    required: Sequence[str] = ()

    def schema(self) -> dict[str, Any]:
        """As the Realtime API describes functions."""
        return {
            "type": "function",
            "name": self.name,
            "description": self.description,
            "parameters": {
                "type": "object",
                "properties": {name: dict(schema) for name, schema in self.properties.items()},
                "required": list(self.required),
            },
        }


def sentence(text: str) -> str:
    """With a capital letter and an end."""
    text = text.strip()
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else text + "."


def listed(parts: Sequence[str]) -> str:
    """a, b and c"""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
