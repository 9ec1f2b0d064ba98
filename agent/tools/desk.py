"""One call's tools: what is proposed for the user's words, what runs, what is due.

A proposal is made before the Thinker thinks, and only where a grammar took in all of what was said: then the tool's
sentence is the answer. What it changes (a timer that starts, a note that is kept) is done only when the answer is
heard, because until then the turn may turn out to be longer and the answer be taken back.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from streaming.time import Time

from .abilities import LIMITS, SMALL_TALK
from .arithmetic import CALCULATE, COMPARE
from .call_memory import REMIND
from .clock import TIME
from .notes import FORGET, RECALL, REMEMBER
from .own import OwnTool
from .said import Said, heard
from .sight import LOOK
from .timers import CANCEL_TIMER, SET_TIMER, TIMER_LEFT, CallTimers
from .tool import Arguments, Line, Notes, Outcome, Scene, Seen, Tool, ToolError
from .units import CONVERT
from .word_problems import STORY

log = logging.getLogger(__name__)

BUILT_IN: tuple[Tool, ...] = (
    SET_TIMER, CANCEL_TIMER, TIMER_LEFT, CALCULATE, COMPARE, CONVERT, STORY, TIME, REMEMBER, FORGET, RECALL, REMIND,
    LOOK, SMALL_TALK, LIMITS,
)  # fmt: skip
"""In the order in which they are asked whether the user's words are meant for them."""


LONGEST = 80
"""Words. Nobody calls a tool in more, and grammars take longer the more there is."""


def question_in(text: str) -> str:
    """The question that ends a turn, after a preface ("My watch is broken. What time is it?"); "" if there is none."""
    asks = r"(?:what|which|how|where|when|who|is|are|can|could|do|does)\b"
    found = re.fullmatch(rf"[^?]*?[.!,;:]\s+({asks}[^.!?]*\?)\s*", text, re.IGNORECASE)
    return found.group(1) if found else ""


def schemas(own: Sequence[OwnTool], built_in: bool) -> list[dict[str, object]]:
    """What the Thinker is told of; the built-in ones only if it is large enough to choose among them."""
    ours = [tool.schema() for tool in BUILT_IN if tool not in (SMALL_TALK, LIMITS)] if built_in else []
    return [*ours, *(tool.schema() for tool in own)]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A call that the user's words ask for, for certain."""

    name: str
    arguments: Arguments
    outcome: Outcome | None = None
    """What it answers; None: it is to be called like a call of the Thinker's, and the answer comes with its result."""


class Desk:
    """The tools of one call. Runs on the agent's loop; nothing here waits, but for what the user's own tools do."""

    def __init__(
        self,
        notes: Notes,
        own: Sequence[OwnTool],
        now: Callable[[], Time],
        said: Callable[[], Sequence[Line]],
        persona: str,
        sees: bool = False,
        recognises: bool = True,
        wall: Callable[[], datetime] = lambda: datetime.now().astimezone(),
    ) -> None:
        """`now`: the call's media time; `said`: the call so far; `persona`: the instructions under which the assistant
        speaks of itself as Colloquy; `recognises` False: nothing is ever proposed."""
        self.recognises = recognises
        self.timers = CallTimers(now)
        self.seen = Seen() if sees else None
        self._notes = notes
        self._own = {tool.name: tool for tool in own}
        self._built_in = {tool.name: tool for tool in BUILT_IN}
        self._said = said
        self._persona = persona
        self._wall = wall
        self._running: dict[str, asyncio.Task[None]] = {}
        self._proposed: dict[int, Proposal] = {}

    def scene(self, asked: bool) -> Scene:
        """What tools may know now. `asked`: the last thing that the user said is what is being asked."""
        lines = list(self._said())
        if asked:
            last = max((at for at, line in enumerate(lines) if line.by_user), default=None)
            lines = lines[:last] if last is not None else lines
        return Scene(self._wall(), self.timers, self._notes, lines, self.seen)

    # --- proposals ----------------------------------------------------------------------------

    def propose(
        self, reply: int, text: str, tools: Sequence[Mapping[str, Any]], instructions: str, asked: bool
    ) -> Proposal | None:
        """What `text` asks for. `tools`: all that the session may call; the client's own take precedence over ours.

        `asked`: `text` is in the history already.
        """
        if len(text.split()) > LONGEST:
            return None
        scene = self.scene(asked)
        for part in dict.fromkeys((text, question_in(text))):
            if part and (proposal := self._look(reply, heard(part), scene, tools, instructions)) is not None:
                return proposal
        return None

    def _look(
        self, reply: int, said: Said, scene: Scene, tools: Sequence[Mapping[str, Any]], instructions: str
    ) -> Proposal | None:
        for own in self._own.values():
            if (arguments := own.hear(said)) is not None and self.serves(own.name, tools):
                return self._keep(reply, Proposal(own.name, arguments))
        for tool in BUILT_IN:
            if tool in (SMALL_TALK, LIMITS) and instructions != self._persona:
                continue
            if tool is LIMITS and any(schema.get("name") not in self._built_in for schema in tools):
                continue  # one of those tools may be able to
            try:
                arguments = tool.hear(said, scene)
            except Exception:
                log.exception("the recogniser of %s failed", tool.name)
                continue
            if arguments is None:
                continue
            if self.serves(tool.name, tools):
                return self._keep(reply, Proposal(tool.name, arguments, self._outcome(tool, arguments, scene)))
            if _fits(tool.name, arguments, tools):
                return self._keep(reply, Proposal(tool.name, arguments))
            return None
        return None

    def _keep(self, reply: int, proposal: Proposal) -> Proposal:
        self._proposed[reply] = proposal
        return proposal

    def take_back(self, reply: int) -> None:
        """`reply` never happened."""
        self._proposed.pop(reply, None)

    def commit(self, reply: int) -> Proposal | None:
        """`reply` was heard, or at least begun to be: what it promised is done. The proposal, the first time."""
        proposal = self._proposed.pop(reply, None)
        if proposal is None or proposal.outcome is None:
            return None
        if proposal.outcome.commit is not None:
            proposal.outcome.commit()
        return proposal

    # --- calls --------------------------------------------------------------------------------

    def serves(self, name: str, tools: Sequence[Mapping[str, Any]]) -> bool:
        """Whether a call of `name` runs here, and not at the client."""
        ours: OwnTool | Tool | None = self._own.get(name) or self._built_in.get(name)
        if ours is None:
            return False
        return all(tool == ours.schema() for tool in tools if tool.get("name") == name)

    def run(self, call: str, name: str, arguments: str, done: Callable[[str], None]) -> None:
        """Runs a call; `done` gets its sentence, at once or when it is there."""
        try:
            given = json.loads(arguments)
        except ValueError:
            given = None
        if not isinstance(given, dict):
            done("I did not understand what to do.")
        elif name in self._own:
            self._running[call] = asyncio.create_task(self._run_own(call, self._own[name], given, done))
        else:
            outcome = self._outcome(self._built_in[name], given, self.scene(True))
            if outcome.commit is not None:
                outcome.commit()
            done(outcome.says)

    async def _run_own(self, call: str, tool: OwnTool, arguments: Arguments, done: Callable[[str], None]) -> None:
        try:
            says = await tool.run(arguments)
        except ToolError as problem:
            says = str(problem)
        self._running.pop(call, None)
        done(says)

    def _outcome(self, tool: Tool, arguments: Arguments, scene: Scene) -> Outcome:
        try:
            return tool.run(arguments, scene)
        except ToolError as problem:
            return Outcome(str(problem))
        except Exception:
            log.exception("the tool %s failed", tool.name)
            return Outcome("Something went wrong with that.")

    def cancel(self, call: str) -> None:
        """Stops a call that still runs."""
        if (task := self._running.pop(call, None)) is not None:
            task.cancel()

    def close(self) -> None:
        """The call is over."""
        for call in list(self._running):
            self.cancel(call)


def _fits(name: str, arguments: Arguments, tools: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the client's tool of that name takes these arguments."""
    for tool in tools:
        if tool.get("name") == name:
            parameters = tool.get("parameters") or {}
            known, required = parameters.get("properties") or {}, parameters.get("required") or []
            return set(arguments) <= set(known) and set(required) <= set(arguments)
    return False
