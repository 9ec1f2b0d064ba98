"""What the other end does beside speaking: it types, asks, commits, comes and goes; and the mind that is lost."""

from __future__ import annotations

from streaming.time import Time, ms

from ..commands import MindLost, Noted, Notice, Rebuild, ReplyCut, ReplyVanished, Restart, Rollback, Silence
from ..events import (
    CancelReply,
    ClearInput,
    CommitInput,
    CreateReply,
    ItemDeleted,
    Joined,
    Left,
    Lost,
    SettingsChanged,
    TypedTurn,
)
from ..floor import Floor
from ..history import Noticed, Typed
from .cut import cut, take_back
from .turns import end_turn, has_words, join, keep, open_turn, take_back_thought, withdraw

KEPT_SOUND = ms(2000)
"""Perception keeps at least this much sound from before a turn."""

# --- typed turns and wishes (rule 9) --------------------------------------------------------


def _note(floor: Floor, event: TypedTurn) -> None:
    entry = Typed(event.text, event.item, event.role)
    floor.history.add(entry)
    floor.tell(Noted(entry))


def typed_only_kept(floor: Floor, event: TypedTurn) -> None:
    """A client put it there, and asks for an answer itself if it wants one."""
    _note(floor, event)


def typed_waits(floor: Floor, event: TypedTurn) -> None:
    """Rule 9: answered at once if nothing is in the way, else with what is."""
    take_back_thought(floor)  # it is to know of this
    floor.waiting = floor.aside = None
    floor.reminded, floor.active_at = False, floor.now
    _note(floor, event)
    floor.owed = True


def typed_cuts(floor: Floor, event: TypedTurn) -> None:
    """Rule 9: a typed turn while the agent speaks cuts and is answered."""
    cut(floor, "client_cancelled")
    typed_waits(floor, event)


def typed_takes_back(floor: Floor, event: TypedTurn) -> None:
    """The reply was held for the user's voice already."""
    take_back(floor)
    typed_waits(floor, event)


def reply_asked_for(floor: Floor, event: CreateReply) -> None:
    """A client's wish. While a reply is being made the wire has answered with an error."""
    reply = floor.agent.reply
    if reply is not None and reply.released and not reply.announced_whole:
        return
    floor.owed, floor.instructions = True, event.instructions
    floor.waiting = floor.aside = None


def reply_cancelled(floor: Floor, event: CancelReply) -> None:
    """What was released ends here, and is not taken up."""
    cut(floor, "client_cancelled")


def held_reply_cancelled(floor: Floor, event: CancelReply) -> None:
    """It was not audible, and whoever speaks goes on with the same turn."""
    take_back(floor, for_good=True)


def rest_forgotten(floor: Floor, event: CancelReply) -> None:
    """Nothing is to be heard of the cut reply again."""
    floor.aside = None


def item_deleted(floor: Floor, event: ItemDeleted) -> None:
    """History is what the client says it is; the mind is told when there is time."""
    history = floor.history
    gone = [
        event.turn is not None and history.forget_turn(event.turn),
        event.reply is not None and history.forget_reply(event.reply),
        event.item is not None and history.forget_typed(event.item),
        event.call is not None and history.forget_call(event.call),
    ]
    floor.stale |= any(gone)


def settings_changed(floor: Floor, event: SettingsChanged) -> None:
    """Rule 15: from the next decision on."""
    floor.next_settings = event.settings


# --- the client commits ---------------------------------------------------------------------


def input_committed(floor: Floor, event: CommitInput) -> None:
    """The client closes the turn; where it takes turns itself, it also asks for the answer."""
    turn = floor.user.turn
    floor.aside = None
    if turn is None:
        if floor.settings.automatic_turns:
            return
        open_turn(floor, max(0, floor.now - KEPT_SOUND))
    if turn is not None and floor.settings.automatic_turns and has_words(floor, turn):
        end_turn(floor)
    else:
        keep(floor)
    floor.user.free_since = floor.now
    _speech_belonged_to_that(floor)


def input_cleared(floor: Floor, event: ClearInput) -> None:
    """What was said since the last turn does not count."""
    floor.aside = None
    if floor.user.turn is not None:
        withdraw(floor)
    floor.user.free_since = floor.now
    _speech_belonged_to_that(floor)


def _speech_belonged_to_that(floor: Floor) -> None:
    speech = floor.user.speech
    if speech is not None and not speech.contested:
        speech.dismissed = True


# --- gone and back (rule 11) ----------------------------------------------------------------


def other_end_left(floor: Floor, event: Left) -> None:
    """Rule 11: nothing is generated for nobody; the turn is closed with the words there were."""
    if floor.left_at is not None:
        return
    if floor.user.speech is not None:
        floor.user.speech.contested = False
        floor.user.speech.dismissed = True
    if floor.agent.state == "holding":
        take_back(floor)
    elif floor.agent.reply is not None and floor.agent.reply.released:
        cut(floor, "client_cancelled")
    take_back_thought(floor)
    if floor.user.turn is not None:
        if has_words(floor, floor.user.turn):
            keep(floor)
        else:
            withdraw(floor)
    floor.user.fall_silent()
    floor.aside = floor.waiting = floor.instructions = None
    floor.owed = False
    floor.left_at = floor.now


def other_end_joined(floor: Floor, event: Joined) -> None:
    """Rule 11: back in time, history stands; else a new conversation begins."""
    if floor.left_at is not None and floor.now > floor.left_at + floor.settings.absence_forgiven:
        floor.history.clear()
        floor.due.clear()
        floor.stale = False
        floor.do(Rebuild())
    floor.left_at, floor.reminded, floor.active_at = None, False, floor.now


# --- the mind is lost (rule 12) -------------------------------------------------------------


def mind_lost(floor: Floor, event: Lost) -> None:
    """Rule 12: what is in playout is spoken to the end of its word."""
    if floor.lost is not None:
        return
    reply = floor.agent.reply
    floor.lost, floor.aside = event, None
    floor.lost_at = reply.word_ends(floor.now) if reply is not None and reply.audible else floor.now


def restart_at(floor: Floor) -> Time | None:
    if floor.lost is None:
        return None
    reply = floor.agent.reply
    return max(floor.now, floor.lost_at) if reply is not None and reply.audible else floor.now


def restart(floor: Floor) -> None:
    """Rule 12: the turn ends here, unanswered; the next one goes to the restarted mind, with history as heard."""
    assert floor.lost is not None
    reason, floor.lost = floor.lost.reason, None
    speech = floor.user.speech
    speaking = speech is not None and not speech.dismissed
    _end_lost_reply(floor)
    turn = floor.user.turn
    if turn is not None:
        if has_words(floor, turn):
            keep(floor)
        else:
            withdraw(floor)
    floor.tell(MindLost(reason))
    if not speaking and floor.left_at is None:
        floor.history.add(Noticed("mind_lost"))
        floor.do(Notice("mind_lost"))
    floor.do(Restart())
    floor.owed, floor.stale, floor.instructions = False, False, None
    if speech is not None and speaking:
        speech.onset = speech.onset if speech.contested else floor.now
        join(floor, speech)


def _end_lost_reply(floor: Floor) -> None:
    reply = floor.agent.reply
    if reply is None:
        return
    if reply.audible:
        reply.hear(reply.played(floor.now), floor.now)
        floor.do(Silence(reply.number))
        floor.history.heard(reply.number, reply.text_heard, cut=True)
        floor.tell(ReplyCut(reply.number, reply.tokens_heard, reply.text_heard, reply.heard, "mind_lost"))
    else:
        floor.do(Rollback(reply.number))
        if reply.released:
            floor.history.forget_reply(reply.number)
            floor.tell(ReplyVanished(reply.number))
    floor.agent.end()
