"""Typed turns to a real agent that tools answer. If these fail, the assistant does not know what time it is."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from typing import Any

import pytest
import websockets

from benchmarks.signs import as_sent, draw

PATIENCE_S = 60.0


class Written:
    """A call in writing: nobody listens."""

    def __init__(self, socket: websockets.ClientConnection) -> None:
        self._socket = socket
        self.tools: list[dict[str, Any]] = []

    async def _send(self, **event: Any) -> None:
        await self._socket.send(json.dumps(event))

    async def begin(self) -> None:
        await self._send(type="session.update", session={"type": "realtime", "output_modalities": ["text"]})

    async def answer(self) -> str:
        """The text of the next response that says something."""
        async with asyncio.timeout(PATIENCE_S):
            async for raw in self._socket:
                event = json.loads(raw)
                if event["type"] == "duplex.tool":
                    self.tools.append(event)
                elif event["type"] == "response.output_text.done":
                    return str(event["text"]).strip()
        raise AssertionError("the call ended")

    async def ask(self, text: str, *parts: dict[str, str]) -> str:
        item = {"type": "message", "role": "user", "content": [*parts, {"type": "input_text", "text": text}]}
        await self._send(type="conversation.item.create", item=item)
        await self._send(type="response.create")
        return await self.answer()


@pytest.mark.timeout(240)
async def test_what_tools_know_is_answered_in_a_real_call(agent_url: str) -> None:
    async with websockets.connect(agent_url.replace("http", "ws") + "/v1/realtime") as socket:
        call = Written(socket)
        await call.begin()
        assert re.match(r"It is (?:\d+:\d\d|\d+ o'clock|noon|midnight)", await call.ask("What time is it?"))
        assert await call.ask("How many ounces are in a pound?") == "A pound is 16 ounces."
        assert await call.ask("What is seventeen times twenty-three?") == "17 times 23 is 391."
        remembered = await call.ask("Remember that my keys are on the shelf.")
        assert remembered == "I will remember that your keys are on the shelf."
        assert await call.ask("Where are my keys?") == "Your keys are on the shelf."
        assert await call.ask("Set a timer for ten seconds.") == "Your timer is set for 10 seconds."
        assert await call.answer() == "Your timer for 10 seconds is over."
        names = [tool["name"] for tool in call.tools]
        assert names == ["tell_time", "convert_units", "calculate", "remember", "recall", "set_timer"]
        assert await call.ask("Why do people like music?"), "what no tool knows is not answered at all"
        assert len(call.tools) == len(names)


@pytest.mark.timeout(240)
async def test_a_picture_is_read_in_a_real_call(agent_url: str) -> None:
    async with websockets.connect(agent_url.replace("http", "ws") + "/v1/realtime", max_size=None) as socket:
        call = Written(socket)
        await call.begin()
        assert await call.ask("What does this say?") == "I can't see anything: the camera is off."
        url = f"data:image/jpeg;base64,{base64.b64encode(as_sent(draw(1).rgb)).decode()}"
        picture = {"type": "input_image", "image_url": url}
        assert await call.ask("What does this say?", picture) == "It says: No parking."
        assert await call.ask("What colour is this?")
