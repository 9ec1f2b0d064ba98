"""What the agent is doing. It knows nothing of the user."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from streaming.time import Time

from .history import ToolCalled
from .reply import ReplyLedger

AgentState = Literal["listening", "thinking", "released", "speaking", "ducked", "holding", "tool"]

REMEMBERED = 8
"""So many ended replies can still be shortened by a client's report."""


@dataclass(slots=True)
class RunningCall:
    """A tool that runs."""

    entry: ToolCalled
    since: Time


@dataclass(slots=True)
class AgentTrack:
    reply: ReplyLedger | None = None
    ducked: bool = False
    replies: int = 0
    thought_at: Time | None = None
    """When thinking ahead last began."""
    past: dict[int, ReplyLedger] = field(default_factory=dict)
    calls: dict[str, RunningCall] = field(default_factory=dict)
    cancelled: dict[str, ToolCalled] = field(default_factory=dict)
    """Calls that were taken back; if one took effect nevertheless, its result comes."""
    answer_results: bool = False
    """Some result of the present calls asks for an answer."""
    noticed: bool = False
    """The user was told that a tool runs."""

    @property
    def state(self) -> AgentState:
        reply = self.reply
        if reply is None:
            return "tool" if self.calls else "listening"
        if not reply.released:
            return "thinking"
        if reply.held:
            return "holding"
        if not reply.audible:
            return "released"
        return "ducked" if self.ducked else "speaking"

    def begin(self, turn: int | None = None) -> ReplyLedger:
        """A new reply."""
        self.replies += 1
        self.reply = ReplyLedger(self.replies, turn)
        return self.reply

    def run(self, entry: ToolCalled, now: Time) -> None:
        """A tool runs."""
        self.calls[entry.call] = RunningCall(entry, now)

    def end(self) -> None:
        """The present reply is over; it is remembered if it was audible."""
        reply, self.reply, self.ducked = self.reply, None, False
        if reply is not None and reply.audible:
            self.past[reply.number] = reply
            while len(self.past) > REMEMBERED:
                del self.past[min(self.past)]
