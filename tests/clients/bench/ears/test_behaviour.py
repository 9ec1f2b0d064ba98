"""What a log says about the agent's behaviour, on timelines made by hand (ms)."""

from __future__ import annotations

import math

import pytest

from clients.bench.ears import behaviour as did
from clients.bench.ears.log import Log, Mark, Named, Obeyed, Stretch, Turn
from tests.clients.bench.ears.timelines import talks, trial


def test_the_first_reaction_is_a_duck_or_a_cut_whichever_comes_first() -> None:
    assert did.reaction(trial(talks(duck=(1080.0, 1250.0), cut=1250.0))) == 80.0
    assert did.reaction(trial(talks(cut=1160.0))) == 160.0


def test_a_reaction_before_the_first_sample_is_none() -> None:
    assert did.reaction(trial(talks(duck=(500.0, 700.0)))) == did.NEVER
    assert did.reaction(trial(talks(duck=(500.0, 700.0), cut=3500.0))) == did.NEVER


def test_falling_silent_before_it_is_asked_to_is_no_yield() -> None:
    early = trial(talks(cut=900.0))
    assert did.silent_after(early) == did.NEVER
    assert not did.yielded(early, 1000.0)


def test_silence_counts_at_the_ear() -> None:
    log = talks(cut=1200.0)
    log.path = 40.0
    assert did.silent_after(trial(log)) == 240.0
    assert did.yielded(trial(talks(cut=2000.0)), 1000.0)
    assert not did.yielded(trial(talks(cut=2000.1)), 1000.0)


def test_a_brief_duck_is_going_on_and_a_long_one_is_a_stop() -> None:
    assert did.went_on(trial(talks(duck=(1080.0, 1600.0)), "backchannel", last=1200.0))
    assert not did.went_on(trial(talks(duck=(1080.0, 1680.0)), "backchannel", last=1200.0))


def test_a_cut_that_is_taken_up_again_was_a_stop_all_the_same() -> None:
    log = talks(cut=1200.0)
    log.audible.append(Stretch(2400.0, 5000.0))
    log.taken_up.append(2400.0)
    assert not did.went_on(trial(log, "backchannel", last=1200.0))


def test_what_happens_long_after_a_cough_is_not_its_fault() -> None:
    assert did.went_on(trial(talks(cut=4000.0), "burst", last=1200.0))
    assert not did.went_on(trial(talks(cut=2600.0), "burst", last=1200.0))


def test_an_agent_that_was_silent_already_did_not_go_on() -> None:
    assert not did.went_on(trial(talks(cut=500.0), "burst", last=1200.0))


@pytest.mark.parametrize(("at", "kept"), [(2700.0, True), (2900.0, False)])
def test_a_command_is_obeyed_by_a_second_after_its_end(at: float, kept: bool) -> None:
    command = trial(talks(cut=at), "command", command="stop")
    assert did.obeyed(command) is kept
    assert did.command_silent_after_end(command) == at - 1800.0


def test_the_command_that_is_named_first_must_be_the_right_one() -> None:
    log = talks(cut=1300.0)
    log.commands = [Obeyed("wait", 1000, 1700, 1900.0), Obeyed("stop", 1000, 1700, 2000.0)]
    assert not did.named_rightly(trial(log, "command", command="stop"))
    assert did.named_rightly(trial(log, "command", command="wait"))
    log.commands = [Obeyed("stop", 1000, 1700, 4000.0)]
    assert not did.named_rightly(trial(log, "command", command="stop"))


def test_after_a_stop_it_stays_silent_for_two_and_a_half_seconds() -> None:
    log = talks(cut=1300.0)
    assert did.stayed_silent(trial(log, "command", command="stop"))
    log.audible.append(Stretch(3000.0, 5000.0))
    assert not did.stayed_silent(trial(log, "command", command="stop"))
    assert not did.stayed_silent(trial(talks(), "command", command="stop"))


def _pause(ended: float, answer: float | None = None) -> Log:
    turn = Turn(1000.0, 1060.0, ended, kept=True, answered=answer is not None)
    return Log(turns=[turn], replies=[] if answer is None else [answer], path=40.0)


def test_a_turn_that_is_closed_in_its_pause_was_cut_off() -> None:
    second = Mark("user", 2800.0, 3500.0)
    assert did.cut_off(trial(_pause(2100.0), "pause", then=(second,)))
    assert not did.cut_off(trial(_pause(3700.0, 3760.0), "pause", then=(second,)))
    taken_back = Log(turns=[Turn(1000.0, 1060.0, 2700.0, kept=False)])
    assert not did.cut_off(trial(taken_back, "pause", then=(second,)))


def test_delays_count_from_the_last_sample_of_the_turn() -> None:
    second = Mark("user", 2800.0, 3500.0)
    late = trial(_pause(3700.0, 3760.0), "pause", then=(second,))
    assert did.turn_end_delay(late) == 200.0
    assert did.answer_delay(late) == 300.0
    assert math.isinf(did.turn_end_delay(trial(_pause(2100.0, 2200.0), "pause", then=(second,))))


def test_a_strangers_turn_that_is_withdrawn_is_none() -> None:
    assert not did.false_turn(trial(Log(turns=[Turn(1000.0, 1060.0, 1300.0)]), "stranger_turn"))
    assert did.false_turn(trial(Log(turns=[Turn(1000.0, 1060.0, 2000.0, kept=True)]), "stranger_turn"))


def test_a_score_rests_on_the_speech_that_there_had_been() -> None:
    log = Log(
        named=[Named("unsure", 1000, 1300.0, 0.4), Named("user", 1000, 1540.0, 0.6), Named("user", 1000, 2000.0, 0.8)]
    )
    speaker = trial(log, "speaker")
    assert did.score_after(speaker, 500.0) == 0.6
    assert did.score_after(speaker, 1200.0) == 0.8
    assert did.score_after(speaker, 200.0) is None
