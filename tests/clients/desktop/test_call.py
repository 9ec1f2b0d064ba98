from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

import numpy as np
import pytest
from scripted_server import Caller, ScriptedServer, until

from clients.desktop import call as call_module
from clients.desktop.call import Call
from clients.desktop.loudspeaker import Loudspeaker

BLOCK = 240
Calling = Callable[..., AbstractAsyncContextManager[tuple[Call, Loudspeaker, Caller]]]


@pytest.fixture
def calling(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> Calling:
    monkeypatch.setattr(call_module, "BACK_OFF_S", (0.05,))

    @contextlib.asynccontextmanager
    async def made(key: str = "") -> AsyncIterator[tuple[Call, Loudspeaker, Caller]]:
        loudspeaker = Loudspeaker()
        call = Call(server.url, key, loudspeaker, lambda: None)
        running = asyncio.create_task(call.run())
        try:
            yield call, loudspeaker, await server.call()
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    return made


def tone(seconds: float) -> np.ndarray:
    return (8000 * np.sin(np.arange(round(seconds * 24_000)) / 12)).astype(np.int16)


async def play(loudspeaker: Loudspeaker, seconds: float) -> np.ndarray:
    """The loudspeaker's callback for a while, at the pace of the test."""
    loop, blocks = asyncio.get_running_loop(), []
    for _ in range(round(seconds * 200)):
        blocks.append(loudspeaker.render(BLOCK, loop.time() + 0.02))
        await asyncio.sleep(0.001)
    return np.concatenate(blocks)


async def test_it_says_what_it_does_by_itself_and_shows_its_key(calling: Calling, server: ScriptedServer) -> None:
    async with calling("secret") as (call, _, caller):
        hello = caller.of_type("duplex.hello")[0]
        assert (hello["ducks"], hello["reports_playback"]) == (True, True)
        assert server.headers[0]["Authorization"] == "Bearer secret"
        assert call.status.model == "toy"


async def test_the_microphone_arrives_in_packets_as_short_as_they_were_recorded(calling: Calling) -> None:
    async with calling() as (call, _, caller):
        for _ in range(20):
            call.microphone(bytes(480))
            await asyncio.sleep(0.01)
        await until(lambda: caller.samples == 20 * 240)
        assert len(caller.of_type("input_audio_buffer.append")) > 10


async def test_the_server_learns_which_sample_of_which_item_leaves_the_loudspeaker(calling: Calling) -> None:
    async with calling() as (_, loudspeaker, caller):
        await caller.say("one", 0, tone(0.2))
        await until(lambda: loudspeaker._mailbox)
        await play(loudspeaker, 0.1)
        await until(lambda: caller.of_type("duplex.playback"))
        await until(lambda: caller.of_type("duplex.playback")[-1]["audio_end_ms"] == 100.0)
        assert caller.of_type("duplex.playback")[-1]["item_id"] == "one"
        await play(loudspeaker, 0.3)
        await until(lambda: caller.of_type("duplex.playback")[-1]["audio_end_ms"] == 200.0)


async def test_a_clear_is_silence_in_the_next_block_and_is_reported_at_once(calling: Calling) -> None:
    async with calling() as (_, loudspeaker, caller):
        await caller.say("one", 0, tone(1.0))
        await until(lambda: loudspeaker._mailbox)
        assert (await play(loudspeaker, 0.3)).any()
        await until(lambda: caller.of_type("duplex.playback"))
        await caller.send({"type": "duplex.clear", "response_id": "resp_one", "item_id": "one"})
        await until(lambda: loudspeaker._mailbox)
        loudspeaker.render(BLOCK, 0.0)
        assert not (await play(loudspeaker, 0.2)).any()
        await until(lambda: caller.of_type("duplex.playback")[-1]["audio_end_ms"] >= 300.0)
        assert caller.of_type("duplex.playback")[-1]["audio_end_ms"] <= 305.0


async def test_a_duck_lowers_the_sound_until_the_unduck(calling: Calling) -> None:
    async with calling() as (_, loudspeaker, caller):
        await caller.say("one", 0, tone(1.0))
        await until(lambda: loudspeaker._mailbox)
        full = np.abs(await play(loudspeaker, 0.1)).max()
        await caller.send({"type": "duplex.duck", "gain_db": -12.0})
        await until(lambda: loudspeaker._mailbox)
        assert np.abs((await play(loudspeaker, 0.1))[BLOCK:]).max() < full / 3
        await caller.send({"type": "duplex.unduck"})
        await until(lambda: loudspeaker._mailbox)
        assert np.abs((await play(loudspeaker, 0.1))[BLOCK:]).max() > full * 0.95


async def test_after_a_lost_connection_the_new_server_is_told_what_was_heard(
    calling: Calling, server: ScriptedServer
) -> None:
    async with calling() as (call, loudspeaker, caller):
        await caller.send(
            {
                "type": "conversation.item.input_audio_transcription.completed",
                "item_id": "u1",
                "transcript": "How are you?",
                "content_index": 0,
            }
        )
        await caller.planned("a1", "I am very well.")
        await caller.say("a1", 0, tone(1.0))
        await caller.heard("a1", "I am")
        await until(lambda: len(call.transcript.entries) == 2)
        await play(loudspeaker, 0.05)
        await caller.socket.close()
        again = await server.call(2)
        await until(lambda: len(again.of_type("conversation.item.create")) == 2)
        items = [event["item"] for event in again.of_type("conversation.item.create")]
        assert [(item["id"], item["role"], item["content"][0]["text"]) for item in items] == [
            ("u1", "user", "How are you?"),
            ("a1", "assistant", "I am"),
        ]
        loudspeaker.render(BLOCK, 0.0)
        assert not (await play(loudspeaker, 0.1)).any(), "the lost connection's reply went on"
        assert call.status.link == "connected"


async def test_a_full_server_is_asked_again_and_a_refused_key_is_not(server: ScriptedServer) -> None:
    server.status = 503
    call = Call(server.url, "wrong", Loudspeaker(), lambda: None)
    running = asyncio.create_task(call.run())
    await until(lambda: call.status.link == "lost")
    assert "places" in call.status.problem
    server.status = 401
    call.retry()
    await asyncio.wait_for(running, 30)
    assert call.status.link == "ended"
    assert "key" in call.status.problem


async def test_push_to_talk_leaves_turns_to_the_key_and_gives_them_back(calling: Calling) -> None:
    async with calling() as (call, _, caller):
        call.take_turns("push-to-talk")
        await until(lambda: caller.of_type("session.update"))
        assert caller.of_type("session.update")[0]["session"]["audio"]["input"]["turn_detection"] is None
        call.begin_turn()
        call.microphone(bytes(480))
        call.end_turn()
        await until(lambda: caller.of_type("response.create"))
        kinds = [event["type"] for event in caller.received if event["type"].startswith(("input", "response"))]
        assert kinds.index("input_audio_buffer.append") < kinds.index("input_audio_buffer.commit")
        assert kinds.index("input_audio_buffer.commit") < kinds.index("response.create")
        assert "response.cancel" not in kinds, "nothing was being said"
        call.take_turns("hands-free")
        await until(lambda: len(caller.of_type("session.update")) == 2)
        turns = caller.of_type("session.update")[1]["session"]["audio"]["input"]["turn_detection"]
        assert turns == {"type": "server_vad", "silence_duration_ms": 500}


async def test_the_key_of_push_to_talk_silences_the_agent(calling: Calling) -> None:
    async with calling() as (call, loudspeaker, caller):
        call.take_turns("push-to-talk")
        await caller.send({"type": "duplex.state", "user": "silent", "agent": "speaking"})
        await caller.say("one", 0, tone(1.0))
        await until(lambda: loudspeaker._mailbox and call.status.agent == "speaking")
        await play(loudspeaker, 0.1)
        call.begin_turn()
        loudspeaker.render(BLOCK, 0.0)
        assert not (await play(loudspeaker, 0.1)).any()
        await until(lambda: caller.of_type("response.cancel"))


async def test_a_typed_turn_is_sent_and_stands_in_the_transcript_at_once(calling: Calling) -> None:
    async with calling() as (call, _, caller):
        assert call.type("What time is it?")
        assert call.transcript.entries[-1].text == "What time is it?"
        await until(lambda: caller.of_type("response.create"))
        item = caller.of_type("conversation.item.create")[0]["item"]
        assert item["content"][0] == {"type": "input_text", "text": "What time is it?"}
        assert item["id"] == call.transcript.entries[-1].id


async def test_the_figures_of_the_last_reply_and_stop_are_kept(calling: Calling) -> None:
    async with calling() as (call, _, caller):
        latency = {"type": "duplex.latency", "response_id": "r", "stages": []}
        await caller.send({**latency, "kind": "reply", "turn_ms": 291.4}, {**latency, "kind": "stop", "turn_ms": 180.0})
        await until(lambda: call.status.stop_ms == 180.0)
        assert call.status.reply_ms == 291.4
