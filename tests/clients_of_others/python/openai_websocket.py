"""The `openai` package over a WebSocket."""

from __future__ import annotations

import asyncio
import base64
import time
from collections import defaultdict
from typing import Any

from openai import AsyncOpenAI
from openai.resources.realtime.realtime import AsyncRealtimeConnection
from openai_call import OpenAICall
from outside import RATE, Person, Place, run


class Loudspeaker:
    """Plays at the pace of real time, from the first sound of each response."""

    def __init__(self, connection: AsyncRealtimeConnection) -> None:
        self._connection = connection
        self._received: dict[str, float] = defaultdict(float)
        """Seconds of each response."""
        self._items: dict[str, str] = {}
        self._began: dict[str, float] = {}

    def push(self, response: str, item: str, sound: bytes) -> None:
        self._began.setdefault(response, time.monotonic())
        self._items[response] = item
        self._received[response] += len(sound) / 2 / RATE

    def _played(self, response: str) -> float:
        return min(self._received[response], time.monotonic() - self._began.get(response, time.monotonic()))

    def sounded(self, response: str) -> float:
        return self._received[response]

    def lasted(self, response: str) -> float:
        return self._received[response]

    def over(self, response: str) -> bool:
        return self._played(response) == self._received[response]

    async def interrupted(self, response: str) -> None:
        """What applications do: fall silent, and say how far it had come."""
        if response in self._items:
            await self._connection.conversation.item.truncate(
                item_id=self._items[response], content_index=0, audio_end_ms=int(self._played(response) * 1000)
            )


async def driver() -> dict[str, object]:
    place = Place.given()
    person = Person(place.clips)
    client = AsyncOpenAI(api_key=place.key, base_url=f"{place.url}/v1", websocket_base_url=f"{place.socket}/v1")
    async with client.realtime.connect(model="gpt-realtime") as connection:
        loudspeaker = Loudspeaker(connection)

        async def send(event: dict[str, Any]) -> None:
            await connection.send(event)  # type: ignore[arg-type]

        async def microphone() -> None:
            async for block in person.blocks():
                await connection.input_audio_buffer.append(audio=base64.b64encode(block).decode())

        async def listen() -> None:
            while True:
                raw = await connection.recv_bytes()
                event = connection.parse_event(raw)
                if event.type == "response.output_audio.delta":
                    loudspeaker.push(event.response_id, event.item_id, base64.b64decode(event.delta))
                await call.receive(raw, event)

        call = OpenAICall(person, send, loudspeaker)
        work = [asyncio.create_task(microphone()), asyncio.create_task(listen())]
        try:
            return await call.acts()
        finally:
            print([event["type"] for event in call.events if "delta" not in event["type"]])
            for task in work:
                task.cancel()


run(driver)
