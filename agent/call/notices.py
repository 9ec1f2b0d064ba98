"""Sentences kept ready as sound, for when the mind is away or busy."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from agent.engine import messages as engine

from .mind import Client

SENTENCES = {
    "mind_lost": "Sorry, I lost my thread for a moment. Could you say that again?",
    "tool_runs": "One moment, please.",
    "still_there": "Are you still there?",
}
BACKCHANNEL = "Mm-hm."

PATIENCE_S = 30.0

Sentence = tuple[str, npt.NDArray[np.int16]]
"""Text, and its sound: int16[n] at 24 kHz."""


@dataclass(slots=True)
class Notices:
    """What was spoken once, to be played whenever it is needed. Silent until `make` is done."""

    spoken: dict[str, Sentence] = field(default_factory=dict)

    def sentence(self, kind: str) -> Sentence:
        """The sentence of `kind` ("mind_lost", "tool_runs", "still_there")."""
        return self.spoken.get(kind, (SENTENCES[kind], np.zeros(0, np.int16)))

    @property
    def backchannel(self) -> Sentence:
        """A brief sign of listening."""
        return self.spoken.get("backchannel", (BACKCHANNEL, np.zeros(0, np.int16)))

    async def make(self, client: Client, voice: str) -> None:
        """Has the engine speak all of them. Raises `TimeoutError` if it takes more than `PATIENCE_S`."""
        texts = {**SENTENCES, "backchannel": BACKCHANNEL}
        made: asyncio.Queue[engine.EngineMessage] = asyncio.Queue()
        session = "notices"
        client.open(session, engine.Setup(voice=voice), [], made.put_nowait)
        try:
            async with asyncio.timeout(PATIENCE_S):
                for number, (kind, text) in enumerate(texts.items(), 1):
                    client.send(engine.Think(session, number, say=text))
                    pieces = []
                    while not isinstance(message := await made.get(), engine.Done):
                        if isinstance(message, engine.Sound):
                            pieces.append(np.frombuffer(message.pcm, "<i2"))
                    if pieces:
                        self.spoken[kind] = (text, np.concatenate(pieces))
        finally:
            client.send(engine.Close(session))
