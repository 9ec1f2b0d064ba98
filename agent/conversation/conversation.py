"""One call's turn-taking."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from streaming.ears.opinions import CommandHeard, Overlap, SpeechStarted, SpeechStopped, TurnEnd, WhoIsIt
from streaming.time import Time

from .agent_track import AgentState
from .commands import Command
from .events import Event
from .floor import Floor
from .history import AgentSaid, Entry, History, ToolCalled, UserSaid
from .settings import ConversationSettings
from .table import AUTOMATIC, BY_CLIENT, DEADLINES, Deadline, Row, compiled, rule_for
from .user_track import UserState

_AUTOMATIC: Mapping[str, Sequence[Row]] = compiled(AUTOMATIC)
_BY_CLIENT: Mapping[str, Sequence[Row]] = compiled(BY_CLIENT)
_OPINIONS = (SpeechStarted, SpeechStopped, WhoIsIt, TurnEnd, Overlap, CommandHeard)


class Conversation:
    """Decides who speaks. Pure: no clock, no I/O, no model, no randomness.

    Feed it every event as it becomes known, and a `Tick` at `wake_at`; execute the commands of each list in order.
    The same events in the same order always give the same commands.
    """

    wake_at: Time | None
    """The earliest media time at which a `Tick` would change anything; never in the past."""

    def __init__(self, settings: ConversationSettings | None = None, history: Iterable[Entry] = ()) -> None:
        """A call begins at time 0, with the other end there. `history`: of a conversation that is carried on."""
        entries = list(history)
        self._floor = Floor(settings or ConversationSettings(), History(entries))
        self._floor.user.turns = max((entry.turn for entry in entries if isinstance(entry, UserSaid)), default=0)
        replies = [entry.reply for entry in entries if isinstance(entry, AgentSaid | ToolCalled)]
        self._floor.agent.replies = max(replies, default=0)
        self.wake_at = None
        self._wake()

    @property
    def history(self) -> list[Entry]:
        """What was said, as heard, oldest first; of a reply that is playing, what was heard of it so far."""
        return self._floor.history.seen()

    @property
    def user_state(self) -> UserState:
        """What the user is doing. Speech that is none of our business is silence."""
        return self._floor.user.state

    @property
    def agent_state(self) -> AgentState:
        """What the agent is doing: `thinking` is ahead of the turn's end, `released` after it but not audible yet."""
        return self._floor.agent.state

    @property
    def settings(self) -> ConversationSettings:
        """Those in force."""
        return self._floor.settings

    @property
    def reply_active(self) -> bool:
        """A reply was started and is not whole yet, so that the other end may not ask for another."""
        reply = self._floor.agent.reply
        return reply is not None and reply.released and not reply.announced_whole

    def receive(self, event: Event) -> list[Command]:
        """What is to be done about `event`, and about the time that has passed before it.

        An event whose time lies before that of an earlier one counts as of now.
        """
        floor = self._floor
        self._pass_time(event.at - 1)
        floor.now = max(floor.now, event.at)
        self._decide(event)
        self._pass_time(floor.now)
        self._wake()
        commands, floor.commands = floor.commands, []
        return commands

    def _decide(self, event: Event) -> None:
        floor = self._floor
        if floor.left_at is not None and isinstance(event, _OPINIONS):
            return  # there is nobody to be heard
        table = _AUTOMATIC if floor.settings.automatic_turns else _BY_CLIENT
        rule = rule_for(table, event, floor.user.state, floor.agent.state)
        if rule is not None:
            rule(floor, event)
        follow_up, floor.follow_up = floor.follow_up, []
        for implied in follow_up:
            self._decide(implied)
        self._adopt_settings()

    def _pass_time(self, until: Time) -> None:
        """Apply what is due up to `until`, in the order of its times."""
        floor = self._floor
        while (due := self._next_deadline()) is not None and due[0] <= until:
            floor.now = max(floor.now, due[0])
            due[1].rule(floor)
            self._adopt_settings()

    def _next_deadline(self) -> tuple[Time, Deadline] | None:
        moments = [(at, row) for row in DEADLINES if (at := row.at(self._floor)) is not None]
        return min(moments, key=lambda moment: moment[0], default=None)

    def _adopt_settings(self) -> None:
        """New settings hold from the next decision on, never in the middle of one (rule 15)."""
        floor = self._floor
        deciding = floor.agent.state in ("ducked", "holding", "thinking") or (
            floor.settings.automatic_turns and floor.user.state == "pausing"
        )
        if floor.next_settings is not None and not deciding:
            floor.settings, floor.next_settings = floor.next_settings, None

    def _wake(self) -> None:
        due = self._next_deadline()
        self.wake_at = None if due is None else due[0]
