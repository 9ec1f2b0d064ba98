"""The report as pictures: the bars, how soon it reacts, what it did case by case, and what patience costs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from . import behaviour as did
from .bars import Cases, Row
from .log import Scenario, Trial
from .report import Point, Run

INK, FAINT, PAPER = "#1d2733", "#d5dbe2", "#ffffff"
MET, MISSED = "#3f7f6a", "#c4593b"
SPEAKS, DUCKED, VOICE = "#2c5c8a", "#a9c4de", "#e0a458"
ROWS = 60
"""Cases of one scenario in the strip chart."""
OTHERS = (("gpt-realtime-1.5", 1.0, 0.02), ("gpt-live-1", 0.36, 0.99))
"""Yield and selectivity at backchannels as published for τ-voice; other sound, so a map and no race."""


def draw(run: Run, folder: Path, name: str) -> list[tuple[str, str]]:
    """Writes all pictures that there is something for; returns (file, what is to be seen) of each."""
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams.update({"font.size": 8.5, "text.color": INK, "axes.labelcolor": INK, "axes.edgecolor": FAINT,
                                "xtick.color": INK, "ytick.color": INK, "figure.facecolor": PAPER})  # fmt: skip
    found = []
    for part, caption, make in (
        ("bars", "Every share with its 95% interval, and its bar (black tick). Synthetic speech.", _bars),
        ("reactions", "How soon: the share of cases in which it reacted, or was silent, by then. Synthetic.", _soon),
        ("strips", "Case by case, from the first sample of what was to be heard (dashed): the agent's voice (dark), "
                   "ducked (light), silent (white); what was said over it (amber line). Synthetic.", _strips),
        ("turn-end", "Turn ends: what patience costs; the ears' pauses, scaled, and fixed limits. Synthetic.", _curve),
        ("map", "Yielding and selective at once is the empty corner. Others as published, on other sound.", _map),
    ):  # fmt: skip
        figure = make(run)
        if figure is not None:
            figure.savefig(folder / f"{name}-{part}.png", dpi=120)
            from matplotlib import pyplot

            pyplot.close(figure)
            found.append((f"{name}-{part}.png", caption))
    return found


def _bare(axes: Any) -> None:
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(length=0)


def _bars(run: Run) -> Any:
    from matplotlib import pyplot

    rows = [row for row in run.rows if row.bar is not None and row.figure.n and row.figure.unit == "share"]
    if not rows:
        return None
    figure, axes = pyplot.subplots(figsize=(10, 1.0 + 0.27 * len(rows)), layout="constrained")
    for place, row in enumerate(rows):
        colour = MET if row.met else MISSED
        axes.plot([row.figure.low, row.figure.high], [place, place], color=colour, linewidth=7, alpha=0.35,
                  solid_capstyle="butt")  # fmt: skip
        axes.plot(row.figure.value, place, "o", color=colour, markersize=6)
        axes.plot([row.bar, row.bar], [place - 0.36, place + 0.36], color=INK, linewidth=1.8)
        sign = "≥" if row.at_least else "≤"
        axes.text(
            1.03, place, f"{row.figure.value:.3f}  {sign} {row.bar:g}  n {row.figure.n}", va="center", color=colour
        )
    axes.set_yticks(range(len(rows)), [f"{row.what}  ({row.where})" for row in rows])
    axes.set_xlim(-0.02, 1.02)
    axes.grid(axis="x", color=FAINT, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.invert_yaxis()
    met = sum(bool(row.met) for row in rows)
    axes.set_title(f"{run.title}: {met} of {len(rows)} shares on the right side of their bar", loc="left", fontsize=10)
    _bare(axes)
    return figure


def _soon(run: Run) -> Any:
    from matplotlib import pyplot

    cases = Cases(run.trials)
    lines: list[tuple[str, Cases, Callable[[Trial], float], str, str]] = [
        ("interruptions: reacts", cases.of("interruption", at="quiet"), did.reaction, DUCKED, "-"),
        ("interruptions: silent", cases.of("interruption", at="quiet"), did.silent_after, SPEAKS, "-"),
        ("… in babble: silent", cases.of("interruption", at="babble10"), did.silent_after, SPEAKS, ":"),
        ("commands: reacts", cases.of("command", at="quiet"), did.reaction, "#e8c79a", "-"),
        ("commands: silent", cases.of("command", at="quiet"), did.silent_after, "#b9752b", "-"),
        ("… in babble: silent", cases.of("command", at="babble10"), did.silent_after, "#b9752b", ":"),
        ("backchannels: silent (better never)", cases.of("backchannel", at="quiet"), did.silent_after, MISSED, "--"),
        ("strangers: silent (better never)", cases.of("stranger", at="quiet"), did.silent_after, "#8d6a9f", "--"),
    ]
    if not any(chosen.trials for _, chosen, *_ in lines):
        return None
    figure, axes = pyplot.subplots(figsize=(10, 4.2), layout="constrained")
    for name, chosen, question, colour, style in lines:
        values = sorted(question(trial) for trial in chosen.trials)
        if not values:
            continue
        shares = np.arange(1, len(values) + 1) / len(values)
        ended = [(value, share) for value, share in zip(values, shares, strict=True) if not math.isinf(value)]
        steps = [(0.0, 0.0), *ended, (1200.0, ended[-1][1] if ended else 0.0)]
        axes.step(*zip(*steps, strict=True), where="post", color=colour, linestyle=style, linewidth=1.8,
                  label=f"{name} (n {len(values)})")  # fmt: skip
    for place, text in ((170, "T90 bar"), (280, "p50 bar"), (450, "p95 bar")):
        axes.axvline(place, color=FAINT, zorder=0)
        axes.text(place + 6, 1.03, text, fontsize=7)
    axes.set_xlim(0, 1200)
    axes.set_ylim(0, 1.08)
    axes.set_xlabel("ms after the first sample")
    axes.set_ylabel("share of cases")
    axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=7.5)
    _bare(axes)
    return figure


STRIPS: tuple[tuple[Scenario, str], ...] = (
    ("interruption", "interruptions: should fall silent"), ("command", "commands: should fall silent"),
    ("backchannel", "backchannels: should go on"), ("burst", "coughs, laughter, keys: should go on"),
    ("stranger", "strangers, enrolled: should go on"), ("aside", "the user to somebody else: should go on"),
)  # fmt: skip


def _strips(run: Run) -> Any:
    from matplotlib import pyplot

    cases = Cases(run.trials)
    chosen = [(title, cases.of(scenario, at="quiet").trials[:ROWS]) for scenario, title in STRIPS]
    if not any(trials for _, trials in chosen):
        return None
    figure, grid = pyplot.subplots(2, 3, figsize=(11, 7.4), layout="constrained", sharex=True)
    for axes, (title, trials) in zip(grid.flat, chosen, strict=True):
        ordered = sorted(trials, key=lambda trial: (did.silent_after(trial), did.reaction(trial)))
        for place, trial in enumerate(ordered):
            zero = trial.case.mark.first
            for part in trial.log.audible:
                colour = DUCKED if part.gain_db < 0 else SPEAKS
                axes.barh(place, part.last - part.first, left=part.first - zero, height=1.0, color=colour)
            axes.plot([0, trial.case.mark.last - zero], [place, place], color=VOICE, linewidth=1.1)
        axes.axvline(0, color=INK, linestyle="--", linewidth=0.8)
        axes.set_xlim(-600, 2000)
        axes.set_ylim(-0.5, max(len(ordered), 1) - 0.5)
        axes.set_yticks([])
        axes.set_title(f"{title} ({len(ordered)})", loc="left", fontsize=8.5)
        _bare(axes)
    for axes in grid[1]:
        axes.set_xlabel("ms after the first sample")
    return figure


def _curve(run: Run) -> Any:
    from matplotlib import pyplot

    if not run.curve:
        return None
    figure, axes = pyplot.subplots(figsize=(7.5, 4.2), layout="constrained")
    for kind, name, colour in (("limit", "a fixed limit", "#8a94a0"), ("ears", "the ears' pauses, scaled", SPEAKS)):
        points: Sequence[Point] = [point for point in run.curve if point.kind == kind and point.delay.n]
        axes.plot([p.delay.value for p in points], [p.cut_off.value for p in points], "o-", color=colour, label=name)
        for point in points:
            text = f"×{point.value:g}" if kind == "ears" else f"{point.value:g} ms"
            axes.annotate(text, (point.delay.value, point.cut_off.value), textcoords="offset points", xytext=(5, 5),
                          fontsize=7, color=colour)  # fmt: skip
    axes.add_patch(pyplot.Rectangle((0, 0), 400, 0.05, color=MET, alpha=0.25, linewidth=0))
    axes.text(6, 0.055, "the bar: ≤ 5% at ≤ 400 ms", fontsize=7, color=MET)
    axes.set_xlim(left=0)
    axes.set_ylim(-0.02, 1.02)
    axes.set_xlabel("last sample → turn closed, mean, ms")
    axes.set_ylabel("turns cut off in a pause of 0.6–1.6 s")
    axes.legend(frameon=False)
    _bare(axes)
    return figure


def _map(run: Run) -> Any:
    from matplotlib import pyplot

    from . import papers

    own = [trial for trial in run.trials if "real" not in trial.case.tags]
    yields = papers.yield_rate(own)
    kinds = (("BC", "backchannels", MISSED), ("VT", "vocal tics", "#b9752b"), ("ND", "speech to others", SPEAKS))
    chosen = [(name, colour, papers.selectivity(own, kind)) for kind, name, colour in kinds]  # type: ignore[arg-type]
    if not yields.n or not any(selective.n for _, _, selective in chosen):
        return None
    figure, axes = pyplot.subplots(figsize=(5.6, 4.6), layout="constrained")
    axes.add_patch(pyplot.Rectangle((0.95, 0.7), 0.06, 0.31, color=MET, alpha=0.2, linewidth=0))
    for name, rate, ignores in OTHERS:
        axes.plot(rate, ignores, "o", color="#8a94a0")
        axes.annotate(name, (rate, ignores), textcoords="offset points", xytext=(-6, 7), ha="right", color="#6b7580")
    for name, colour, selective in chosen:
        if selective.n:
            axes.errorbar(
                yields.value,
                selective.value,
                xerr=[[yields.value - yields.low], [yields.high - yields.value]],
                yerr=[[selective.value - selective.low], [selective.high - selective.value]],
                fmt="s",
                color=colour,
                label=f"here: {name} (n {selective.n})",
            )
    axes.set_xlim(0, 1.02)
    axes.set_ylim(0, 1.02)
    axes.set_xlabel("yields to interruptions (R_Y)")
    axes.set_ylabel("ignores what is none (S)")
    axes.legend(frameon=False, loc="lower left")
    _bare(axes)
    return figure


__all__ = ["Row", "draw"]
