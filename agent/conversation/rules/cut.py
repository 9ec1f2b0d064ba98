"""Ending a reply before its end: cut, taken back, taken up again (rules 5, 6 and 8)."""

from __future__ import annotations

from typing import Literal

from streaming.ears.opinions import CommandHeard
from streaming.time import Time

from ..commands import (
    Cancel,
    CancelTool,
    CommandObeyed,
    CropToHeard,
    ReplyCut,
    ReplyStarted,
    ReplyVanished,
    Rollback,
    Silence,
    TakeUp,
    TurnOpened,
)
from ..floor import Aside, Floor
from ..history import AgentSaid, UserBackchannel
from ..reply import ReplyLedger
from ..words import is_backchannel, words
from .turns import has_words, join, open_turn, withdraw

Reason = Literal["turn_detected", "client_cancelled", "mind_lost"]


def cut(floor: Floor, reason: Reason, command: CommandHeard | None = None, *, on_trial: bool = False) -> None:
    """Rule 5: the reply ends at what was heard. The user's words over it begin a turn.

    `on_trial`: the rest is kept for a while, in case that this was no turn (rule 6).
    """
    reply = floor.agent.reply
    assert reply is not None
    floor.do(Silence(reply.number))
    _users_turn_over(floor, reply, command)
    floor.tell(ReplyCut(reply.number, reply.tokens_heard, reply.text_heard, reply.heard, reason))
    if command is not None:
        floor.tell(CommandObeyed(command.command, command.about, command.until))
    floor.do(Cancel(reply.number), CropToHeard(reply.number, reply.tokens_heard))
    floor.history.heard(reply.number, reply.text_heard, cut=True)
    cancel_tools(floor, reply)
    turn = floor.user.turn
    floor.aside = None
    if on_trial and turn is not None and turn.cut_reply == reply.number and words(reply.text_unheard):
        floor.aside = Aside(reply, turn.number, floor.now)
    floor.agent.end()
    floor.active_at = floor.now


def _users_turn_over(floor: Floor, reply: ReplyLedger, command: CommandHeard | None) -> None:
    """Whoever spoke while `reply` did has the floor."""
    user, speech = floor.user, floor.user.speech
    if speech is not None and speech.contested:
        join(floor, speech, reply)
    elif command is not None and user.turn is None and floor.settings.automatic_turns:
        if speech is not None:
            join(floor, speech, reply)
        else:
            turn = open_turn(floor, command.about, reply)
            turn.pause(command.until)


def take_back(floor: Floor, *, for_good: bool = False) -> None:
    """Rule 8: what was released but not audible yet never happened; its turn goes on.

    What else it answered is owed again, and what it said is due again, unless it is taken back `for_good`.
    """
    reply, user = floor.agent.reply, floor.user
    assert reply is not None
    floor.do(Rollback(reply.number))
    floor.tell(ReplyVanished(reply.number))
    floor.history.forget_reply(reply.number)
    floor.agent.end()
    closed = user.closed
    if not for_good:
        floor.owed |= reply.owed
        floor.due[:0] = [] if reply.due is None else [reply.due]
    if closed is not None and closed.number == reply.turn and user.turn is None:
        floor.history.forget_turn(closed.number)
        user.reopen()
        floor.tell(TurnOpened(closed.number, closed.since, None, closed.automatic))
    cancel_tools(floor, reply)
    if user.speech is not None and user.speech.contested:
        join(floor, user.speech)


def cancel_tools(floor: Floor, reply: ReplyLedger) -> None:
    """Rule 10: calls of `reply` that have not taken effect are taken back; of the others the mind is told again."""
    for call in reply.made_calls:
        running = floor.agent.calls.pop(call, None)
        if running is None:
            floor.stale = True  # the crop takes the call from the mind, but it happened
        else:
            floor.agent.cancelled[call] = running.entry
            floor.history.forget_call(call)
            floor.do(CancelTool(call))
    if not floor.agent.calls:
        floor.agent.noticed = False


def take_up_at(floor: Floor) -> Time | None:
    """Rule 6: without words, a cut is believed for so long; nobody is talked over, and words may lag behind sound."""
    aside, turn = floor.aside, floor.user.turn
    if aside is None or floor.agent.state != "listening" or not floor.here or not floor.settings.automatic_turns:
        return None
    if turn is None or turn.number != aside.turn:
        return floor.now
    if turn.until is None or floor.user.state == "speaking" or has_words(floor, turn):
        return None
    return max(aside.cut_at + floor.settings.false_cut, turn.until + floor.settings.pause_if_open)


def take_up(floor: Floor) -> None:
    """The cut was none: the rest is said, as a new reply."""
    aside, turn = floor.aside, floor.user.turn
    assert aside is not None
    floor.aside = None
    if turn is not None:
        if is_backchannel(turn.text):
            floor.history.add(UserBackchannel(turn.text))
        withdraw(floor)
    reply = floor.agent.begin()
    reply.released = True
    floor.history.add(AgentSaid(reply.number, ""))
    floor.tell(ReplyStarted(reply.number, None))
    floor.do(TakeUp(reply.number, aside.reply.number, aside.reply.tokens_heard, aside.reply.text_unheard))
