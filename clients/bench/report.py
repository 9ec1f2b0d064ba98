"""Figures for people (a table), for machines (JSON), and two reports side by side."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .analyse import Findings
from .measure import Spread

EDGE_S = 300.0
"""How much of the beginning and of the end of a long call are compared."""
ROWS = (
    ("reply", "ms", "end of speech → first audible sample"),
    ("stop", "ms", "onset of an interruption → silent"),
    ("stop", "track_ms", "the same, without the client's own mute"),
    ("command", "ms", 'onset of a spoken "stop" → silent'),
)


def machine() -> str:
    """What this ran on: processor, cores, system."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = info.read_text(encoding="utf-8").splitlines()
        name = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), name)
    return f"{name}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"


def summary(calls: list[Findings], how: str, model: str) -> dict[str, Any]:
    """All calls of one run as plain data. `how`: browser, webrtc or websocket."""
    together = Findings([trial for call in calls for trial in call.trials])
    together.user_words = (sum(call.user_words[0] for call in calls), sum(call.user_words[1] for call in calls))
    together.histories = [difference for call in calls for difference in call.histories]
    measures = {}
    for kind, of, title in ROWS:
        spread = together.spread(kind, of)
        measures[f"{kind}.{of}"] = {"title": title, **(asdict(spread) if spread else {"n": 0})}
    went_on, shorts = together.went_on()
    wrong, meant = together.user_words
    exact = sum(abs(difference) <= 1 for difference in together.histories)
    skipped: dict[str, int] = {}
    for trial in together.trials:
        if trial.skipped:
            skipped[f"{trial.kind}: {trial.skipped}"] = skipped.get(f"{trial.kind}: {trial.skipped}", 0) + 1
    return {
        "machine": machine(),
        "how": how,
        "model": model,
        "calls": len(calls),
        "measures": measures,
        "went_on": {"n": shorts, "went_on": went_on},
        "user_words": {"wrong": wrong, "all": meant},
        "history": {"n": len(together.histories), "within_one_word": exact},
        "skipped": skipped,
        "trials": [asdict(trial) for trial in together.trials],
    }


def table(report: dict[str, Any]) -> str:
    """The report as Markdown."""
    lines = [
        f"{report['model']}, {report['how']}, {report['calls']} call(s); {report['machine']}",
        "",
        "| at the ear | n | p50 | p95 | max |",
        "|---|---|---|---|---|",
    ]
    for measure in report["measures"].values():
        if measure["n"]:
            figures = " | ".join(f"{measure[name]:.0f} ms" for name in ("p50", "p95", "max"))
            lines.append(f"| {measure['title']} | {measure['n']} | {figures} |")
    shorts, words, history = report["went_on"], report["user_words"], report["history"]
    exact = f"{history['within_one_word']} of {history['n']}"
    lines += ["", "| also | |", "|---|---|"]
    if shorts["n"]:
        lines.append(f"| went on after a cough or mm-hm under 150 ms | {shorts['went_on']} of {shorts['n']} |")
    if words["all"]:
        lines.append(f"| wrong words in the user's transcripts | {words['wrong']} of {words['all']} |")
    if history["n"]:
        lines.append(f"| history after a cut within one word of what was audible | {exact} |")
    lines += _over_time(report)
    for reason, count in report["skipped"].items():
        lines.append(f"| not counted: {reason} | {count} |")
    return "\n".join(lines) + "\n"


def _over_time(report: dict[str, Any]) -> list[str]:
    """Whether a long call is as good at its end as at its beginning."""
    lines = []
    if report["prefilled"]["n"]:
        share = f"{report['prefilled']['mean']:.0%} (n = {report['prefilled']['n']:.0f})"
        lines.append(f"| of turns over 2 s, already prefilled when speech ended | {share} |")
    replies = [trial for trial in report["trials"] if trial["kind"] == "reply" and trial["ms"] is not None]
    end = max((trial["at"] for trial in replies), default=0.0)
    if end > 4 * EDGE_S:
        first = Spread.of([trial["ms"] for trial in replies if trial["at"] < EDGE_S])
        last = Spread.of([trial["ms"] for trial in replies if trial["at"] > end - EDGE_S])
        lines.append(f"| answers in the first five minutes, p50 / p95 / max | {first} |")
        lines.append(f"| answers in the last five minutes | {last} |")
    # The first minute is left out: models warm up and caches fill.
    memory = [size for at, size in report["memory"] if at > 60]
    if len(memory) > 1:
        growth = (memory[-1] - memory[0]) / memory[0]
        lines.append(f"| memory of the agent and its engine | {memory[0] >> 20} MB, then {growth:+.1%} |")
    return lines


def compare(ours: Path, theirs: Path) -> str:
    """Two saved reports side by side. Raises `ValueError` if one is no report."""
    reports = []
    for path in (ours, theirs):
        try:
            reports.append(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, json.JSONDecodeError) as problem:
            raise ValueError(f"{path} is no report of the bench: {problem}") from problem
    lines = [f"| p50 / p95 / max | {ours.name} | {theirs.name} | p50 changes by |", "|---|---|---|---|"]
    for name, one in reports[0]["measures"].items():
        other = reports[1]["measures"].get(name, {"n": 0})
        if one["n"] and other["n"]:
            cells = [str(Spread(m["n"], m["p50"], m["p95"], m["max"])) for m in (one, other)]
            change = (other["p50"] - one["p50"]) / one["p50"] * 100
            lines.append(f"| {one['title']} | {cells[0]} | {cells[1]} | {change:+.0f} % |")
    return "\n".join(lines) + "\n"
