"""What is said unasked, settings, what the other end asks for (rules 13 to 15). By what breaks if they do not hold."""

from __future__ import annotations

from dataclasses import replace

from timeline import (
    DEFAULTS,
    QUESTION,
    WORDS,
    command,
    drained,
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
    talks_briefly,
    typed,
    who,
    words,
)

from agent.conversation.commands import (
    Reply,
    ReplyHeard,
    TurnClosed,
    TurnOpened,
)
from agent.conversation.events import (
    CancelReply,
    ClearInput,
    CommitInput,
    CreateReply,
    ItemDeleted,
    ReplyDone,
    SettingsChanged,
    ToolCall,
    TypedTurn,
)
from agent.conversation.history import UserSaid
from streaming.time import ms

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
