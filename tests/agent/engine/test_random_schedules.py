"""Four sessions that do anything at any time: every context, token and sample is as if computed plainly, alone."""

from __future__ import annotations

from collections.abc import Callable

from by_hand import Caller, Engine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.engine import messages as m

Draw = Callable[[int], int]
"""A number below the given one."""


def act(caller: Caller, draw: Draw) -> None:
    """One thing that an agent may do with a session now."""
    last = caller.last
    done = last is not None and caller.engine.done(caller.name, last.number) is not None
    ahead = last is not None and last.turn is not None and caller.thought_ahead
    busy = last is not None and not done and not last.over
    actions: list[Callable[[], object]] = [lambda: caller.speak([draw(5) for _ in range(1 + draw(4))])]
    if ahead:
        actions += [caller.rollback, caller.accept, lambda: caller.speak([1 + draw(9)])]
    elif caller.open_turn is not None:
        actions += [caller.forget, caller.keep]
        if not busy:
            actions += 4 * [lambda: caller.think(spoken=True)]
    else:
        actions += 2 * [caller.listen]
        if not busy:
            actions += [
                caller.think,
                lambda: caller.think(say="so and so many words"),
                lambda: caller.think(None, False, "briefly"),
            ]
    if last is not None and not last.over and not ahead:
        actions += 2 * [lambda: caller.cut(draw(11) / 10, dropped=draw(5) == 0)]
    if not busy and not ahead:
        actions += [lambda: caller.add(m.Line("user", f"typed {draw(100)}"))]
        actions += [lambda: caller.change(f"be good {draw(3)}")]
        if draw(4) == 0:
            actions += [lambda: caller.rebuild([m.Line("user", "once"), m.Line("assistant", "upon a time")])]
    actions[draw(len(actions))]()


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.randoms(use_true_random=False), st.integers(20, 90))
def test_random_schedules_leave_every_context_as_a_plain_computation_would(random: object, length: int) -> None:
    draw: Draw = random.randrange  # type: ignore[attr-defined]
    engine = Engine()
    callers = [Caller(engine, name, f"you serve {name}") for name in ("ann", "bob", "cid", "dan")]
    for caller in callers:
        caller.open()
    for _ in range(length):
        act(callers[draw(4)], draw)
        for _ in range(draw(6)):
            engine.scheduler.hear()
        for _ in range(draw(6)):
            engine.scheduler.work()
        engine.now += draw(3) * 0.1
    engine.settle()
    for caller in callers:
        if caller.thought_ahead:
            caller.accept()
        caller.speak([0])  # sound never ends
    engine.settle()
    for caller in callers:
        caller.check()
