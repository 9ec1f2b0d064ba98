"""The tools of one call, between the conversation and the mind.

A reply that is about to be thought is consulted about first (engine `Consult`, when the last words are known): where
the desk proposes a tool for certain, its sentence is spoken instead of a thought, or the call goes to whoever serves
it. What a proposal changes happens when the reply was heard.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeGuard

import msgspec

from agent.conversation import commands as does
from agent.conversation import events as told
from agent.conversation.history import AgentSaid, Entry, ToolCalled, ToolReturned, Typed, UserSaid
from agent.engine.messages import Line, Seen, Setup, Think
from agent.tools import sight
from agent.tools.desk import Desk
from agent.tools.said import heard
from agent.tools.tool import Line as SaidLine
from agent.tools.tool import Seen as SeenNow
from streaming.time import Time, ms

LOOKS, LOOKS_FIRST = ms(1500), ms(5000)
"""So long a question waits for the eyes; the first time they have to wake up."""
FORGOTTEN = ms(20_000)
"""After so long without a picture nothing is seen any more."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call that is made by proposal. `arguments` is JSON."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Used:
    """A tool that answered by proposal, for the client to know."""

    name: str
    arguments: str
    says: str


def said(history: Sequence[Entry]) -> list[SaidLine]:
    """What was said, as it was heard."""
    lines: list[SaidLine] = []
    for entry in history:
        if _by_user(entry):
            lines.append(SaidLine(True, entry.text or ""))
        elif isinstance(entry, AgentSaid):
            lines.append(SaidLine(False, entry.text))
    return lines


def _known(seen: Seen | None) -> SeenNow:
    if seen is None:
        return SeenNow(camera=True)
    return SeenNow(True, seen.text, tuple(seen.codes), tuple(seen.colours), seen.brightness)


def _by_user(entry: Entry) -> TypeGuard[UserSaid | Typed]:
    return (isinstance(entry, UserSaid) and bool(entry.text)) or (isinstance(entry, Typed) and entry.role == "user")


def _alone(returned: ToolReturned, history: Sequence[Entry]) -> bool:
    """Whether the user said nothing between the call and its result, that would have to be answered with it."""
    for entry in reversed(history):
        if isinstance(entry, ToolCalled) and entry.call == returned.call:
            return True
        if _by_user(entry):
            return False
    return True


@dataclass
class Skills:
    """Carries proposals; decides nothing about turns."""

    desk: Desk
    _asked: dict[int, str] = field(default_factory=dict)
    """Replies that answer something in the history, and what it reads."""
    _made: dict[str, Line] = field(default_factory=dict)
    """Calls that the mind does not know of, because it did not make them."""
    _spoken: set[str] = field(default_factory=set)
    """Calls whose result is to be spoken as it is."""
    _shown: Time | None = None
    """When the last picture came."""
    _seen: Seen | None = None
    _since: dict[int, Time] = field(default_factory=dict)
    """Replies that wait for the eyes, and since when."""

    def before(self, think: Think, history: Sequence[Entry], setup: Setup) -> Think:
        """`think`, made to consult where a tool may know the answer, or to say a tool's result."""
        if think.say is not None or think.instructions is not None:
            return think
        last = next((entry for entry in reversed(history) if not isinstance(entry, AgentSaid) or entry.text), None)
        if think.turn is None:
            if isinstance(last, ToolReturned) and last.call in self._spoken and _alone(last, history):
                return msgspec.structs.replace(think, say=last.output)
            if last is None or not _by_user(last):
                return think
            self._asked[think.reply] = last.text or ""
        if not self.desk.recognises or setup.tool_choice != "auto":
            return think
        return msgspec.structs.replace(think, consult=True)

    def consult(self, reply: int, text: str, setup: Setup) -> tuple[str | None, Call | None]:
        """What `reply` is to say (None: it is to be thought), and a call to be made first."""
        asked = self._asked.pop(reply, None)
        proposal = self.desk.propose(reply, asked or text, setup.tools, setup.instructions, asked is not None)
        if proposal is None:
            return None, None
        if proposal.outcome is not None:
            return proposal.outcome.says, None
        call = Call(f"call_{secrets.token_hex(10)}", proposal.name, json.dumps(proposal.arguments))
        self._made[call.id] = Line("assistant", "", call.id, call.name, call.arguments)
        return "", call

    # --- pictures -----------------------------------------------------------------------------

    def shown(self, at: Time) -> None:
        """A picture came."""
        self._shown = at

    def saw(self, seen: Seen) -> None:
        """The eyes have looked."""
        self._seen = seen

    def has_to_look(self, reply: int, text: str, now: Time) -> bool:
        """Whether `reply` answers a question about a picture that is still being looked at. Not for ever."""
        asked = sight.asks(heard(self._asked.get(reply) or text))
        fresh = self._seen.until if self._seen is not None else -1
        since = self._since.setdefault(reply, now) if asked else now
        camera = self._shown is not None and now - self._shown <= FORGOTTEN
        if self.desk.seen is not None:
            self.desk.seen = _known(self._seen) if camera else SeenNow()
        waits = asked and camera and self._shown is not None and fresh < min(self._shown, since)
        if waits and now - since < (LOOKS if self._seen is not None else LOOKS_FIRST):
            return True
        self._since.pop(reply, None)
        return False

    def made(self, call: str) -> Line | None:
        """The line of a call that the mind did not make, once."""
        return self._made.pop(call, None)

    # --- what becomes of it -------------------------------------------------------------------

    def announced(self, what: does.Happening) -> list[Used]:
        """Something happened; what was promised by a reply that is heard is done."""
        match what:
            case does.ReplyHeard(reply=reply) | does.ReplyCut(reply=reply) | does.ReplyFinished(reply=reply):
                done = self.desk.commit(reply)
                if done is not None and done.outcome is not None:
                    return [Used(done.name, json.dumps(done.arguments), done.outcome.says)]
            case does.ReplyVanished(reply=reply):
                self.take_back(reply)
        return []

    def take_back(self, reply: int) -> None:
        """`reply` never happened."""
        self._asked.pop(reply, None)
        self._since.pop(reply, None)
        self.desk.take_back(reply)

    # --- calls --------------------------------------------------------------------------------

    def serves(self, call: does.CallTool, setup: Setup) -> bool:
        """Whether that call runs here."""
        return self.desk.serves(call.name, setup.tools)

    def run(self, call: does.CallTool, done: Callable[[str], None]) -> None:
        """Runs it; `done` gets its sentence."""
        self._spoken.add(call.call)
        self.desk.run(call.call, call.name, call.arguments, done)

    def cancel(self, call: str) -> None:
        self.desk.cancel(call)

    def tick(self, now: Time) -> list[told.Due]:
        """What is due at `now`."""
        return [told.Due(text, at=now) for text in self.desk.timers.due()]

    def close(self) -> None:
        self.desk.close()
