"""What must not hurt a call: an engine that dies, another call beside it, a client that vanishes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect

from clients.bench.memory import PROC, family_of
from clients.bench.plan import RATE, Plan, clips
from clients.bench.recording import Recording
from clients.bench.websocket import WebSocketCaller

Event = dict[str, Any]


async def until(socket: ClientConnection, kind: str, seconds: float = 30) -> list[Event]:
    """All events up to the first of `kind`."""
    events: list[Event] = []
    async with asyncio.timeout(seconds):
        while not events or events[-1]["type"] != kind:
            events.append(json.loads(await socket.recv()))
    return events


async def typed(socket: ClientConnection, text: str) -> str:
    """The answer to a typed question."""
    content = [{"type": "input_text", "text": text}]
    item = {"type": "message", "role": "user", "content": content}
    await socket.send(json.dumps({"type": "conversation.item.create", "item": item}))
    await socket.send(json.dumps({"type": "response.create"}))
    done = (await until(socket, "response.done"))[-1]["response"]
    assert done["status"] == "completed", done
    return str(done["output"][0]["content"][0]["transcript"])


def address(url: str) -> str:
    return url.replace("http", "ws", 1) + "/v1/realtime"


def engines(url: str) -> list[int]:
    """The engine processes of the agent at `url`, which is a child of this test."""
    return [
        pid
        for pid in family_of(os.getpid())
        if "agent.engine.process" in Path(PROC, str(pid), "cmdline").read_text().replace("\0", " ")
    ]


@pytest.mark.timeout(120)
async def test_a_call_survives_the_death_of_its_engine_and_is_told_of_it(agent_url: str) -> None:
    if not PROC.exists():
        pytest.skip("processes are looked up in /proc")
    async with connect(address(agent_url)) as socket:
        await until(socket, "duplex.hello")
        assert await typed(socket, "Please say hello.")
        for pid in engines(agent_url):
            os.kill(pid, signal.SIGKILL)
        while (await until(socket, "duplex.notice"))[-1]["kind"] != "mind_lost":
            pass
        async with asyncio.timeout(60):
            while True:
                with contextlib.suppress(OSError):
                    if (await asyncio.to_thread(urllib.request.urlopen, f"{agent_url}/healthz")).status == 200:
                        break
                await asyncio.sleep(0.2)
        await asyncio.sleep(0.5)
        assert await typed(socket, "Are you there again?")


def question(text: str, voice: str) -> Plan:
    made = Plan()
    made.length = 1.0
    made.say(next(clip for clip in clips() if clip.text == text and clip.voice == voice), "asks", 4.0)
    return made


def transcripts(recording: Recording) -> list[str]:
    kind = "conversation.item.input_audio_transcription.completed"
    return [event["transcript"] for _, event in recording.events if event["type"] == kind]


@pytest.mark.timeout(120)
async def test_two_calls_at_once_hear_each_their_own_user_and_nobody_else(agent_url: str) -> None:
    plans = [question("What is the capital of France?", "festival"), question("Why is the sea salty?", "flite")]
    recordings = await asyncio.gather(*(WebSocketCaller().call(agent_url, "", made.track()) for made in plans))
    first, second = (" ".join(transcripts(recording)).lower() for recording in recordings)
    assert "france" in first
    assert "sea" in second
    assert "sea" not in first
    assert "france" not in second
    for made, recording in zip(plans, recordings, strict=True):
        assert abs(recording.ear[round(made.utterances[0].end * RATE) :]).max() > 0.05, "no answer was heard"


@pytest.mark.timeout(60)
async def test_clients_that_vanish_give_their_lines_back(agent_url: str) -> None:
    for _ in range(6):
        async with connect(address(agent_url)) as socket:
            await until(socket, "duplex.hello")
            socket.transport.abort()
    await asyncio.sleep(1)
    async with connect(address(agent_url)) as socket:
        hello = (await until(socket, "duplex.hello"))[-1]
        assert hello["slots"]["free"] == hello["slots"]["total"] - 1
