"""Each rule of turn-taking, by what breaks if it does not hold."""

from __future__ import annotations

from dataclasses import replace

from timeline import (
    WORDS,
    calls,
    command,
    drained,
    due,
    ended,
    heard,
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
    tool_runs,
    typed,
    who,
    words,
)

from agent.conversation.commands import (
    Backchannel,
    Drop,
    MindLost,
    Noted,
    Notice,
    Reply,
    ReplyFinished,
    ReplyHeard,
    TakeUp,
    TurnClosed,
    TurnOpened,
    TurnWithdrawn,
    UserWords,
)
from agent.conversation.events import (
    CancelReply,
    ClearInput,
    CommitInput,
    CreateReply,
    Event,
    ItemDeleted,
    ReplyDone,
    SettingsChanged,
    ToolCall,
    TypedTurn,
)
from agent.conversation.history import AgentSaid, Noticed, Typed, UserBackchannel, UserSaid
from agent.conversation.settings import ConversationSettings
from streaming.time import ms

QUESTION = [on(0, 64), words("what is the time", 900), off(1000, 1096), ended(0.95, 1096)]
DEFAULTS = ConversationSettings()


def talks_briefly(number: int = 4, silent_from: int = 200) -> list[Event]:
    """The agent says a few words from -1000 on, all of which are heard at `silent_from`."""
    texts = WORDS[:number]
    return [
        TypedTurn("hi", t(-1500)),
        *made(1, -1100, texts),
        *played(1, -1000, silent_from - 20),
        drained(1, silent_from),
    ]


# --- rules 1 to 3: the turn -------------------------------------------------------------------


def test_an_onset_opens_the_turn_at_once_and_from_where_it_began() -> None:
    call = play(on(0, 64), until=500)
    assert call.announced == ["64 TurnOpened"]
    assert call.all(TurnOpened) == [TurnOpened(1, t(0))]
    assert (call.conversation.user_state, call.conversation.agent_state) == ("speaking", "listening")


def test_noise_taken_for_speech_is_withdrawn() -> None:
    for kind in ("noise", "echo", "not_user", "not_addressed"):
        call = play(on(0, 64), overlap(kind, 200), until=4000)
        assert call.announced == ["64 TurnOpened", "200 TurnWithdrawn"]
        assert call.conversation.user_state == "silent"


def test_a_turn_in_which_the_users_voice_was_known_is_not_withdrawn() -> None:
    for doubt in (overlap("noise", 300), who("other", 300)):
        call = play(on(0, 64), who("user", 200), doubt, *QUESTION[1:], until=3000)
        assert call.commands == ["1100 ThinkAhead", "1160 Release"]


def test_an_opinion_about_an_earlier_sound_does_not_touch_the_present_turn() -> None:
    call = play(
        on(-2000, -1936),
        off(-1500, -1404),
        on(0, 64),
        words("what is the time", 300),
        overlap("noise", 400, about=-900),
    )
    assert call.all(TurnWithdrawn) == []
    call = play(*QUESTION, who("other", 1300, about=500), until=3000)
    assert call.commands == ["1100 ThinkAhead", "1160 Release"], "it is answered already"


def test_a_stranger_who_goes_on_in_the_users_turn_is_left_out_of_it() -> None:
    call = play(
        on(0, 64), who("user", 200), words("what is the time", 900), off(1000, 1096), ended(0.3, 1096),
        on(1150, 1214), who("other", 1400), until=6000,
    )  # fmt: skip
    assert call.commands == ["1100 ThinkAhead", "1214 Rollback", "1400 ThinkAhead", "1500 Release"]
    assert call.all(TurnClosed)[0].until == t(1000)  # type: ignore[attr-defined]


def test_a_thought_begins_after_100_ms_of_pause_but_not_more_often_than_every_200_ms() -> None:
    call = play(
        on(0, 64), words("one two", 300), off(400, 420), on(510, 520), off(560, 570), until=710,
    )  # fmt: skip
    assert call.commands == ["500 ThinkAhead", "520 Rollback", "700 ThinkAhead"]


def test_a_turn_that_must_be_answered_now_does_not_wait_for_the_next_thought() -> None:
    call = play(
        on(0, 64), words("one two", 300), off(400, 420), on(510, 520), off(530, 540), ended(1.0, 695), until=2000,
    )  # fmt: skip
    assert call.commands == ["500 ThinkAhead", "520 Rollback", "695 ThinkAhead", "695 Release"]


def test_words_that_come_in_the_pause_start_the_thought() -> None:
    call = play(on(0, 64), off(1000, 1096), words("what is the time", 1250), until=3000)
    assert call.commands == ["1250 ThinkAhead", "1500 Release"]


def test_a_late_opinion_that_the_turn_is_over_releases_at_once() -> None:
    call = play(on(0, 64), words("what is the time", 900), off(1000, 1096), ended(0.95, 1300), until=3000)
    assert call.commands == ["1100 ThinkAhead", "1300 Release"]


def test_an_opinion_that_is_known_before_the_pause_is_counts() -> None:
    call = play(on(0, 64), words("what is the time", 900), ended(0.95, 1050, about=1000), off(1000, 1096), until=3000)
    assert call.commands == ["1100 ThinkAhead", "1160 Release"]


def test_an_opinion_about_an_earlier_pause_is_void() -> None:
    call = play(
        on(0, 64), words("what is", 400), off(500, 596), on(650, 714), words("what is the time", 1200),
        off(1500, 1596), ended(0.95, 1600, about=520), until=4000,
    )  # fmt: skip
    assert call.commands == ["600 ThinkAhead", "714 Rollback", "1600 ThinkAhead", "2000 Release"]


def test_without_an_opinion_the_turn_ends_after_500_ms_and_an_unlikely_end_takes_1200() -> None:
    begin = [on(0, 64), words("what is the time", 900), off(1000, 1096)]
    assert play(*begin, until=4000).commands == ["1100 ThinkAhead", "1500 Release"]
    assert play(*begin, ended(0.1, 1100), until=4000).commands == ["1100 ThinkAhead", "2200 Release"]


def test_a_turn_without_words_is_withdrawn_after_1200_ms() -> None:
    call = play(on(0, 64), off(1000, 1096), ended(0.95, 1096), until=4000)
    assert call.commands == []
    assert call.announced == ["64 TurnOpened", "2200 TurnWithdrawn"]


def test_where_the_mind_makes_no_words_300_ms_of_speech_count_as_words() -> None:
    call = play(on(0, 64), off(300, 396), ended(0.95, 396), until=4000, mind_has_words=False)
    assert call.commands == ["400 ThinkAhead", "460 Release"]
    assert call.all(TurnClosed) == [TurnClosed(1, t(0), t(300), None, 1)]
    assert call.conversation.history == [UserSaid(1, None)]
    call = play(on(0, 64), off(280, 376), ended(0.95, 376), until=4000, mind_has_words=False)
    assert call.announced == ["64 TurnOpened", "1480 TurnWithdrawn"]


def test_words_that_come_after_the_release_correct_the_closed_turn() -> None:
    call = play(*QUESTION, words("what is the time in Rome", 1200), until=3000)
    assert call.commands == ["1100 ThinkAhead", "1160 Release"]
    assert call.conversation.history == [UserSaid(1, "what is the time in Rome")]
    assert call.all(UserWords)[-1] == UserWords(1, "what is the time in Rome", "")


def test_what_was_thought_ahead_counts_only_from_its_release_on() -> None:
    call = play(*QUESTION, made(1, 1120, []), until=3000)
    assert call.all(ReplyFinished) == [ReplyFinished(1, "")]
    assert call.announced[-2:] == ["1160 ReplyStarted", "1160 ReplyFinished"]
    assert call.conversation.agent_state == "listening"


def test_events_that_come_late_count_as_of_now() -> None:
    call = play(on(0, 64), until=200)
    commands = call.conversation.receive(CreateReply(t(-5000)))
    assert commands == []
    assert call.conversation.wake_at is None or call.conversation.wake_at > t(64)


def test_the_agent_hums_in_a_long_turn_only_if_asked_to() -> None:
    begin = [on(0, 64), words("it was a long day and", 5900), off(6000, 6096), ended(0.1, 6096)]
    assert play(*begin, until=6100, backchannels=True).all(Backchannel) == [Backchannel()]
    assert play(*begin, until=6100).all(Backchannel) == []


# --- rules 4 and 5: over the agent ------------------------------------------------------------


def test_an_interruption_is_not_believed_before_120_ms_of_speech() -> None:
    call = play(on(0, 64), overlap("interruption", 80), before=talking(), until=2000)
    assert call.commands == ["64 Duck", "120 cut"]


def test_an_interruption_by_somebody_else_is_none() -> None:
    call = play(on(0, 64), who("other", 100), overlap("interruption", 240), before=talking(), until=2000)
    assert call.commands == ["64 Duck", "100 Unduck"]


def test_each_harmless_sound_lets_the_agent_go_on() -> None:
    for kind in ("not_user", "not_addressed", "noise", "echo"):
        call = play(on(0, 64), overlap(kind, 200), before=talking(), until=2000)
        assert call.commands == ["64 Duck", "200 Unduck"]
        assert UserBackchannel("") not in call.conversation.history


def test_speech_that_is_over_before_it_is_decided_lets_the_agent_go_on() -> None:
    assert play(on(0, 64), off(150, 246), before=talking(), until=2000).commands == ["64 Duck", "246 Unduck"]
    call = play(on(0, 64), off(40, 136), before=talking(), until=2000, overlap_ear=False)
    assert call.commands == ["64 Duck", "136 Unduck"]


def test_a_backchannel_that_turns_into_an_interruption_cuts_after_all() -> None:
    call = play(on(0, 64), overlap("backchannel", 220), overlap("interruption", 700), before=talking(), until=900)
    assert call.commands == ["64 Duck", "220 Unduck", "700 Duck", "700 cut"]
    assert call.all(TurnOpened) == [TurnOpened(1, t(0), 1)], "none of its words is lost"


def test_a_reply_that_is_made_but_still_sounds_can_be_cut() -> None:
    call = play(on(0, 64), overlap("interruption", 240), before=talking(done=True), until=300)
    assert call.commands == ["64 Duck", "240 cut"]
    assert call.agent_lines == ["".join(WORDS[:4])]


def test_the_next_sound_after_a_backchannel_ducks_again() -> None:
    call = play(
        on(0, 64), overlap("backchannel", 150), off(180, 276), on(900, 964), overlap("noise", 1000, about=900),
        before=talking(), until=2000,
    )  # fmt: skip
    assert call.commands == ["64 Duck", "150 Unduck", "964 Duck", "1000 Unduck"]


def test_an_onset_known_very_late_is_decided_at_once() -> None:
    call = play(on(0, 500), before=talking(), until=2000)
    assert call.commands == ["500 Duck", "500 cut"]


def test_where_speech_may_not_cut_it_is_answered_after_the_reply() -> None:
    call = play(
        on(0, 64), overlap("interruption", 240), words("what about dogs", 700), off(900, 996), ended(0.95, 996),
        heard(1, 9000, 1500), drained(1, 2000), before=talking(until=1400), until=3000, interrupt_response=False,
    )  # fmt: skip
    assert call.commands == ["64 Duck", "240 Unduck", "2000 Reply"]
    assert call.announced == ["240 TurnOpened", "1060 TurnClosed", "2000 ReplyStarted"]
    assert call.all(TurnOpened) == [TurnOpened(1, t(0))]


# --- rule 6: a cut that was none --------------------------------------------------------------

CUT = [on(0, 64), overlap("interruption", 240), off(300, 396)]


def test_a_backchannels_words_do_not_justify_a_cut() -> None:
    call = play(*CUT, words("mm-hm", 500), before=talking(), until=3000)
    assert call.commands == ["64 Duck", "240 cut", "1440 TakeUp"]
    assert UserBackchannel("mm-hm") in call.conversation.history


def test_a_cut_that_turns_out_to_be_noise_is_taken_up_at_once() -> None:
    call = play(on(0, 64), overlap("noise", 500), before=talking(), until=3000)
    assert call.commands == ["64 Duck", "350 cut", "500 TakeUp"]
    call = play(on(0, 64), who("other", 500), before=talking(), until=3000)
    assert call.commands == ["64 Duck", "350 cut", "500 TakeUp"]


def test_nobody_is_talked_over_by_what_is_taken_up() -> None:
    call = play(*CUT, on(1300, 1364), off(2500, 2596), before=talking(), until=6000)
    assert call.commands == ["64 Duck", "240 cut", "3000 TakeUp"]


def test_what_was_taken_up_can_be_cut_and_taken_up_again() -> None:
    call = play(
        *CUT, made(2, 1500, WORDS[4:]), played(2, 1600, 2300),
        on(2300, 2364), overlap("interruption", 2540, about=2300), off(2600, 2696),
        before=talking(until=240), until=5000,
    )  # fmt: skip
    assert call.commands == ["64 Duck", "240 cut", "1440 TakeUp", "2364 Duck", "2540 cut", "3740 TakeUp"]
    assert call.agent_lines == ["".join(WORDS[:4]), "".join(WORDS[4:6])]
    assert call.all(TakeUp)[1] == TakeUp(3, 2, 2, "".join(WORDS[6:]))


def test_nothing_is_taken_up_after_a_typed_turn_a_cancel_or_a_clients_truncate() -> None:
    for event in (TypedTurn("never mind", t(600)), CancelReply(t(600)), CreateReply(t(600)), ClearInput(t(600))):
        assert play(*CUT, event, before=talking(until=240), until=9000).all(TakeUp) == []
    call = play(heard(1, 700, 0, by_client=True), before=talking(until=0), until=9000)
    assert call.commands == ["0 cut"]


def test_nothing_is_taken_up_when_all_words_were_heard() -> None:
    before = [TypedTurn("hi", t(-1500)), *made(1, -1100, WORDS[:3]), *played(1, -1000, 240)]
    call = play(*CUT, before=before, until=9000)
    assert call.all(TakeUp) == []
    assert call.announced[-1] == "1500 TurnWithdrawn"


def test_a_clients_truncate_with_speech_may_be_taken_up() -> None:
    call = play(on(0, 64), heard(1, 700, 100, by_client=True), off(300, 396), before=talking(until=80), until=3000)
    assert call.commands == ["64 Duck", "100 cut", "1300 TakeUp"]
    assert call.agent_lines == ["".join(WORDS[:2])]


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


# --- rules 13 and 14: by itself ---------------------------------------------------------------


def test_what_is_due_is_said_in_the_next_silence_of_both() -> None:
    call = play(due("Your tea is ready.", 0), before=talks_briefly(silent_from=200), until=1000)
    assert call.commands == ["200 Reply"]
    assert call.all(Reply) == [Reply(2, say="Your tea is ready.")]
    call = play(on(0, 64), due("Your tea is ready.", 100), off(300, 396), until=3000)
    assert call.commands == ["1500 Reply"]


def test_what_was_due_and_was_taken_back_is_said_later() -> None:
    call = play(due("Tea.", 0), on(50, 114), who("user", 200), off(400, 496), until=3000)
    assert call.commands == ["0 Reply", "114 Hold", "200 Rollback", "1600 Reply"]
    assert [reply.say for reply in call.all(Reply)] == ["Tea.", "Tea."]  # type: ignore[attr-defined]


def test_long_silence_is_broken_once_and_only_if_wished() -> None:
    before = talks_briefly(silent_from=0)
    assert play(before=before, until=60000).commands == []
    call = play(before=before, until=60000, reminder_after=ms(10_000))
    assert call.commands == ["10000 Notice"]


# --- rule 15 and the client's own turn taking -------------------------------------------------


def test_settings_change_at_the_next_decision_not_in_the_middle_of_one() -> None:
    without_ear = SettingsChanged(replace(DEFAULTS, overlap_ear=False), t(100))
    call = play(
        on(0, 64), without_ear, overlap("noise", 300), off(400, 496), on(1000, 1064), before=talking(), until=2000
    )
    assert call.commands == ["64 Duck", "300 Unduck", "1064 Duck", "1160 cut"]


def test_a_client_that_commits_is_not_answered_before_it_asks() -> None:
    call = play(
        on(0, 64), words("what is the time", 900), off(1000, 1096), ended(0.99, 1096), CommitInput(t(3000)),
        CreateReply(t(4000)), until=6000, automatic_turns=False,
    )  # fmt: skip
    assert call.commands == ["4000 Reply"]
    assert call.all(TurnOpened) == [TurnOpened(1, t(0), automatic=False)]
    assert call.all(TurnClosed) == [TurnClosed(1, t(0), t(1000), "what is the time", None, automatic=False)]
    assert call.conversation.history == [UserSaid(1, "what is the time")]


def test_speech_cuts_nothing_where_the_client_takes_turns_but_stop_does() -> None:
    call = play(on(0, 64), overlap("interruption", 240), before=talking(), until=2000, automatic_turns=False)
    assert call.commands == []
    call = play(on(0, 64), command("stop", 0, 300, 310), before=talking(), until=5000, automatic_turns=False)
    assert call.commands == ["310 cut"]


def test_a_commit_without_any_speech_is_still_a_turn() -> None:
    call = play(CommitInput(t(0)), words("very soft words", 200), CreateReply(t(300)), automatic_turns=False)
    assert call.announced[:2] == ["0 TurnOpened", "0 TurnClosed"]
    assert call.conversation.history[0] == UserSaid(1, "very soft words")
    assert call.all(Reply) == [Reply(1)]


def test_cleared_input_does_not_count() -> None:
    call = play(on(0, 64), words("what is", 300), ClearInput(t(500)), until=4000)
    assert call.commands == []
    assert call.announced == ["64 TurnOpened", "500 TurnWithdrawn"]


def test_a_commit_ends_an_automatic_turn_at_once() -> None:
    call = play(*QUESTION[:2], CommitInput(t(950)), until=3000)
    assert call.commands == ["950 ThinkAhead", "950 Release"]


def test_without_create_response_a_turn_is_kept_until_the_client_asks() -> None:
    call = play(*QUESTION, CreateReply(t(2000)), until=3000, create_response=False)
    assert call.commands == ["2000 Reply"]
    assert call.announced == ["64 TurnOpened", "1160 TurnClosed", "2000 ReplyStarted"]
    early = play(*QUESTION[:2], CreateReply(t(950)), *QUESTION[2:], until=3000, create_response=False)
    assert early.commands == ["1100 ThinkAhead", "1160 Release"]


# --- what the other end asks for --------------------------------------------------------------


def test_a_wish_while_a_reply_is_made_is_ignored_and_the_wire_can_know() -> None:
    call = play(typed("hi", 0), CreateReply(t(100)), until=150)
    assert call.commands == ["0 Reply"]
    assert call.conversation.reply_active
    call = play(made(1, 50, WORDS[:2]), heard(1, 10, 100), CreateReply(t(200)), drained(1, 700),
                before=[TypedTurn("hi", t(0))], until=1000)  # fmt: skip
    assert call.commands == ["0 Reply", "700 Reply"], "what is whole and only sounds is no active reply"


def test_cancel_ends_what_sounds_and_a_second_one_nothing() -> None:
    call = play(CancelReply(t(0)), CancelReply(t(10)), before=talking(until=0), until=5000)
    assert call.commands == ["0 cut"]
    assert not call.conversation.reply_active


def test_cancel_before_anything_is_audible_leaves_the_turn_unanswered() -> None:
    call = play(CancelReply(t(0)), before=released(), until=5000)
    assert call.commands == ["0 cut"]
    assert call.conversation.history == [UserSaid(1, "what is the time")]
    call = play(on(0, 64), CancelReply(t(100)), off(200, 296), before=released(), until=250)
    assert call.commands == ["64 Hold", "100 Rollback"]


def test_a_clients_truncate_shortens_what_was_heard_and_never_lengthens_it() -> None:
    before = talks_briefly(4, silent_from=-100)
    call = play(heard(1, 700, 0, by_client=True), before=before, until=1000)
    assert call.agent_lines == ["".join(WORDS[:2])]
    assert call.all(ReplyHeard) == [ReplyHeard(1, 2, "".join(WORDS[:2]))]
    assert call.commands == ["0 CropToHeard"]
    call = play(heard(1, 9000, 0, by_client=True), before=before, until=1000)
    assert call.agent_lines == ["".join(WORDS[:4])]
    assert call.commands == []


def test_a_deleted_item_is_gone_and_the_mind_is_told_when_nobody_speaks() -> None:
    call = play(
        on(0, 64), ItemDeleted(t(100), reply=1), off(200, 296), before=talks_briefly(silent_from=-100), until=2000
    )
    assert call.agent_lines == []
    assert call.commands == ["1400 Rebuild"]
    assert play(ItemDeleted(t(0), item="nowhere"), until=100).commands == []


# --- the reply's own end ----------------------------------------------------------------------


def test_words_are_announced_as_they_are_heard() -> None:
    call = play(before=talks_briefly(4, silent_from=200), until=1000)
    assert [(what.token, what.text) for what in call.all(ReplyHeard)] == [(4, "".join(WORDS[:4]))]  # type: ignore[attr-defined]
    assert call.conversation.agent_state == "listening"


def test_a_gap_in_the_sound_does_not_end_the_reply() -> None:
    before = [TypedTurn("hi", t(-1500)), *made(1, -1100, WORDS[:2], done=False), *played(1, -1000, -420)]
    call = play(drained(1, -390), ReplyDone(1, t(500)), before=before, until=300)
    assert call.conversation.agent_state == "speaking"
    call = play(drained(1, -390), ReplyDone(1, t(500)), before=before, until=600)
    assert call.conversation.agent_state == "listening"
    assert call.agent_lines == ["".join(WORDS[:2])]


def test_a_reply_is_announced_as_whole_only_when_it_can_no_longer_be_taken_back() -> None:
    call = play(*QUESTION, made(1, 1200, WORDS[:2]), heard(1, 20, 1300), until=1350)
    assert call.announced[-1] == "1300 ReplyFinished"


def test_what_belongs_to_another_reply_is_ignored() -> None:
    call = play(
        made(7, -10, WORDS[:2]), heard(7, 400, 0), drained(7, 10), ToolCall(7, "x", "x", "{}", t(20)),
        before=talking(until=0), until=30,
    )  # fmt: skip
    assert call.commands == []
    assert call.agent_lines == ["".join(WORDS[:3])]
