"""The server to talk to: the one that answers, or, on this machine, one that is started for the time of the talk."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from urllib.parse import urlsplit

STARTS_WITHIN_S = 180.0
NEW_PROCESS_GROUP = 0x200
"""Of Windows."""
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class NoServer(Exception):
    """There is nobody to talk to; the message says what to do."""


def answers(url: str) -> bool | None:
    """True: a call would be taken now. False: somebody is there, but full or not ready. None: nobody."""
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=3) as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError:
        return False
    except (OSError, ValueError):
        return None


@contextlib.asynccontextmanager
async def server(url: str, say: Callable[[str], None]) -> AsyncIterator[None]:
    """Somebody answers at `url` for the time of this context, if that can be had.

    Raises `NoServer` if nobody does and none can be started there.
    """
    found = await asyncio.to_thread(answers, url)
    parts = urlsplit(url)
    if found is not None:
        yield
        return
    if parts.hostname not in LOOPBACK or parts.scheme != "http":
        raise NoServer(f"nobody answers at {url}; is the server running there?")
    say("Starting a server on this machine ...")
    log = Path(tempfile.mkstemp(prefix="colloquy-", suffix=".log")[1])
    process = _start(parts.hostname, parts.port or 80, log)
    try:
        deadline = time.monotonic() + STARTS_WITHIN_S
        while await asyncio.to_thread(answers, url) is not True:
            if process.poll() is not None or time.monotonic() > deadline:
                said = log.read_text(errors="replace").strip()[-2000:]
                raise NoServer(f"the server did not start; this is what it said:\n{said}")
            await asyncio.sleep(0.2)
        yield
    finally:
        process.terminate()
        try:
            await asyncio.to_thread(process.wait, 20)
        except subprocess.TimeoutExpired:
            process.kill()
        log.unlink(missing_ok=True)


def _start(host: str, port: int, log: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "COLLOQUY_HOST": host, "COLLOQUY_PORT": str(port), "COLLOQUY_SESSIONS": "1"}
    environment.setdefault("COLLOQUY_LOG_LEVEL", "warning")
    # Ctrl-C is for the talk, which then ends its server in good order.
    windows = sys.platform == "win32"
    with log.open("wb") as written:
        return subprocess.Popen(
            [sys.executable, "-m", "agent", "serve"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=subprocess.STDOUT,
            creationflags=NEW_PROCESS_GROUP if windows else 0,
            start_new_session=not windows,
        )
