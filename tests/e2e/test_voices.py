"""Two synthetic voices in one real call. If this fails, the agent answers whoever is near its user."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import soxr
from websockets.asyncio.client import ClientConnection, connect

from clients.bench.plan import RATE, clips

Event = dict[str, Any]
WIRE_RATE = 24_000
PACKET = WIRE_RATE // 50
USER, STRANGER = "espeak", "festival"
PATIENCE_S = 60.0


class Talk:
    """A microphone that is never silent for long, and all that the agent says to it."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self.events: list[Event] = []
        self._queue: list[np.ndarray[Any, np.dtype[np.float32]]] = []
        self._random = np.random.default_rng(0)
        self._tasks = [asyncio.create_task(work) for work in (self._listen(), self._speak())]

    async def send(self, **event: Any) -> None:
        await self._socket.send(json.dumps(event))

    def say(self, voice: str, number: int) -> None:
        """Says question `number` of `voice` after what is being said."""
        clip = [clip for clip in clips() if clip.voice == voice and clip.kind == "question"][number]
        sound = soxr.resample(clip.sound(), RATE, WIRE_RATE)
        whole = np.concatenate((sound, np.zeros(-len(sound) % PACKET, np.float32)))
        self._queue += np.split(whole.astype(np.float32), len(whole) // PACKET)

    async def until(self, fits: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not fits():
                await asyncio.sleep(0.02)

    async def silence(self, seconds: float) -> None:
        """Until all was said, and so long after."""
        await self.until(lambda: not self._queue)
        await asyncio.sleep(seconds)

    def of_type(self, kind: str, since: int = 0) -> list[Event]:
        return [event for event in self.events[since:] if event["type"] == kind]

    def verdicts(self, since: int = 0) -> list[tuple[str, float]]:
        """What was thought of whose voice it is, and how sure."""
        return [(event["verdict"], event["score"]) for event in self.of_type("duplex.speaker", since)]

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _listen(self) -> None:
        async for raw in self._socket:
            self.events.append(json.loads(raw))

    async def _speak(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            sound = self._queue.pop(0) if self._queue else np.zeros(PACKET, np.float32)
            noisy = np.clip(sound + self._random.normal(0, 3e-4, PACKET), -1, 1)
            pcm = (noisy * 32767).astype("<i2").tobytes()
            await self.send(type="input_audio_buffer.append", audio=base64.b64encode(pcm).decode())
            due += PACKET / WIRE_RATE
            await asyncio.sleep(due - loop.time())


def turns(kind: str | None) -> Event:
    """A session in which turns are taken so (None: the client commits, and nothing is answered)."""
    detection = None if kind is None else {"type": kind}
    return {"type": "realtime", "audio": {"input": {"turn_detection": detection}}}


@pytest.mark.timeout(240)
async def test_once_a_voice_is_enrolled_another_ones_question_is_not_answered_and_its_own_is(agent_url: str) -> None:
    async with connect(agent_url.replace("http", "ws") + "/v1/realtime", max_size=None) as socket:
        talk = Talk(socket)
        try:
            await talk.send(type="session.update", session=turns(None))
            await talk.send(type="duplex.speaker.enroll", name="Ann")
            for number in range(8):
                talk.say(USER, number)
                await talk.silence(0.5)
                if talk.of_type("duplex.speaker.enrolled"):
                    break
            enrolled = talk.of_type("duplex.speaker.enrolled")[0]
            assert [person["name"] for person in enrolled["people"]] == ["Ann"]
            assert talk.of_type("duplex.speaker.learning")[-1]["seconds"] > 1
            await talk.send(type="input_audio_buffer.clear")  # what was said to be known by wants no answer
            await talk.send(type="session.update", session=turns("server_vad"))
            await talk.until(lambda: len(talk.of_type("session.updated")) == 2)
            await talk.silence(2)

            before = len(talk.events)
            talk.say(STRANGER, 8)
            await talk.silence(3)
            heard = {verdict for verdict, _ in talk.verdicts(before)}
            assert "other" in heard, talk.verdicts()
            assert "user" not in heard, talk.verdicts()
            kinds = [event["type"] for event in talk.events[before:]]
            assert not {"input_audio_buffer.committed", "response.created"} & set(kinds), kinds

            before = len(talk.events)
            talk.say(USER, 9)
            await talk.until(lambda: bool(talk.of_type("response.created", before)))
            heard = {verdict for verdict, _ in talk.verdicts(before)}
            assert "user" in heard, talk.verdicts()
        finally:
            await talk.close()
