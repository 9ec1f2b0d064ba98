"""The connection: made again for as long as there is a session."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterable

import aiohttp

from .log import logger

BACK_OFF_S = (0.2, 0.5, 1.0, 2.0, 3.0)
HEARTBEAT_S = 6.0
"""A server that vanished without a word is noticed within one and a half of these."""
OPENS_WITHIN_S = 10.0
MOST_UNSENT = 200
"""Events that may wait while the network is stuck; of the microphone, the oldest are dropped beyond that."""


class Refused(Exception):
    """The server does not want this key: nothing is gained by asking again."""


class Link:
    """A WebSocket that comes back. Callbacks are called on the event loop."""

    def __init__(
        self,
        url: str,
        api_key: str,
        *,
        received: Callable[[str], None],
        connected: Callable[[], None],
        lost: Callable[[Exception], None],
    ) -> None:
        """`connected` is called for each new connection, before anything is received; `lost` once for each loss, and
        once when the first connection does not come about."""
        self._address = url.replace("http", "ws", 1) + "/v1/realtime?model=colloquy"
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._received, self._connected, self._lost = received, connected, lost
        self._unsent: deque[str] = deque()
        self._sound: deque[str] = deque()
        self._something = asyncio.Event()
        self.up = False

    def send(self, events: Iterable[str]) -> None:
        """Sends `events` in this order; without a connection they are dropped (the session tells anew)."""
        if self.up:
            self._unsent.extend(events)
            self._something.set()

    def send_sound(self, events: Iterable[str]) -> None:
        """The same for the microphone, whose oldest sound is dropped where it would only come too late."""
        if self.up:
            self._sound.extend(events)
            while len(self._sound) > MOST_UNSENT:
                self._sound.popleft()
            self._something.set()

    async def run(self) -> None:
        """Until cancelled. Raises `Refused`."""
        attempt, told = 0, False
        async with aiohttp.ClientSession() as http:
            while True:
                try:
                    async with asyncio.timeout(OPENS_WITHIN_S):
                        socket = await http.ws_connect(
                            self._address,
                            headers=self._headers,
                            heartbeat=HEARTBEAT_S,
                            max_msg_size=0,
                        )
                    attempt, told = 0, False
                    problem: Exception = ConnectionError(await self._carry(socket))
                except aiohttp.WSServerHandshakeError as answer:
                    if answer.status in (401, 403):
                        raise Refused(f"the server at {self._address} refuses this api_key ({answer.status})") from None
                    problem = answer
                except (aiohttp.ClientError, OSError, TimeoutError) as unreachable:
                    problem = unreachable
                if not told:
                    told = True
                    logger.warning("no connection to Colloquy, trying again", extra={"error": str(problem)})
                    self._lost(problem)
                await asyncio.sleep(BACK_OFF_S[min(attempt, len(BACK_OFF_S) - 1)])
                attempt += 1

    async def _carry(self, socket: aiohttp.ClientWebSocketResponse) -> str:
        self._unsent.clear()
        self._sound.clear()
        self.up = True
        writing = asyncio.create_task(self._write(socket))
        try:
            self._connected()
            async for message in socket:
                if message.type is aiohttp.WSMsgType.TEXT:
                    self._received(message.data)
            return f"the connection was closed ({socket.close_code})"
        finally:
            self.up = False
            writing.cancel()
            with contextlib.suppress(asyncio.CancelledError, aiohttp.ClientError, OSError):
                await writing
            await socket.close()

    async def _write(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        while True:
            await self._something.wait()
            self._something.clear()
            while self._sound or self._unsent:
                # What the user said before an order belongs before it.
                event = self._sound.popleft() if self._sound else self._unsent.popleft()
                await socket.send_str(event)
