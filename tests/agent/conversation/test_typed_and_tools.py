"""Typed turns, tools, a user who is gone, a mind that is lost (rules 9 to 12). By what breaks if they do not hold."""

from __future__ import annotations

from timeline import (
    QUESTION,
    WORDS,
    calls,
    drained,
    due,
    ended,
    joined,
    left,
    lost,
    made,
    off,
    on,
    overlap,
    play,
    played,
    released,
    result,
    t,
    talking,
    talks_briefly,
    tool_runs,
    typed,
    who,
    words,
)

from agent.conversation.commands import (
    MindLost,
    Noted,
    Notice,
    Reply,
    TurnOpened,
)
from agent.conversation.events import (
    CancelReply,
    CreateReply,
    ReplyDone,
    TypedTurn,
)
from agent.conversation.history import Noticed, Typed, UserSaid

# --- rule 9: typed ----------------------------------------------------------------------------


def test_a_typed_turn_in_a_pause_is_part_of_the_thought() -> None:
    call = play(*QUESTION[:3], typed("in Rome", 1150), until=3000)
    assert call.commands == ["1100 ThinkAhead", "1150 Rollback", "1300 ThinkAhead", "1500 Release"]


def test_a_typed_turn_is_answered_even_if_the_spoken_one_is_withdrawn() -> None:
    call = play(on(0, 64), typed("hello", 100), who("other", 200), until=3000)
    assert call.commands == ["200 Reply"]


def test_a_typed_turn_while_both_speak_cuts_and_waits_for_the_user() -> None:
    call = play(
        on(0, 64), typed("hello", 100), words("what about dogs", 700), off(900, 996), ended(0.95, 996),
        before=talking(), until=4000,
    )  # fmt: skip
    assert call.commands == ["64 Duck", "100 cut", "1000 ThinkAhead", "1060 Release"]


def test_an_item_that_a_client_made_cuts_nothing_and_waits_for_its_wish() -> None:
    item = TypedTurn("Be brief.", t(0), answer=False, role="system")
    call = play(item, CreateReply(t(500), "in French"), before=talks_briefly(silent_from=-100), until=2000)
    assert call.commands == ["500 Reply"]
    assert call.all(Reply) == [Reply(2, "in French")]
    assert call.all(Noted) == [Noted(Typed("Be brief.", role="system"))]
    assert play(item, before=talking(), until=300).commands == []


# --- rule 10: tools ---------------------------------------------------------------------------


def test_a_reply_waits_for_all_results_and_for_whoever_speaks() -> None:
    call = play(result("a", 500), result("b", 900), before=tool_runs("a", "b"), until=2000)
    assert call.commands == ["0 CallTool", "0 CallTool", "900 Reply"]
    call = play(
        on(200, 264), result("a", 500), words("and also", 800), off(900, 996), ended(0.95, 996),
        before=tool_runs("a"), until=2000,
    )  # fmt: skip
    assert call.commands == ["0 CallTool", "1000 ThinkAhead", "1060 Release"]


def test_nothing_is_thought_ahead_while_a_tool_runs() -> None:
    call = play(on(200, 264), words("and also", 800), off(900, 996), before=tool_runs("a"), until=1450)
    assert call.commands == ["0 CallTool"]


def test_a_slow_tool_is_mentioned_once_and_given_up_in_the_end() -> None:
    call = play(before=tool_runs("a"), until=40000)
    assert call.commands == ["0 CallTool", "1500 Notice", "30000 Reply"]
    assert call.all(Notice) == [Notice("tool_runs")]
    assert Noticed("tool_runs") in call.conversation.history


def test_nobody_is_interrupted_by_the_mention_of_a_tool() -> None:
    call = play(on(1400, 1464), words("hm", 1700), off(1800, 1896), before=tool_runs("a"), until=4000)
    assert call.commands == ["0 CallTool", "2300 Notice"]


def test_a_cut_takes_calls_back_that_have_not_returned() -> None:
    begin = [
        TypedTurn("go", t(-1500)),
        *made(1, -1100, WORDS, done=False),
        *calls(1, -900, "a", "b"),
        ReplyDone(1, t(-890)),
    ]
    begin += [result("a", -500), *played(1, -1000, 240)]
    call = play(on(0, 64), overlap("interruption", 240), result("b", 700), off(800, 896), before=begin, until=1900)
    assert call.commands[:3] == ["64 Duck", "240 cut", "240 CancelTool"]
    kinds = [type(entry).__name__ for entry in call.conversation.history]
    assert kinds == ["Typed", "AgentSaid", "ToolCalled", "ToolReturned", "ToolCalled", "ToolReturned"]
    assert len(call.all(Noted)) == 1
    call = play(CancelReply(t(240)), before=begin, until=400)
    assert call.commands == ["240 cut", "240 CancelTool", "240 Rebuild"], "the mind is told again of what took effect"


def test_a_result_that_comes_while_the_reply_still_sounds_waits_for_its_end() -> None:
    begin = [
        TypedTurn("go", t(-1500)), *made(1, -1100, WORDS[:4], done=False), *calls(1, -900, "a"), ReplyDone(1, t(-890)),
        *played(1, -1000, 180),
    ]  # fmt: skip
    call = play(result("a", 0), drained(1, 200), before=begin, until=1000)
    assert call.commands == ["200 Reply"]


def test_where_the_client_asks_for_replies_a_result_alone_is_not_answered() -> None:
    call = play(result("a", 500, answer=False), CreateReply(t(800)), before=tool_runs("a"), until=2000)
    assert call.commands == ["0 CallTool", "800 Reply"]


# --- rule 11: gone ----------------------------------------------------------------------------


def test_nothing_goes_on_for_nobody() -> None:
    call = play(left(0), due("Tea.", 500), CreateReply(t(600)), before=talking(until=0), until=5000)
    assert call.commands == ["0 cut"]
    assert call.agent_lines == ["".join(WORDS[:3])]
    thinking = play(*QUESTION, left(1120), until=5000)
    assert thinking.commands == ["1100 ThinkAhead", "1120 Rollback"]
    assert thinking.conversation.history == [UserSaid(1, "what is the time")]


def test_who_is_back_within_60_s_finds_history_as_heard() -> None:
    call = play(left(0), joined(59000), before=talking(until=0), until=60000)
    assert call.agent_lines == ["".join(WORDS[:3])]
    call = play(left(0), joined(61000), before=talking(until=0), until=62000)
    assert call.conversation.history == []
    assert call.commands == ["0 cut", "61000 Rebuild"]


# --- rule 12: the mind is lost ----------------------------------------------------------------


def test_a_mind_lost_in_a_pause_between_words_restarts_at_once() -> None:
    call = play(lost(0), until=1000)
    assert call.commands == ["0 Notice", "0 Restart"]
    assert call.all(MindLost) == [MindLost("it crashed")]


def test_a_mind_lost_while_the_user_speaks_costs_no_later_word() -> None:
    call = play(
        on(0, 64), words("what is", 400), lost(500), words("the time", 900), off(1000, 1096), ended(0.95, 1096),
        until=3000,
    )  # fmt: skip
    assert call.commands == ["500 Restart", "1100 ThinkAhead", "1160 Release"], "no notice over the user's words"
    assert call.conversation.history == [UserSaid(1, "what is"), UserSaid(2, "the time")]


def test_a_mind_lost_before_its_reply_is_audible_leaves_nothing_of_it() -> None:
    call = play(on(0, 64), lost(100), before=released(), until=200)
    assert call.commands == ["64 Hold", "100 Rollback", "100 Restart"]
    assert call.all(TurnOpened) == [TurnOpened(2, t(0))]
