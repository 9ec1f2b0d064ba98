"""The field's measures on timelines made by hand (ms)."""

from __future__ import annotations

import pytest

from clients.bench.ears import papers
from clients.bench.ears.log import Log, Mark, Stretch, Turn
from tests.clients.bench.ears.timelines import talks, trial


def _answers(log: Log, at: float) -> Log:
    log.replies.append(at)
    log.audible.append(Stretch(at, at + 1000.0))
    return log


def test_behaviours_of_full_duplex_bench_are_told_apart() -> None:
    assert papers.behaviour(trial(_answers(talks(cut=1200.0), 2100.0))) == "respond"
    assert papers.behaviour(trial(talks())) == "resume"
    taken_up = talks(cut=1200.0)
    taken_up.audible.append(Stretch(2500.0, 4000.0))
    assert papers.behaviour(trial(taken_up)) == "resume"
    assert papers.behaviour(trial(talks(cut=1200.0))) == "unknown"


def test_the_behaviours_of_a_scenario_are_shares_of_its_cases() -> None:
    trials = [trial(talks()), trial(talks(cut=1200.0)), trial(talks(), "backchannel")]
    found = papers.overlap_behaviours(trials)
    assert set(found) == {"user interruption", "user backchannel"}
    assert found["user interruption"]["resume"].value == 0.5
    assert sum(figure.value for figure in found["user interruption"].values()) == pytest.approx(1.0)
    assert found["user backchannel"]["resume"].n == 1


def test_stop_and_response_latency_count_from_first_and_last_sample() -> None:
    trials = [trial(_answers(talks(cut=1200.0), 2100.0)), trial(talks())]
    assert papers.stop_latency(trials).value == 200.0
    assert papers.stop_latency(trials).n == 1
    assert papers.response_latency(trials).value == 300.0


def test_taking_over_in_a_pause_counts_for_v1() -> None:
    second = (Mark("user", 2800.0, 3500.0),)
    over = Log(turns=[Turn(1000.0, 1060.0, 2100.0, kept=True, answered=True)], replies=[2150.0])
    waits = Log(turns=[Turn(1000.0, 1060.0, 3700.0, kept=True, answered=True)], replies=[3750.0])
    assert papers.takeover([trial(over, "pause", then=second), trial(waits, "pause", then=second)]).value == 0.5


def test_tau_voice_waits_two_seconds_for_a_yield_and_one_for_a_false_one() -> None:
    assert papers.yield_rate([trial(talks(cut=2900.0)), trial(talks(cut=3100.0))]).value == 0.5
    assert papers.yield_latency([trial(talks(cut=1300.0)), trial(talks(cut=3100.0))]).value == 300.0
    backchannels = [trial(talks(cut=at), "backchannel", last=1200.0) for at in (1500.0, 2100.0)]
    assert papers.selectivity(backchannels, "BC").value == 0.5


def test_selectivity_parts_tics_from_things_and_counts_strangers_turns() -> None:
    cough, keys = (trial(talks(), "burst", tags=(kind,)) for kind in ("cough", "keys"))
    assert papers.selectivity([cough, keys], "VT").n == 1
    turn = Log(turns=[Turn(1000.0, 1060.0, 2000.0, kept=True, answered=True)])
    strangers = [trial(turn, "stranger_turn"), trial(talks(), "stranger"), trial(talks(cut=1300.0), "aside")]
    assert papers.selectivity(strangers, "ND").value == pytest.approx(1 / 3)


def test_replies_to_plain_turns_are_counted_and_timed() -> None:
    answered = Log(turns=[Turn(1000.0, 1060.0, 2000.0, kept=True, answered=True)], replies=[2100.0])
    trials = [trial(answered, "question"), trial(Log(), "question")]
    assert papers.response_rate(trials).value == 0.5
    assert papers.reply_latency(trials).value == 300.0


def test_fd_bench_counts_successes_early_ones_and_noises() -> None:
    interruptions = [trial(talks(cut=2700.0)), trial(talks(cut=2900.0)), trial(talks())]
    assert papers.success_interrupt_rate(interruptions).value == pytest.approx(1 / 3)
    assert papers.interrupt_response_delay(interruptions).value == 1700.0
    early = trial(Log(replies=[1400.0]), "question")
    late = trial(Log(replies=[2000.0]), "question")
    assert papers.early_interrupt_rate([early, late]).value == 0.5
    noises = [trial(talks(), "burst"), trial(talks(cut=1300.0), "echo"), trial(talks(cut=900.0), "echo")]
    assert papers.noise_interrupt_rate(noises).value == pytest.approx(2 / 3)
