"""The bench's caller for rooms: the same questions and interruptions, heard by a participant of a LiveKit room.

    python -m clients.livekit.bench --url ws://… --api-key … --api-secret … --page http://127.0.0.1:8000

calls through LiveKit and through the page of the same agent in turn, in one run, and says how they differ.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import secrets
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from clients.bench.analyse import Findings, analyse
from clients.bench.browser import Browser
from clients.bench.measure import Sound
from clients.bench.plan import plan
from clients.bench.recording import RATE, Caller, CallFailed, Recording
from clients.bench.websocket import WebSocketCaller

from .person import FRAME, Person, token

COMES_S = 30.0


class RoomCaller:
    """Calls by entering a room of its own. Implements `clients.bench.recording.Caller`."""

    def __init__(self, key: str, secret: str) -> None:
        self._key, self._secret = key, secret

    async def call(self, url: str, key: str, microphone: Sound) -> Recording:
        """Makes one call to the LiveKit at `url`. Raises `CallFailed` when no agent comes."""
        person = Person()
        try:
            await person.join(url, token(self._key, self._secret, f"bench-{secrets.token_hex(4)}", "bench"))
            deadline = time.monotonic() + COMES_S
            while not person.ear:
                if time.monotonic() > deadline:
                    raise CallFailed("no agent came into the room; is `colloquy room` running there?")
                await asyncio.sleep(0.05)
            began, _ = await person.say(microphone)
        finally:
            await person.leave()
        ear = np.zeros(len(microphone) + RATE, np.float32)
        free = 0
        for at, pcm in person.ear:
            now = round((at - began) * RATE)
            # Frames come in clumps; they are played one after the other.
            first = free if 0 <= free - now < 4 * FRAME or 0 <= now - free < 2 * FRAME else now
            if 0 <= first <= len(ear) - FRAME:
                ear[first : first + FRAME] = pcm[:FRAME] / 32767
            free = first + FRAME
        events = [(at - began, event) for at, event in person.events]
        slips = [(at - began, late) for at, late in person.slips]
        return Recording(microphone, ear[: len(microphone)], events, [], slips)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(description="LiveKit against the agent's own page, in the same run.")
    made.add_argument("--url", required=True, help="LiveKit's address")
    made.add_argument("--api-key", required=True)
    made.add_argument("--api-secret", required=True)
    made.add_argument("--page", default="http://127.0.0.1:8000", help="the agent's address [%(default)s]")
    made.add_argument("--against", choices=("browser", "websocket"), default="browser", help="[%(default)s]")
    made.add_argument("--rounds", type=int, default=3, help="calls each way, in turn [%(default)s]")
    made.add_argument("--questions", type=int, default=8)
    made.add_argument("--interruptions", type=int, default=8)
    made.add_argument("--out", type=Path, help="file for the figures (JSON)")
    return made


async def run(chosen: argparse.Namespace) -> dict[str, dict[str, dict[str, float]]]:
    """The calls, in turn, and the figures of both ways."""
    against: Caller = Browser() if chosen.against == "browser" else WebSocketCaller()
    ways: dict[str, tuple[str, Caller]] = {
        "livekit": (chosen.url, RoomCaller(chosen.api_key, chosen.api_secret)),
        chosen.against: (chosen.page, against),
    }
    findings: dict[str, list[Findings]] = {way: [] for way in ways}
    for number in range(chosen.rounds):
        made = plan(chosen.questions, chosen.interruptions, 0, number)
        for way, (url, caller) in ways.items():
            findings[way].append(analyse(made, await caller.call(url, "", made.track())))
    found: dict[str, dict[str, dict[str, float]]] = {}
    for way, all_of in findings.items():
        whole = Findings([trial for each in all_of for trial in each.trials])
        found[way] = {}
        for kind in ("reply", "stop"):
            values = sorted(t.ms for t in whole.trials if t.kind == kind and not t.skipped and t.ms is not None)
            if values:
                p50, p95 = (float(np.percentile(values, share)) for share in (50, 95))
                found[way][kind] = {"n": len(values), "p50": round(p50), "p95": round(p95)}
    return found


def main(arguments: Sequence[str]) -> int:
    """Runs it; exit status 1 if no call could be made."""
    chosen = parser().parse_args(arguments)
    try:
        found = asyncio.run(run(chosen))
    except CallFailed as problem:
        print(f"bench: {problem}", file=sys.stderr)
        return 1
    text = json.dumps(found, indent=1)
    print(text)
    if chosen.out:
        chosen.out.write_text(text + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
