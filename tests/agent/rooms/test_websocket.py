import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable

import numpy as np
import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType, web
from calls import FakeCall, until

from agent.rooms import websocket
from agent.rooms.websocket import LEAD_MS, WebSocketRoom

SECOND = 24_000
Connect = Callable[[FakeCall], Awaitable[ClientWebSocketResponse]]


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    calls: list[FakeCall] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        return await WebSocketRoom(calls[-1], 1 << 20).serve(request)

    app = web.Application()
    app.router.add_get("/", handle)
    runner = web.AppRunner(app, shutdown_timeout=1.0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    session = ClientSession()

    async def connect(call: FakeCall) -> ClientWebSocketResponse:
        calls.append(call)
        socket = await session.ws_connect(f"http://127.0.0.1:{port}/", protocols=("realtime",), max_msg_size=0)
        await call.here.wait()
        return socket

    yield connect
    await session.close()
    await runner.cleanup()


async def deltas(socket: ClientWebSocketResponse, samples: int) -> np.ndarray:
    """The first `samples` of sound that come."""
    sound = np.zeros(0, np.int16)
    while len(sound) < samples:
        event = await socket.receive_json(timeout=30)
        if event["type"] == "delta":
            assert event["first"] == len(sound), "samples came in the wrong order"
            sound = np.concatenate((sound, np.frombuffer(base64.b64decode(event["audio"]), "<i2")))
    return sound


async def test_a_reply_arrives_whole_its_beginning_at_once_the_rest_at_the_pace_of_real_time(connect: Connect) -> None:
    call = FakeCall()
    socket = await connect(call)
    speech = np.arange(SECOND, dtype=np.int16)
    began = asyncio.get_running_loop().time()
    call.say(1, speech)
    lead = SECOND * LEAD_MS // 1000
    ahead = await deltas(socket, 1)
    sound = np.concatenate((ahead, np.zeros(0, np.int16)))
    while len(sound) < SECOND:
        event = await socket.receive_json(timeout=30)
        sound = np.concatenate((sound, np.frombuffer(base64.b64decode(event["audio"]), "<i2")))
        elapsed = asyncio.get_running_loop().time() - began
        assert len(sound) <= lead + elapsed * SECOND + 1, "more lies at the client than the lead allows"
    assert np.array_equal(sound, speech)
    await until(lambda: bool(call.reached) and call.reached[-1] == (1, SECOND))
    await socket.close()


async def test_media_time_goes_on_at_the_pace_of_real_time_for_a_client_that_sends_nothing(connect: Connect) -> None:
    call = FakeCall()
    socket = await connect(call)
    loop = asyncio.get_running_loop()
    await until(lambda: len(call.frames) >= 21)
    first, began = len(call.frames), loop.time()
    await until(lambda: len(call.frames) >= first + 50)
    assert loop.time() - began > 0.45
    await socket.close()


async def test_appended_sound_is_heard_faster_than_it_was_spoken(connect: Connect) -> None:
    call = FakeCall()
    socket = await connect(call)
    speech = np.full(2 * SECOND, 1000, np.int16)
    await socket.send_json({"type": "input_audio_buffer.append", "audio": base64.b64encode(speech.tobytes()).decode()})
    await until(lambda: sum(bool(frame.any()) for frame in call.frames) >= 198, 1.5)
    await socket.close()


async def test_after_a_cut_nothing_of_the_reply_leaves_and_the_next_begins_at_once(connect: Connect) -> None:
    call = FakeCall()
    socket = await connect(call)
    call.say(1, np.full(4 * SECOND, 100, np.int16))
    await deltas(socket, SECOND // 2)
    call.silence(1)
    call.room.send([json.dumps({"type": "cut"})])
    sent = call.playout.played(1).sent
    call.say(2, np.full(SECOND // 10, 200, np.int16))
    after: list[dict] = []
    while not after or after[-1].get("reply") != 2:
        after.append(await socket.receive_json(timeout=30))
    behind = after[[event["type"] for event in after].index("cut") + 1 :]
    # Of the cut reply no more than its fade of 5 ms leaves.
    assert all(len(base64.b64decode(event["audio"])) <= 240 for event in behind if event["reply"] == 1)
    heard = [reached for reached in call.reached if reached[0] == 1][-1][1]
    assert heard <= sent
    await asyncio.sleep(0.2)
    assert [reached for reached in call.reached if reached[0] == 1][-1][1] == heard
    await socket.close()


async def test_a_client_that_says_what_it_plays_is_believed(connect: Connect) -> None:
    call = FakeCall()
    socket = await connect(call)
    call.say(1, np.full(SECOND, 100, np.int16))
    await deltas(socket, SECOND // 2)
    before = call.room.downlink
    await socket.send_json({"type": "duplex.playback", "reply": 1, "until": 0})
    await until(lambda: any(event["type"] == "duplex.playback" for event in call.events))
    assert call.room.downlink > before
    await socket.close()


async def test_events_keep_their_order_both_ways(connect: Connect) -> None:
    call = FakeCall()
    socket = await connect(call)
    for number in range(200):
        await socket.send_json({"type": "echo", "number": number, "filler": "x" * (number * 50)})
    got = []
    while len(got) < 200:
        event = await socket.receive_json(timeout=30)
        if event["type"] == "echo":
            got.append(event["number"])
    assert got == list(range(200))
    await socket.close()


async def test_a_client_that_goes_is_noticed_once_with_a_reason(connect: Connect) -> None:
    call = FakeCall()
    socket = await connect(call)
    await socket.close()
    await asyncio.wait_for(call.left_event.wait(), 30)
    assert call.gone == ["closed"]


async def test_hanging_up_tells_the_client_why(connect: Connect) -> None:
    call = FakeCall()
    socket = await connect(call)
    call.room.send([json.dumps({"type": "last"})])
    await call.room.close("the session is over")
    types = []
    while (message := await socket.receive(timeout=30)).type is WSMsgType.TEXT:
        types.append(message.json()["type"])
    assert types[-1] == "last"
    assert message.extra == "the session is over"
    await asyncio.wait_for(call.left_event.wait(), 30)


async def test_too_long_an_event_ends_only_that_call(connect: Connect) -> None:
    flood, other = FakeCall(), FakeCall()
    flooding, calm = await connect(flood), await connect(other)
    await flooding.send_str("x" * (2 << 20))
    await asyncio.wait_for(flood.left_event.wait(), 30)
    await calm.send_json({"type": "echo"})
    await until(lambda: bool(other.events))
    assert not other.gone
    await calm.close()


async def test_a_client_that_does_not_read_is_cut_off_and_others_are_not_hurt(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, other = FakeCall(), FakeCall()
    stuck, calm = await connect(slow), await connect(other)
    stuck._response.connection.transport.pause_reading()
    big = json.dumps({"type": "big", "filler": "x" * 100_000})
    for _ in range(300):
        slow.room.send([big])
        await asyncio.sleep(0)
    await asyncio.wait_for(slow.left_event.wait(), 30)
    assert slow.gone == ["the client reads too slowly"]
    frames = len(other.frames)
    await until(lambda: len(other.frames) > frames + 30, 5)
    await calm.close()


async def test_a_stalled_client_is_not_sent_ever_more_sound(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket, "LONGEST_STALL_S", 1.0)
    call = FakeCall()
    socket = await connect(call)
    socket._response.connection.transport.pause_reading()
    big = json.dumps({"type": "big", "filler": "x" * 100_000})
    await until(lambda: call.room._unsent_bytes > 500_000 or call.room.send([big]) is not None)
    sent = len(call.sounded)
    call.say(1, np.full(30 * SECOND, 100, np.int16))
    await asyncio.sleep(0.3)
    assert len(call.sounded) == sent
    await asyncio.wait_for(call.left_event.wait(), 30)
    assert call.gone == ["the client reads too slowly"]


async def test_an_error_in_the_call_ends_the_room_instead_of_leaving_it_deaf(connect: Connect) -> None:
    call = FakeCall()
    socket = await connect(call)

    def stumble(frame: np.ndarray) -> None:
        raise ZeroDivisionError

    call.on_frame = stumble
    await asyncio.wait_for(call.left_event.wait(), 30)
    assert call.gone == ["an error in the server"]
    await socket.close()
