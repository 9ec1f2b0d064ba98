"""The agent's side of the engine: starts its process, keeps it alive, and carries messages."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import socket
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from hmac import compare_digest
from pathlib import Path

from agent.families import FAMILIES

from . import messages as m
from .process import REFUSED
from .transport import BadFrame, Frames, encode, from_engine

log = logging.getLogger(__name__)

_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.1, 10.0
"""Before a crashed engine is started again; doubled each time, until it has run for a while."""
_RAN_WELL_S = 60.0


class EngineRefused(Exception):
    """The engine cannot be started, and trying again would not help. The message says what to do."""


class EngineClient:
    """One engine process. Everything happens on the event loop that called `start`."""

    def __init__(
        self,
        family: str,
        model: str = "",
        slots: int = 4,
        threads: int = 2,
        families: Mapping[str, tuple[str, str]] = FAMILIES,
        quantization: str = "none",
    ) -> None:
        """`slots`: sessions at the same time. Raises `ValueError` for an unknown family."""
        if family not in families:
            raise ValueError(f"There is no model family {family!r}: choose one of {', '.join(families)}.")
        self.load: m.Load | None = None
        """What the engine said last of itself; None while there is none."""
        self._arguments = [family, *families[family], model, str(slots), str(threads), quantization]
        self._secret = secrets.token_hex(32)
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._listener: asyncio.Server | None = None
        self._address = ""
        self._keeper: asyncio.Task[None] | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._ready = asyncio.Event()
        self._apart = asyncio.Event()
        """Nothing of what the process said is still on its way."""
        self._apart.set()
        self._refused = ""
        self._ran = False
        """It could be used once. From then on a refusal (a file that is gone, memory that is taken) may pass."""
        self._sessions: dict[str, Callable[[m.EngineMessage], None]] = {}
        self._lost: list[Callable[[str, str], None]] = []
        self.trouble = ""
        """What the engine said last that concerned no session; "" once it is ready."""

    async def start(self) -> None:
        """Starts the process; `ready` tells when it can be used."""
        if hasattr(socket, "AF_UNIX"):
            self._folder = tempfile.TemporaryDirectory(prefix="colloquy-")
            path = str(Path(self._folder.name) / "engine")
            self._listener = await asyncio.start_unix_server(self._connected, path)
            self._address = f"unix:{path}"
        else:
            self._listener = await asyncio.start_server(self._connected, "127.0.0.1", 0)
            host, port = self._listener.sockets[0].getsockname()
            self._address = f"tcp:{host}:{port}"
        self._keeper = asyncio.create_task(self._keep())

    async def close(self) -> None:
        """Ends the process. Sessions are not told."""
        self._sessions.clear()
        if self._keeper is not None:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper
        if self._listener is not None:
            self._listener.close()
        if self._folder is not None:
            self._folder.cleanup()

    async def ready(self) -> None:
        """Until the engine can be used. Raises `EngineRefused`."""
        await self._ready.wait()
        if self._refused:
            raise EngineRefused(self._refused)

    def on_lost(self, callback: Callable[[str, str], None]) -> None:
        """`callback(session, reason)` will be called for every open session when the engine is lost.

        The session is closed then; its owner opens it again with its history, when `ready` says so.
        """
        self._lost.append(callback)

    def open(
        self,
        session: str,
        setup: m.Setup,
        history: Sequence[m.Line],
        on_message: Callable[[m.EngineMessage], None],
    ) -> None:
        """Takes a slot; `Opened` or `Full` comes to `on_message`, and then whatever concerns the session.

        While the engine is away, the session is lost at once.
        """
        if self._writer is None or not self._ready.is_set():
            for callback in self._lost:
                callback(session, "The engine is not running.")
            return
        self._sessions[session] = on_message
        self.send(m.Open(session, setup, list(history)))

    def send(self, message: m.AgentMessage) -> None:
        """Sends a message of an open session; one of a session that was lost, or is full, is dropped."""
        if self._writer is None or message.session not in self._sessions:
            return
        if isinstance(message, m.Close):
            del self._sessions[message.session]
        self._writer.write(encode(message))

    # --- the process --------------------------------------------------------------------------

    async def _keep(self) -> None:
        """Starts the process, and starts it again whenever it ended."""
        loop = asyncio.get_running_loop()
        wait = _FIRST_WAIT_S
        try:
            while True:
                began = loop.time()
                status = await self._run()
                if status == REFUSED and not self._ran:
                    self._refused = self.trouble or "The engine does not start: see its messages above."
                    self._ready.set()
                    return
                log.error("the engine ended with status %s; it is started again in %.1f s", status, wait)
                await asyncio.sleep(wait)
                wait = _FIRST_WAIT_S if loop.time() - began > _RAN_WELL_S else min(2 * wait, _LONGEST_WAIT_S)
        finally:
            if self._process is not None and self._process.returncode is None:
                self._process.kill()
                await self._process.wait()

    async def _run(self) -> int:
        """One life of the process. Returns its exit status."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "agent.engine.process", self._address, *self._arguments, stdin=asyncio.subprocess.PIPE
        )
        assert self._process.stdin is not None
        self._process.stdin.write(f"{self._secret}\n".encode())
        status = await self._process.wait()
        await self._apart.wait()
        self._gone(f"The engine ended with status {status}.")
        return status

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        frames, known = Frames(), False
        try:
            while received := await reader.read(1 << 16):
                for payload in frames.feed(received):
                    if known:
                        self._received(payload)
                    elif isinstance(payload, bytes) and compare_digest(payload, self._secret.encode()):
                        known, self._writer = True, writer
                        self._apart.clear()
                    else:
                        log.warning("somebody who is not the engine connected to its socket")
                        return
        except ConnectionError:
            pass
        finally:
            writer.close()
            if known:
                self._apart.set()
            if known and self._writer is writer:
                self._gone("The connection to the engine was lost.")
                if self._process is not None and self._process.returncode is None:
                    self._process.kill()

    def _received(self, payload: bytes | BadFrame) -> None:
        try:
            if isinstance(payload, BadFrame):
                raise payload
            message = from_engine(payload)
        except BadFrame as bad:
            log.error("from the engine: %s", bad)
            return
        if isinstance(message, m.Load):
            self.load = message
            if message.ready:
                self._ran, self.trouble = True, ""
                self._ready.set()
        elif not message.session:
            self.trouble = message.reason if isinstance(message, m.Failed) else ""
            log.error("the engine: %s", self.trouble)
        elif (listener := self._sessions.get(message.session)) is not None:
            if isinstance(message, m.Full):
                del self._sessions[message.session]
            try:
                listener(message)
            except Exception:
                log.exception("a message of the engine was not handled")

    def _gone(self, reason: str) -> None:
        """The process is away, and all sessions with it."""
        self._ready.clear()
        self.load, self._writer = None, None
        sessions, self._sessions = list(self._sessions), {}
        for session in sessions:
            for callback in self._lost:
                try:
                    callback(session, reason)
                except Exception:
                    log.exception("the loss of a session was not handled")
