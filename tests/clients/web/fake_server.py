"""A server that does what a test tells it to: it speaks the page's wire over real WebRTC, and has no mind.

The page is served with the strictest policy that it must bear, so that every test also holds the page to it.
"""

from __future__ import annotations

import asyncio
import fractions
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import numpy as np
from aiohttp import web
from aiortc import MediaStreamTrack, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError

PAGE = Path(__file__).resolve().parents[3] / "clients" / "web"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
RATE = 48_000
BLOCK = RATE // 50

Event = dict[str, Any]


class Voice(MediaStreamTrack):
    """Silence, or a 440 Hz tone while `speaking`."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self.speaking = False
        self._sent = 0
        self._began: float | None = None

    async def recv(self) -> av.AudioFrame:
        if self._began is None:
            self._began = time.monotonic()
        await asyncio.sleep(max(0.0, self._began + self._sent / RATE - time.monotonic()))
        t = (self._sent + np.arange(BLOCK)) / RATE
        pcm = (8000 * np.sin(2 * np.pi * 440 * t) * self.speaking).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(pcm[None, :], format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, self._sent, fractions.Fraction(1, RATE)
        self._sent += BLOCK
        return frame


@dataclass
class FakeCall:
    """One connection of the page."""

    pc: RTCPeerConnection
    sees: bool
    voice: Voice = field(default_factory=Voice)
    received: list[Event] = field(default_factory=list)
    microphone_frames: int = 0
    camera_frames: int = 0
    _channel: Any = None
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def attach(self) -> None:
        self.pc.addTrack(self.voice)

        @self.pc.on("datachannel")
        def _(channel: Any) -> None:
            self._channel = channel
            channel.on("message", self._message)
            self.send({"type": "session.created", "session": {"id": "sess_1", "type": "realtime"}})
            self.send(
                {
                    "type": "duplex.hello",
                    "session_id": "sess_1",
                    "model": "nano",
                    "family": "nano",
                    "sees": self.sees,
                    "words": True,
                    "voices": ["en"],
                    "slots": {"free": 1, "total": 2},
                }
            )

        @self.pc.on("track")
        def _(track: MediaStreamTrack) -> None:
            task = asyncio.ensure_future(self._count(track))
            self._tasks.add(task)

    def _message(self, raw: str) -> None:
        self.received.append(json.loads(raw))
        self._news.set()

    async def _count(self, track: MediaStreamTrack) -> None:
        while True:
            try:
                await track.recv()
            except MediaStreamError:
                return
            if track.kind == "audio":
                self.microphone_frames += 1
            else:
                self.camera_frames += 1

    def send(self, *events: Event) -> None:
        """Send events, in this order."""
        for event in events:
            self._channel.send(json.dumps({"event_id": f"event_{id(event)}", **event}))

    def of_type(self, kind: str) -> list[Event]:
        """What the page has sent of one type."""
        return [event for event in self.received if event["type"] == kind]

    async def wait_for(self, fits: Callable[[FakeCall], Any]) -> None:
        """Until something holds of this call. Ten seconds are as good as never."""
        async with asyncio.timeout(30):
            while not fits(self):
                self._news.clear()
                try:
                    await asyncio.wait_for(self._news.wait(), 0.05)
                except TimeoutError:
                    continue

    async def drop(self) -> None:
        """The connection ends as when the server dies."""
        await self.pc.close()


@dataclass
class FakeServer:
    """Serves the page and takes its calls, as long as `full` and `api_key` allow it."""

    sees: bool = False
    api_key: str = ""
    full: bool = False
    away: bool = False
    calls: list[FakeCall] = field(default_factory=list)
    url: str = ""
    _runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application()
        app.router.add_post("/v1/realtime/calls", self._call)
        app.router.add_post("/v1/realtime/client_secrets", self._secret)
        app.router.add_get("/", self._page)
        app.router.add_static("/", PAGE)
        app.on_response_prepare.append(self._guard)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{port}/"

    async def close(self) -> None:
        for call in self.calls:
            await call.drop()
        assert self._runner is not None
        await self._runner.cleanup()

    async def call(self, number: int = 1) -> FakeCall:
        """The page's call number `number`, once it stands and has greeted."""
        async with asyncio.timeout(30):
            while len(self.calls) < number or not self.calls[number - 1].of_type("duplex.hello"):
                await asyncio.sleep(0.02)
        return self.calls[number - 1]

    async def _guard(self, request: web.Request, response: web.StreamResponse) -> None:
        response.headers["Content-Security-Policy"] = POLICY

    async def _page(self, request: web.Request) -> web.FileResponse:
        return web.FileResponse(PAGE / "index.html")

    def _refusal(self, request: web.Request, key: str) -> web.Response | None:
        if self.away:
            return _error(502, "away")
        if self.api_key and request.headers.get("Authorization") != f"Bearer {key}":
            return _error(401, "A key is needed.")
        return None

    async def _secret(self, request: web.Request) -> web.Response:
        refused = self._refusal(request, self.api_key)
        if refused:
            return refused
        return web.json_response({"value": "ek_test", "expires_at": int(time.time()) + 60, "session": {}})

    async def _call(self, request: web.Request) -> web.Response:
        refused = self._refusal(request, "ek_test")
        if refused:
            return refused
        if self.full:
            return _error(503, "All 2 places are taken. Try again in a moment.")
        assert request.content_type == "application/sdp"
        call = FakeCall(RTCPeerConnection(), self.sees)
        call.attach()
        await call.pc.setRemoteDescription(RTCSessionDescription(await request.text(), "offer"))
        await call.pc.setLocalDescription(await call.pc.createAnswer())
        self.calls.append(call)
        headers = {"Location": "/v1/realtime/calls/rtc_1"}
        return web.Response(
            text=call.pc.localDescription.sdp, status=201, content_type="application/sdp", headers=headers
        )


def _error(status: int, message: str) -> web.Response:
    return web.json_response({"error": {"type": "error", "code": None, "message": message}}, status=status)
