"""The report: every bar, the field's measures, the real voices; as Markdown for people and as JSON."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from . import behaviour as did
from . import papers
from .bars import Row, real, right
from .figures import Figure
from .log import SCENARIOS, Trial


@dataclass(frozen=True, slots=True)
class Point:
    """Cut-offs in thinking pauses, and the delay after the turn's end, at one setting."""

    kind: str
    """`ears` (a factor on the ears' pauses) or `limit` (a fixed pause in ms)."""
    value: float
    cut_off: Figure
    delay: Figure


@dataclass(frozen=True, slots=True)
class Run:
    """What was played where."""

    title: str
    how: str
    """One paragraph for people."""
    trials: Sequence[Trial]
    rows: Sequence[Row]
    curve: Sequence[Point] = ()


def markdown(run: Run, pictures: Sequence[tuple[str, str]] = ()) -> str:
    """The whole report; `pictures`: (file, what is to be seen)."""
    judged = [row for row in run.rows if row.bar is not None]
    met = sum(row.met is True for row in judged)
    missing = sum(row.met is None for row in judged)
    lines = [
        f"# {run.title}",
        "",
        f"{run.how}",
        "",
        f"**{met} of {len(judged)} bars are met**, {len(judged) - met - missing} are missed, {missing} not measured. "
        f"{len(run.trials)} cases; figures in brackets are 95% intervals (Wilson for shares). **All of it is synthetic "
        "speech**, but for the two real voices where they are named.",
        "",
    ]
    for file, caption in pictures:
        lines += [f"![{caption}]({file})", "", f"*{caption}*", ""]
    lines += [
        "## Bars",
        "",
        "| what | where | figure [95%] | n | bar | verdict | others |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in run.rows:
        verdict = f"**{row.verdict}**" if row.met is False else row.verdict
        lines.append(
            f"| {row.what} | {row.where} | {row.figure} | {row.figure.n} | {row.asked} | {verdict} | {row.anchor} |"
        )
    lines += ["", *_field(run.trials), *_curve(run.curve), *_real(run.trials), *_cases(run.trials)]
    return "\n".join(lines).rstrip() + "\n"


def field(trials: Sequence[Trial]) -> list[tuple[str, str, Figure]]:
    """(benchmark, measure, figure) as the papers define them. No real voices."""
    own = [trial for trial in trials if "real" not in trial.case.tags]
    found: list[tuple[str, str, Figure]] = []
    for name, kinds in papers.overlap_behaviours(own).items():
        found += [("Full-Duplex-Bench v1.5", f"{name}: {kind}", figure) for kind, figure in kinds.items()]
    interruptions = [trial for trial in own if trial.case.scenario == "interruption"]
    found += [
        ("Full-Duplex-Bench v1.5", "user interruption: stop latency, median", papers.stop_latency(interruptions)),
        (
            "Full-Duplex-Bench v1.5",
            "user interruption: response latency, median",
            papers.response_latency(interruptions),
        ),
        ("Full-Duplex-Bench v1", "pause handling: takeover rate", papers.takeover(own)),
        ("τ-voice", "R_Y, yield rate (2 s)", papers.yield_rate(own)),
        ("τ-voice", "Y_L, yield latency, median", papers.yield_latency(own)),
        ("τ-voice", "R_R, response rate", papers.response_rate(own)),
        ("τ-voice", "R_L, response latency, median", papers.reply_latency(own)),
        ("τ-voice", "S_BC, selectivity at backchannels", papers.selectivity(own, "BC")),
        ("τ-voice", "S_VT, at vocal tics", papers.selectivity(own, "VT")),
        ("τ-voice", "S_ND, at speech to others", papers.selectivity(own, "ND")),
        ("FD-Bench", "SIR, successful interruptions", papers.success_interrupt_rate(own)),
        ("FD-Bench", "EIR, early interruptions", papers.early_interrupt_rate(own)),
        ("FD-Bench", "NIR, interrupted by noise", papers.noise_interrupt_rate(own)),
        ("FD-Bench", "IRD, interruption → silent, median", papers.interrupt_response_delay(own)),
    ]
    return [(bench, name, figure) for bench, name, figure in found if figure.n]


def _field(trials: Sequence[Trial]) -> list[str]:
    lines = [
        "## The field's measures, on these cases",
        "",
        "Definitions: `clients/bench/ears/papers.py`, with sources. Protocol-compatible and synthetic: a published run "
        "on other sound is no like for like.",
        "",
        "| benchmark | measure | figure [95%] | n |",
        "|---|---|---|---|",
    ]
    return [*lines, *(f"| {bench} | {name} | {figure} | {figure.n} |" for bench, name, figure in field(trials)), ""]


def _curve(curve: Sequence[Point]) -> list[str]:
    if not curve:
        return []
    lines = [
        "## Turn ends: cut-offs against delay",
        "",
        "| setting | cut off | last sample → closed, mean |",
        "|---|---|---|",
    ]
    for point in curve:
        name = f"pauses × {point.value:g}" if point.kind == "ears" else f"fixed {point.value:g} ms"
        lines.append(f"| {name} | {point.cut_off} | {point.delay} |")
    return [*lines, ""]


def _real(trials: Sequence[Trial]) -> list[str]:
    own = real(trials)
    if not own:
        return []
    lines = [
        "## Two real voices, trial by trial",
        "",
        "| user | who speaks | scenario | came of it | right |",
        "|---|---|---|---|---|",
    ]
    for trial in own:
        user = trial.case.name.split("-real-")[-1].split("-")[0]
        who = trial.case.mark.voice.removeprefix("real/")
        lines.append(
            f"| {user} | {who}, stretch {trial.case.mark.text} | {trial.case.scenario} | {outcome(trial)} "
            f"| {'yes' if right(trial) else '**no**'} |"
        )
    return [*lines, ""]


def outcome(trial: Trial) -> str:
    """What the agent did, in a few words."""
    if not trial.case.talking:
        answered = any(turn.answered for turn in trial.log.turns)
        verdicts = [named.verdict for named in trial.log.named]
        return ("answered" if answered else "not answered") + (f", says {verdicts[-1]}" if verdicts else "")
    silent = did.silent_after(trial)
    if math.isinf(silent):
        return "ducked, went on" if did.ducked(trial) else "went on"
    return f"silent after {silent:.0f} ms" + (", taken up again" if trial.log.taken_up else "")


def _cases(trials: Sequence[Trial]) -> list[str]:
    counted = Counter((trial.case.scenario, trial.case.condition, trial.case.language) for trial in trials)
    speakers = {mark.voice for trial in trials for mark in trial.case.marks if mark.who != "thing"}
    minutes = math.fsum(trial.log.seconds for trial in trials) / 60
    lines = [
        "## What was played",
        "",
        f"{len(trials)} cases, {minutes:.0f} minutes of media time, {len(speakers)} voices.",
        "",
        "| scenario | condition | language | cases |",
        "|---|---|---|---|",
    ]
    ordered = sorted(counted.items(), key=lambda item: (SCENARIOS.index(item[0][0]), item[0][1:]))
    return [*lines, *(f"| {' | '.join(key)} | {count} |" for key, count in ordered)]


def as_json(run: Run) -> dict[str, Any]:
    """The report as plain values; what never happened is the text "never"."""
    return {
        "title": run.title,
        "how": run.how,
        "synthetic": True,
        "cases": len(run.trials),
        "bars": [
            {"what": row.what, "where": row.where, "bar": row.bar, "met": row.met, "verdict": row.verdict,
             "anchor": row.anchor, **_plain(row.figure)}
            for row in run.rows
        ],
        "field": [{"benchmark": bench, "measure": name, **_plain(figure)} for bench, name, figure in field(run.trials)],
        "curve": [
            {"kind": point.kind, "value": point.value, "cut_off": _plain(point.cut_off), "delay": _plain(point.delay)}
            for point in run.curve
        ],
        "real": [
            {"case": trial.case.name, "outcome": outcome(trial), "right": right(trial)} for trial in real(run.trials)
        ],
    }  # fmt: skip


def _plain(figure: Figure) -> dict[str, Any]:
    return {
        name: "never" if isinstance(value, float) and math.isinf(value)
        else None if isinstance(value, float) and math.isnan(value)
        else round(value, 5) if isinstance(value, float) else value
        for name, value in asdict(figure).items()
    }  # fmt: skip
