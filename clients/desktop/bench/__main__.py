"""`python -m clients.desktop.bench`: `colloquy talk` over open loudspeakers, with the plan of `colloquy bench`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from clients.bench import picture, report
from clients.bench.analyse import analyse
from clients.bench.main import agent, family, prefilled
from clients.bench.measure import Sound
from clients.bench.plan import Plan, plan
from clients.bench.recording import CallFailed, Recording

from .pulse import missing, sound_system
from .room import ECHO_DB, RATE, Room, impulse_response
from .selfheard import Echoes, echoes

STARTED = "http://127.0.0.1:8766"
LEAD_S = 4.0
"""Until the assistant is in its call."""


async def call(url: str, key: str, person: Sound, delay_s: float, cancel: bool = True) -> Recording:
    """One call of `colloquy talk` in a room whose echo comes `delay_s` later.

    `cancel` False: what would happen without echo cancellation (the assistant is told that it wears headphones).
    """
    if problem := missing():
        raise CallFailed(problem)
    with sound_system() as environment, tempfile.TemporaryDirectory() as folder:
        taps = impulse_response(delay_s, seed=1)
        silence = np.zeros(round(LEAD_S * RATE), np.float32)
        room = Room(environment, np.concatenate((silence, person)), taps)
        log = Path(folder) / "events"
        command = [sys.executable, "-m", "agent", "talk", "--plain", "--url", url, "--log", str(log)]
        command += [] if cancel else ["--headphones"]
        await asyncio.to_thread(room.start)
        with contextlib.ExitStack() as stack:
            environment = {**environment, "COLLOQUY_API_KEY": key}
            talk = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            stack.callback(talk.wait)
            stack.callback(talk.terminate)
            while not room.over.is_set():
                await asyncio.sleep(0.2)
                if talk.poll() is not None:
                    room.stop.set()
                    raise CallFailed(f"`colloquy talk` ended with {talk.returncode}; try it by hand")
        told = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
        events = [(room.place(at), event) for at, event in told]
        cut = len(silence)
        events = [(at - LEAD_S, event) for at, event in events]
        return Recording(room.person[cut:], room.heard[cut:], events)


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m clients.desktop.bench", description=__doc__)
    made.add_argument("--url", help="the server's address [one is started]")
    made.add_argument("--key", default=os.environ.get("COLLOQUY_API_KEY", ""))
    made.add_argument("--questions", type=int, default=30)
    made.add_argument("--interruptions", type=int, default=20)
    made.add_argument("--seed", type=int, default=0)
    made.add_argument("--delay-ms", type=float, default=60.0, help="of the echo, from loudspeaker to microphone")
    made.add_argument("--headphones", action="store_true", help="without echo cancellation, to see what it is for")
    made.add_argument("--out", type=Path, default=Path("docs/benchmarks"))
    made.add_argument("--name", default="desktop")
    made.add_argument("--keep", type=Path, metavar="FILE", help="keep the recording there (.npz)")
    return made


def table(found: dict[str, Any], heard: Echoes) -> str:
    """The report of `colloquy bench`, and what only a room can show."""
    rows = [
        "",
        "| open loudspeaker | |",
        "|---|---|",
        f"| echo in the microphone | {found['echo_db']:.0f} dB, {found['echo_ms']:.0f} ms late |",
        f"| replies that were played | {heard.replies} |",
        f"| … cut by the agent's own voice | {heard.cuts} |",
        f"| … softened by it for a moment | {heard.ducks} |",
        f"| turns opened by it | {heard.turns} |",
        f"| spoken commands over its voice, obeyed as commands | {heard.obeyed} of {heard.commanded} |",
        f"| load of the machine meanwhile (1 min) | {found['load']:.1f} |",
    ]
    return report.table(found) + "\n".join(rows) + "\n"


def main() -> int:
    chosen = parser().parse_args()
    made: Plan = plan(chosen.questions, chosen.interruptions, 0, chosen.seed)
    url = chosen.url or STARTED
    print(f"talking for {made.length / 60:.1f} minutes ...", file=sys.stderr)
    try:
        with agent(url) if not chosen.url else contextlib.nullcontext():
            recording = asyncio.run(call(url, chosen.key, made.track(), chosen.delay_ms / 1000, not chosen.headphones))
            found = report.summary([analyse(made, recording)], "desktop", family(url, chosen.key))
            found["prefilled"] = prefilled(url, chosen.key)
    except CallFailed as problem:
        print(f"bench: {problem}", file=sys.stderr)
        return 1
    if chosen.keep:
        recording.save(chosen.keep)
    heard = echoes(made, recording)
    found |= {"memory": [], "echo_ms": chosen.delay_ms, "echo_db": ECHO_DB, "load": os.getloadavg()[0]}
    found["own_voice"] = asdict(heard)
    chosen.out.mkdir(parents=True, exist_ok=True)
    (chosen.out / f"{chosen.name}.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    text = table(found, heard)
    (chosen.out / f"{chosen.name}.md").write_text(f"# {chosen.name}\n\n{text}\n![]({chosen.name}.png)\n")
    picture.draw(found, chosen.out / f"{chosen.name}.png")
    print(text, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
