"""What a `Conversation` receives. Every event carries `at`, the media time at which it became known.

The opinions of the ears are events as they are (`streaming.ears.opinions`).
Times of one session never run backwards; an event that is late is stamped with now.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from streaming.ears.opinions import CommandHeard, Overlap, SpeechStarted, SpeechStopped, TurnEnd, WhoIsIt
from streaming.time import Time

from .settings import ConversationSettings

# --- the mind -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Words:
    """All words of turn `turn` so far: `stable` will not change, `tentative` may.

    They may go on coming after the turn was closed: its text is then corrected.
    """

    turn: int
    stable: str
    tentative: str
    at: Time
    until: Time | None = None
    """How far the sound goes that they were made of; None: up to about now."""


@dataclass(frozen=True, slots=True)
class ReplyWords:
    """Token number `token` of `reply` (from 0) reads `text`. The texts of a reply, joined, are its transcript."""

    reply: int
    token: int
    text: str
    at: Time


@dataclass(frozen=True, slots=True)
class ReplySound:
    """Samples [`first`, `last`) of `reply` (24 kHz, from 0) say token `token`.

    Spans come in order and may leave gaps (pauses belong to nobody). A token without a span of its own
    (punctuation, the first half of a word) counts as heard when the next one with a span is.
    """

    reply: int
    token: int
    first: int
    last: int
    at: Time


@dataclass(frozen=True, slots=True)
class ReplyDone:
    """`reply` is whole: no more words and no more sound of it will come."""

    reply: int
    at: Time


@dataclass(frozen=True, slots=True)
class ToolCall:
    """`reply` calls tool `name`; `arguments` is whole JSON text. Several may come before `ReplyDone`."""

    reply: int
    call: str
    name: str
    arguments: str
    at: Time


@dataclass(frozen=True, slots=True)
class Lost:
    """The mind is away (crashed, unreachable). `reason` is for people."""

    reason: str
    at: Time


# --- playout --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Heard:
    """The other end heard samples [0, `until`) of `reply` (24 kHz). The first with `until` > 0 makes it audible.

    `by_client`: its own truncate said so, which ends the reply there and may shorten what was heard, never lengthen it.
    """

    reply: int
    until: int
    at: Time
    by_client: bool = False


@dataclass(frozen=True, slots=True)
class Drained:
    """All that there was of `reply` has been heard. Before `ReplyDone` it is only a gap (an underrun)."""

    reply: int
    at: Time


# --- the other end --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Joined:
    """The other end is there (again)."""

    at: Time


@dataclass(frozen=True, slots=True)
class Left:
    """The other end is gone."""

    at: Time


@dataclass(frozen=True, slots=True)
class TypedTurn:
    """The user typed `text`, and wants it answered. `item` is the wire's name for it, if it has one.

    `answer` False: it is only put into history (an item that a client made), and cuts nothing.
    """

    text: str
    at: Time
    item: str | None = None
    answer: bool = True
    role: Literal["user", "system", "assistant"] = "user"


@dataclass(frozen=True, slots=True)
class ItemDeleted:
    """The client takes something out of history: a turn, a reply, a typed item or a tool's call with its result."""

    at: Time
    turn: int | None = None
    reply: int | None = None
    item: str | None = None
    call: str | None = None


@dataclass(frozen=True, slots=True)
class ToolResult:
    """Tool call `call` ended with `output`. `answer`: reply as soon as all calls of that reply are back."""

    call: str
    output: str
    at: Time
    answer: bool = True


@dataclass(frozen=True, slots=True)
class CreateReply:
    """The client asks for a reply. `instructions` replace the session's for this reply.

    It comes at once if it can, else when the user's turn, the tools that run and the sound that still plays are over.
    While `Conversation.reply_active` it is ignored; the wire answers with an error instead of sending it.
    """

    at: Time
    instructions: str | None = None


@dataclass(frozen=True, slots=True)
class CancelReply:
    """The client ends the current reply."""

    at: Time


@dataclass(frozen=True, slots=True)
class CommitInput:
    """The client closes the user's turn itself. Without automatic turns it is then answered by `CreateReply` only."""

    at: Time


@dataclass(frozen=True, slots=True)
class ClearInput:
    """The client takes back what was said since the last turn."""

    at: Time


@dataclass(frozen=True, slots=True)
class SettingsChanged:
    """From the next decision on, `settings` hold."""

    settings: ConversationSettings
    at: Time


# --- agent and time -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Due:
    """`text` is to be said when there is room (a timer that rings)."""

    text: str
    at: Time


@dataclass(frozen=True, slots=True)
class Tick:
    """Nothing happened but time."""

    at: Time


Event = (
    SpeechStarted | SpeechStopped | WhoIsIt | TurnEnd | Overlap | CommandHeard
    | Words | ReplyWords | ReplySound | ReplyDone | ToolCall | Lost
    | Heard | Drained
    | Joined | Left | TypedTurn | ItemDeleted | ToolResult | CreateReply | CancelReply
    | CommitInput | ClearInput | SettingsChanged
    | Due | Tick
)  # fmt: skip
