import asyncio
import gc
import json
import random
import threading
import time
import weakref
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCSessionDescription,
    VideoStreamTrack,
)
from aiortc.rtp import RtpPacket
from av import AudioFrame
from calls import FakeCall, until
from undisturbed import undisturbed

from agent.rooms import aiortc_inside, webrtc
from agent.rooms.receive import OpusDecoder
from agent.rooms.sdp import BadOffer
from agent.rooms.webrtc import WebRTCRoom


class Tones(MediaStreamTrack):
    """A plain client's microphone: 48 kHz, 20 ms at a time, a tone whenever `loud`."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self.loud = True
        self._count = 0
        self._start: float | None = None

    async def recv(self) -> AudioFrame:
        loop = asyncio.get_running_loop()
        self._start = self._start or loop.time()
        await asyncio.sleep(max(0.0, self._start + self._count * 0.02 - loop.time()))
        at = np.arange(960) + self._count * 960
        sound = (np.sin(at * 2 * np.pi * 500 / 48_000) * 8000 * self.loud).astype(np.int16)
        frame = AudioFrame.from_ndarray(sound.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 48_000, self._count * 960, Fraction(1, 48_000)
        self._count += 1
        return frame


class Client:
    """A plain aiortc peer; what it is sent is kept as packets."""

    def __init__(self) -> None:
        self.peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.channel = self.peer.createDataChannel("oai-events")
        self.tones = Tones()
        self.events: list[dict] = []
        self.packets: list[RtpPacket] = []
        self.channel.on("message", lambda message: self.events.append(json.loads(message)))
        self.peer.addTrack(self.tones)

    async def join(self, room: WebRTCRoom, take: bool = True) -> str:
        if take:
            aiortc_inside.take_packets(self.peer.getTransceivers()[0].receiver, self.packets.append)
        await self.peer.setLocalDescription(await self.peer.createOffer())
        answer = await room.answer(self.peer.localDescription.sdp)
        await self.peer.setRemoteDescription(RTCSessionDescription(sdp=answer, type="answer"))
        return answer

    def levels(self) -> list[int]:
        """The loudest sample of each packet so far."""
        decoder = OpusDecoder()
        return [int(np.abs(decoder.decode(packet.payload)).max()) for packet in self.packets]

    def send(self, event: dict) -> None:
        self.channel.send(json.dumps(event))


@asynccontextmanager
async def joined(call: FakeCall, client: Client | None = None) -> AsyncIterator[tuple[Client, WebRTCRoom]]:
    client, room = client or Client(), WebRTCRoom(call)
    try:
        await client.join(room)
        await asyncio.wait_for(call.here.wait(), 30)
        await until(lambda: client.channel.readyState == "open" and len(client.packets) > 5)
        yield client, room
    finally:
        await client.peer.close()
        await room.close("the test is over")


@undisturbed
async def test_sound_goes_both_ways_and_media_time_keeps_its_pace() -> None:
    call = FakeCall()
    async with joined(call) as (client, _room):
        await until(lambda: any(np.abs(frame).max() > 6000 for frame in call.frames))
        frames, packets, began = len(call.frames), len(client.packets), time.monotonic()
        call.say(1, np.full(24_000, 9000, np.int16) * np.sign(np.sin(np.arange(24_000) / 10)).astype(np.int16))
        await until(lambda: call.playout.played(1).heard == 24_000)
        elapsed = time.monotonic() - began
        assert elapsed > 1.0
        for count in (len(call.frames) - frames, len(client.packets) - packets):
            assert abs(count * 0.01 - elapsed) < 0.25
        assert sum(level > 4000 for level in client.levels()) in range(98, 103)


async def test_the_first_event_is_sent_as_soon_as_the_channel_is_open() -> None:
    call = FakeCall()
    async with joined(call) as (client, _room):
        await until(lambda: bool(client.events))
        assert client.events[0]["type"] == "session.created"


async def test_packets_are_10_ms_long_and_their_timestamps_go_on_in_silence() -> None:
    async with joined(FakeCall()) as (client, _room):
        await until(lambda: len(client.packets) > 50)
        steps = np.diff([packet.timestamp for packet in client.packets]) % (1 << 32)
        assert np.median(steps) == 480
        assert not (steps % 480).any()


@undisturbed
async def test_after_silence_nothing_of_the_reply_leaves() -> None:
    call = FakeCall()
    async with joined(call) as (client, _room):
        call.say(1, (np.sin(np.arange(72_000) / 8) * 9000).astype(np.int16))
        await until(lambda: call.playout.played(1).sent > 12_000)
        sent = call.playout.played(1).sent
        call.silence(1)
        # The fade of 5 ms is in the next packet; of the ones after it there is nothing.
        await asyncio.sleep(0.3)
        assert call.playout.played(1).sent - sent <= 120
        levels = client.levels()
        last = max(index for index, level in enumerate(levels) if level > 1000)
        assert len(levels) - last > 20
        assert max(levels[last + 3 :]) < 50


async def test_a_report_of_an_rtp_timestamp_tells_what_was_heard() -> None:
    call = FakeCall()
    async with joined(call) as (client, room):
        call.say(1, np.full(48_000, 1000, np.int16))
        await until(lambda: call.playout.played(1).sent > 12_000)
        # The client says that it plays what it was sent half of a second ago, give or take this machine's hiccups.
        late = client.packets[-1].timestamp - 24_000
        client.send({"type": "duplex.playback", "rtp_timestamp": late % (1 << 32)})
        await until(lambda: any(event["type"] == "duplex.playback" for event in call.events))
        assert 0.45 < room.downlink / 48_000 < 0.9


async def test_events_keep_their_order_and_large_ones_arrive() -> None:
    call = FakeCall()
    async with joined(call) as (client, room):
        for number in range(20):
            client.send({"type": "echo", "number": number, "filler": "é" * (40_000 if number == 10 else number)})
        await until(lambda: len([event for event in client.events if event["type"] == "echo"]) == 20, 30)
        assert [event["number"] for event in client.events if event["type"] == "echo"] == list(range(20))
        room.send(["x" * 300_000])  # more than SCTP was told to bear: passed over, and the call goes on
        client.send({"type": "echo", "number": 30})
        await until(lambda: client.events[-1].get("number") == 30)


@undisturbed
async def test_loss_reordering_and_jitter_leave_no_gap_and_no_delay() -> None:
    call = FakeCall()
    async with joined(call) as (client, room):
        loop, chance = asyncio.get_running_loop(), random.Random(3)
        deliver = room._microphone.push

        def lossy(packet: RtpPacket, now: float) -> None:
            if chance.random() < 0.05:
                return
            delay = 0.03 * chance.random() + (0.02 if chance.random() < 0.02 else 0.0)
            loop.call_later(delay, lambda: deliver(packet, loop.time()))

        room._microphone.push = lossy
        await asyncio.sleep(1.0)
        start, began = len(call.frames), time.monotonic()
        await asyncio.sleep(4.0)
        elapsed = time.monotonic() - began
        frames = call.frames[start:]
        assert abs(len(frames) * 0.01 - elapsed) < 0.2
        loud = np.abs(np.concatenate(frames)).reshape(-1, 80).max(axis=1) > 500
        quiet = max((len(run) for run in "".join("01"[int(value)] for value in loud).split("1")), default=0)
        # A packet is 20 ms; two lost in a row are concealed as well, but may have died away.
        assert quiet * 5 <= 40
        client.tones.loud = False
        stopped = time.monotonic()
        await until(lambda: np.abs(call.frames[-1]).max() < 100)
        assert time.monotonic() - stopped < 0.5


@undisturbed
async def test_after_a_stall_time_catches_up_and_the_sound_goes_on_where_it_was() -> None:
    call = FakeCall()
    async with joined(call) as (_client, room):
        call.say(1, np.full(48_000, 1000, np.int16))
        await until(lambda: call.playout.played(1).sent > 4_800)
        frames, sent, position = len(call.frames), call.playout.played(1).sent, room._position
        began = time.monotonic()
        time.sleep(0.15)  # the loop is held up
        await asyncio.sleep(0.15)
        elapsed = time.monotonic() - began
        assert abs((len(call.frames) - frames) * 0.01 - elapsed) < 0.08
        assert abs((room._position - position) / 48_000 - elapsed) < 0.03
        # What could not leave in its time was not squeezed in after it.
        assert (call.playout.played(1).sent - sent) / 24_000 < elapsed - 0.08


async def test_a_client_that_hangs_up_is_noticed_at_once_and_told_once() -> None:
    call = FakeCall()
    async with joined(call) as (client, room):
        await client.peer.close()
        await asyncio.wait_for(call.left_event.wait(), 10)
        assert call.gone == [await room.ended()]
        room.send(["{}"])
        await room.close("again")
    assert len(call.gone) == 1


async def test_a_client_that_vanishes_without_a_word_is_noticed_within_seconds() -> None:
    call = FakeCall()
    async with joined(call) as (client, _room):
        transport = client.peer.getTransceivers()[0].receiver.transport.transport
        for protocol in transport.iceGatherer._connection._protocols:
            protocol.transport.abort()
        await asyncio.wait_for(call.left_event.wait(), 30)


async def test_hanging_up_ends_the_clients_connection() -> None:
    call = FakeCall()
    async with joined(call) as (client, room):
        await room.close("the session is over")
        assert call.gone == ["the session is over"]
        await until(lambda: client.peer.connectionState == "closed")


async def test_an_offer_that_cannot_be_answered_closes_the_room() -> None:
    call = FakeCall()
    room = WebRTCRoom(call)
    with pytest.raises(BadOffer):
        await room.answer("v=0")
    assert await room.ended()
    assert not call.gone


async def test_a_client_that_never_connects_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webrtc, "CONNECT_S", 0.3)
    client, call = Client(), FakeCall()
    room = WebRTCRoom(call)
    await client.peer.setLocalDescription(await client.peer.createOffer())
    await room.answer(client.peer.localDescription.sdp)
    assert "no connection" in await asyncio.wait_for(room.ended(), 30)
    assert not call.gone
    await client.peer.close()


@undisturbed
async def test_pictures_of_the_camera_come_now_and_then_and_sound_does_not_wait_for_them() -> None:
    call, client = FakeCall(sees=True), Client()
    client.peer.addTrack(VideoStreamTrack())
    async with joined(call, client):
        frames, began = len(call.frames), time.monotonic()
        await until(lambda: len(call.pictures) >= 3)
        elapsed = time.monotonic() - began
        assert len(call.pictures) <= elapsed / 0.5 + 2
        assert all(picture.startswith(b"\xff\xd8") for picture in call.pictures)
        assert abs((len(call.frames) - frames) * 0.01 - elapsed) < 0.4


async def test_a_mind_without_eyes_declines_the_camera() -> None:
    call, client = FakeCall(sees=False), Client()
    client.peer.addTrack(VideoStreamTrack())
    room = WebRTCRoom(call)
    answer = await client.join(room)
    assert "a=inactive" in answer[answer.index("m=video") :].split("m=application")[0]
    await client.peer.close()
    await room.close("the test is over")


async def test_the_answer_offers_opus_alone_and_the_loopback_address() -> None:
    client, room = Client(), WebRTCRoom(FakeCall())
    client.peer.addTrack(VideoStreamTrack())
    answer = await client.join(room)
    assert "opus" in answer
    assert "PCMU" not in answer
    assert answer.split("m=video")[0].count("127.0.0.1") == 1
    assert "a=ptime:10" in answer
    await client.peer.close()
    await room.close("the test is over")


async def test_fifty_calls_leave_nothing_behind() -> None:
    def files() -> int:
        return len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").exists() else 0

    rooms: list[Callable[[], WebRTCRoom | None]] = []
    before = (0, 0, 0)
    for number in range(52):
        call, client = FakeCall(), Client()
        room = WebRTCRoom(call)
        rooms.append(weakref.ref(room))
        await client.join(room, take=False)
        await asyncio.wait_for(call.here.wait(), 30)
        await until(lambda call=call: len(call.frames) > 1)
        await room.close("the test goes on")
        await client.peer.close()
        call.room = None
        del call, client, room
        if number == 1:  # the first ones load what stays loaded
            await asyncio.sleep(0.1)
            before = (threading.active_count(), files(), len(asyncio.all_tasks()))
    await asyncio.sleep(0.5)
    gc.collect()
    after = (threading.active_count(), files(), len(asyncio.all_tasks()))
    assert sum(room() is not None for room in rooms) <= 1
    assert all(now <= then + 3 for now, then in zip(after, before, strict=True)), (before, after)


async def test_an_error_in_the_call_ends_the_room_instead_of_leaving_it_deaf() -> None:
    call = FakeCall()
    async with joined(call) as (_client, room):

        def stumble(frame: np.ndarray) -> None:
            raise ZeroDivisionError

        call.on_frame = stumble
        assert await asyncio.wait_for(room.ended(), 30) == "an error in the server"
        assert call.gone == ["an error in the server"]
