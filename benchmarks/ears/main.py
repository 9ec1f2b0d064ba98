"""`colloquy bench ears --inside`: plays the cases in media time, writes the report. Needs the test split's voices.

Everything that is played is kept beside the rendered voices, so that a run that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from clients.bench.ears.bars import Apart, rows
from clients.bench.ears.figures import mean, rate
from clients.bench.ears.picture import draw
from clients.bench.ears.report import Point, Run, as_json, markdown

from .apart import false_commands, listen_all, two_at_once
from .drafts import drafts
from .play import Result, play_all, sample
from .stage import PATH

FOLDER = Path("docs/benchmarks")


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        prog="colloquy bench ears --inside",
        description="Plays synthetic cases through the ears and the conversation, without a server and faster than "
        "they last, and reports every bar. Needs espeak-ng, flite and festival.",
    )
    made.add_argument("--seed", type=int, default=0, help="other cases for another seed [%(default)s]")
    made.add_argument("--quick", action="store_true", help="a few cases of each kind")
    made.add_argument("--cases", type=int, default=10**6, help="so many of all cases, drawn by lot [all]")
    made.add_argument("--hours", type=float, default=8.0, help="of talk for false commands [%(default)s]")
    made.add_argument("--pairs", type=int, default=30, help="pairs of sessions at once [%(default)s]")
    made.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="[%(default)s]")
    made.add_argument("--out", type=Path, default=FOLDER, help="folder of the report [%(default)s]")
    made.add_argument("--name", default="ears", help="name of the report [%(default)s]")
    return made


def curve(results: Sequence[Result]) -> list[Point]:
    """Cut-offs of the turns with a pause against the delay of all turns, for each setting."""
    found = []
    settings = dict.fromkeys((one.kind, one.value) for result in results for one in result.patience)
    for kind, value in settings:
        own = [(result, one) for result in results for one in result.patience if (one.kind, one.value) == (kind, value)]
        cut = rate([one.cut_off for result, one in own if result.case.scenario == "pause"])
        found.append(Point(kind, value, cut, mean([one.delay for _, one in own if one.delay is not None])))
    return found


def run(chosen: argparse.Namespace) -> Run:
    """Plays everything."""

    def told(done: int, count: int) -> None:
        if done % 25 == 0 or done == count:
            print(f"{done} of {count} cases", file=sys.stderr)

    cases = sample(drafts(chosen.seed, chosen.quick), chosen.cases)
    results = play_all(cases, chosen.processes, told)
    heard = listen_all(chosen.hours, chosen.processes)
    plain = [case for case in cases if "real" not in case.tags]
    apart = Apart(false_commands(heard), two_at_once(sample(plain, 2 * chosen.pairs)))
    trials = [result.trial for result in results]
    english = [result for result in results if result.case.language == "en" and "real" not in result.case.tags]
    return Run("Ears", described(), trials, rows(trials, apart), curve(english))


def described() -> str:
    """How it was measured, for people."""
    return (
        f"`colloquy bench ears --inside`, commit {commit()}, {platform.machine()}, Python {platform.python_version()}. "
        "The real ears and the real conversation, 10 ms at a time in media time; words come from the default family's "
        "recogniser; the mind's answers are written down. Voices, texts and noises are those of the test split "
        f"(`training/ears/voices.py`). Figures at the ear add {PATH:.0f} ms for the way there and back."
    )


def commit() -> str:
    """The commit that is checked out, if that can be known."""
    asked = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return asked.stdout.strip() or "unknown"


def main(arguments: Sequence[str]) -> int:
    """Runs it; exit status 1 if something that it needs is not installed."""
    chosen = parser().parse_args(arguments)
    try:
        made = run(chosen)
    except (FileNotFoundError, RuntimeError) as problem:
        print(f"colloquy bench ears: {problem}", file=sys.stderr)
        return 1
    chosen.out.mkdir(parents=True, exist_ok=True)
    pictures = draw(made, chosen.out, chosen.name)
    (chosen.out / f"{chosen.name}.md").write_text(markdown(made, pictures), encoding="utf-8")
    told = json.dumps(as_json(made), indent=1, ensure_ascii=False)
    (chosen.out / f"{chosen.name}.json").write_text(told + "\n", encoding="utf-8")
    for row in made.rows:
        print(f"{row.verdict:28} {row.what} ({row.where}): {row.figure}, n {row.figure.n} {row.asked}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
