"""What was said, as it was heard: the one memory of a call.

An entry of the agent holds exactly the text of its heard tokens, at every moment. A spoken turn or a reply takes
its place when it closes or is released, so that what comes between stays in order, and is seen as soon as there
is a word of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal


@dataclass(frozen=True, slots=True)
class UserSaid:
    """A spoken turn. `text` None: it was spoken, but the mind makes no words of it."""

    turn: int
    text: str | None


@dataclass(frozen=True, slots=True)
class Typed:
    """Text that came in writing. `item` is the wire's name for it."""

    text: str
    item: str | None = None
    role: Literal["user", "system", "assistant"] = "user"


@dataclass(frozen=True, slots=True)
class AgentSaid:
    """The heard part of a reply. `cut`: it ended before its end; `dropped`: the user wanted another topic."""

    reply: int
    text: str
    cut: bool = False
    dropped: bool = False


@dataclass(frozen=True, slots=True)
class UserBackchannel:
    """The user said "mm-hm" while the agent spoke. `text` is "" where nobody knows the words."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCalled:
    """A reply called a tool; `arguments` is JSON text."""

    reply: int
    call: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class ToolReturned:
    """A tool's result."""

    call: str
    output: str


@dataclass(frozen=True, slots=True)
class Noticed:
    """A short sentence kept ready as sound was played. The mind does not know of it."""

    kind: str


Entry = UserSaid | Typed | AgentSaid | UserBackchannel | ToolCalled | ToolReturned | Noticed


@dataclass(slots=True)
class History:
    """The entries of one call, oldest first."""

    _entries: list[Entry] = field(default_factory=list)

    def seen(self) -> list[Entry]:
        """All entries that have something in them."""
        return [entry for entry in self._entries if not (isinstance(entry, UserSaid | AgentSaid) and entry.text == "")]

    def add(self, *entries: Entry) -> None:
        """Put `entries` at the end."""
        self._entries.extend(entries)

    def clear(self) -> None:
        """A new conversation begins."""
        self._entries.clear()

    def reword(self, turn: int, text: str | None) -> None:
        """The words of `turn` are `text`."""
        self._change(lambda old: replace(old, text=text) if isinstance(old, UserSaid) and old.turn == turn else old)

    def heard(self, reply: int, text: str, *, cut: bool = False) -> None:
        """Of `reply`, `text` was heard."""
        self._change(
            lambda old: replace(old, text=text, cut=cut) if isinstance(old, AgentSaid) and old.reply == reply else old
        )

    def drop(self, reply: int) -> None:
        """What `reply` told is dropped."""
        self._change(
            lambda old: replace(old, dropped=True) if isinstance(old, AgentSaid) and old.reply == reply else old
        )

    def forget_turn(self, turn: int) -> bool:
        """Turn `turn` has no place here (any more). Whether it had one."""
        return self._forget(lambda entry: isinstance(entry, UserSaid) and entry.turn == turn)

    def forget_reply(self, reply: int) -> bool:
        """The words of `reply` have no place here. Whether they had one."""
        return self._forget(lambda entry: isinstance(entry, AgentSaid) and entry.reply == reply)

    def forget_typed(self, item: str) -> bool:
        """The typed item `item` has no place here. Whether it had one."""
        return self._forget(lambda entry: isinstance(entry, Typed) and entry.item == item)

    def forget_call(self, call: str) -> bool:
        """Tool call `call` and its result have no place here. Whether they had one."""
        return self._forget(lambda entry: isinstance(entry, ToolCalled | ToolReturned) and entry.call == call)

    def _forget(self, gone: Callable[[Entry], bool]) -> bool:
        before = len(self._entries)
        self._entries[:] = [entry for entry in self._entries if not gone(entry)]
        return len(self._entries) < before

    def _change(self, change: Callable[[Entry], Entry]) -> None:
        self._entries[:] = [change(entry) for entry in self._entries]
