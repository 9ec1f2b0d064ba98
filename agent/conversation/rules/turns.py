"""The user's turn, from onset to its end (rules 1 to 3): pauses, thinking ahead, the answer."""

from __future__ import annotations

from streaming.ears.opinions import SpeechStarted, SpeechStopped, TurnEnd
from streaming.time import Time

from ..commands import (
    Backchannel,
    CallTool,
    Release,
    ReplyFinished,
    ReplyStarted,
    Rollback,
    ThinkAhead,
    TurnClosed,
    TurnOpened,
    TurnWithdrawn,
    UserWords,
)
from ..endpointing import UNLIKELY, pause_needed
from ..events import Words
from ..floor import Floor
from ..history import AgentSaid, ToolCalled, UserSaid
from ..reply import ReplyLedger
from ..user_track import SAME_SOUND, Speech, Turn
from ..words import is_backchannel, words

# --- what a turn is -------------------------------------------------------------------------


def has_words(floor: Floor, turn: Turn) -> bool:
    """Whether there is something in the turn that can be answered."""
    if turn.command is not None:
        return True
    if not floor.settings.mind_has_words:
        return turn.spoken >= floor.settings.speech_counts_as_words
    on_trial = floor.aside is not None and floor.aside.turn == turn.number
    return bool(words(turn.text)) and not (on_trial and is_backchannel(turn.text))


def is_only_a_command(floor: Floor, turn: Turn) -> bool:
    """Whether nothing was said after the command."""
    if turn.command is None:
        return False
    ended = floor.now if turn.until is None else turn.until
    return ended <= turn.command.until + floor.settings.command_tail


def _asks_for_another_topic(floor: Floor, turn: Turn) -> bool:
    return turn.command is not None and turn.command.command == "change_topic" and is_only_a_command(floor, turn)


def is_waited_over(floor: Floor, turn: Turn) -> bool:
    """Whether the user said "wait" and this is not the turn that ends the wait."""
    if floor.waiting is None:
        return False
    enough = (
        len(words(turn.text)) >= 2
        if floor.settings.mind_has_words
        else turn.spoken >= 2 * floor.settings.speech_counts_as_words
    )
    return turn.since < floor.waiting.until + floor.settings.wait_ignores or not enough


def is_answered(floor: Floor, turn: Turn) -> bool:
    """Whether the end of this turn is answered."""
    wanted = floor.settings.create_response or floor.owed
    return wanted and not is_only_a_command(floor, turn) and not is_waited_over(floor, turn)


def text_of(floor: Floor, turn: Turn) -> str | None:
    """What history and the other end are told was said."""
    return turn.text if floor.settings.mind_has_words else None


# --- steps that several rules share ---------------------------------------------------------


def open_turn(floor: Floor, since: Time, over: ReplyLedger | None = None) -> Turn:
    """The user's turn runs from `since`; it cut `over`."""
    turn = floor.user.open(since, floor.settings.automatic_turns)
    if over is not None:
        turn.cut_at, turn.cut_reply = floor.now, over.number
    floor.tell(TurnOpened(turn.number, turn.since, turn.cut_reply, turn.automatic))
    return turn


def join(floor: Floor, speech: Speech, over: ReplyLedger | None = None) -> Turn:
    """What `speech` says belongs to the user's turn, which begins with it if there is none yet."""
    speech.contested = speech.dismissed = False
    turn = floor.user.turn
    if turn is None:
        turn = open_turn(floor, speech.onset, over)
    else:
        turn.speak(speech.onset)
    turn.by_user |= speech.verdict == "user"
    if speech.stopped is not None:
        end_of_speech(floor, turn, speech.stopped)
    return turn


def end_of_speech(floor: Floor, turn: Turn, about: Time) -> None:
    """The turn pauses."""
    turn.pause(about)
    floor.user.fall_silent()
    early, floor.user.early = floor.user.early, None
    if early is not None and early.about >= about - SAME_SOUND:
        turn.likely = early.probability


def take_back_thought(floor: Floor) -> None:
    """What was thought ahead is undone; nobody ever knows."""
    reply = floor.agent.reply
    if reply is not None and not reply.released:
        floor.do(Rollback(reply.number))
        floor.agent.end()


def withdraw(floor: Floor) -> None:
    """The open turn was none. A reply that it cut is said on (by the time rule that waits for this)."""
    take_back_thought(floor)
    turn = floor.user.turn
    assert turn is not None
    floor.tell(TurnWithdrawn(turn.number, floor.now, turn.automatic))
    floor.user.turn = None
    if floor.user.speech is not None:
        floor.user.speech.dismissed = True


def keep(floor: Floor) -> None:
    """The open turn is over, and not answered now."""
    turn = floor.user.turn
    assert turn is not None
    take_back_thought(floor)
    _close(floor, turn, None)


def _close(floor: Floor, turn: Turn, reply: int | None) -> None:
    until = floor.now if turn.until is None else turn.until
    text = text_of(floor, turn)
    floor.history.add(UserSaid(turn.number, text))
    floor.user.close()
    floor.reminded, floor.active_at = False, floor.now
    floor.tell(TurnClosed(turn.number, turn.since, until, text, reply, turn.automatic))


def think_ahead(floor: Floor) -> None:
    """Rule 2: the pause may be the turn's end."""
    turn = floor.user.turn
    assert turn is not None
    floor.agent.thought_at = floor.now
    reply = floor.agent.begin(turn.number)
    floor.do(ThinkAhead(turn.number, reply.number))


def end_turn(floor: Floor) -> None:
    """Rule 3: the turn is over; it is answered now, later, or not at all."""
    turn = floor.user.turn
    assert turn is not None
    answered = is_answered(floor, turn)
    floor.aside = None
    if answered and floor.here and floor.agent.state in ("listening", "thinking"):
        if floor.agent.reply is None:
            think_ahead(floor)
        _release(floor, turn)
        return
    keep(floor)
    if answered:
        floor.owed = True
    elif _asks_for_another_topic(floor, turn) and floor.here and floor.agent.state == "listening":
        floor.say(floor.settings.topic_changed)


def _release(floor: Floor, turn: Turn) -> None:
    reply = floor.agent.reply
    assert reply is not None
    _close(floor, turn, reply.number)
    floor.history.add(AgentSaid(reply.number, ""))
    floor.tell(ReplyStarted(reply.number, turn.number))
    floor.do(Release(reply.number))
    reply.released, reply.owed = True, floor.owed
    floor.owed, floor.instructions, floor.waiting = False, None, None
    after_release(floor, reply)


def after_release(floor: Floor, reply: ReplyLedger) -> None:
    """What had to wait for the release of `reply`."""
    calls, reply.unmade_calls = reply.unmade_calls, []
    for call in calls:
        call_tool(floor, reply, ToolCalled(reply.number, call.call, call.name, call.arguments))
    finish_if_over(floor, reply)


def call_tool(floor: Floor, reply: ReplyLedger, entry: ToolCalled) -> None:
    """The tool runs from now on."""
    reply.made_calls.append(entry.call)
    floor.agent.run(entry, floor.now)
    floor.history.add(entry)
    floor.do(CallTool(entry.call, entry.name, entry.arguments))


def finish_if_over(floor: Floor, reply: ReplyLedger) -> None:
    """Announces that `reply` is whole, and ends it if it sounds no more."""
    if not reply.done or not reply.released or reply.held:
        return
    empty = reply.end == 0 and not reply.audible
    if not reply.announced_whole and (reply.audible or empty):
        reply.announced_whole = True
        floor.tell(ReplyFinished(reply.number, reply.text))
    if reply.drained or empty:
        floor.agent.end()
        floor.active_at = floor.now


# --- rules: (floor, event) ------------------------------------------------------------------


def turn_begins(floor: Floor, event: SpeechStarted) -> None:
    """Rule 1: an onset while the agent is silent opens the turn at once."""
    floor.active_at = floor.now
    join(floor, floor.user.hear(event.about))


def turn_goes_on(floor: Floor, event: SpeechStarted) -> None:
    """Rule 2: speech again; a thought that was under way is taken back."""
    floor.active_at = floor.now
    take_back_thought(floor)
    join(floor, floor.user.hear(event.about))


def speech_ends(floor: Floor, event: SpeechStopped) -> None:
    """A pause begins; of contested speech, something to decide by."""
    speech = floor.user.speech
    if speech is None:
        return
    floor.active_at = floor.now
    if speech.contested:
        speech.stopped = event.about
    elif speech.dismissed or floor.user.turn is None:
        floor.user.fall_silent()
    else:
        end_of_speech(floor, floor.user.turn, event.about)


def turn_end_believed(floor: Floor, event: TurnEnd) -> None:
    """Rule 3: the pause needed depends on how probable the end is; an opinion about an older pause is void."""
    turn = floor.user.turn
    if turn is None:
        return
    if turn.until is None:
        floor.user.early = event
        return
    if event.about < turn.until - SAME_SOUND or event.about < turn.onset:
        return
    turn.likely = event.probability
    since = turn.since if turn.hummed_at is None else turn.hummed_at
    hum = floor.settings.backchannels and floor.agent.state in ("listening", "thinking") and floor.waiting is None
    if hum and event.probability <= UNLIKELY and floor.now >= since + floor.settings.backchannel_every:
        turn.hummed_at = floor.now
        floor.do(Backchannel())


def words_come(floor: Floor, event: Words) -> None:
    """The user's words; those of a closed turn correct it, and may show that it was not over."""
    user = floor.user
    turn = next((turn for turn in (user.turn, user.closed) if turn is not None and turn.number == event.turn), None)
    if turn is None or (turn.stable, turn.tentative) == (event.stable, event.tentative):
        return
    turn.stable, turn.tentative = event.stable, event.tentative
    floor.tell(UserWords(turn.number, turn.stable, turn.tentative))
    if turn is user.closed:
        floor.history.reword(turn.number, text_of(floor, turn))
        speech = user.speech
        if speech is not None and speech.contested and len(words(turn.text)) > speech.words_before:
            heard_enough = speech.onset + floor.settings.overlap_never_before
            speech.brought_words |= event.until is None or event.until >= heard_enough
    elif floor.aside is not None and floor.aside.turn == turn.number and has_words(floor, turn):
        floor.aside = None


# --- rules of time: when, and what ----------------------------------------------------------


def _pausing(floor: Floor) -> Turn | None:
    return floor.user.turn if floor.user.state == "pausing" and floor.settings.automatic_turns else None


def think_at(floor: Floor) -> Time | None:
    turn = _pausing(floor)
    if turn is None or turn.until is None or floor.agent.state != "listening" or not floor.here:
        return None
    if not has_words(floor, turn) or not is_answered(floor, turn):
        return None
    earliest = turn.until + floor.settings.think_after
    thought_at = floor.agent.thought_at
    return earliest if thought_at is None else max(earliest, thought_at + floor.settings.think_every)


def end_at(floor: Floor) -> Time | None:
    turn = _pausing(floor)
    if turn is None or turn.until is None or not has_words(floor, turn):
        return None
    return turn.until + pause_needed(turn.likely, floor.settings)


def withdraw_at(floor: Floor) -> Time | None:
    turn = _pausing(floor)
    if turn is None or turn.until is None or has_words(floor, turn) or floor.aside is not None:
        return None
    return turn.until + floor.settings.wordless_turn
