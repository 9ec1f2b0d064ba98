"""A mind with behaviour, in this process: it answers every thought with known words of known length."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import numpy as np

from agent.engine import messages as engine

WORD = 6000
"""Every word is 250 ms of sound at 24 kHz."""
REPLY = ("It ", "is ", "a ", "long ", "story, ", "and ", "it ", "goes ", "on.")


class FakeClient:
    """Stands in for `EngineClient`: keeps what it is sent, and answers at once."""

    def __init__(self, reply: Sequence[str] = REPLY) -> None:
        self.reply = reply
        self.sent: list[engine.ToEngine] = []
        self.histories: list[list[engine.Line]] = []
        self.words = ""
        self.there = asyncio.Event()
        self.there.set()
        self._listener: Callable[[engine.EngineMessage], None] = lambda message: None
        self._session = ""

    def open(
        self,
        session: str,
        setup: engine.Setup,
        history: list[engine.Line],
        on_message: Callable[[engine.EngineMessage], None],
    ) -> None:
        self._session, self._listener = session, on_message
        self.histories.append(history)

    async def ready(self) -> None:
        await self.there.wait()

    def send(self, message: engine.ToEngine) -> None:
        if not isinstance(message, engine.Audio):
            self.sent.append(message)
        if isinstance(message, engine.Think):
            self.think(message)

    def hears(self, turn: int, words: str, until: int, *, final: bool = False) -> None:
        self.words = words
        self._listener(engine.WordsHeard(self._session, turn, words, "", until, 0.0, final))

    def tell(self, message: engine.EngineMessage) -> None:
        self._listener(message)

    def think(self, message: engine.Think) -> None:
        """Words and sound of the whole reply, as fast as they can be made."""
        say = [f"{word} " for word in message.say.split()] if message.say else self.reply
        for token, text in enumerate(say):
            self._listener(engine.Said(self._session, message.reply, token, text, 0.0))
            pcm = np.full(WORD, 3000 + token, np.int16).tobytes()
            spans = [(token, token * WORD, (token + 1) * WORD)]
            self._listener(engine.Sound(self._session, message.reply, pcm, spans, 0.0))
        self._listener(engine.Done(self._session, message.reply, "complete", 10, len(say)))

    def got(self, kind: type[engine.ToEngine]) -> list[engine.ToEngine]:
        return [message for message in self.sent if isinstance(message, kind)]
