"""Spoken commands, and speech between release and sound (rules 7 and 8). By what breaks if they do not hold."""

from __future__ import annotations

from timeline import (
    QUESTION,
    WORDS,
    calls,
    command,
    due,
    ended,
    heard,
    made,
    off,
    on,
    overlap,
    play,
    played,
    released,
    t,
    talking,
    typed,
    who,
    words,
)

from agent.conversation.commands import (
    Drop,
    Reply,
    TurnClosed,
    TurnOpened,
)
from agent.conversation.events import (
    ReplyDone,
)
from agent.conversation.history import AgentSaid, UserSaid

# --- rule 7: spoken commands ------------------------------------------------------------------


def test_stop_from_somebody_else_is_not_obeyed() -> None:
    call = play(on(0, 64), who("other", 200), command("stop", 0, 300, 310), before=talking(), until=2000)
    assert call.commands == ["64 Duck", "200 Unduck"]


def test_stop_is_obeyed_even_if_it_is_over_before_it_is_understood() -> None:
    call = play(on(0, 64), off(200, 296), command("stop", 0, 200, 420), before=talking(), until=5000)
    assert call.commands == ["64 Duck", "296 Unduck", "420 cut"]
    assert call.all(TurnOpened) == [TurnOpened(1, t(0), 1)]


def test_what_was_stopped_is_not_taken_up_even_if_the_speech_turns_out_to_be_nothing() -> None:
    call = play(on(0, 64), command("stop", 0, 300, 400), overlap("noise", 500), before=talking(), until=5000)
    assert call.commands == ["64 Duck", "350 cut"]
    assert "500 TurnWithdrawn" in call.announced


def test_what_is_said_after_stop_is_answered() -> None:
    call = play(
        on(0, 64), command("stop", 0, 300, 310), words("stop tell me about dogs", 1400), off(1500, 1596),
        ended(0.95, 1596), before=talking(until=300), until=5000,
    )  # fmt: skip
    assert call.commands == ["64 Duck", "310 cut", "1600 ThinkAhead", "1660 Release"]


def test_a_command_known_up_to_800_ms_after_the_cut_decides_what_the_turn_means() -> None:
    begin = [on(0, 64), words("stop", 500), off(550, 646)]
    call = play(*begin, command("stop", 200, 550, 1150), before=talking(), until=5000)
    assert call.commands == ["64 Duck", "350 cut", "650 ThinkAhead", "1050 Release", "1150 Rollback"]
    call = play(*begin, command("stop", 200, 550, 700), before=talking(), until=5000)
    assert call.commands == ["64 Duck", "350 cut", "650 ThinkAhead", "700 Rollback"]
    call = play(
        on(0, 64), words("well stop it", 900), off(1000, 1096), command("stop", 300, 900, 1200), before=talking()
    )
    assert call.commands[-1] == "1500 Release", "it came too late to mean anything"


def test_a_word_in_the_question_that_is_answered_is_no_command() -> None:
    call = play(*QUESTION, command("stop", 900, 1000, 1300), made(1, 1200, WORDS), until=3000)
    assert call.commands == ["1100 ThinkAhead", "1160 Release"]
    call = play(*QUESTION, made(1, 1200, WORDS), played(1, 1220, 1400), command("stop", 900, 1000, 1410), until=3000)
    assert call.commands == ["1100 ThinkAhead", "1160 Release"]


def test_wait_silences_the_agent_until_two_words_that_begin_700_ms_later() -> None:
    begin = [on(0, 64), command("wait", 0, 300, 310), words("wait", 350), off(300, 396)]
    early = [on(900, 964), words("what is this", 1300), off(1400, 1496), ended(0.95, 1496)]
    short = [on(3000, 3064), words("hm", 3300), off(3400, 3496), ended(0.95, 3496)]
    good = [on(5000, 5064), words("go on", 5300), off(5400, 5496), ended(0.95, 5496)]
    call = play(*begin, *early, *short, *good, before=talking(), until=8000)
    assert call.commands == ["64 Duck", "310 cut", "5500 ThinkAhead", "5560 Release"]
    assert [closed.reply for closed in call.all(TurnClosed)] == [None, None, None, 2]  # type: ignore[attr-defined]


def test_the_wait_ends_after_20_s_without_a_sound() -> None:
    begin = [on(0, 64), command("wait", 0, 300, 310), words("wait", 350), off(300, 396)]
    later = [on(20400, 20464), words("hello", 20700), off(20800, 20896), ended(0.95, 20896)]
    call = play(*begin, *later, before=talking(), until=30000)
    assert call.commands == ["64 Duck", "310 cut", "20900 ThinkAhead", "20960 Release"]


def test_what_is_due_waits_for_the_end_of_the_wait() -> None:
    begin = [on(0, 64), command("wait", 0, 300, 310), words("wait", 350), off(300, 396)]
    call = play(*begin, due("Your tea is ready.", 2000), before=talking(), until=30000)
    assert call.commands == ["64 Duck", "310 cut", "20310 Reply"]


def test_change_topic_is_acknowledged_and_marks_what_was_told_as_dropped() -> None:
    begin = [on(0, 64), command("change_topic", 0, 700, 710), words("change the topic", 750), off(700, 796)]
    call = play(*begin, ended(0.95, 800), before=talking(until=340), until=5000)
    assert call.commands == ["64 Duck", "350 cut", "710 Drop", "860 Reply"]
    assert call.all(Drop) == [Drop(1)]
    assert call.all(Reply) == [Reply(2, say="All right.")]
    assert call.conversation.history[1:] == [
        AgentSaid(1, "".join(WORDS[:4]), cut=True, dropped=True),
        UserSaid(1, "change the topic"),
    ]


def test_a_command_while_thinking_takes_the_thought_back() -> None:
    call = play(on(0, 64), words("stop", 280), off(300, 330), command("stop", 0, 300, 450), until=4000)
    assert call.commands == ["400 ThinkAhead", "450 Rollback"]
    assert call.conversation.history == [UserSaid(1, "stop")]


def test_a_command_before_the_reply_is_audible_means_that_it_never_happens() -> None:
    call = play(on(0, 64), command("stop", 0, 300, 310), off(300, 396), before=released(), until=4000)
    assert call.commands == ["64 Hold", "310 Rollback"]


# --- rule 8: released, not audible yet --------------------------------------------------------


def test_new_words_before_the_reply_is_audible_join_the_turn() -> None:
    call = play(on(0, 64), words("what is the time in Rome", 220), before=released(), until=300)
    assert call.commands == ["64 Hold", "220 Rollback"]


def test_words_of_what_was_said_before_do_not_take_the_reply_back() -> None:
    call = play(on(0, 64), words("what is the time now", 100, until=20), off(80, 176), before=released(), until=1000)
    assert call.commands == ["64 Hold", "176 Release"]


def test_undecided_speech_takes_the_reply_back_at_350_ms() -> None:
    call = play(on(0, 64), before=released(), until=400)
    assert call.commands == ["64 Hold", "350 Rollback"]
    call = play(on(0, 64), before=released(), until=400, overlap_ear=False)
    assert call.commands == ["64 Hold", "350 Rollback"]


def test_somebody_else_only_holds_the_reply() -> None:
    call = play(on(0, 64), who("other", 150), before=released(), until=3000)
    assert call.commands == ["64 Hold", "150 Release"]


def test_a_held_reply_that_was_heard_after_all_is_speech_over_speech() -> None:
    call = play(
        on(0, 64), heard(1, 40, 80), who("user", 160), overlap("interruption", 240), before=released(), until=300
    )
    assert call.commands == ["64 Hold", "80 Release", "80 Duck", "240 cut"]


def test_a_tool_is_never_called_by_a_thought() -> None:
    call = play(*QUESTION, calls(1, 1120, "weather"), ReplyDone(1, t(1130)), until=2000)
    assert call.commands == ["1100 ThinkAhead", "1160 Release", "1160 CallTool"]
    taken_back = play(*QUESTION, calls(1, 1120, "weather"), on(1130, 1150), until=1400)
    assert taken_back.commands == ["1100 ThinkAhead", "1150 Rollback"]


def test_a_reply_to_something_typed_that_is_taken_back_is_owed() -> None:
    call = play(
        typed("hello", 0), on(100, 164), who("user", 200), words("and what is this", 600), off(700, 796),
        ended(0.95, 796), until=3000,
    )  # fmt: skip
    assert call.commands == ["0 Reply", "164 Hold", "200 Rollback", "800 ThinkAhead", "860 Release"]
    call = play(typed("hello", 0), on(100, 164), who("user", 200), off(300, 396), until=3000)
    assert call.commands == ["0 Reply", "164 Hold", "200 Rollback", "1500 Reply"], "the turn had no words"
