"""A room over WebRTC, in this process: Opus packets of 10 ms both ways, events over a data channel."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence

from aiortc import MediaStreamTrack, RTCConfiguration, RTCDataChannel, RTCPeerConnection, RTCRtpTransceiver
from aiortc.rtp import RtpPacket

from streaming.frames import Pcm
from streaming.time import Time, ms

from . import aiortc_inside, camera
from .playhead import Playhead
from .receive import Microphone
from .room import CallSide, Playback
from .sdp import PACKET_MS, BadOffer, checked, ice_servers, with_short_packets
from .send import SAMPLES, OpusEncoder, PacketTrack

log = logging.getLogger(__name__)

TICK: Time = ms(PACKET_MS)
TICK_S = PACKET_MS / 1000
DOWNLINK = ms(60)
"""Until the client reports what it plays: packet, network, receive buffer and loudspeaker on a calm line."""
MOST_LATE = 3
"""So many packets that are late leave at once. More would teach the other end's buffer to be deep, and it
unlearns that slowly; so after a longer stall of ours their time is passed over, and the sound goes on from there."""
CONNECT_S = 20.0
MOST_UNSENT = 8 << 20
"""Bytes of events that may wait for a slow reader before it is cut off."""
MOST_WAITING = 1000
"""Events kept for a data channel that is not open yet."""


class WebRTCRoom:
    """One peer. Implements `agent.rooms.room.Room`."""

    def __init__(self, call: CallSide, ice: Sequence[str] = ()) -> None:
        """`ice`: STUN and TURN servers, see `sdp.ice_servers`; none are needed on one machine or one network."""
        self._call = call
        self._loop = asyncio.get_running_loop()
        self._peer = RTCPeerConnection(RTCConfiguration(iceServers=ice_servers(ice)))
        self._microphone = Microphone(self._loop.time())
        """Begins anew when the other end is there."""
        self._track = PacketTrack()
        self._encoder = OpusEncoder()
        self._playhead = Playhead(DOWNLINK)
        self._sound = self._peer.addTransceiver(self._track, "sendrecv")
        opus = [codec for codec in self._sound.sender.getCapabilities("audio").codecs if codec.name == "opus"]
        self._sound.setCodecPreferences(opus)
        self._channel: RTCDataChannel | None = None
        self._waiting: list[str] = []
        self._camera: MediaStreamTrack | None = None
        self._position: Time = 0
        """The output line: where the next packet belongs."""
        self._rtp_origin: int | None = None
        """The RTP timestamp of position 0, which aiortc chooses at random."""
        self._patience: asyncio.TimerHandle | None = None
        self._joined = False
        self._tasks: list[asyncio.Task[None]] = []
        self._reason: str | None = None
        self._over = asyncio.Event()

    async def answer(self, offer: str) -> str:
        """The SDP answer to `offer`, with all candidates in it. The room lives on until the peer is gone.

        Raises `BadOffer`; the room is then closed.
        """
        try:
            return await self._answer(offer)
        except BaseException:
            await self.close("the offer could not be answered")
            raise

    async def _answer(self, offer: str) -> str:
        peer = self._peer
        description = checked(offer)
        peer.on("datachannel", self._channel_opened)
        peer.on("connectionstatechange", self._state_changed)
        try:
            await peer.setRemoteDescription(description)
        except Exception as problem:  # aiortc raises whatever the line of the offer that it stumbles over leads to
            raise BadOffer(f"the offer cannot be answered: {problem}") from problem
        for transceiver in peer.getTransceivers():
            self._take(transceiver)
        for transport in {transceiver.receiver.transport for transceiver in peer.getTransceivers()}:
            aiortc_inside.watch_closely(transport)
        await peer.setLocalDescription(await peer.createAnswer())
        self._patience = self._loop.call_later(CONNECT_S, self._give_up)
        return with_short_packets(peer.localDescription.sdp)

    def _take(self, transceiver: RTCRtpTransceiver) -> None:
        """Joins one of the offer's media to ours: the first sound, the first camera if anybody looks at it."""
        if transceiver is self._sound:
            aiortc_inside.take_packets(transceiver.receiver, self._packet_came)
        elif transceiver.kind == "video" and self._camera is None and self._call.sees:
            self._camera = transceiver.receiver.track
            transceiver.direction = "recvonly"
        else:
            transceiver.direction = "inactive"

    async def ended(self) -> str:
        """Waits for the end of the room; why it ended, for people."""
        await self._over.wait()
        return self._reason or ""

    # --- Room ---------------------------------------------------------------------------------

    @property
    def downlink(self) -> Time:
        """How long sound that leaves now takes to be audible."""
        return self._playhead.downlink

    def send(self, events: Sequence[str]) -> None:
        """Sends `events` over the data channel, once it is open."""
        channel = self._channel
        if channel is None:
            self._waiting += events[: MOST_WAITING - len(self._waiting)]
            return
        if channel.readyState != "open":
            return
        for event in events:
            try:
                channel.send(event)
            except ValueError as problem:
                log.error("an event is too long for the client's data channel: %s", problem)
        if channel.bufferedAmount > MOST_UNSENT:
            self._end("the client reads too slowly")

    def append(self, pcm: Pcm, rate: int) -> None:
        """Sound over the data channel is passed over: the microphone is a track here, and there is but one."""

    def silenced(self, reply: int) -> None:
        """Packets are made when they leave: nothing of `reply` is left to throw away but what may still be heard."""
        self._playhead.silenced(reply)

    def playback(self, report: Playback) -> None:
        """The client says what it plays."""
        self._playhead.report(report, self._position, self._rtp_origin)

    async def close(self, reason: str) -> None:
        """Ends the connection and frees everything."""
        if self._reason is not None:
            await self._over.wait()
            return
        self._reason = reason
        if self._patience is not None:
            self._patience.cancel()
        try:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            self._track.stop()
            await self._peer.close()
        finally:
            self._over.set()
            if self._joined:
                self._call.left(self, reason)

    # --- the connection -----------------------------------------------------------------------

    def _state_changed(self) -> None:
        state = self._peer.connectionState
        if state == "connected" and not self._joined and self._reason is None:
            self._joined = True
            self._microphone = Microphone(self._loop.time())
            self._call.joined(self)
            self._start(self._pace())
            if self._camera is not None:
                self._start(camera.watch(self._camera, lambda jpeg: self._call.picture(jpeg, self._call.now)))
        elif state in ("failed", "closed"):
            self._end("the client is gone")

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = self._loop.create_task(work)
        task.add_done_callback(self._done)
        self._tasks.append(task)

    def _done(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (problem := task.exception()):
            log.error("the room broke", exc_info=problem)
            self._end("an error in the server")

    def _end(self, reason: str) -> None:
        if self._reason is None:
            # Of a task that nobody holds the loop keeps no strong reference.
            self._closing = self._loop.create_task(self.close(reason))

    def _give_up(self) -> None:
        if not self._joined:
            self._end(f"no connection within {CONNECT_S:.0f} s")

    def _channel_opened(self, channel: RTCDataChannel) -> None:
        if self._channel is not None:
            return
        self._channel = channel
        channel.on("message", self._message)
        waiting, self._waiting = self._waiting, []
        self.send(waiting)

    def _message(self, message: str | bytes) -> None:
        raw = message if isinstance(message, str) else message.decode(errors="replace")
        self._guarded(lambda: self._call.wire(raw))

    def _guarded(self, work: Callable[[], None]) -> None:
        """Runs `work` for aiortc, whose own tasks would end at an error of ours, and say nothing of it."""
        if self._reason is not None:
            return
        try:
            work()
        except Exception:
            log.exception("the room broke")
            self._end("an error in the server")

    # --- sound --------------------------------------------------------------------------------

    def _packet_came(self, packet: RtpPacket) -> None:
        self._microphone.push(packet, self._loop.time())
        if self._joined:
            self._guarded(self._hear)

    def _hear(self) -> None:
        for frame in self._microphone.frames(self._loop.time()):
            self._call.microphone(frame, self._call.now)

    async def _pace(self) -> None:
        """Every 10 ms a packet out, and time goes on for the microphone, whatever comes or does not."""
        start = self._loop.time()
        ticked = 0
        while True:
            await asyncio.sleep(max(0.0, start + ticked * TICK_S - self._loop.time()))
            late = int((self._loop.time() - start) / TICK_S) - ticked
            if late > 1:
                # We were held up. Meanwhile packets have come that nobody has read: let the sockets go first.
                for _ in range(4):
                    await asyncio.sleep(0)
            self._hear()
            if late <= MOST_LATE:
                self._send_packet()
            for reply, until in self._playhead.heard(self._position):
                self._call.heard(reply, until)
            self._position += TICK
            ticked += 1

    def _send_packet(self) -> None:
        if not self._track.wanted.is_set():
            return
        last = aiortc_inside.last_rtp_timestamp(self._sound.sender)
        if self._rtp_origin is None and last is not None and not self._track.waiting:
            self._rtp_origin = last - self._track.last
        pulled = self._call.playout.pull(SAMPLES)
        self._track.put(self._encoder.encode(pulled.pcm), self._position)
        if pulled.spans:
            self._playhead.sent(pulled.spans, self._position)
            self._call.sent(pulled)
