"""The user's turn (rules 1 to 3). By what breaks if they do not hold."""

from __future__ import annotations

from timeline import (
    QUESTION,
    ended,
    made,
    off,
    on,
    overlap,
    play,
    t,
    who,
    words,
)

from agent.conversation.commands import (
    Backchannel,
    ReplyFinished,
    TurnClosed,
    TurnOpened,
    TurnWithdrawn,
    UserWords,
)
from agent.conversation.events import (
    CreateReply,
)
from agent.conversation.history import UserSaid

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
