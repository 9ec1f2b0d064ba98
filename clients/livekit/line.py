"""A call at the agent's server that outlives its connections."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus, WebSocketException

from streaming.realtime.client import RealtimeClient
from streaming.realtime.codec import WireError
from streaming.realtime.duplex import Hello
from streaming.realtime.happenings import Happening, Told

log = logging.getLogger(__name__)

PING_S = 0.25
AWAY_S = 1.0
"""Without a sign of life from the server for so long, people are told. They are to hear it within two seconds."""
DEAD_S = 6.0
"""A connection that has been mute for so long is given up and made anew."""
CONNECT_S = 3.0
FIRST_WAIT_S, LONGEST_WAIT_S = 0.1, 1.0
"""Between two attempts to connect; they never end."""
REFUSED_S = 2.0
"""A server that has been full for so long stays full; another worker's may not be."""
MOST_UNSENT = 200
"""Events that may wait for a server that does not read: two seconds of sound. Older sound is of no use to anybody."""


class Line:
    """Keeps one call open. Everything happens on the loop that runs `run`."""

    def __init__(
        self,
        url: str,
        key: str,
        happened: Callable[[Happening], None],
        opened: Callable[[RealtimeClient], list[str]],
        away: Callable[[], None],
        back: Callable[[], None],
    ) -> None:
        """`url`: of the server, http or https. `happened` is told everything the server says. `opened` gives what a
        new connection is to begin with. `away` is called when the server has shown no sign of life for `AWAY_S`,
        `back` when it is there again after that.
        """
        self._address = url.replace("http", "ws", 1).rstrip("/") + "/v1/realtime"
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._happened, self._opened, self._told_away, self._told_back = happened, opened, away, back
        self.client = RealtimeClient()
        self._loop = asyncio.get_running_loop()
        self._socket: ClientConnection | None = None
        self._unsent: asyncio.Queue[str] = asyncio.Queue()
        self._alive = self._loop.time()
        """When the server last showed a sign of life."""
        self.away = False
        self._refused = ""
        """Why the server did not want the call when it was last asked; "" while it does."""
        self._answered = False
        """It took the call once; from then on it is waited for, however long."""

    @property
    def open(self) -> bool:
        """Whether there is a connection on which the server has greeted."""
        return self._socket is not None and self.client.hello is not None

    async def refused(self) -> str:
        """Returns when the server will not take this call (it is full); never once it has."""
        since = None
        while since is None or self._loop.time() - since < REFUSED_S:
            await asyncio.sleep(PING_S)
            if not self._refused or self._answered:
                since = None
            elif since is None:
                since = self._loop.time()
        return self._refused

    def send(self, *events: str) -> None:
        """Sends, if there is a connection; what is said to nobody is forgotten."""
        if not self.open:
            return
        for event in events:
            if self._unsent.qsize() >= MOST_UNSENT:
                self._unsent.get_nowait()
            self._unsent.put_nowait(event)

    async def run(self) -> None:
        """Connects, and connects again, until cancelled."""
        watching = asyncio.create_task(self._watch())
        wait = FIRST_WAIT_S
        try:
            while True:
                try:
                    async with connect(
                        self._address, additional_headers=self._headers, max_size=None, compression=None,
                        ping_interval=None, open_timeout=CONNECT_S, close_timeout=0.5,
                    ) as socket:  # fmt: skip
                        wait = FIRST_WAIT_S
                        self._refused = ""
                        await self._carry(socket)
                except InvalidStatus as refusal:
                    answer = refusal.response
                    self._refused = (answer.body or b"").decode(errors="replace") or "no line"
                    log.warning("the agent's server answers %d: %s", answer.status_code, self._refused)
                except (OSError, WebSocketException, TimeoutError) as problem:
                    log.warning("no line to the agent's server: %s", problem)
                await asyncio.sleep(wait)
                wait = min(wait * 2, LONGEST_WAIT_S)
        finally:
            watching.cancel()

    async def _carry(self, socket: ClientConnection) -> None:
        """One connection, to its end."""
        self.client.hello = None
        self._unsent = asyncio.Queue()
        self._socket = socket
        work = [asyncio.create_task(part) for part in (self._write(socket), self._ping(socket))]
        try:
            async for raw in socket:
                self._alive = self._loop.time()
                try:
                    happenings = self.client.receive(raw)
                except WireError as problem:
                    log.warning("the agent's server said something that is no event: %s", problem)
                    continue
                for happening in happenings:
                    if isinstance(happening, Told) and isinstance(happening.event, Hello):
                        self._answered = True
                        self.send(*self._opened(self.client))
                        self._lives()
                    self._happened(happening)
        finally:
            self._socket = None
            for task in work:
                task.cancel()

    async def _write(self, socket: ClientConnection) -> None:
        with contextlib.suppress(WebSocketException):
            while True:
                await socket.send(await self._unsent.get())

    async def _ping(self, socket: ClientConnection) -> None:
        with contextlib.suppress(WebSocketException):
            while True:
                pong = asyncio.ensure_future(await socket.ping())
                pong.add_done_callback(lambda done: done.cancelled() or done.exception())
                await asyncio.wait((pong,), timeout=PING_S)
                if pong.done() and not pong.exception():
                    self._lives()
                    await asyncio.sleep(PING_S)

    def _lives(self) -> None:
        self._alive = self._loop.time()
        if self.away and self.open:
            self.away = False
            self._told_back()

    async def _watch(self) -> None:
        """Notices silence, also that of a server whose connection stands."""
        last = self._loop.time()
        while True:
            await asyncio.sleep(PING_S / 5)
            now = self._loop.time()
            if now - last > PING_S:
                # It was this process that stood still, not the server.
                self._alive = max(self._alive, now - PING_S)
            last = now
            turned_away = self._refused and not self._answered
            if not self.away and not turned_away and now - self._alive > AWAY_S:
                self.away = True
                self._told_away()
            if self._socket is not None and now - self._alive > DEAD_S:
                self._alive = now
                self._socket.transport.abort()
