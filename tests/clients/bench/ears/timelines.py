"""Hand-made cases and logs."""

from __future__ import annotations

from typing import Any

from clients.bench.ears.log import Case, Log, Mark, Stretch, Trial


def case(scenario: str = "interruption", first: float = 1000.0, last: float = 1800.0, **more: Any) -> Case:
    """One mark over an agent that talks (silent: for scenarios of the user's turns)."""
    talking = scenario not in ("stranger_turn", "speaker", "lookalike", "pause", "question")
    mark = Mark(more.pop("who", "user"), first, last, command=more.pop("command", ""))
    given: dict[str, Any] = {"condition": "quiet", "talking": talking, "enrolled": True, "length": 5000.0}
    return Case(f"{scenario}-1", scenario, marks=(mark, *more.pop("then", ())), **{**given, **more})  # type: ignore[arg-type]


def talks(until: float = 5000.0, duck: tuple[float, float] | None = None, cut: float | None = None) -> Log:
    """The agent talks from 10 ms on, is ducked for a while, and cut."""
    end = until if cut is None else cut
    if duck is None:
        return Log(audible=[Stretch(10.0, end)], cuts=[] if cut is None else [cut], replies=[10.0])
    first, last = duck[0], min(duck[1], end)
    parts = [Stretch(10.0, first), Stretch(first, last, -12.0)]
    if end > last:
        parts.append(Stretch(last, end))
    return Log(audible=parts, cuts=[] if cut is None else [cut], replies=[10.0])


def trial(log: Log, scenario: str = "interruption", **more: Any) -> Trial:
    """Both."""
    return Trial(case(scenario, **more), log)
