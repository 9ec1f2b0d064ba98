"""A room over a WebSocket: all is events, sound too, and the pace is ours to keep."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Sequence

from aiohttp import ClientConnectionError, WSCloseCode, WSMsgType, web

from streaming.frames import Pcm
from streaming.pacer import LeadCap
from streaming.time import TICKS_PER_SECOND, Time, ms, ticks

from .playhead import REPLY_RATE, Playhead
from .room import CallSide, Playback
from .uplink import Uplink

log = logging.getLogger(__name__)

TICK_S = 0.01
LEAD_MS = 250
"""How much sound may lie at the client: enough for a hiccup of the network, little to throw away at a cut."""
PIECE = REPLY_RATE * 40 // 1000
"""Sound leaves in pieces of 40 ms, or of what there is."""
DOWNLINK = ms(60)
"""Until the client reports what it plays: a frame of its loudspeaker's buffer and the network."""
PING_S = 15.0
MOST_UNSENT = 4 << 20
"""Bytes of events that may wait for a slow reader before it is cut off."""
SOUND_STOPS_AT = 64 << 10
"""With so many bytes waiting no more sound is made into events: it would only be late."""
LONGEST_STALL_S = 10.0
GOODBYE_S = 1.0
"""How long a closing handshake may take before the connection is dropped."""


class WebSocketRoom:
    """One client on a WebSocket. Implements `agent.rooms.room.Room`."""

    def __init__(self, call: CallSide, longest_event: int) -> None:
        """`longest_event`: bytes of the longest event that the client may send; a longer one ends the call."""
        self._call = call
        self._longest_event = longest_event
        self._loop = asyncio.get_running_loop()
        self._start = self._loop.time()
        self._uplink = Uplink(self._start)
        self._lead = LeadCap(REPLY_RATE, LEAD_MS)
        self._playhead = Playhead(DOWNLINK)
        self._unsent: deque[str] = deque()
        self._unsent_bytes = 0
        self._something = asyncio.Event()
        self._progress = self._start
        """When the client last took an event, or had none to take."""
        self._reason = ""
        self._over = asyncio.Event()

    async def serve(self, request: web.Request, protocols: Sequence[str] = ("realtime",)) -> web.WebSocketResponse:
        """Upgrades `request` and carries the call until its end; the handler returns what this returns."""
        socket = web.WebSocketResponse(
            heartbeat=PING_S, max_msg_size=self._longest_event, compress=False, protocols=tuple(protocols)
        )
        await socket.prepare(request)
        self._call.joined(self)
        work = (self._read(socket), self._write(socket), self._pace())
        tasks = [self._loop.create_task(part) for part in work]
        for task in tasks:
            task.add_done_callback(self._done)
        try:
            await self._over.wait()
        finally:
            self._end("the server stopped")
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._call.left(self, self._reason)
            await self._say_goodbye(socket, request)
        return socket

    # --- Room ---------------------------------------------------------------------------------

    @property
    def downlink(self) -> Time:
        """How long sound that leaves now takes to be audible: behind what the client still has to play."""
        return self._playhead.downlink + ticks(self._lead.queued(self._loop.time()), REPLY_RATE)

    def send(self, events: Sequence[str]) -> None:
        """Queues `events`; a client that does not read them is cut off before they fill the memory."""
        if self._over.is_set():
            return
        self._unsent.extend(events)
        self._unsent_bytes += sum(map(len, events))
        self._something.set()
        if self._unsent_bytes > MOST_UNSENT:
            self._end("the client reads too slowly")

    def append(self, pcm: Pcm, rate: int) -> None:
        """Sound of the client; it is heard at the next tick."""
        try:
            self._uplink.append(pcm, rate)
        except BufferError as problem:
            self._end(str(problem))

    def silenced(self, reply: int) -> None:
        """The client throws away what it has."""
        self._playhead.silenced(reply)
        self._lead.clear()

    def playback(self, report: Playback) -> None:
        """The client says what it plays."""
        self._playhead.report(report, self._now())

    async def close(self, reason: str) -> None:
        """Ends the call; what is queued is still sent if the client takes it."""
        self._end(reason)

    # --- work ---------------------------------------------------------------------------------

    def _now(self) -> Time:
        """The output line: real time since the room began."""
        return int((self._loop.time() - self._start) * TICKS_PER_SECOND)

    def _end(self, reason: str) -> None:
        if not self._over.is_set():
            self._reason = reason
            self._over.set()

    def _done(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (problem := task.exception()):
            log.error("the room broke", exc_info=problem)
            self._end("an error in the server")

    async def _read(self, socket: web.WebSocketResponse) -> None:
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                self._call.wire(message.data)
            elif message.type is WSMsgType.BINARY:
                self._call.wire(message.data.decode(errors="replace"))
            # Whoever floods us waits for everybody else's turn after each event.
            await asyncio.sleep(0)
        self._end("the client sent too long an event" if socket.close_code == WSCloseCode.MESSAGE_TOO_BIG else "closed")

    async def _write(self, socket: web.WebSocketResponse) -> None:
        while True:
            await self._something.wait()
            while self._unsent:
                event = self._unsent.popleft()
                try:
                    await socket.send_str(event)
                except (ClientConnectionError, ConnectionError):
                    self._end("the connection was lost")
                    return
                self._unsent_bytes -= len(event)
                self._progress = self._loop.time()
            self._something.clear()

    async def _pace(self) -> None:
        ticked = 0
        while True:
            now = self._loop.time()
            for frame in self._uplink.frames(now):
                self._call.microphone(frame, self._call.now)
            self._sound(now)
            for reply, until in self._playhead.heard(self._now()):
                self._call.heard(reply, until)
            if not self._unsent_bytes:
                self._progress = now
            elif now - self._progress > LONGEST_STALL_S:
                self._end("the client reads too slowly")
            ticked = max(ticked + 1, int((now - self._start) / TICK_S))
            await asyncio.sleep(max(0.0, self._start + ticked * TICK_S - self._loop.time()))

    def _sound(self, now: float) -> None:
        """Sends what the client may have by now: the beginning of a reply at once, the rest at real time's pace."""
        while self._lead.allowance(now) >= PIECE and self._unsent_bytes < SOUND_STOPS_AT:
            pulled = self._call.playout.take(PIECE)
            if not len(pulled.pcm):
                return
            position = self._now() + ticks(self._lead.queued(now), REPLY_RATE)
            self.send(self._call.carry(pulled))
            self._lead.sent(len(pulled.pcm), now)
            self._playhead.sent(pulled.spans, position)
            self._call.sent(pulled)

    async def _say_goodbye(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        """Last events and the closing handshake, as far as the client takes part; then the connection is dropped."""
        try:
            async with asyncio.timeout(GOODBYE_S):
                while self._unsent and not socket.closed:
                    await socket.send_str(self._unsent.popleft())
                await socket.close(code=WSCloseCode.GOING_AWAY, message=self._reason.encode()[:120])
        except (TimeoutError, ConnectionError, ClientConnectionError):
            if request.transport is not None:
                request.transport.abort()
