"""Asks a real agent the spoken tasks: `python -m benchmarks.tasks.run [--speech] [--report FILE]`.

The agent runs in a process of its own and is asked over the wire, every task in a call of its own. With `--speech`
every turn is first spoken by a synthetic voice (espeak-ng, flite and festival in turns, other than the assistant's)
and understood by the real perception; what it heard is then asked in writing.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import wave
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import soxr
import websockets
from numpy.typing import NDArray

from streaming.time import Time, ticks
from thinker.nano.converted import converted
from thinker.nano.perception import NanoPerception
from thinker.nano.speech.recogniser import Moonshine
from thinker.nano.tokeniser import Tokeniser
from thinker.nano.weights import moonshine, smollm2

from .check import Answer, Task, is_right, tasks

STARTS_WITHIN_S, ANSWERS_WITHIN_S = 180.0, 90.0
VOICES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("espeak-ng en-us", ("espeak-ng", "-v", "en-us", "-s", "150", "-w", "{out}", "{text}")),
    ("flite rms", ("flite", "-voice", "rms", "-t", "{text}", "-o", "{out}")),
    ("flite awb", ("flite", "-voice", "awb", "-t", "{text}", "-o", "{out}")),
    ("espeak-ng en-gb", ("espeak-ng", "-v", "en-gb", "-s", "150", "-w", "{out}", "{text}")),
    ("festival kal", ("text2wave", "-eval", "(voice_kal_diphone)", "-o", "{out}", "{file}")),
)
_RATE = 16_000


@contextlib.contextmanager
def agent(folder: Path) -> Iterator[str]:
    """The address of an agent that keeps nothing."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = int(taken.getsockname()[1])
    settings = {"COLLOQUY_PORT": str(port), "COLLOQUY_PROFILE": "", "COLLOQUY_THREADS": "1"}
    log = folder / "agent.log"
    with log.open("w") as written:
        command = [sys.executable, "-m", "agent", "serve"]
        process = subprocess.Popen(command, env={**os.environ, **settings}, stdout=written, stderr=written)
        try:
            deadline = time.monotonic() + STARTS_WITHIN_S
            while True:
                with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz") as there:
                    if there.status == 200:
                        break
                if process.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit("the agent did not start:\n" + log.read_text()[-2000:])
                time.sleep(0.3)
            yield f"ws://127.0.0.1:{port}/v1/realtime"
        finally:
            process.terminate()
            process.wait(20)


class Listener:
    """The real perception, hearing synthetic voices."""

    def __init__(self, folder: Path) -> None:
        weights, hearing = smollm2(), moonshine()
        if weights is None or hearing is None:
            raise SystemExit("the weights are not installed: run `make install`")
        tokeniser = Tokeniser(converted(weights) / "tokeniser.json")
        # A clock that stands still: hearing is never skipped because the machine is busy with something else.
        self._perception = NanoPerception(Moonshine(hearing, threads=1), tokeniser, clock=lambda: 0.0)
        self._folder = folder

    def hear(self, text: str, voice: int) -> str:
        """What is understood when `text` is spoken by voice number `voice`."""
        pcm = self._spoken(text, VOICES[voice % len(VOICES)][1])
        quiet = np.random.default_rng(voice).normal(0, 8, _RATE).astype(np.int16)
        sound = np.concatenate([quiet[: _RATE // 2], pcm, quiet[: _RATE * 6 // 10]])
        self._perception.open(0)
        self._perception.begin(0, 0)
        # What is heard last counts, so that the turn is given in one piece, and the silence after it as it comes.
        step, at = _RATE // 50, _RATE // 2 + len(pcm)
        self._perception.audio(0, sound[:at], 0)
        while at < len(sound):
            self._perception.audio(0, sound[at : at + step], _time(at))
            at += step
        words = self._perception.flush(0).stable
        self._perception.end(0)
        self._perception.close(0)
        return words

    def _spoken(self, text: str, command: Sequence[str]) -> NDArray[np.int16]:
        out, file = self._folder / "said.wav", self._folder / "said.txt"
        file.write_text(text)
        told = [part.format(out=out, text=text, file=file) for part in command]
        subprocess.run(told, check=True, capture_output=True)
        with wave.open(str(out)) as read:
            rate, pcm = read.getframerate(), np.frombuffer(read.readframes(read.getnframes()), "<i2")
        heard: NDArray[np.int16] = soxr.resample(pcm, rate, _RATE)
        return heard


def _time(sample: int) -> Time:
    return ticks(sample, _RATE)


async def ask(url: str, turns: Sequence[str]) -> Answer:
    """The answer to the last of `turns`, in a call of its own."""
    async with websockets.connect(url, max_size=None) as line:

        async def send(**event: Any) -> None:
            await line.send(json.dumps(event))

        await send(type="session.update", session={"type": "realtime", "output_modalities": ["text"]})
        text, at = "", datetime.now().astimezone()
        used: list[tuple[str, str]] = []
        for turn in turns:
            used.clear()
            text, at = "", datetime.now().astimezone()
            item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": turn}]}
            await send(type="conversation.item.create", item=item)
            await send(type="response.create")
            async with asyncio.timeout(ANSWERS_WITHIN_S):
                async for raw in line:
                    event = json.loads(raw)
                    if event["type"] == "duplex.tool":
                        used.append((event["name"], event["arguments"]))
                    elif event["type"] == "response.output_text.done":
                        text = event["text"]
                    elif event["type"] == "response.done":
                        break
        return Answer(text.strip(), tuple(used), at)


def run(chosen: Sequence[Task], spoken: bool) -> list[dict[str, Any]]:
    """Asks all; one record a task."""
    records: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        listener = Listener(folder) if spoken else None
        with agent(folder) as url:
            for task in chosen:
                turns = [*task.before, task.question]
                if listener is not None:
                    turns = [listener.hear(turn, task.number) for turn in turns]
                try:
                    answer = asyncio.run(ask(url, turns))
                    right = is_right(task.right, answer)
                except TimeoutError:
                    answer, right = Answer("(no answer)", (), datetime.now().astimezone()), False
                records.append(
                    {
                        "number": task.number,
                        "skill": task.skill,
                        "held_out": task.held_out,
                        "asked": task.question,
                        "heard": turns[-1] if spoken else None,
                        "voice": VOICES[task.number % len(VOICES)][0] if spoken else None,
                        "answer": answer.text,
                        "tools": [tool for tool, _ in answer.tools],
                        "right": right,
                    }
                )
                if sys.stderr.isatty():
                    print(f"\r{len(records)} of {len(chosen)}", end="", file=sys.stderr)
    return records


def table(records: Sequence[dict[str, Any]]) -> str:
    """Right answers by skill, as Markdown."""

    def share(of: list[dict[str, Any]]) -> str:
        right = sum(record["right"] for record in of)
        return f"{right} of {len(of)} ({100 * right / len(of):.0f}%)" if of else "–"

    lines = ["| skill | all | held out |", "|---|---|---|"]
    for skill in [*dict.fromkeys(record["skill"] for record in records), ""]:
        of = [record for record in records if record["skill"] == skill or not skill]
        lines.append(f"| {skill or '**all**'} | {share(of)} | {share([one for one in of if one['held_out']])} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--speech", action="store_true", help="have the tasks spoken and understood first")
    parser.add_argument("--skill", help="only this one")
    parser.add_argument("--json", help="write all records to this file")
    chosen = parser.parse_args()
    which = [task for task in tasks() if chosen.skill in (None, task.skill)]
    records = run(which, chosen.speech)
    if chosen.json:
        Path(chosen.json).write_text(json.dumps(records, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(table(records))


if __name__ == "__main__":
    main()
