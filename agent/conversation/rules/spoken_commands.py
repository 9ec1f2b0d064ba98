"""Commands that are spoken: stop, wait, change topic (rule 7)."""

from __future__ import annotations

from streaming.ears.opinions import CommandHeard
from streaming.time import Time

from ..commands import CommandObeyed, Drop
from ..floor import Floor, Waiting
from ..user_track import Turn
from .cut import cut, take_back
from .turns import take_back_thought


def _by_somebody_else(floor: Floor, event: CommandHeard) -> bool:
    speech = floor.user.speech_about(event.about)
    return speech is not None and speech.verdict == "other"


def _is_for_now(floor: Floor, event: CommandHeard) -> bool:
    """Whether the command is meant for a reply that is there: it is not a mere word of the turn that this answers."""
    closed = floor.user.closed
    if closed is None or closed.until is None or event.about >= closed.until:
        return not _by_somebody_else(floor, event)
    return event.about <= closed.onset + floor.settings.command_decides and not _by_somebody_else(floor, event)


def command_cuts(floor: Floor, event: CommandHeard) -> None:
    """While the agent is audible, a command cuts without waiting."""
    reply = floor.agent.reply
    assert reply is not None
    if not _is_for_now(floor, event):
        return
    cut(floor, "turn_detected", event)
    _means(floor, event, reply.number)


def command_takes_back(floor: Floor, event: CommandHeard) -> None:
    """Nothing was audible yet: the reply never happens."""
    if not _is_for_now(floor, event):
        return
    take_back(floor, for_good=True)
    floor.tell(CommandObeyed(event.command, event.about, event.until))
    _means(floor, event, None)


def command_gives_turn_its_meaning(floor: Floor, event: CommandHeard) -> None:
    """While the agent is silent: soon after a cut, or where it begins what is said."""
    turn = floor.user.turn
    if turn is None or _by_somebody_else(floor, event) or not _in_time(floor, turn, event):
        return
    take_back_thought(floor)
    floor.tell(CommandObeyed(event.command, event.about, event.until))
    _means(floor, event, turn.cut_reply)


def _in_time(floor: Floor, turn: Turn, event: CommandHeard) -> bool:
    if turn.cut_at is not None:
        return floor.now <= turn.cut_at + floor.settings.command_decides
    return event.about <= turn.onset + floor.settings.command_decides


def _means(floor: Floor, event: CommandHeard, reply: int | None) -> None:
    """What follows from the command; `reply` is what it cut."""
    floor.aside = None
    if floor.user.turn is not None:
        floor.user.turn.command = event
    if event.command == "wait":
        floor.waiting = Waiting(event.until, floor.now + floor.settings.wait_ends)
    if event.command == "change_topic" and reply is not None:
        floor.history.drop(reply)
        floor.do(Drop(reply))


def wait_ends_at(floor: Floor) -> Time | None:
    return None if floor.waiting is None else floor.waiting.ends


def wait_ends(floor: Floor) -> None:
    """Rule 7: nobody waits for ever; no sound is made about it, nor about what was owed meanwhile."""
    floor.waiting = None
    floor.owed = False
