"""The report as a picture: where the milliseconds of every reply went, and how replies and stops are spread."""

from __future__ import annotations

from pathlib import Path
from typing import Any

GOAL_MS = {"reply": 450, "stop": 250}
INK, PAPER, FAINT = "#1d2733", "#ffffff", "#c9d1da"
STAGES = ("#9db8d2", "#4c7fb0", "#2c5c8a", "#e0a458", "#c9733f", "#7a9e7e", "#5b7d61", "#8d6a9f", "#b08ec2", "#777777")


def draw(report: dict[str, Any], path: Path) -> None:
    """Writes a PNG or SVG, by the name of `path`."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    replies = [t for t in report["trials"] if t["kind"] == "reply" and t["ms"] is not None and not t["skipped"]]
    stops = [t for t in report["trials"] if t["kind"] == "stop" and t["ms"] is not None and not t["skipped"]]
    figure, (above, below) = pyplot.subplots(
        2, 1, figsize=(11, 2.8 + 0.24 * max(len(replies), 6)), height_ratios=[max(len(replies), 6), 5], facecolor=PAPER
    )
    figure.suptitle(f"{report['model']} over {report['how']}: milliseconds at the ear", color=INK, x=0.02, ha="left")
    colours: dict[str, str] = {}
    for row, trial in enumerate(replies):
        for stage in trial["stages"]:
            colour = colours.setdefault(stage["name"], STAGES[len(colours) % len(STAGES)])
            above.barh(row, stage["end_ms"] - stage["start_ms"], left=stage["start_ms"], height=0.62, color=colour)
        above.plot(trial["ms"], row, "|", color=INK, markersize=11, markeredgewidth=2)
        above.text(trial["ms"] + 12, row, f"{trial['ms']:.0f}", va="center", fontsize=8, color=INK)
    above.set_yticks(range(len(replies)), [f"{t['text'][:44]} ({t['voice']})" for t in replies], fontsize=7)
    above.invert_yaxis()
    above.axvline(GOAL_MS["reply"], color=FAINT, zorder=0)
    above.set_xlabel(
        "after the end of speech; bars: the server's own account, tick: audible in the recording", fontsize=8
    )
    handles = [pyplot.Rectangle((0, 0), 1, 1, color=colour) for colour in colours.values()]
    above.legend(handles, colours, fontsize=7, frameon=False, loc="lower right", ncols=2)
    for row, trials in enumerate((replies, stops)):
        values = [trial["ms"] for trial in trials]
        below.plot(values, [row] * len(values), "o", color=STAGES[1 + 3 * row], alpha=0.55, markersize=6)
        if values:
            median = sorted(values)[len(values) // 2]
            below.plot([median] * 2, [row - 0.3, row + 0.3], color=INK)
            below.text(median, row - 0.36, f"p50 {median:.0f}", ha="center", fontsize=8, color=INK)
    below.set_yticks([0, 1], ["answer", "silent"], fontsize=8)
    below.set_ylim(1.6, -0.8)
    below.set_xlim(left=0)
    for axes in (above, below):
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(length=0)
    figure.tight_layout(rect=(0, 0, 1, 0.98))
    figure.savefig(path, dpi=130)
    pyplot.close(figure)
