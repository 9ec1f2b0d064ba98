"""What a client of a session notices, in its own terms."""

from __future__ import annotations

from dataclasses import dataclass

from .base import ServerEvent
from .response import Response, ResponseState
from .session import Session


@dataclass(frozen=True, slots=True)
class SessionReady:
    """The session exists, or its settings have changed."""

    session: Session


@dataclass(frozen=True, slots=True)
class UserSpeaks:
    """The user began to speak `start_ms` into the session: whatever plays is to be silent (a cut, or an onset)."""

    item_id: str
    start_ms: int


@dataclass(frozen=True, slots=True)
class UserSilent:
    item_id: str
    end_ms: int


@dataclass(frozen=True, slots=True)
class UserSaid:
    """The user's turn is over and reads `text`."""

    item_id: str
    text: str


@dataclass(frozen=True, slots=True)
class ReplyBegan:
    response: Response


@dataclass(frozen=True, slots=True)
class ReplyText:
    """More of what the reply says. `start_s`: when these words sound within the item, if that is known."""

    response_id: str
    item_id: str
    text: str
    start_s: float | None


@dataclass(frozen=True, slots=True)
class ReplySound:
    """More of how it sounds, as bytes of the session's output format. `first` counts bytes within the item."""

    response_id: str
    item_id: str
    sound: bytes
    first: int


@dataclass(frozen=True, slots=True)
class PlaybackCleared:
    """Nothing more of this response is to be heard."""

    response_id: str


@dataclass(frozen=True, slots=True)
class ReplyTruncated:
    """Of the item only this was heard. `transcript` None: the server does not say which words."""

    item_id: str
    audio_end_ms: int
    transcript: str | None


@dataclass(frozen=True, slots=True)
class ToolCalled:
    """A function is to be called; answer with `function_output(call_id, ...)`."""

    response_id: str
    call_id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class ReplyEnded:
    response_id: str
    status: ResponseState


@dataclass(frozen=True, slots=True)
class Failed:
    """The server could not obey the event `event_id` (None: it does not say which)."""

    message: str
    code: str | None
    event_id: str | None


@dataclass(frozen=True, slots=True)
class Told:
    """Anything else: the event as it is (`duplex.*` events among them)."""

    event: ServerEvent


Happening = (
    SessionReady | UserSpeaks | UserSilent | UserSaid
    | ReplyBegan | ReplyText | ReplySound | PlaybackCleared | ReplyTruncated | ToolCalled | ReplyEnded
    | Failed | Told
)  # fmt: skip
