"""The bundled family in the engine: heard, thought and spoken in one process."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
import soxr

from agent.engine import messages as m
from agent.engine.client import EngineClient
from streaming.time import ms, ticks
from talker import espeak
from thinker import nano

missing = [*nano.check(""), *espeak.check("")]
pytestmark = [
    pytest.mark.skipif(bool(missing), reason=f"the family nano is not complete here: {' '.join(missing)}"),
    pytest.mark.timeout(300),
]


def spoken(text: str) -> np.ndarray:
    """`text` in espeak's voice, int16 at 16 kHz, with half a second of silence after it."""
    talker, vocoder = espeak.load("", 1)
    talker.start(0, "en-us", 1.0)
    vocoder.start(0)
    talker.feed(0, 0, text, None)
    talker.finish(0)
    pieces = []
    while talker.ready(0):
        pieces.append(vocoder.push([0], talker.step([0]))[0].pcm)
    return np.concatenate([soxr.resample(np.concatenate(pieces), 24_000, 16_000), np.zeros(8_000, np.int16)])


async def test_a_question_is_understood_answered_and_its_cut_remembered() -> None:
    client = EngineClient("nano", slots=2, threads=1)
    await client.start()
    try:
        await client.ready()
        messages: asyncio.Queue[m.EngineMessage] = asyncio.Queue()
        client.open(
            "ann", m.Setup(instructions="You are a helpful voice assistant.", max_tokens=24), [], messages.put_nowait
        )
        client.send(m.Listen("ann", 1, 0))
        pcm = spoken("What is the capital of France?")
        for first in range(0, len(pcm), 640):
            client.send(m.Audio("ann", ticks(first, 16_000), pcm[first : first + 640].astype("<i2").tobytes()))
            await asyncio.sleep(0.04)
        client.send(m.Think("ann", 1, 1, ended=ticks(len(pcm), 16_000) - ms(500)))
        got = [await messages.get()]
        while not isinstance(got[-1], m.Done):
            got.append(await messages.get())
        words = [it for it in got if isinstance(it, m.WordsHeard)][-1]
        assert words.final
        assert "capital of france" in words.stable.lower()
        said = [it.text for it in got if isinstance(it, m.Said)]
        spans = [span for it in got if isinstance(it, m.Sound) for span in it.spans]
        assert "".join(said).strip()
        assert spans[-1][0] < len(said)
        assert not [it for it in got if isinstance(it, m.Failed)]
        client.send(m.Accept("ann", 1))
        client.send(m.Crop("ann", 1, 2))
        client.send(m.Think("ann", 2, say="All right."))
        while not (isinstance(got[-1], m.Done) and got[-1].reply == 2):
            got.append(await messages.get())
        assert not [it for it in got if isinstance(it, m.Failed)]
    finally:
        await client.close()
