from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from clients.desktop import local_server


@contextlib.asynccontextmanager
async def health(status: int) -> AsyncIterator[str]:
    app = web.Application()

    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=status)

    app.router.add_get("/healthz", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest.mark.parametrize(("status", "found"), [(200, True), (503, False)])
async def test_a_server_that_answers_is_taken_even_if_it_is_full(status: int, found: bool) -> None:
    async with health(status) as url:
        assert await asyncio.to_thread(local_server.answers, url) is found
        said: list[str] = []
        async with local_server.server(url, said.append):
            assert said == [], "a second server was started"


async def test_nobody_is_started_on_another_machine() -> None:
    with pytest.raises(local_server.NoServer, match=r"nobody answers at http://192\.0\.2\.1:9"):
        async with local_server.server("http://192.0.2.1:9", lambda sentence: None):
            pass


async def test_a_server_that_does_not_start_is_quoted_and_one_that_does_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int
) -> None:
    url, python = f"http://127.0.0.1:{unused_tcp_port}", tmp_path / "python"
    monkeypatch.setattr(sys, "executable", str(python))
    python.write_text("#!/bin/sh\necho the weights are missing\nexit 2\n")
    python.chmod(0o700)
    with pytest.raises(local_server.NoServer, match="the weights are missing"):
        async with local_server.server(url, lambda sentence: None):
            pass
    served = "import http.server as h, os; t = type('T', (h.BaseHTTPRequestHandler,), {'do_GET': lambda s: (" \
        "s.send_response(200), s.end_headers())}); h.HTTPServer(('127.0.0.1', int(os.environ['COLLOQUY_PORT'])), t)" \
        ".serve_forever()"  # fmt: skip
    python.write_text(f'#!/bin/sh\nexec {sys.base_prefix}/bin/python3 -c "{served}"\n')
    async with local_server.server(url, lambda sentence: None):
        assert await asyncio.to_thread(local_server.answers, url) is True
    assert await asyncio.to_thread(local_server.answers, url) is None, "the server outlived the talk"
