"""The sixteen timelines of the conversation's specification (the sixteenth is in test_random_calls.py)."""

from __future__ import annotations

from timeline import (
    WORDS,
    command,
    drained,
    ended,
    heard,
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
    tool_runs,
    typed,
    who,
    words,
)

from agent.conversation.commands import CropToHeard, Duck, Reply, ReplyCut, TakeUp, TurnClosed, TurnOpened
from agent.conversation.events import TypedTurn
from agent.conversation.history import AgentSaid, Typed, UserBackchannel, UserSaid

CUT_ORDER = ["Silence", "TurnOpened", "ReplyCut", "Cancel", "CropToHeard"]


def heard_by(milliseconds: float) -> str:
    """The words of `talking` of which more than half lies before `milliseconds`."""
    return "".join(WORDS[: round((milliseconds + 1000) / 300 + 1e-9)])


def test_1_a_finished_question_is_thought_about_after_100_ms_and_answered_after_160() -> None:
    call = play(on(0, 64), words("what is the time", 900), off(1000, 1096), ended(0.95, 1096), until=3000)
    assert call.commands == ["1100 ThinkAhead", "1160 Release"]
    assert call.announced == ["64 TurnOpened", "1160 TurnClosed", "1160 ReplyStarted"]
    assert call.order(1160) == ["TurnClosed", "ReplyStarted", "Release"]
    assert call.all(TurnClosed) == [TurnClosed(1, t(0), t(1000), "what is the time", 1)]


def test_2_speech_after_a_pause_takes_the_thought_back_and_stays_one_turn() -> None:
    call = play(
        on(0, 64), words("what is", 700), off(800, 896), ended(0.3, 896),
        on(1300, 1364), words("what is the time", 1900), off(2000, 2096), ended(0.95, 2096), until=4000,
    )  # fmt: skip
    assert call.commands == ["900 ThinkAhead", "1364 Rollback", "2100 ThinkAhead", "2160 Release"]
    assert call.announced == ["64 TurnOpened", "2160 TurnClosed", "2160 ReplyStarted"]
    assert call.conversation.history == [UserSaid(1, "what is the time")]


def test_3_a_backchannel_only_ducks() -> None:
    call = play(on(0, 64), overlap("backchannel", 220), off(180, 276), before=talking(), until=5000)
    assert call.commands == ["64 Duck", "220 Unduck"]
    assert call.announced == []
    assert UserBackchannel("") in call.conversation.history


def test_4_an_interruption_cuts_to_what_was_heard() -> None:
    call = play(on(0, 64), who("user", 160), overlap("interruption", 240), before=talking(), until=500)
    assert call.commands == ["64 Duck", "240 cut"]
    assert call.order(240)[-5:] == CUT_ORDER
    assert call.all(TurnOpened) == [TurnOpened(1, t(0), 1)]
    assert call.agent_lines == [heard_by(240)] == ["".join(WORDS[:4])]
    assert call.all(CropToHeard) == [CropToHeard(1, 4)]
    assert call.conversation.history[-1] == AgentSaid(1, heard_by(240), cut=True)


def test_4b_without_an_overlap_ear_speech_of_160_ms_cuts() -> None:
    call = play(on(0, 64), before=talking(), until=5000, overlap_ear=False)
    assert call.commands == ["64 Duck", "160 cut"]


def test_4c_undecided_speech_cuts_at_350_ms() -> None:
    call = play(on(0, 64), before=talking(), until=5000)
    assert call.commands == ["64 Duck", "350 cut"]
    assert call.order(350) == CUT_ORDER


def test_5_stop_cuts_at_once_and_is_not_answered() -> None:
    call = play(on(0, 64), command("stop", 0, 300, 310), off(300, 396), before=talking(), until=8000)
    assert call.commands == ["64 Duck", "310 cut"]
    assert call.order(310) == ["Silence", "TurnOpened", "ReplyCut", "CommandObeyed", "Cancel", "CropToHeard"]


def test_5_stop_with_its_word_recognised_is_kept_and_not_answered() -> None:
    call = play(
        on(0, 64), command("stop", 0, 300, 310), off(300, 396), words("stop", 450), before=talking(), until=8000
    )
    assert call.commands == ["64 Duck", "310 cut"]
    assert call.conversation.history[-1] == UserSaid(1, "stop")
    assert [closed.reply for closed in call.all(TurnClosed)] == [None]


def test_6_a_strangers_voice_is_not_obeyed() -> None:
    call = play(on(0, 64), who("other", 200), before=talking(), until=7000)
    assert call.commands == ["64 Duck", "200 Unduck"]


def test_6b_the_users_voice_in_a_strangers_speech_is_an_onset_of_its_own() -> None:
    call = play(
        on(0, 64), who("other", 200), who("user", 2000, about=1800), overlap("interruption", 2100, about=1800),
        before=talking(), until=7000,
    )  # fmt: skip
    assert call.commands == ["64 Duck", "200 Unduck", "2000 Duck", "2100 cut"]
    assert [opened.since for opened in call.all(TurnOpened)] == [t(1800)]


def test_7_a_cut_without_words_is_taken_up_from_the_first_unheard_word() -> None:
    call = play(on(0, 64), who("user", 160), overlap("interruption", 240), off(300, 396), before=talking(), until=8000)
    assert call.commands == ["64 Duck", "240 cut", "1440 TakeUp"]
    assert call.all(TakeUp) == [TakeUp(2, 1, 4, "".join(WORDS[4:]))]
    assert call.order(1440) == ["TurnWithdrawn", "ReplyStarted", "TakeUp"]


def test_7b_a_cut_with_words_is_answered() -> None:
    call = play(
        on(0, 64), who("user", 160), overlap("interruption", 240), words("what about dogs", 700),
        off(900, 996), ended(0.95, 996), before=talking(), until=8000,
    )  # fmt: skip
    assert call.commands == ["64 Duck", "240 cut", "1000 ThinkAhead", "1060 Release"]
    assert call.conversation.history[-2:] == [AgentSaid(1, heard_by(240), cut=True), UserSaid(1, "what about dogs")]


def test_7c_nothing_is_taken_up_after_stop() -> None:
    call = play(on(0, 64), command("stop", 0, 300, 310), off(300, 396), before=talking(), until=20000)
    assert call.commands == ["64 Duck", "310 cut"]


def test_8_the_user_goes_on_before_the_reply_is_audible() -> None:
    call = play(on(0, 64), who("user", 160), words("what is the time in Rome", 400), before=released(), until=700)
    assert call.commands == ["64 Hold", "160 Rollback"]
    assert call.announced == ["160 ReplyVanished", "160 TurnOpened"]
    assert call.all(TurnOpened) == [TurnOpened(1, t(-1500))]
    assert call.conversation.history == []


def test_8_the_words_join_the_same_turn() -> None:
    call = play(
        on(0, 64), who("user", 160), words("what is the time in Rome", 400), off(500, 596), ended(0.95, 596),
        before=released(), until=3000,
    )  # fmt: skip
    assert call.commands == ["64 Hold", "160 Rollback", "600 ThinkAhead", "660 Release"]
    assert call.conversation.history == [UserSaid(1, "what is the time in Rome")]


def test_8b_noise_before_the_reply_is_audible_only_holds_it() -> None:
    call = play(on(0, 64), overlap("noise", 200), before=released(), until=3000)
    assert call.commands == ["64 Hold", "200 Release"]
    assert call.announced == []


def test_9_history_ends_with_the_last_word_more_than_half_of_which_was_heard() -> None:
    before = [TypedTurn("tell me a story", t(-4000)), *made(1, -3000, WORDS)]
    call = play(
        heard(1, 1840, -20), on(0, 64), overlap("interruption", 240), before=before, until=300
    )  # 1840 ms: word 6 runs from 1800 to 2100
    assert call.agent_lines == ["".join(WORDS[:6])]
    call = play(heard(1, 1960, -20), on(0, 64), overlap("interruption", 240), before=before, until=300)
    assert call.agent_lines == ["".join(WORDS[:7])]
    call = play(heard(1, 1950, -20), on(0, 64), overlap("interruption", 240), before=before, until=300)
    assert call.agent_lines == ["".join(WORDS[:6])], "exactly half is not more than half"


def test_10_a_typed_turn_cuts_and_is_answered() -> None:
    call = play(typed("what is the time", 0), before=talking(), until=3000)
    assert call.commands == ["0 cut", "0 Reply"]
    assert call.order(0)[-7:] == ["Silence", "ReplyCut", "Cancel", "CropToHeard", "Noted", "ReplyStarted", "Reply"]
    assert call.conversation.history[-2:] == [AgentSaid(1, heard_by(0), cut=True), Typed("what is the time")]


def test_10b_a_typed_turn_waits_for_the_spoken_one() -> None:
    call = play(
        on(0, 64), words("what is the weather", 300), typed("in Rome", 400), off(900, 996), ended(0.95, 996), until=4000
    )
    assert call.commands == ["1000 ThinkAhead", "1060 Release"]
    assert call.conversation.history == [Typed("in Rome"), UserSaid(1, "what is the weather")]


def test_11_a_turn_that_ends_while_a_tool_runs_is_answered_with_its_result() -> None:
    call = play(
        on(200, 264), words("and tomorrow", 800), off(900, 996), ended(0.95, 996), result("weather", 1400),
        before=tool_runs("weather"), until=4000,
    )  # fmt: skip
    assert call.commands == ["0 CallTool", "1400 Reply"]
    assert call.announced == ["0 ReplyFinished", "264 TurnOpened", "1060 TurnClosed", "1400 Noted", "1400 ReplyStarted"]
    assert call.all(Reply) == [Reply(2)]
    kinds = [type(entry).__name__ for entry in call.conversation.history]
    assert kinds == ["UserSaid", "ToolCalled", "UserSaid", "ToolReturned"]


def test_12_who_leaves_in_mid_word_leaves_the_words_there_were() -> None:
    call = play(on(0, 64), words("what is the", 300), left(400), until=70000)
    assert call.commands == []
    assert call.announced == ["64 TurnOpened", "400 TurnClosed"]
    assert call.conversation.history == [UserSaid(1, "what is the")]


def test_13_the_mind_is_lost_in_mid_word() -> None:
    # words end at ..., -100, 200, ...: at 0 the fourth is being said
    call = play(
        lost(0), on(1000, 1064), words("go on please", 1300), off(1500, 1596), ended(0.95, 1596),
        before=talking(until=200, done=False), until=4000,
    )  # fmt: skip
    assert call.commands == ["200 Silence", "200 Notice", "200 Restart", "1600 ThinkAhead", "1660 Release"]
    assert call.order(200)[-5:] == ["Silence", "ReplyCut", "MindLost", "Notice", "Restart"]
    assert call.agent_lines == ["".join(WORDS[:4])]
    assert [cut.reason for cut in call.all(ReplyCut)] == ["mind_lost"]


def test_14_a_strangers_turn_is_withdrawn() -> None:
    call = play(on(0, 64), who("other", 200), until=5000)
    assert call.commands == []
    assert call.announced == ["64 TurnOpened", "200 TurnWithdrawn"]


def test_15_the_reply_ends_by_itself_while_the_user_begins() -> None:
    before = [TypedTurn("hi", t(-1500)), *made(1, -1100, WORDS[:4]), *played(1, -1000, 140)]
    call = play(on(0, 64), drained(1, 150), before=before, until=2000)
    assert call.commands == ["64 Duck", "150 Unduck"]
    assert call.all(Duck) == [Duck(-12.0)]
    assert call.all(TurnOpened) == [TurnOpened(1, t(0))]
    assert call.agent_lines == ["".join(WORDS[:4])]
