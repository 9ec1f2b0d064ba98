"""The plugin in a bare `AgentSession` against a real agent with the bundled model."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soxr
from room_ends import Loudspeaker, Microphone
from scripted_server import until
from test_session import Stage

from agent import families
from clients.bench.plan import RATE, clips

TALKATIVE = "You are a helpful AI assistant named Colloquy. You give long, detailed answers."
PATIENCE_S = 100.0


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """An agent that is ready."""
    if lacking := families.lacking("nano"):
        pytest.skip("The plugin was not tested against a real agent: " + "; ".join(lacking))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = int(taken.getsockname()[1])
    environment = {**os.environ, "COLLOQUY_PORT": str(port), "COLLOQUY_SESSIONS": "1"}
    log = tmp_path / "log"
    with log.open("wb") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", "agent", "serve"], env=environment, stdout=written, stderr=subprocess.STDOUT
        )
    try:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2):
                break
            assert process.poll() is None, log.read_text()[-3000:]
            assert time.monotonic() < deadline, "the agent did not start in time: " + log.read_text()[-3000:]
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def spoken(text: str) -> bytes:
    """A clip of the bench's, at 24 kHz."""
    clip = next(clip for clip in clips() if clip.text == text and clip.voice == "flite")
    sound = soxr.resample(clip.sound(), RATE, 24_000)
    return (np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes()


async def asked(stage: Stage, text: str, answered: Callable[[], object]) -> None:
    """Says `text` until it is answered: a machine that is held up mishears."""
    for _ in range(4):
        stage.microphone.say(spoken(text))
        with contextlib.suppress(TimeoutError):
            await until(answered, PATIENCE_S / 4)
            return
    raise AssertionError(f"no answer to: {text}")


@pytest.mark.timeout(400)
async def test_a_real_agent_is_asked_answers_and_is_interrupted(url: str) -> None:
    from livekit.agents import Agent

    stage = Stage(url)
    assert isinstance(stage.microphone, Microphone)
    assert isinstance(stage.loudspeaker, Loudspeaker)
    heard: list[object] = []
    await stage.session.start(Agent(instructions=TALKATIVE))
    try:
        stage.realtime.on("duplex_event", heard.append)
        await until(lambda: stage.realtime._client.hello, PATIENCE_S)
        await asked(stage, "What is the capital of France?", lambda: stage.said("assistant"))
        assert stage.final
        assert stage.said("user")[0].text_content == stage.final[0]
        before = len(stage.said("assistant"))
        story = "Tell me a long story about a dragon who lived in the mountains."
        await asked(stage, story, lambda: stage.loudspeaker.played > 1.0)
        await asked(stage, "No, that is not what I wanted to know.", lambda: stage.loudspeaker.cleared)
        await until(lambda: any(item.interrupted for item in stage.said("assistant")[before:]), PATIENCE_S)
        assert {type(event).__name__ for event in heard} >= {"State", "Heard", "Latency"}
        await asyncio.sleep(0)
        assert not stage.closed
    finally:
        await stage.session.aclose()
        await stage.model.aclose()
