"""Where a worker's jobs report: what room each of them has, and that it has it no more.

A job is a process of its own. It keeps a connection to its worker open for as long as it lives, so its end, however
sudden, is known at once; and what it says before an orderly end tells a call that is over from one that was lost.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass

LONGEST = 1 << 22


@dataclass(frozen=True, slots=True)
class Desk:
    """Where the worker listens. Goes to its jobs' processes."""

    port: int
    secret: str


@dataclass(frozen=True, slots=True)
class Job:
    """A room that is served."""

    room: str
    identity: str
    generation: int
    pid: int


class Switchboard:
    """The worker's side."""

    def __init__(self, began: Callable[[str, Job], None], ended: Callable[[str, Job, bool], None]) -> None:
        """`began(job, what)` and `ended(job, what, orderly)` are called on the loop."""
        self._began, self._ended = began, ended
        self._secret = secrets.token_hex(16)
        self._server: asyncio.Server | None = None
        self.away_sound = b""
        """What jobs are given when they begin."""

    async def open(self) -> Desk:
        """Listens on loopback."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=LONGEST)
        return Desk(self._server.sockets[0].getsockname()[1], self._secret)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        orderly = False
        name, job = "", None
        try:
            hello = json.loads(await reader.readline() or "{}")
            if not secrets.compare_digest(str(hello.get("secret")), self._secret):
                return
            name, job = hello["job"], Job(hello["room"], hello["identity"], hello["generation"], hello["pid"])
            self._began(name, job)
            writer.write(json.dumps({"away": base64.b64encode(self.away_sound).decode()}).encode() + b"\n")
            while line := await reader.readline():
                if json.loads(line) == "over" and not orderly:
                    orderly = True
                    self._ended(name, job, True)  # its process takes a moment to end, its room is free now
        except (ConnectionError, json.JSONDecodeError, KeyError, ValueError):
            pass
        finally:
            writer.close()
            if job is not None and not orderly:
                self._ended(name, job, False)

    def close(self) -> None:
        """Listens no more."""
        if self._server is not None:
            self._server.close()


class Extension:
    """A job's side."""

    def __init__(self, writer: asyncio.StreamWriter, away_sound: bytes) -> None:
        self._writer = writer
        self.away_sound = away_sound

    @staticmethod
    async def connect(desk: Desk, name: str, job: Job) -> Extension:
        """Reports `job`. Raises `OSError` if the worker is gone, or does not want it."""
        reader, writer = await asyncio.open_connection("127.0.0.1", desk.port, limit=LONGEST)
        hello = {"secret": desk.secret, "job": name, **asdict(job)}
        writer.write(json.dumps(hello).encode() + b"\n")
        answer = await reader.readline()
        if not answer:
            raise ConnectionError("the worker does not know this job")
        return Extension(writer, base64.b64decode(json.loads(answer)["away"]))

    async def over(self) -> None:
        """The call is over, and nobody needs to take it up."""
        with contextlib.suppress(ConnectionError):
            self._writer.write(b'"over"\n')
            await self._writer.drain()
