"""What was said in a room, as it was heard: for a server that comes back, and for a worker that takes over."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from streaming.realtime.items import Content, Item

MOST_BYTES = 40_000
"""LiveKit lets a participant's attributes have 64 KB; the oldest turns are forgotten first."""


@dataclass(slots=True)
class Past:
    """Items in their order; of the agent's own, what was heard."""

    _items: dict[str, Item]
    """All items of the conversation in their order; the wire's client keeps them."""
    _heard: dict[str, str] = field(default_factory=dict)
    """Item -> what was heard of it. Only of replies that this worker played."""
    _open: str = ""
    """The reply that is being heard."""

    def begin(self, items: Iterable[Item]) -> None:
        """What was said before this worker came."""
        for number, item in enumerate(items):
            item.id = item.id or f"past_{number}"
            self._items[item.id] = item

    def heard(self, item_id: str, transcript: str, over: bool) -> None:
        """So much was heard of the agent's item. `over`: there will be no more."""
        self._heard[item_id] = transcript
        self._open = "" if over else item_id

    def at_least(self, item_id: str, transcript: str) -> None:
        """What was played when the server was away counts, too."""
        if len(transcript) > len(self._heard.get(item_id, "")):
            self._heard[item_id] = transcript

    def words(self, item_id: str) -> str:
        """What was heard of the agent's item."""
        return self._heard.get(item_id, "")

    def close(self) -> None:
        """The reply that was being heard will not go on."""
        self._open = ""

    def items(self) -> list[Item]:
        """As heard, to be created at a server that knows nothing yet."""
        return [item for name in self._items if (item := self._as_heard(name)) is not None]

    def _as_heard(self, name: str) -> Item | None:
        item = self._items[name]
        if item.type != "message":
            return Item(
                id=name, type=item.type, call_id=item.call_id, name=item.name,
                arguments=item.arguments, output=item.output,
            )  # fmt: skip
        ours = item.role == "assistant"
        text = self._heard.get(name, item.words if name.startswith("past_") else "") if ours else item.words
        return spoken(item.role or "user", text, name) if text.strip() else None

    def attributes(self) -> tuple[str, str]:
        """(turns that are over, the reply that is being heard), as JSON."""
        over = [item for item in self.items() if item.id != self._open]
        open_ = [item for item in self.items() if item.id == self._open]
        return to_json(over), to_json(open_)


def spoken(role: Any, text: str, name: str) -> Item:
    """A message as somebody spoke it."""
    kind = Content("output_audio" if role == "assistant" else "input_audio", transcript=text)
    if role == "system":
        kind = Content("input_text", text=text)
    return Item(id=name, type="message", role=role, content=[kind])


def to_json(items: Iterable[Item]) -> str:
    """[[role, words], ...], the latest of them that fit."""
    kept: list[str] = []
    room = MOST_BYTES
    for item in reversed(list(items)):
        if item.type != "message":
            continue
        text = json.dumps([item.role, item.words], ensure_ascii=False)
        room -= len(text.encode()) + 1
        if room < 0:
            break
        kept.append(text)
    return f"[{','.join(reversed(kept))}]"


def from_json(said: object) -> list[Item]:
    """Items of `to_json`'s text, or of what was in it. Nothing that cannot be read is there."""
    if isinstance(said, str):
        try:
            said = json.loads(said or "[]")
        except json.JSONDecodeError:
            return []
    found = []
    for number, pair in enumerate(said if isinstance(said, list) else []):
        match pair:
            case [("user" | "assistant" | "system") as role, str(text)] if text.strip():
                found.append(spoken(role, text, f"past_{number}"))
    return found
