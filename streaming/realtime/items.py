"""What a conversation consists of."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

ItemType = Literal["message", "function_call", "function_call_output"]
ItemRole = Literal["user", "assistant", "system"]
ItemStatus = Literal["in_progress", "completed", "incomplete"]
ContentType = Literal["input_text", "input_audio", "input_image", "output_text", "output_audio"]


class Content(msgspec.Struct, omit_defaults=True):
    """One part of a message. Which fields are there depends on `type`."""

    type: ContentType
    text: str | UnsetType = UNSET
    transcript: str | UnsetType | None = UNSET
    """Of a spoken part; None: not known (yet). Clients want the key to be there."""
    audio: str | UnsetType = UNSET
    """Base64; the server never sends it."""
    image_url: str | UnsetType = UNSET
    """A data URL."""
    detail: str | UnsetType = UNSET

    @property
    def words(self) -> str:
        """What it says, written or spoken."""
        return (self.text or self.transcript or "") if self.text is not UNSET else (self.transcript or "")


class Item(msgspec.Struct, omit_defaults=True, kw_only=True):
    """A message, a function call, or what a function gave. Which fields are there depends on `type`."""

    id: str | UnsetType = UNSET
    object: str | UnsetType = UNSET
    type: ItemType
    status: ItemStatus | UnsetType = UNSET
    role: ItemRole | UnsetType = UNSET
    content: list[Content] | UnsetType = UNSET
    call_id: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    arguments: str | UnsetType = UNSET
    """JSON text, as the model wrote it."""
    output: str | UnsetType = UNSET

    @property
    def words(self) -> str:
        """What the message says."""
        return "".join(part.words for part in self.content) if self.content else ""


def message(id: str, role: ItemRole, content: list[Content], status: ItemStatus = "completed") -> Item:
    """A message as the server shows it."""
    return Item(id=id, object="realtime.item", type="message", status=status, role=role, content=content)


def function_call(id: str, call_id: str, name: str, arguments: str, status: ItemStatus = "completed") -> Item:
    """A function call as the server shows it."""
    return Item(
        id=id, object="realtime.item", type="function_call", status=status,
        call_id=call_id, name=name, arguments=arguments,
    )  # fmt: skip


def function_call_output(id: str, call_id: str, output: str) -> Item:
    """A function's result as the server shows it."""
    return Item(
        id=id, object="realtime.item", type="function_call_output", status="completed", call_id=call_id, output=output
    )
