"""Starting and stopping. If this fails, a server that loads cannot be stopped but by force."""

from __future__ import annotations

import asyncio
import signal

import pytest

from agent import serve
from agent.settings import Settings


class EverLoading:
    """An engine that is never ready."""

    load = None

    def __init__(self, *arguments: object) -> None:
        self.closed = False
        self.asked = asyncio.Event()

    def on_lost(self, callback: object) -> None: ...

    async def start(self) -> None: ...

    async def ready(self) -> None:
        self.asked.set()
        await asyncio.Event().wait()

    async def close(self) -> None:
        self.closed = True


async def test_a_server_that_is_still_loading_stops_when_it_is_told_to(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = EverLoading()
    monkeypatch.setattr(serve, "EngineClient", lambda *arguments, **named: engine)
    monkeypatch.setattr(serve, "EarsModels", object)
    serving = asyncio.create_task(serve._serve(Settings(port=0)))
    async with asyncio.timeout(30):
        await engine.asked.wait()
    signal.raise_signal(signal.SIGTERM)
    async with asyncio.timeout(30):
        assert await serving == 0
    assert engine.closed
