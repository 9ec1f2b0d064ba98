"""A server that says what a test tells it to, on a real WebSocket, and keeps what it is told."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import http
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

Event = dict[str, Any]
PLACE = {"output_index": 0, "content_index": 0}


@dataclass
class Caller:
    """One connection of the client."""

    socket: ServerConnection
    received: list[Event] = field(default_factory=list)
    samples: int = 0
    """Of the microphone, at 24 kHz."""

    async def send(self, *events: Event) -> None:
        for number, event in enumerate(events):
            await self.socket.send(json.dumps({"event_id": f"event_{number}", **event}))

    def of_type(self, kind: str) -> list[Event]:
        return [event for event in self.received if event["type"] == kind]

    async def say(self, item: str, first: int, pcm: np.ndarray) -> None:
        """Sound of an item."""
        delta = base64.b64encode(pcm.astype("<i2").tobytes()).decode()
        place = {"response_id": f"resp_{item}", "item_id": item, **PLACE}
        await self.send({"type": "response.output_audio.delta", "delta": delta, **place})

    async def heard(self, item: str, text: str, done: bool = False, cut: bool = False) -> None:
        event = {"type": "duplex.heard", "response_id": f"resp_{item}", "item_id": item, "transcript": text}
        await self.send({**event, "audio_end_ms": 100.0, "done": done, "cut": cut})

    async def planned(self, item: str, text: str) -> None:
        place = {"response_id": f"resp_{item}", "item_id": item, **PLACE}
        await self.send({"type": "response.output_audio_transcript.delta", "delta": text, **place})


@dataclass
class ScriptedServer:
    """Takes calls at `url` as long as `status` is 200."""

    url: str = ""
    status: int = 200
    calls: list[Caller] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    _server: Server | None = None

    async def start(self, port: int = 0) -> None:
        self._server = await serve(self._serve, "127.0.0.1", port, process_request=self._admit, max_size=None)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        self.headers.append(dict(request.headers.raw_items()))
        return None if self.status == 200 else connection.respond(http.HTTPStatus(self.status), "no\n")

    async def _serve(self, socket: ServerConnection) -> None:
        call = Caller(socket)
        turns = {"type": "server_vad", "silence_duration_ms": 500}
        session = {"id": "sess_1", "type": "realtime", "audio": {"input": {"turn_detection": turns}}}
        await call.send(
            {"type": "session.created", "session": session},
            {
                "type": "duplex.hello",
                "session_id": "sess_1",
                "model": "toy",
                "family": "toy",
                "sees": False,
                "words": True,
                "voices": ["en"],
                "slots": {"free": 1, "total": 1},
            },
        )
        self.calls.append(call)
        with contextlib.suppress(ConnectionClosed):
            async for raw in socket:
                event = json.loads(raw)
                if event["type"] == "input_audio_buffer.append":
                    call.samples += len(base64.b64decode(event["audio"])) // 2
                call.received.append(event)

    async def call(self, number: int = 1) -> Caller:
        """The client's call number `number`, once it has greeted."""
        await until(lambda: len(self.calls) >= number and bool(self.calls[number - 1].of_type("duplex.hello")))
        return self.calls[number - 1]


async def until(condition: Callable[[], Any], seconds: float = 30.0) -> None:
    """Waits for `condition`; fails if it does not come true."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)
