"""What the mind makes, and what was heard of it."""

from __future__ import annotations

from streaming.time import Time

from ..commands import CropToHeard, Duck, Noted, Notice, Rebuild, Release, Reply, ReplyHeard
from ..events import Drained, Due, Heard, ReplyDone, ReplySound, ReplyWords, ToolCall, ToolResult
from ..floor import Floor
from ..history import Noticed, ToolCalled, ToolReturned
from ..reply import ReplyLedger
from .cut import cut, take_back
from .overlap import let_user_have_it
from .turns import after_release, call_tool, finish_if_over

GIVEN_UP = '{"error": "no result came in time"}'
"""What history and the mind are told of a tool that never returned."""


def _present(floor: Floor, number: int) -> ReplyLedger | None:
    reply = floor.agent.reply
    return reply if reply is not None and reply.number == number else None


def reply_worded(floor: Floor, event: ReplyWords) -> None:
    reply = _present(floor, event.reply)
    if reply is not None:
        reply.say(event.token, event.text)


def reply_sounded(floor: Floor, event: ReplySound) -> None:
    reply = _present(floor, event.reply)
    if reply is not None:
        reply.sound(event.token, event.first, event.last)


def reply_made(floor: Floor, event: ReplyDone) -> None:
    """Nothing more of the reply will come."""
    reply = _present(floor, event.reply)
    if reply is not None:
        reply.done = True
        _finish(floor, reply)


def _finish(floor: Floor, reply: ReplyLedger) -> None:
    if reply.done and reply.drained and reply.hear_all(floor.now):
        _tell_heard(floor, reply)
    ducked = floor.agent.ducked
    finish_if_over(floor, reply)
    if floor.agent.reply is None:
        let_user_have_it(floor, ducked)


def reply_heard(floor: Floor, event: Heard) -> None:
    """What was heard is history. A client's own truncate ends a reply, now or afterwards."""
    reply = _present(floor, event.reply)
    if reply is None:
        past = floor.agent.past.get(event.reply)
        if past is not None and event.by_client:
            _shorten(floor, past, event.until)
        return
    if not reply.released:
        return
    if event.by_client:
        reply.shorten(event.until)
        if reply.held:
            take_back(floor, for_good=True)
        else:
            cut(floor, "client_cancelled", on_trial=True)
        return
    if event.until > 0 and not reply.audible:
        _becomes_audible(floor, reply)
    if reply.hear(event.until, floor.now):
        _tell_heard(floor, reply)
    floor.active_at = floor.now
    finish_if_over(floor, reply)


def _becomes_audible(floor: Floor, reply: ReplyLedger) -> None:
    reply.audible = True
    if reply.held:  # it was on its way already: from here on it is speech over speech
        reply.held = False
        floor.agent.ducked = True
        floor.do(Release(reply.number), Duck(floor.settings.duck_db))
        after_release(floor, reply)


def _tell_heard(floor: Floor, reply: ReplyLedger) -> None:
    floor.history.heard(reply.number, reply.text_heard)
    floor.tell(ReplyHeard(reply.number, reply.tokens_heard, reply.text_heard))


def _shorten(floor: Floor, reply: ReplyLedger, until: int) -> None:
    if reply.shorten(until):
        floor.history.heard(reply.number, reply.text_heard, cut=True)
        floor.tell(ReplyHeard(reply.number, reply.tokens_heard, reply.text_heard))
        floor.do(CropToHeard(reply.number, reply.tokens_heard))


def reply_drained(floor: Floor, event: Drained) -> None:
    """All that there was has been heard; if there is no more to come, the agent is silent."""
    reply = _present(floor, event.reply)
    if reply is None or not reply.released or (reply.end == 0 and not reply.audible):
        return
    if not reply.audible:
        _becomes_audible(floor, reply)
    reply.drained = True
    if reply.hear(reply.end, floor.now):
        _tell_heard(floor, reply)
    _finish(floor, reply)


# --- tools ----------------------------------------------------------------------------------


def tool_wanted(floor: Floor, event: ToolCall) -> None:
    """Rule 10: called as soon as its arguments are whole, but never for a thought that may be taken back."""
    reply = _present(floor, event.reply)
    if reply is None:
        return
    if reply.released and not reply.held:
        call_tool(floor, reply, ToolCalled(reply.number, event.call, event.name, event.arguments))
    else:
        reply.unmade_calls.append(event)


def tool_returned(floor: Floor, event: ToolResult) -> None:
    """The result is history. The reply to it waits for the other calls, and for whoever speaks."""
    agent, returned = floor.agent, ToolReturned(event.call, event.output)
    running = agent.calls.pop(event.call, None)
    cancelled = agent.cancelled.pop(event.call, None)
    if cancelled is not None:  # too late to take it back: it happened
        floor.history.add(cancelled)
        floor.stale = True
    floor.history.add(returned)
    floor.tell(Noted(returned))
    if running is None:
        return
    agent.answer_results |= event.answer
    if not agent.calls:
        floor.owed |= agent.answer_results and floor.left_at is None
        agent.answer_results = agent.noticed = False


def notice_tool_at(floor: Floor) -> Time | None:
    if floor.agent.state != "tool" or floor.agent.noticed or floor.user.state != "silent" or not floor.here:
        return None
    return max(floor.now, min(call.since for call in floor.agent.calls.values()) + floor.settings.tool_notice)


def notice_tool(floor: Floor) -> None:
    """Rule 10: a tool that takes long is mentioned, once."""
    floor.agent.noticed = True
    floor.history.add(Noticed("tool_runs"))
    floor.do(Notice("tool_runs"))


def give_up_tool_at(floor: Floor) -> Time | None:
    if not floor.agent.calls:
        return None
    return min(call.since for call in floor.agent.calls.values()) + floor.settings.tool_given_up


def give_up_tool(floor: Floor) -> None:
    """A tool that never returns holds nobody up for ever."""
    call = min(floor.agent.calls, key=lambda call: floor.agent.calls[call].since)
    tool_returned(floor, ToolResult(call, GIVEN_UP, floor.now))


# --- what the agent says by itself ----------------------------------------------------------


def something_is_due(floor: Floor, event: Due) -> None:
    """Rule 13: it waits for its moment."""
    floor.due.append(event.text)


def say_due_at(floor: Floor) -> Time | None:
    return floor.now if floor.due and floor.quiet and floor.here and floor.waiting is None else None


def say_due(floor: Floor) -> None:
    """Rule 13: both are silent."""
    text = floor.due.pop(0)
    floor.say(text).due = text


def answer_at(floor: Floor) -> Time | None:
    silent = floor.user.state == "silent" or not floor.settings.automatic_turns
    free = floor.here and floor.waiting is None and floor.agent.state == "listening"
    return floor.now if floor.owed and silent and free else None


def answer(floor: Floor) -> None:
    """What is owed is answered, once."""
    reply = floor.start_reply()
    reply.owed = True
    floor.do(Reply(reply.number, floor.instructions))
    floor.owed, floor.instructions, floor.waiting = False, None, None


def rebuild_at(floor: Floor) -> Time | None:
    return floor.now if floor.stale and floor.quiet and floor.here else None


def rebuild(floor: Floor) -> None:
    """History changed behind the mind's back; now there is time to tell it."""
    floor.stale = False
    floor.do(Rebuild())


def remind_at(floor: Floor) -> Time | None:
    after = floor.settings.reminder_after
    if after is None or floor.reminded or not floor.quiet or not floor.here or floor.waiting is not None:
        return None
    return floor.active_at + after if floor.settings.automatic_turns else None


def remind(floor: Floor) -> None:
    """Rule 14: one reminder, then none."""
    floor.reminded = True
    floor.history.add(Noticed("still_there"))
    floor.do(Notice("still_there"))
