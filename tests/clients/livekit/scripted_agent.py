"""A real agent whose mind is a script: real server, wire, conversation, ears and playout; words of known times.

Many rooms at once need many minds, and a small machine carries one. This one costs nothing, takes as long as a real one
(words 120 ms after speech, first sound 150 ms after a thought began), and knows its history by heart:

- what it hears reads "heard one", "heard two", ... turn by turn;
- what it says begins with how many lines it remembers, and with the last thing that it remembers to have said.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
from collections.abc import Callable

import numpy as np
from aiohttp import web

from agent.call.exchange import Exchange
from agent.engine import messages as engine
from agent.keys import Keys
from agent.metrics import Metrics
from agent.server import Server
from agent.settings import Settings
from streaming.ears.panel import EarsModels

RATE = 24_000
WORD = RATE // 4
"""Every word is 250 ms."""
FIRST_SOUND_S = 0.15
MADE_EVERY_S = 0.05
"""Five times as fast as it is heard."""
WORDS_AFTER_S = 0.12
LOUD = 300.0
NUMBERS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
TAIL = ["and", "so", "it", "goes", "on", "and", "on", "for", "quite", "a", "while", "until", "enough"]


class Session:
    """One session of the script."""

    def __init__(self, name: str, lines: list[engine.Line], tell: Callable[[engine.EngineMessage], None]) -> None:
        self.name, self.lines, self.tell = name, list(lines), tell
        self.turn: int | None = None
        self.turns = sum(line.role == "user" for line in lines)
        self.heard = False
        self.said: dict[int, list[str]] = {}
        self.speaking: dict[int, asyncio.Task[None]] = {}
        self.pictures = 0

    def hear(self, message: engine.Audio) -> None:
        """Any sound in a turn is one more turn's words."""
        if self.turn is None or self.heard:
            return
        if np.sqrt(np.mean(np.square(np.frombuffer(message.pcm, "<i2").astype(np.float32)))) > LOUD:
            self.heard = True
            turn, until = self.turn, message.at + 960
            asyncio.get_running_loop().call_later(WORDS_AFTER_S, self.words, turn, until, False)

    def words(self, turn: int, until: int, final: bool) -> None:
        text = f"heard {NUMBERS[(self.turns + 1) % len(NUMBERS)]}"
        self.tell(engine.WordsHeard(self.name, turn, text, "", until, 0.0, final))

    def think(self, message: engine.Think) -> None:
        if message.turn is not None and self.heard:
            self.words(message.turn, (message.ended or 0) + 960, True)
        self.speaking[message.reply] = asyncio.create_task(self.speak(message))

    async def speak(self, message: engine.Think) -> None:
        await asyncio.sleep(FIRST_SOUND_S)
        reply = message.reply
        last = next((line.text for line in reversed(self.lines) if line.role == "assistant"), "nothing").split()
        lines = NUMBERS[min(len(self.lines), 12)]
        words = message.say.split() if message.say else [*f"I know {lines} lines, last".split(), *last[:3], *TAIL]
        self.said[reply] = [f"{word} " if number + 1 < len(words) else word for number, word in enumerate(words)]
        for token, text in enumerate(self.said[reply]):
            self.tell(engine.Said(self.name, reply, token, text, 0.0))
            tone = 6000 * np.sin(2 * np.pi * (300 + 40 * (token % 5)) * np.arange(WORD) / RATE)
            pcm = tone.astype("<i2").tobytes()
            self.tell(engine.Sound(self.name, reply, pcm, [(token, token * WORD, (token + 1) * WORD)], 0.0))
            await asyncio.sleep(MADE_EVERY_S)
        self.tell(engine.Done(self.name, reply, "complete", 10, len(words)))
        self.remember(reply, len(words))

    def remember(self, reply: int, tokens: int) -> None:
        said = self.said.pop(reply, None)
        if said:
            self.lines.append(engine.Line("assistant", "".join(said[:tokens]).strip()))

    def stop(self, reply: int) -> bool:
        task = self.speaking.pop(reply, None)
        return task is not None and not task.done() and task.cancel()

    def close(self) -> None:
        for task in self.speaking.values():
            task.cancel()


class Script:
    """Stands in for `EngineClient`."""

    def __init__(self, slots: int, sees: bool) -> None:
        self.load: engine.Load | None = engine.Load(
            "", ready=True, slots=slots, free=slots, family="script", model="script", sees=sees, words=True,
            voices=["en"],
        )  # fmt: skip
        self.trouble = ""
        self.sessions: dict[str, Session] = {}
        self.pictures = itertools.count()

    def on_lost(self, callback: Callable[[str, str], None]) -> None: ...

    async def ready(self) -> None: ...

    def open(
        self, session: str, setup: engine.Setup, history: list[engine.Line],
        on_message: Callable[[engine.EngineMessage], None],
    ) -> None:  # fmt: skip
        self.sessions[session] = Session(session, history, on_message)

    def send(self, message: engine.ToEngine) -> None:
        session = self.sessions.get(message.session)
        if session is None:
            return
        match message:
            case engine.Close():
                session.close()
                del self.sessions[message.session]
            case engine.Audio():
                session.hear(message)
            case engine.Listen(turn=turn):
                session.turn, session.heard = turn, False
            case engine.Forget():
                session.turn = None
            case engine.Keep(text=text):
                session.turn = None
                session.lines.append(engine.Line("user", text))
                session.turns += 1
            case engine.Think():
                session.think(message)
            case engine.Accept():
                if session.turn is not None:
                    session.turns += 1
                    session.lines.append(engine.Line("user", f"heard {session.turns}"))
                session.turn = None
            case engine.Rollback(reply=reply):
                session.stop(reply)
                session.said.pop(reply, None)
            case engine.Stop(reply=reply):
                if session.stop(reply):
                    session.tell(engine.Done(session.name, reply, "stopped", 10, 1))
            case engine.Crop(reply=reply, token=token):
                session.stop(reply)
                if reply in session.said:
                    session.remember(reply, token)
            case engine.Add(lines=lines):
                session.lines += lines
                session.turns += sum(line.role == "user" for line in lines)
            case engine.Rebuild(lines=lines):
                session.lines = list(lines)
                session.turns = sum(line.role == "user" for line in lines)
            case engine.Picture():
                print(f"picture {next(self.pictures)} of {len(message.jpeg)} bytes", flush=True)


async def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--port", type=int, required=True)
    asked.add_argument("--slots", type=int, default=4)
    asked.add_argument("--sees", action="store_true")
    given = asked.parse_args()
    settings = Settings(sessions=given.slots, tools="off", profile="")
    script = Script(given.slots, given.sees)
    exchange = Exchange(settings, script, EarsModels(), Metrics())  # type: ignore[arg-type]
    await exchange.prepare()
    runner = web.AppRunner(Server(settings, exchange, Keys(""), Metrics()).app(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", given.port).start()
    print("The script is ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
