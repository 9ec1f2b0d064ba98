"""How a fleet behaves under load: calls that come and go, turns that wait for an engine, nodes that die, a rollout.

    python -m benchmarks.scale --out docs/benchmarks

A discrete-event simulation (simpy). A node is an agent, its engine and its worker. Calls arrive as a Poisson process
and go to the emptier of two nodes picked at random, which is what LiveKit's choice by load comes to; a call is a row of
turns. A reply needs the engine for its last chunk and first packet; the engine serves `at_once` sessions together at
their full speed and makes the others wait. A stop needs no engine: ears and playout decide it, and are slowed by the
share of the agent's cores that is busy.

Nodes do not touch each other but through placement and failure, so a fleet of a million calls is simulated call by
call, and turn by turn on a sample of its nodes.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import sys
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import simpy

Events = Generator[Any, Any, None]


@dataclass(frozen=True, slots=True)
class Node:
    """What one machine can do. Times in ms; where they come from is in docs/scale.md."""

    name: str
    slots: int
    """Calls at once."""
    at_once: int
    """Replies that begin at the same time without making each other wait."""
    fixed_reply: float
    """Of a reply, what does not wait for the engine: uplink, pause, downlink."""
    fixed_spread: float
    """Standard deviation of that."""
    engine: float
    """Last chunk, first token, first packet: on the engine, alone."""
    fixed_stop: float
    stop_spread: float
    core_share: float
    """Of the agent's cores, what one call keeps busy."""


CPU = Node("two cores, nano", 1, 1, 223.0, 70.0, 146.0, 151.0, 35.0, 0.35)
GPU = Node("one GPU, budget", 32, 8, 245.0, 40.0, 40.0, 190.0, 45.0, 0.02)
NODES = {"cpu": CPU, "gpu": GPU}


@dataclass(frozen=True, slots=True)
class Habits:
    """How people call."""

    call_s: float = 240.0
    speaks_s: float = 2.5
    listens_s: float = 6.0
    interrupts: float = 0.15
    """Share of replies that are cut."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One experiment."""

    calls: int
    """Calls at once, on average."""
    node: Node
    utilisation: float = 0.8
    """Of all slots, how many are taken on average."""
    minutes: float = 12.0
    dies_at: float | None = None
    """A node dies then (s)."""
    share_dying: float = 0.0
    """And with it this share of the fleet (at least one node)."""
    rollout_at: float | None = None
    """From then on (s) nodes are replaced one after another: drained, then started anew."""
    rollout_at_once: float = 0.05
    """Share of the fleet that drains at the same time."""
    sampled: int = 40
    """Nodes whose turns are simulated."""
    takeover_s: float = 1.8
    """Until a call of a dead worker is audible again on another (measured: 1.65, at most 1.81)."""
    starts_s: float = 60.0
    """Until a new node takes calls."""
    seed: int = 1


@dataclass(slots=True)
class Seen:
    """What happened."""

    replies: list[float] = field(default_factory=list)
    stops: list[float] = field(default_factory=list)
    placed: int = 0
    waited: list[float] = field(default_factory=list)
    """Seconds that calls waited for a slot."""
    moved: int = 0
    gaps: list[float] = field(default_factory=list)
    """Seconds of silence of calls whose node died."""
    taken: list[tuple[float, int]] = field(default_factory=list)
    """Calls that go on, every ten seconds."""


class Machine:
    """One node in the simulation."""

    def __init__(self, env: simpy.Environment, node: Node, sampled: bool) -> None:
        self.node = node
        self.free = node.slots
        self.open = True
        self.alive = True
        self.sampled = sampled
        self.engine = simpy.Resource(env, node.at_once) if sampled else None
        self.calls: set[simpy.Process] = set()


class Fleet:
    """All nodes, and the calls on them."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.habits = Habits()
        self.env = simpy.Environment()
        self.dice = random.Random(plan.seed)
        self.seen = Seen()
        count = max(2, math.ceil(plan.calls / plan.utilisation / plan.node.slots))
        every = max(1, count // plan.sampled)
        self.machines = [Machine(self.env, plan.node, number % every == 0) for number in range(count)]
        self.waiting: list[simpy.Event] = []

    def run(self) -> Seen:
        """The whole experiment."""
        self.env.process(self._arrivals())
        self.env.process(self._count())
        if self.plan.dies_at is not None:
            self.env.process(self._death(self.plan.dies_at))
        if self.plan.rollout_at is not None:
            self.env.process(self._rollout(self.plan.rollout_at))
        self.env.run(until=self.plan.minutes * 60)
        return self.seen

    def _count(self) -> Events:
        while True:
            self.seen.taken.append((self.env.now, sum(m.node.slots - m.free for m in self.machines if m.alive)))
            yield self.env.timeout(10)

    def _arrivals(self) -> Events:
        """The fleet is full from the start, as full as it is on average; then calls come as others go."""
        for _ in range(self.plan.calls):
            self.env.process(self._call())
        rate = self.plan.calls / self.habits.call_s
        while True:
            yield self.env.timeout(self.dice.expovariate(rate))
            self.env.process(self._call())

    def _pick(self) -> Machine | None:
        for _ in range(4):
            first, second = self.dice.choice(self.machines), self.dice.choice(self.machines)
            best = max((first, second), key=lambda m: m.free if m.open and m.alive else -1)
            if best.open and best.alive and best.free > 0:
                return best
        return next((m for m in self.machines if m.open and m.alive and m.free > 0), None) if self._any() else None

    def _any(self) -> bool:
        return len(self.machines) < 5000 or not self.waiting

    def _call(self) -> Events:
        left = self.dice.expovariate(1 / self.habits.call_s)
        lost_at: float | None = None
        while left > 0:
            asked = self.env.now
            while (machine := self._pick()) is None:
                turn = self.env.event()
                self.waiting.append(turn)
                yield turn
            if lost_at is None:
                self.seen.placed += 1
                self.seen.waited.append(self.env.now - asked)
            else:
                self.seen.gaps.append(self.env.now - lost_at + self.plan.takeover_s)
                yield self.env.timeout(self.plan.takeover_s)
            machine.free -= 1
            began = self.env.now
            me = self.env.active_process
            assert me is not None
            machine.calls.add(me)
            try:
                if machine.sampled:
                    yield from self._talk(machine, left)
                else:
                    yield self.env.timeout(left)
                left = 0
            except simpy.Interrupt:
                left -= self.env.now - began
                lost_at = self.env.now
                self.seen.moved += 1
            finally:
                machine.calls.discard(me)
                machine.free += 1
                if machine.open and self.waiting:
                    self.waiting.pop(0).succeed()

    def _talk(self, machine: Machine, seconds: float) -> Events:
        """Turn after turn, to the call's end."""
        node, dice, habits, env = machine.node, self.dice, self.habits, self.env
        end = env.now + seconds
        while env.now < end:
            yield env.timeout(min(dice.expovariate(1 / habits.speaks_s), max(0.0, end - env.now)))
            asked = env.now
            assert machine.engine is not None
            with machine.engine.request() as turn:
                yield turn
                yield env.timeout(node.engine * dice.lognormvariate(0, 0.25) / 1000)
            waited = (env.now - asked) * 1000
            self.seen.replies.append(max(60.0, dice.gauss(node.fixed_reply, node.fixed_spread)) + waited)
            yield env.timeout(dice.expovariate(1 / habits.listens_s))
            if dice.random() < habits.interrupts:
                busy = min(0.95, (node.slots - machine.free) * node.core_share)
                # Ears and playout share their cores with the other calls: an M/D/1 queue of 10 ms of work.
                queue = 10 * busy / (2 * (1 - busy))
                self.seen.stops.append(max(100.0, dice.gauss(node.fixed_stop, node.stop_spread)) + queue)

    def _death(self, at: float) -> Events:
        yield self.env.timeout(at)
        for machine in self.machines[: max(1, round(len(self.machines) * self.plan.share_dying))]:
            machine.alive = machine.open = False
            for call in list(machine.calls):
                call.interrupt()
            self.env.process(self._start(machine))

    def _start(self, machine: Machine) -> Events:
        yield self.env.timeout(self.plan.starts_s)
        machine.alive = machine.open = True
        for _ in range(min(machine.free, len(self.waiting))):
            self.waiting.pop(0).succeed()

    def _rollout(self, at: float) -> Events:
        yield self.env.timeout(at)
        gate = simpy.Resource(self.env, max(1, round(len(self.machines) * self.plan.rollout_at_once)))
        for machine in self.machines:
            self.env.process(self._replace(machine, gate))

    def _replace(self, machine: Machine, gate: simpy.Resource) -> Events:
        """A node takes no more calls, ends its own, and comes back new. No call is moved."""
        with gate.request() as turn:
            yield turn
            machine.open = False
            while machine.calls:
                yield self.env.timeout(1)
            machine.alive = False
            yield self.env.process(self._start(machine))


def percentile(values: Sequence[float], share: float) -> float:
    """0 without values."""
    return float(np.percentile(values, share)) if len(values) else 0.0


def summary(plan: Plan, seen: Seen) -> dict[str, Any]:
    """What a report says of one experiment."""
    nodes = max(2, math.ceil(plan.calls / plan.utilisation / plan.node.slots))
    late = [wait for wait in seen.waited if wait > 0.01]
    return {
        "calls": plan.calls,
        "nodes": nodes,
        "turns": len(seen.replies),
        "reply p50": round(percentile(seen.replies, 50)),
        "reply p95": round(percentile(seen.replies, 95)),
        "stop p50": round(percentile(seen.stops, 50)),
        "stop p95": round(percentile(seen.stops, 95)),
        "waited": round(len(late) / max(1, len(seen.waited)), 4),
        "wait p95 (s)": round(percentile(late, 95), 1),
        "moved": seen.moved,
        "gap p95 (s)": round(percentile(seen.gaps, 95), 2),
    }


def plans(node: Node, sizes: Sequence[int]) -> dict[str, Plan]:
    """The experiments of docs/scale.md."""
    found = {}
    for size in sizes:
        minutes = 12.0 if size <= 10_000 else 6.0
        middle = minutes * 30
        found[f"{size:,} calls"] = Plan(size, node, minutes=minutes)
        found[f"{size:,} calls, a node dies"] = Plan(size, node, minutes=minutes, dies_at=middle)
        found[f"{size:,} calls, 5% of the nodes die"] = Plan(
            size, node, minutes=minutes, dies_at=middle, share_dying=0.05
        )
        found[f"{size:,} calls, a rollout"] = Plan(size, node, minutes=minutes, rollout_at=60.0)
    return found


def draw(node: Node, path: Path, minutes: float = 12.0) -> list[dict[str, Any]]:
    """p95 of reply and stop against how full the nodes are, as a picture; returns the figures."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    rows = []
    for utilisation in (0.3, 0.5, 0.7, 0.8, 0.9, 0.95):
        plan = Plan(min(2000, node.slots * 40), node, utilisation, minutes=minutes)
        rows.append({"utilisation": utilisation, **summary(plan, Fleet(plan).run())})
    figure, axes = pyplot.subplots(figsize=(6, 3.5))
    for name in ("reply p50", "reply p95", "stop p50", "stop p95"):
        axes.plot([row["utilisation"] for row in rows], [row[name] for row in rows], marker="o", label=name)
    axes.set(xlabel="share of the slots that is taken", ylabel="ms", title=node.name, ylim=(0, None))
    axes.legend()
    axes.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
    return rows


def main(arguments: Sequence[str]) -> int:
    """Runs all experiments and writes figures and pictures."""
    made = argparse.ArgumentParser(description="Simulates fleets under load; see docs/scale.md.")
    made.add_argument("--sizes", type=int, nargs="*", default=[100, 10_000, 1_000_000])
    made.add_argument("--node", choices=tuple(NODES), default="gpu")
    made.add_argument("--out", type=Path, default=Path("docs/benchmarks"))
    chosen = made.parse_args(arguments)
    chosen.out.mkdir(parents=True, exist_ok=True)
    found: dict[str, Any] = {}
    for name, plan in plans(NODES[chosen.node], chosen.sizes).items():
        found[name] = summary(plan, Fleet(plan).run())
        print(name, json.dumps(found[name]), flush=True)
    found["load"] = draw(NODES[chosen.node], chosen.out / f"scale-{chosen.node}.png")
    (chosen.out / f"scale-{chosen.node}.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
