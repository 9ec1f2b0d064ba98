"""What lies outside a client: somebody who speaks on cue, a sound card's clock, and the report at the end."""

from __future__ import annotations

import asyncio
import json
import sys
import time
import traceback
import wave
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

RATE = 24_000
BLOCK = RATE // 50
"""Samples that a sound card hands over at once: 20 ms."""
PATIENCE_S = 60.0
WEATHER = {
    "type": "function",
    "name": "get_weather",
    "description": "Tells the weather in a city.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
RESULT = "Sunny, 21 degrees."
ASKED = "What is the weather like in Paris?"
INSTRUCTIONS = "You are a friendly voice assistant. Answer in one short sentence."

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Place:
    """What a driver is told on its command line."""

    url: str
    """http://host:port of the server."""
    key: str
    clips: Path

    @staticmethod
    def given() -> Place:
        return Place(sys.argv[1], sys.argv[2], Path(sys.argv[3]))

    @property
    def socket(self) -> str:
        return "ws" + self.url.removeprefix("http")


class Person:
    """A microphone that never stops: what is said, and silence between."""

    def __init__(self, clips: Path) -> None:
        self._clips = clips
        self._unsaid = bytearray()

    def say(self, clip: str) -> None:
        """Speaks a clip (`question`, `request`, `interruption`) from now on."""
        with wave.open(str(self._clips / f"{clip}.wav")) as file:
            assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE, 1, 2)
            self._unsaid += file.readframes(file.getnframes())

    def block(self) -> bytes:
        """The next 20 ms, int16 mono at 24 kHz."""
        taken = bytes(self._unsaid[: BLOCK * 2])
        del self._unsaid[: BLOCK * 2]
        return taken.ljust(BLOCK * 2, b"\0")

    async def blocks(self) -> AsyncIterator[bytes]:
        """20 ms every 20 ms, for ever."""
        due = time.monotonic()
        while True:
            due += BLOCK / RATE
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            yield self.block()


async def until(condition: Callable[[], Found | None], what: str) -> Found:
    """Waits for `condition` to be true, and returns what it gave. Raises `TimeoutError` naming `what`."""
    deadline = time.monotonic() + PATIENCE_S
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{PATIENCE_S:.0f} s passed without {what}")
        await asyncio.sleep(0.02)
    return found


def run(driver: Callable[[], Awaitable[dict[str, object]]]) -> None:
    """Runs the driver and prints what it found as the last line: one JSON object."""

    async def reported() -> int:
        try:
            found = await driver()
        except Exception:
            traceback.print_exc()
            return 1
        print(json.dumps(found), flush=True)
        return 0

    sys.exit(asyncio.run(reported()))
