"""Speech over the agent: ducks, cuts, and cuts that were none (rules 4 to 6). By what breaks if they do not hold."""

from __future__ import annotations

from timeline import (
    WORDS,
    drained,
    ended,
    heard,
    made,
    off,
    on,
    overlap,
    play,
    played,
    t,
    talking,
    who,
    words,
)

from agent.conversation.commands import (
    TakeUp,
    TurnOpened,
)
from agent.conversation.events import (
    CancelReply,
    ClearInput,
    CreateReply,
    TypedTurn,
)
from agent.conversation.history import UserBackchannel

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
