"""The real thing, briefly: PortAudio over PulseAudio, in a room with an echo."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from scripted_server import ScriptedServer, until

from clients.desktop.bench.pulse import missing, sound_system
from clients.desktop.bench.room import RATE, Room, impulse_response
from clients.desktop.sound_card import NoSound, PortAudio


@pytest.fixture
def needs_sound() -> None:
    if problem := missing():
        pytest.skip(f"The sound of a real sound system was not tested: {problem}.")
    try:
        PortAudio()
    except NoSound as problem:
        pytest.skip(f"The sound of a real sound system was not tested: {problem}.")


@pytest.mark.usefixtures("needs_sound")
@pytest.mark.timeout(120)
async def test_a_talk_over_a_real_sound_system_plays_reports_and_takes_out_the_echo(
    server: ScriptedServer, tmp_path: Path
) -> None:
    random = np.random.default_rng(1)
    syllables = np.maximum(0, np.sin(2 * np.pi * 2.5 * np.arange(6 * 24_000) / 24_000))
    agent = (random.normal(0, 3000, 6 * 24_000) * syllables).clip(-32768, 32767).astype(np.int16)
    with sound_system() as environment:
        room = Room(environment, np.zeros(30 * RATE, np.float32), impulse_response(0.05, 1))
        await asyncio.to_thread(room.start)
        command = ["-m", "agent", "talk", "--plain", "--url", server.url, "--log", str(tmp_path / "log")]
        talk = await asyncio.create_subprocess_exec(
            sys.executable, *command, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        try:
            caller = await server.call()
            await until(lambda: caller.samples > 24_000)
            await caller.say("item", 0, agent)
            reports = lambda: caller.of_type("duplex.playback")  # noqa: E731
            await until(lambda: reports() and reports()[-1]["audio_end_ms"] == 6000.0)
        finally:
            talk.terminate()
            await talk.wait()
            room.stop.set()
            await asyncio.to_thread(room.over.wait)
    ends = [report["audio_end_ms"] for report in reports()]
    assert ends == sorted(ends)
    heard = room.heard[np.flatnonzero(np.abs(room.heard) > 0.01)]
    assert len(heard) > 2 * RATE, "the loudspeaker was silent"
    lines = (tmp_path / "log").read_text().splitlines()
    assert json.loads(lines[0])[1]["type"] == "session.created"
