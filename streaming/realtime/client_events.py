"""What a client of the Realtime API says (`duplex.py` adds ours)."""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from .base import ClientEvent
from .items import Item
from .session import Reply, Session


class SessionUpdate(ClientEvent, tag="session.update"):
    """Change what `session` names; the rest stays."""

    session: Session


class InputAudioBufferAppend(ClientEvent, tag="input_audio_buffer.append"):
    """More of the microphone, base64, in the session's input format."""

    audio: str


class InputAudioBufferCommit(ClientEvent, tag="input_audio_buffer.commit"):
    """The user's turn ends here (without automatic turn taking)."""


class InputAudioBufferClear(ClientEvent, tag="input_audio_buffer.clear"):
    """Forget what was said since the last turn."""


class OutputAudioBufferClear(ClientEvent, tag="output_audio_buffer.clear"):
    """Be silent (WebRTC)."""


class ConversationItemCreate(ClientEvent, tag="conversation.item.create"):
    """Add an item to the conversation, after `previous_item_id` (`root`: first; absent: last)."""

    item: Item
    previous_item_id: str | UnsetType = UNSET


class ConversationItemRetrieve(ClientEvent, tag="conversation.item.retrieve"):
    item_id: str


class ConversationItemDelete(ClientEvent, tag="conversation.item.delete"):
    item_id: str


class ConversationItemTruncate(ClientEvent, tag="conversation.item.truncate"):
    """Of the spoken item only the first `audio_end_ms` were heard."""

    item_id: str
    audio_end_ms: float
    content_index: float = 0


class ResponseCreate(ClientEvent, tag="response.create"):
    """Answer now."""

    response: Reply | UnsetType = UNSET


class ResponseCancel(ClientEvent, tag="response.cancel"):
    """End the response in progress."""

    response_id: str | UnsetType = UNSET
