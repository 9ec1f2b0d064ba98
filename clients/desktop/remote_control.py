"""Muting from anywhere: `colloquy talk --toggle-mute`, bound to a key in the desktop's own settings.

No program can ask for a key of the whole desktop on every system (Wayland has no such thing), but every desktop lets
its user bind a key to a command. The running assistant listens on loopback and writes down where, in a file that
only its user can read.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import os
import secrets
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from platformdirs import user_runtime_path

ANSWERS_WITHIN_S = 3.0


def file() -> Path:
    """Where the running assistant writes down how it is reached."""
    return user_runtime_path("colloquy") / "talk.control"


@contextlib.asynccontextmanager
async def listening(path: Path, toggle_mute: Callable[[], bool]) -> AsyncIterator[None]:
    """Obeys `ask` for the time of this context. `toggle_mute` returns whether the microphone is shut then."""
    secret = secrets.token_hex(16)

    async def obey(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.TimeoutError, ValueError):
            line = await asyncio.wait_for(reader.readline(), ANSWERS_WITHIN_S)
            if hmac.compare_digest(line.strip(), secret.encode()):
                writer.write(b"muted\n" if toggle_mute() else b"open\n")
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(obey, "127.0.0.1", 0, limit=256)
    port = server.sockets[0].getsockname()[1]
    try:
        _write(path, f"{port} {secret}\n")
        yield
    finally:
        server.close()
        with contextlib.suppress(OSError):
            if path.read_text().endswith(f"{secret}\n"):
                path.unlink()


def _write(path: Path, text: str) -> None:
    with contextlib.suppress(OSError):  # a key that cannot be bound is no reason not to talk
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as made:
            made.write(text)


def ask(path: Path) -> str:
    """Toggles the mute of the assistant that runs: `muted` or `open`. Raises `ConnectionError` if none does."""
    try:
        port, secret = path.read_text().split()
        with socket.create_connection(("127.0.0.1", int(port)), ANSWERS_WITHIN_S) as line:
            line.sendall(f"{secret}\n".encode())
            answer = line.recv(64).decode().strip()
    except (OSError, ValueError) as problem:
        raise ConnectionError("no `colloquy talk` is running") from problem
    if not answer:
        raise ConnectionError("the running `colloquy talk` does not know this key")
    return answer
