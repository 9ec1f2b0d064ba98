"""What a `Conversation` commands. The order of a list is the order of execution.

Turns and replies are numbered from 1 by the conversation; a reply's number is also the name of the mark
taken before it was thought. For a cut the order is always Silence, Announce, Cancel, CropToHeard.

What the mind must know beyond its own commands is in announcements, executed in their place: `TurnOpened` (listen),
`TurnWithdrawn` (forget), `TurnClosed` without a reply (keep). The words and sound of a reply that is
thought ahead come before its `ReplyStarted`: the wire waits for that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from streaming.ears.opinions import CommandName, Verdict
from streaming.time import Time

from .history import Entry

# --- to playout -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Duck:
    """Play more softly, by `gain_db` (negative), until `Unduck` or `Silence`."""

    gain_db: float


@dataclass(frozen=True, slots=True)
class Unduck:
    """Play at full level again."""


@dataclass(frozen=True, slots=True)
class Silence:
    """Silence `reply`: the client's mute first, then its buffer, then ours. Its queued sound is dropped."""

    reply: int


@dataclass(frozen=True, slots=True)
class Hold:
    """Nothing of `reply` leaves until `Release`; it keeps on being made."""

    reply: int


# --- to the mind ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ThinkAhead:
    """Take mark `reply`, take in the rest of `turn`, and think the answer; its sound is held until `Release`."""

    turn: int
    reply: int


@dataclass(frozen=True, slots=True)
class Release:
    """What is thought of `reply` may be heard from now on.

    Until something of it is audible a `Hold` and a `Rollback` may still follow, so that its mark must be kept
    that long; after a `Hold` the same `Release` comes again if that was nothing.
    """

    reply: int


@dataclass(frozen=True, slots=True)
class Rollback:
    """Silence `reply`, stop thinking it and crop to the mark taken before it; its turn goes on as if never ended."""

    reply: int


@dataclass(frozen=True, slots=True)
class Reply:
    """Answer what history asks for, now, aloud (a typed turn, a tool's result, a client's wish). It is not held."""

    reply: int
    instructions: str | None = None
    say: str | None = None
    """Say exactly this (a timer that rings); None: think."""


@dataclass(frozen=True, slots=True)
class TakeUp:
    """Say `text` as the new response `reply`: the rest of reply `of` from token `token` on, not heard before.

    It is not held; its own tokens count from 0.
    """

    reply: int
    of: int
    token: int
    text: str


@dataclass(frozen=True, slots=True)
class Cancel:
    """Stop making `reply`, at the next step."""

    reply: int


@dataclass(frozen=True, slots=True)
class CropToHeard:
    """Of `reply`, the mind remembers tokens [0, `token`) and nothing else.

    Comes again, alone, if the client reports afterwards that less was heard.
    """

    reply: int
    token: int


@dataclass(frozen=True, slots=True)
class Drop:
    """Tell the mind that what the cut `reply` was telling is dropped: the user wants another topic."""

    reply: int


@dataclass(frozen=True, slots=True)
class Rebuild:
    """Let the mind forget its context and take in `Conversation.history` instead: something in it has changed.

    Comes only while nobody speaks and nothing is thought.
    """


@dataclass(frozen=True, slots=True)
class Restart:
    """Start the mind anew and give it the history as heard (`Conversation.history`)."""


# --- to tools -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CallTool:
    """Run tool `name`; its end is a `ToolResult`. `arguments` is whole JSON text."""

    call: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class CancelTool:
    """Stop call `call` if it has not taken effect; if it has, its `ToolResult` still counts."""

    call: str


# --- to the other end -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Notice:
    """Play a short sentence kept ready as sound, before the sound of any later reply."""

    kind: Literal["mind_lost", "tool_runs", "still_there"]


@dataclass(frozen=True, slots=True)
class Backchannel:
    """Play a brief "mm-hm"."""


@dataclass(frozen=True, slots=True)
class TurnOpened:
    """The user's turn runs from `since` (true onset). `over` is the reply that it cut, if any.

    A number that was closed before: the turn is open again, because its reply was taken back before it was audible.
    `automatic` False: the client commits, and nothing about voices is to be told it. From here on the mind listens,
    beginning `ConversationSettings.kept_before_onset` earlier.
    """

    turn: int
    since: Time
    over: int | None = None
    automatic: bool = True


@dataclass(frozen=True, slots=True)
class TurnWithdrawn:
    """That was no turn (noise, somebody else, no words): the mind forgets it."""

    turn: int
    until: Time
    automatic: bool = True


@dataclass(frozen=True, slots=True)
class TurnClosed:
    """The turn is over. `text` None: the mind makes no words.

    `reply` answers it (its `Release` follows in the same list); None: the turn is kept in the mind's context without
    an answer of its own for now.
    """

    turn: int
    since: Time
    until: Time
    text: str | None
    reply: int | None = None
    automatic: bool = True


@dataclass(frozen=True, slots=True)
class UserWords:
    """The user's words so far. After `TurnClosed`: the text of the closed turn, corrected."""

    turn: int
    stable: str
    tentative: str


@dataclass(frozen=True, slots=True)
class ReplyStarted:
    """`reply` may be heard from now on; it answers `turn` (None: nothing spoken). Comes once, before its sound."""

    reply: int
    turn: int | None


@dataclass(frozen=True, slots=True)
class ReplyHeard:
    """Of `reply`, tokens [0, `token`), which read `text`, have been heard."""

    reply: int
    token: int
    text: str


@dataclass(frozen=True, slots=True)
class ReplyCut:
    """`reply` ended before its end: tokens [0, `token`) = `text` were heard, up to sample `until` (24 kHz).

    `ReplyFinished` may have been announced before, if all of it was made and only playing.
    """

    reply: int
    token: int
    text: str
    until: int
    reason: Literal["turn_detected", "client_cancelled", "mind_lost"]


@dataclass(frozen=True, slots=True)
class ReplyVanished:
    """`reply` had been released, was not heard at all, and never happened."""

    reply: int


@dataclass(frozen=True, slots=True)
class ReplyFinished:
    """`reply` is whole, and audible unless it is empty. Its sound may still be playing."""

    reply: int
    text: str


@dataclass(frozen=True, slots=True)
class Noted:
    """`entry` is in history now without the mind having heard or made it itself (a typed turn, a tool's result).

    These came from the other end, which gives them to the mind as well: before anything that follows here, and, if
    the user's turn is open, before that turn.
    """

    entry: Entry


@dataclass(frozen=True, slots=True)
class CommandObeyed:
    """The user's spoken command, and where it lay."""

    command: CommandName
    first: Time
    last: Time


@dataclass(frozen=True, slots=True)
class SpeakerNamed:
    """Whose voice that is."""

    verdict: Verdict
    score: float | None


@dataclass(frozen=True, slots=True)
class MindLost:
    """The mind is away; `reason` is for people."""

    reason: str


Happening = (
    TurnOpened | TurnWithdrawn | TurnClosed | UserWords
    | ReplyStarted | ReplyHeard | ReplyCut | ReplyVanished | ReplyFinished
    | Noted | CommandObeyed | SpeakerNamed | MindLost
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Announce:
    """Tell the other end what happened; the wire finds the words."""

    what: Happening


Command = (
    Duck | Unduck | Silence | Hold
    | ThinkAhead | Release | Rollback | Reply | TakeUp | Cancel | CropToHeard | Drop | Rebuild | Restart
    | CallTool | CancelTool
    | Notice | Backchannel | Announce
)  # fmt: skip
