"""What both directions of one session share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from agent.conversation.events import ToolResult
from agent.conversation.settings import ConversationSettings
from agent.engine.messages import Setup
from streaming.time import Time, ms

from .config import Config
from .ids import Ids
from .received import Capabilities
from .reply import WireReply
from .store import ItemStore
from .turns import UserTurns
from .voices import Voices

Transport = Literal["webrtc", "websocket"]
REPLIES_KEPT = 64
REQUEST_LASTS = ms(15_000)
"""A `response.create` that led to nothing for so long is given up."""


@dataclass(frozen=True, slots=True)
class Request:
    """A `response.create` whose response has not begun."""

    metadata: dict[str, Any] | None
    at: Time


@dataclass(slots=True)
class Wire:
    """One session's state on the wire."""

    ids: Ids
    capabilities: Capabilities
    transport: Transport
    config: Config
    base_settings: ConversationSettings
    base_setup: Setup
    items: ItemStore
    turns: UserTurns
    replies: dict[int, WireReply] = field(default_factory=dict)
    """The last ones."""
    request: Request | None = None
    calls: set[str] = field(default_factory=set)
    """Function calls that wait for their result."""
    results: bool = False
    """A function's result came, and no answer to it was asked for yet."""
    held: list[ToolResult] = field(default_factory=list)
    """Results that came while the reply that called is still being made."""
    typed: dict[str, str] = field(default_factory=dict)
    """Item -> text that the client typed last, and may yet ask to have answered."""
    unasked: dict[str, str] = field(default_factory=dict)
    """The same, where the conversation has gone on since: only its history is still to hear of it."""
    voices: Voices = field(default_factory=Voices)
    """Whom the ears know, as the client was told."""
    ducks: bool = False
    reports: bool = False

    @property
    def setup(self) -> Setup:
        """How the mind is to be."""
        return self.config.setup(self.base_setup)

    @property
    def settings(self) -> ConversationSettings:
        """The rules of turn-taking in force."""
        return self.config.settings(self.base_settings)

    def reply(self, number: int) -> WireReply:
        """The reply of that number, new if need be."""
        if number not in self.replies:
            self.replies[number] = WireReply(number, self.ids, self.items)
            while len(self.replies) > REPLIES_KEPT:
                del self.replies[next(iter(self.replies))]
        return self.replies[number]

    def reply_of(self, item_id: str) -> WireReply | None:
        """The reply that says item `item_id`."""
        return next((reply for reply in self.replies.values() if item_id and reply.item_id == item_id), None)

    def open_reply(self) -> WireReply | None:
        """The response that the client knows of and that has not ended. Notices are nobody's business."""
        return next((reply for reply in reversed(self.replies.values()) if reply.open and reply.number > 0), None)

    def live(self) -> list[WireReply]:
        """The replies that are in progress or audible."""
        return [reply for reply in self.replies.values() if (reply.open or reply.audible) and reply.number > 0]
