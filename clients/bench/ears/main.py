"""`colloquy bench ears`: whether the ears of a running server yield to their user, and to nobody and nothing else."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from ..main import STARTED, agent, family
from ..recording import CallFailed
from .bars import Apart, rows
from .log import SCENARIOS
from .picture import draw
from .plan import plan, users
from .report import Run, as_json, markdown
from .wire import call


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        prog="colloquy bench ears",
        description="Interrupts, commands, hums at and talks past a running agent with synthetic voices, and reports "
        "what it did, at the ear. With --inside as first word: a thousand cases and more without a server, in media "
        "time (from a checkout).",
    )
    made.add_argument("--url", default="http://127.0.0.1:8000", help="the agent's address [%(default)s]")
    made.add_argument("--key", default=os.environ.get("COLLOQUY_API_KEY", ""), help="its api key [COLLOQUY_API_KEY]")
    made.add_argument("--start", action="store_true", help="start an agent for the time of the bench")
    made.add_argument("--only", nargs="+", choices=SCENARIOS, default=list(SCENARIOS), help="scenarios [all]")
    made.add_argument("--out", type=Path, default=Path("docs/benchmarks"), help="folder of the report [%(default)s]")
    made.add_argument("--name", default="ears-wire", help="name of the report [%(default)s]")
    return made


async def run(url: str, key: str, scenarios: Sequence[str]) -> Run:
    """Calls once for each user, one after the other."""
    trials = []
    plans = [plan(user, scenarios) for user in users()]  # type: ignore[arg-type]
    for number, made in enumerate(plans, 1):
        print(f"call {number} of {len(plans)}: {made.length / 60_000:.1f} minutes ...", file=sys.stderr)
        trials += await call(url, key, made)
    wanted = sum(len(made.placed) for made in plans)
    how = (
        f"`colloquy bench ears`: {family(url, key)} over a WebSocket, measured at the client, {len(plans)} users, one "
        f"call each. {len(trials)} of {wanted} cases count; the others could not be played as they were meant (the "
        "agent did not talk, or the client was late). The first two questions of a call are what the ears know "
        "their user by."
    )
    return Run("Ears over the wire", how, trials, rows(trials, Apart()))


def main(arguments: Sequence[str]) -> int:
    """Runs it; exit status 1 if no call could be made."""
    chosen = parser().parse_args(arguments)
    url = STARTED if chosen.start else chosen.url.rstrip("/")
    try:
        with agent(url) if chosen.start else contextlib.nullcontext():
            made = asyncio.run(run(url, chosen.key, chosen.only))
    except CallFailed as problem:
        print(f"colloquy bench ears: {problem}", file=sys.stderr)
        return 1
    chosen.out.mkdir(parents=True, exist_ok=True)
    pictures = draw(made, chosen.out, chosen.name)
    (chosen.out / f"{chosen.name}.md").write_text(markdown(made, pictures), encoding="utf-8")
    told = json.dumps(as_json(made), indent=1, ensure_ascii=False)
    (chosen.out / f"{chosen.name}.json").write_text(told + "\n", encoding="utf-8")
    for row in made.rows:
        if row.figure.n:
            print(f"{row.verdict:28} {row.what} ({row.where}): {row.figure}, n {row.figure.n} {row.asked}")
    return 0
