"""`colloquy bench`: makes calls, measures them, writes the report."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from . import picture, report
from .analyse import analyse
from .browser import Browser
from .memory import watch
from .plan import plan
from .recording import Caller, CallFailed
from .webrtc import WebRTCCaller
from .websocket import WebSocketCaller

STARTED = "http://127.0.0.1:8765"
TALKATIVE = "You are a helpful AI assistant named Colloquy. You give long, detailed answers."
"""What an agent of the bench's own is told: an answer that is over cannot be interrupted."""


def parser() -> argparse.ArgumentParser:
    """The bench's command line."""
    made = argparse.ArgumentParser(
        prog="colloquy bench",
        description="Calls a running agent with spoken questions, interruptions and short noises, listens to what "
        "comes back, and reports what a person would have heard, and when.",
    )
    made.add_argument("--url", default="http://127.0.0.1:8000", help="the agent's address [%(default)s]")
    made.add_argument("--key", default=os.environ.get("COLLOQUY_API_KEY", ""), help="its api key [COLLOQUY_API_KEY]")
    made.add_argument("--start", action="store_true", help="start an agent for the time of the bench")
    how = made.add_mutually_exclusive_group()
    how.add_argument("--browser", action="store_true", help="call by the page in real Chromium, and measure there")
    how.add_argument("--webrtc", action="store_true", help="call over WebRTC without a browser [over a WebSocket]")
    made.add_argument("--questions", type=int, default=22, help="answered questions a call [%(default)s]")
    made.add_argument("--interruptions", type=int, default=19, help="interrupted answers a call [%(default)s]")
    made.add_argument("--shorts", type=int, default=20, help="coughs and mm-hms during answers [%(default)s]")
    made.add_argument("--sessions", type=int, default=1, help="calls at once [%(default)s]")
    made.add_argument("--seed", type=int, default=0, help="which of the clips are taken [%(default)s]")
    made.add_argument("--out", type=Path, default=Path("docs/benchmarks"), help="folder of the report [%(default)s]")
    made.add_argument("--name", help="name of the report [how the call was made]")
    made.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the recordings there")
    made.add_argument("--compare", nargs=2, type=Path, metavar="JSON", help="two saved reports side by side; no calls")
    return made


def family(url: str, key: str) -> str:
    """The model that answers at `url`. Raises `CallFailed` if nobody does."""
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=5):
            pass
        asked = urllib.request.Request(f"{url}/v1/models", headers={"Authorization": f"Bearer {key}"} if key else {})
        with urllib.request.urlopen(asked, timeout=5) as answer:
            return str(json.loads(answer.read())["data"][0]["id"])
    except (OSError, ValueError) as problem:
        advice = "start it with `colloquy serve`, or add --start"
        raise CallFailed(f"nobody answers at {url} ({problem}); {advice}") from problem


@contextlib.contextmanager
def agent(url: str) -> Iterator[int]:
    """An agent of our own, ready to be called; its process."""
    port = url.rsplit(":", 1)[1]
    environment = {**os.environ, "COLLOQUY_PORT": port, "COLLOQUY_LOG_LEVEL": "warning"}
    environment.setdefault("COLLOQUY_INSTRUCTIONS", TALKATIVE)
    process = subprocess.Popen([sys.executable, "-m", "agent", "serve"], env=environment)
    try:
        deadline = time.monotonic() + 120
        while True:
            with contextlib.suppress(CallFailed):
                family(url, "")
                break
            if process.poll() is not None or time.monotonic() > deadline:
                raise CallFailed("the agent did not start; try `colloquy serve` and see what it says")
            time.sleep(0.3)
        yield process.pid
    finally:
        process.terminate()
        process.wait(20)


async def run(chosen: argparse.Namespace, url: str, pid: int | None) -> dict[str, object]:
    """Makes the calls and measures them. `pid`: of the agent, where it is one of our own."""
    plans = [
        plan(chosen.questions, chosen.interruptions, chosen.shorts, chosen.seed + 7 * number)
        for number in range(chosen.sessions)
    ]
    how = "browser" if chosen.browser else "webrtc" if chosen.webrtc else "websocket"
    callers: dict[str, Callable[[], Caller]] = {
        "browser": lambda: Browser(chosen.keep),
        "webrtc": WebRTCCaller,
        "websocket": WebSocketCaller,
    }
    caller = callers[how]()
    print(f"calling {url} for {plans[0].length / 60:.1f} minutes ...", file=sys.stderr)
    memory: list[tuple[float, int]] = []
    watching = asyncio.create_task(watch(pid, 20.0, memory)) if pid is not None else None
    recordings = await asyncio.gather(*(caller.call(url, chosen.key, made.track()) for made in plans))
    if watching is not None:
        watching.cancel()
    if chosen.keep:
        for number, recording in enumerate(recordings):
            recording.save(chosen.keep / f"call-{number}.npz")
    findings = [analyse(made, recording) for made, recording in zip(plans, recordings, strict=True)]
    found = report.summary(findings, how, family(url, chosen.key))
    found["memory"] = memory
    found["prefilled"] = prefilled(url, chosen.key)
    return found


def prefilled(url: str, key: str) -> dict[str, float]:
    """Of turns over 2 s: how much of them was in the mind when speech ended, and stayed there (the agent's metrics)."""
    asked = urllib.request.Request(f"{url}/metrics", headers={"Authorization": f"Bearer {key}"} if key else {})
    with urllib.request.urlopen(asked, timeout=5) as answer:
        lines = dict(line.rsplit(" ", 1) for line in answer.read().decode().splitlines() if not line.startswith("#"))
    count = float(lines.get("colloquy_prefilled_share_count", 0))
    return {"n": count, "mean": float(lines.get("colloquy_prefilled_share_sum", 0)) / count if count else 0.0}


def main(arguments: Sequence[str]) -> int:
    """Runs the bench; exit status 1 if no call could be made. `ears` as first word: the ears' bench."""
    if arguments[:1] == ["ears"]:
        from .ears.main import main as ears

        return ears(arguments[1:])
    chosen = parser().parse_args(arguments)
    try:
        if chosen.compare:
            print(report.compare(*chosen.compare), end="")
            return 0
        for folder in (chosen.out, chosen.keep):
            if folder:
                folder.mkdir(parents=True, exist_ok=True)
        url = STARTED if chosen.start else chosen.url.rstrip("/")
        with agent(url) if chosen.start else contextlib.nullcontext() as pid:
            found = asyncio.run(run(chosen, url, pid))
    except (CallFailed, ValueError) as problem:
        print(f"colloquy bench: {problem}", file=sys.stderr)
        return 1
    name = chosen.name or str(found["how"])
    (chosen.out / f"{name}.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    (chosen.out / f"{name}.md").write_text(f"# {name}\n\n{report.table(found)}\n![]({name}.png)\n", encoding="utf-8")
    picture.draw(found, chosen.out / f"{name}.png")
    print(report.table(found), end="")
    return 0
