"""The one table of turn-taking: what an event means, by what the user and the agent are doing.

For each event the first row that fits decides; an event without a row changes nothing. What is decided by the
passing of time is in the second table: the moment at which a rule is to be applied, and the rule.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from streaming.ears.opinions import Overlap, WhoIsIt
from streaming.time import Time

from .events import Event, TypedTurn
from .floor import Floor
from .rules import cut, other_end, overlap, replies, spoken_commands, turns, voices

Rule = Callable[[Floor, Any], None]

ANY = "*"
QUIET = "listening thinking tool"
"""The agent has not got the floor."""
OVER_AGENT = "ducked holding"
"""Somebody speaks while it has, and what that is is not decided."""
NOBODY = "Overlap:backchannel Overlap:not_user Overlap:not_addressed Overlap:noise Overlap:echo"


class Row(NamedTuple):
    """`events`, `user` and `agent` are lists of names, "*" for all; `rule` is what happens."""

    events: str
    user: str
    agent: str
    rule: Rule


class Deadline(NamedTuple):
    """`at` says from when on `rule` applies as things are, None: not at all."""

    at: Callable[[Floor], Time | None]
    rule: Callable[[Floor], None]


ALWAYS: Sequence[Row] = (
    Row("SpeechStopped", ANY, ANY, turns.speech_ends),
    Row("Words", ANY, ANY, turns.words_come),
    Row("ReplyWords", ANY, ANY, replies.reply_worded),
    Row("ReplySound", ANY, ANY, replies.reply_sounded),
    Row("ReplyDone", ANY, ANY, replies.reply_made),
    Row("ToolCall", ANY, ANY, replies.tool_wanted),
    Row("Lost", ANY, ANY, other_end.mind_lost),
    Row("Heard", ANY, ANY, replies.reply_heard),
    Row("Drained", ANY, ANY, replies.reply_drained),
    Row("Joined", ANY, ANY, other_end.other_end_joined),
    Row("Left", ANY, ANY, other_end.other_end_left),
    Row("TypedTurn:kept", ANY, ANY, other_end.typed_only_kept),
    Row("TypedTurn", ANY, "released speaking ducked", other_end.typed_cuts),
    Row("TypedTurn", ANY, "holding", other_end.typed_takes_back),
    Row("TypedTurn", ANY, QUIET, other_end.typed_waits),
    Row("ItemDeleted", ANY, ANY, other_end.item_deleted),
    Row("ToolResult", ANY, ANY, replies.tool_returned),
    Row("CreateReply", ANY, ANY, other_end.reply_asked_for),
    Row("CancelReply", ANY, "released speaking ducked", other_end.reply_cancelled),
    Row("CancelReply", ANY, "holding", other_end.held_reply_cancelled),
    Row("CancelReply", ANY, QUIET, other_end.rest_forgotten),
    Row("CommitInput", ANY, ANY, other_end.input_committed),
    Row("ClearInput", ANY, ANY, other_end.input_cleared),
    Row("SettingsChanged", ANY, ANY, other_end.settings_changed),
    Row("Due", ANY, ANY, replies.something_is_due),
)

AUTOMATIC: Sequence[Row] = (
    # an onset
    Row("SpeechStarted", "silent", QUIET, turns.turn_begins),
    Row("SpeechStarted", "silent", "released", overlap.hold),
    Row("SpeechStarted", "silent", "speaking", overlap.duck),
    Row("SpeechStarted", "pausing", ANY, turns.turn_goes_on),
    # whose it is
    Row("WhoIsIt:user", "silent pausing", ANY, voices.users_voice_among_strangers),
    Row("WhoIsIt:other", "speaking pausing", "listening thinking tool released speaking", voices.not_the_users_turn),
    Row("WhoIsIt:user WhoIsIt:other WhoIsIt:unsure", ANY, ANY, voices.voice_named),
    # what it is
    Row("Overlap:interruption", "silent", "released speaking", voices.interruption_after_all),
    Row("Overlap:interruption", "speaking", OVER_AGENT, overlap.overlap_named),
    Row(NOBODY, "speaking", OVER_AGENT, overlap.overlap_named),
    Row(NOBODY, "speaking pausing", "listening thinking tool released speaking", voices.not_the_users_turn),
    Row("CommandHeard", ANY, "speaking ducked", spoken_commands.command_cuts),
    Row("CommandHeard", ANY, "released holding", spoken_commands.command_takes_back),
    Row("CommandHeard", "speaking pausing", QUIET, spoken_commands.command_gives_turn_its_meaning),
    # whether it is over
    Row("TurnEnd", "speaking pausing", ANY, turns.turn_end_believed),
    *ALWAYS,
)

BY_CLIENT: Sequence[Row] = (
    Row("SpeechStarted", "silent", ANY, turns.turn_begins),
    Row("SpeechStarted", "pausing", ANY, turns.turn_goes_on),
    Row("WhoIsIt:user WhoIsIt:other WhoIsIt:unsure", ANY, ANY, voices.voice_named),
    Row("CommandHeard", ANY, "speaking ducked", spoken_commands.command_cuts),
    Row("CommandHeard", ANY, "released", spoken_commands.command_takes_back),
    *ALWAYS,
)
"""The client takes turns itself: rules 1 to 4, 6, 8 and 14 rest. An onset only says where its turn begins."""

DEADLINES: Sequence[Deadline] = (
    Deadline(other_end.restart_at, other_end.restart),
    Deadline(overlap.settle_at, overlap.settle),
    Deadline(cut.take_up_at, cut.take_up),
    Deadline(turns.withdraw_at, turns.withdraw),
    Deadline(turns.think_at, turns.think_ahead),
    Deadline(turns.end_at, turns.end_turn),
    Deadline(spoken_commands.wait_ends_at, spoken_commands.wait_ends),
    Deadline(replies.give_up_tool_at, replies.give_up_tool),
    Deadline(replies.rebuild_at, replies.rebuild),
    Deadline(replies.answer_at, replies.answer),
    Deadline(replies.say_due_at, replies.say_due),
    Deadline(replies.notice_tool_at, replies.notice_tool),
    Deadline(replies.remind_at, replies.remind),
)
"""At the same moment the upper row goes first."""


def kind(event: Event) -> str:
    """The name of `event` in the table."""
    if isinstance(event, WhoIsIt):
        return f"WhoIsIt:{event.verdict}"
    if isinstance(event, Overlap):
        return f"Overlap:{event.kind}"
    if isinstance(event, TypedTurn) and not event.answer:
        return "TypedTurn:kept"
    return type(event).__name__


def compiled(rows: Sequence[Row]) -> Mapping[str, Sequence[Row]]:
    """The rows of each event, in order."""
    by_event: dict[str, list[Row]] = {}
    for row in rows:
        for name in row.events.split():
            by_event.setdefault(name, []).append(row)
    return by_event


def rule_for(table: Mapping[str, Sequence[Row]], event: Event, user: str, agent: str) -> Rule | None:
    """What `event` means; None: nothing."""
    for row in table.get(kind(event), ()):
        if (row.user == ANY or user in row.user.split()) and (row.agent == ANY or agent in row.agent.split()):
            return row.rule
    return None
