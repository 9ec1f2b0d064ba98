"""The simulation of fleets against what can be known without it: queues, failures, and rollouts of small fleets."""

from __future__ import annotations

from dataclasses import replace

import pytest

pytest.importorskip("simpy")

from benchmarks.scale import GPU, Fleet, Plan, percentile, summary

SMALL = Plan(64, GPU, minutes=4.0, sampled=1000)


def test_the_same_seed_gives_the_same_fleet() -> None:
    assert summary(SMALL, Fleet(SMALL).run()) == summary(SMALL, Fleet(SMALL).run())


def test_a_fleet_holds_as_many_calls_as_it_is_made_for() -> None:
    seen = Fleet(SMALL).run()
    settled = [count for at, count in seen.taken if at > 30]
    assert sum(settled) / len(settled) == pytest.approx(64, rel=0.3)
    assert not seen.gaps


def test_replies_wait_for_an_engine_that_is_small_for_its_slots() -> None:
    roomy = Fleet(SMALL).run()
    tight = Fleet(replace(SMALL, node=replace(GPU, at_once=1, engine=150.0))).run()
    assert percentile(tight.replies, 95) > percentile(roomy.replies, 95) + 100
    assert percentile(tight.stops, 95) == pytest.approx(percentile(roomy.stops, 95), abs=30), "a stop needs no engine"


def test_calls_of_a_dead_node_go_on_elsewhere_after_the_time_of_a_takeover() -> None:
    plan = replace(SMALL, calls=96, utilisation=0.6, dies_at=120.0)
    seen = Fleet(plan).run()
    assert seen.moved > 0
    assert len(seen.gaps) == seen.moved
    assert min(seen.gaps) == pytest.approx(plan.takeover_s)


def test_a_rollout_moves_nobody() -> None:
    seen = Fleet(replace(SMALL, utilisation=0.5, rollout_at=30.0, rollout_at_once=0.25)).run()
    assert seen.moved == 0
    assert not seen.gaps


def test_more_calls_than_slots_wait_and_are_served_as_others_go() -> None:
    plan = replace(SMALL, calls=100, utilisation=2.0)
    seen = Fleet(plan).run()
    assert max(count for _, count in seen.taken) <= GPU.slots * 2
    assert percentile(seen.waited, 95) > 10
