"""Everything that the rules of one call look at and change."""

from __future__ import annotations

from dataclasses import dataclass, field

from streaming.time import Time

from .agent_track import AgentTrack
from .commands import Announce, Command, Happening, Reply, ReplyStarted
from .events import Event, Lost
from .history import AgentSaid, History
from .reply import ReplyLedger
from .settings import ConversationSettings
from .user_track import UserTrack


@dataclass(frozen=True, slots=True)
class Aside:
    """The unheard rest of a reply that `turn` cut, kept until it is known whether that was right."""

    reply: ReplyLedger
    turn: int
    cut_at: Time


@dataclass(frozen=True, slots=True)
class Waiting:
    """The user said "wait", up to `until`. It ends at `ends` by itself."""

    until: Time
    ends: Time


@dataclass(slots=True)
class Floor:
    """Who has the floor, and what is to be settled. Two tracks, and what lies between them."""

    settings: ConversationSettings
    history: History
    now: Time = 0
    user: UserTrack = field(default_factory=UserTrack)
    agent: AgentTrack = field(default_factory=AgentTrack)
    next_settings: ConversationSettings | None = None
    owed: bool = False
    """Something in history is to be answered as soon as both are silent, or with the user's turn."""
    instructions: str | None = None
    """Of the reply that is owed."""
    due: list[str] = field(default_factory=list)
    aside: Aside | None = None
    waiting: Waiting | None = None
    lost: Lost | None = None
    lost_at: Time = 0
    """When the word is over in which the mind was lost."""
    left_at: Time | None = None
    stale: bool = False
    """History has changed behind the mind's back."""
    active_at: Time = 0
    """When anybody was last heard."""
    reminded: bool = False
    commands: list[Command] = field(default_factory=list)
    follow_up: list[Event] = field(default_factory=list)
    """Events that the present one implies."""

    @property
    def here(self) -> bool:
        """There is somebody to speak to, and a mind to speak."""
        return self.left_at is None and self.lost is None

    @property
    def quiet(self) -> bool:
        """Nobody speaks, thinks, or is about to."""
        return self.agent.state == "listening" and self.user.state == "silent"

    def do(self, *commands: Command) -> None:
        self.commands.extend(commands)

    def tell(self, *happenings: Happening) -> None:
        self.commands.extend(Announce(what) for what in happenings)

    def start_reply(self) -> ReplyLedger:
        """A reply that may be heard at once. Its command follows."""
        reply = self.agent.begin()
        reply.released = True
        self.history.add(AgentSaid(reply.number, ""))
        self.tell(ReplyStarted(reply.number, None))
        return reply

    def say(self, text: str) -> ReplyLedger:
        """Say exactly `text`."""
        reply = self.start_reply()
        self.do(Reply(reply.number, say=text))
        return reply
