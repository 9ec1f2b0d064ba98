"""The conversation between the two worlds: livekit's chat items, and the wire's."""

from __future__ import annotations

import base64
from typing import Any

from livekit.agents import llm

from ._wire.items import Content, Item
from .log import logger

OWN_PICTURE = "frame_"
"""Ids of camera frames: the framework knows nothing of them."""


def to_wire(item: llm.ChatItem) -> Item | None:
    """A chat item as the server takes it; None for what it has no place for."""
    if isinstance(item, llm.FunctionCall):
        return Item(id=item.id, type="function_call", call_id=item.call_id, name=item.name, arguments=item.arguments)
    if isinstance(item, llm.FunctionCallOutput):
        return Item(id=item.id, type="function_call_output", call_id=item.call_id, output=item.output)
    if isinstance(item, llm.ChatMessage):
        content = [part for part in (_part(item.role, part) for part in item.content) if part is not None]
        if not content:
            return None
        role = "system" if item.role == "developer" else item.role
        return Item(id=item.id, type="message", role=role, content=content)
    return None


def _part(role: str, part: Any) -> Content | None:
    if isinstance(part, llm.ImageContent):
        picture = llm.utils.serialize_image(part)
        if picture.data_bytes is None:
            logger.warning("a picture was left out: the server fetches nothing from the web")
            return None
        return Content("input_image", image_url=data_url(picture.data_bytes, picture.mime_type or "image/jpeg"))
    if isinstance(part, llm.AudioContent):
        return Content("input_text", text=part.transcript) if part.transcript else None
    return Content("output_text" if role == "assistant" else "input_text", text=str(part))


def data_url(data: bytes, kind: str) -> str:
    """`data` as a URL that carries it."""
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def from_wire(item: Item) -> llm.ChatItem | None:
    """An item of the server's as a chat item."""
    if item.id in ("", None) or str(item.id).startswith(OWN_PICTURE):
        return None
    if item.type == "function_call":
        return llm.FunctionCall(
            id=str(item.id), call_id=item.call_id or "", name=item.name or "", arguments=item.arguments or ""
        )
    if item.type == "function_call_output":
        return llm.FunctionCallOutput(
            id=str(item.id), call_id=item.call_id or "", output=item.output or "", is_error=False
        )
    words = item.words
    return llm.ChatMessage(id=str(item.id), role=item.role or "user", content=[words] if words else [])


class Mirror:
    """The conversation as the server has it, in its order."""

    def __init__(self) -> None:
        self._items: list[llm.ChatItem] = []
        self._spoken: set[str] = set()

    @property
    def chat_ctx(self) -> llm.ChatContext:
        return llm.ChatContext(items=list(self._items))

    def has(self, item_id: str) -> bool:
        return any(item.id == item_id for item in self._items)

    def is_spoken(self, item_id: str) -> bool:
        """Whether it came from the server, which knows best what was heard of it."""
        return item_id in self._spoken

    def added(self, item: Item, previous: str | None) -> llm.ChatItem | None:
        """The server has a new item, or one that is whole now. The chat item, if it is new here."""
        found = from_wire(item)
        if found is None:
            return None
        for number, known in enumerate(self._items):
            if known.id == found.id:
                if isinstance(found, llm.FunctionCall) and found.arguments:
                    self._items[number] = found
                return None
        self._spoken.add(found.id)
        self.insert(found, previous)
        return found

    def insert(self, item: llm.ChatItem, previous: str | None) -> None:
        """`item` comes after `previous`; None or unknown: last."""
        places = [number for number, known in enumerate(self._items) if known.id == previous]
        self._items.insert(places[0] + 1 if places else len(self._items), item)

    def deleted(self, item_id: str) -> None:
        self._items = [item for item in self._items if item.id != item_id]

    def write(self, item_id: str, text: str) -> None:
        """What a spoken message says."""
        for item in self._items:
            if item.id == item_id and isinstance(item, llm.ChatMessage):
                item.content = [text] if text else []

    def reset(self) -> list[Item]:
        """Everything that a new server has to be told."""
        self._items = [item for item in self._items if not isinstance(item, llm.ChatMessage) or item.content]
        return [made for made in map(to_wire, self._items) if made is not None]
