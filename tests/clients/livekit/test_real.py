"""A room with the bundled model behind it, once: what is asked in LiveKit is understood and answered."""

from __future__ import annotations

import sys

import pytest

from agent import families
from tests.clients.livekit.stage import Process, Stage, free_port, until
from tests.clients.livekit.test_room import ask, clip, hears


@pytest.mark.timeout(240)
async def test_a_question_in_a_room_is_understood_and_answered_by_the_bundled_model(stage: Stage) -> None:
    lacking = families.lacking("nano")
    if lacking:
        pytest.skip("; ".join(lacking))
    port = free_port()
    log = stage.folder / "serve.log"
    settings = {"COLLOQUY_PORT": str(port), "COLLOQUY_PROFILE": ""}
    agent = Process([sys.executable, "-m", "agent", "serve"], log, settings).start()
    stage.processes.append(agent)
    agent.wait_for(lambda: agent.says("Colloquy is ready"), "the agent did not start")
    stage.worker(f"http://127.0.0.1:{port}", "--name", "real")
    stage.ready()
    alice = await stage.person("real", "alice", "real")
    await until(lambda: alice.agents[-1][1] == 1, "no agent came")
    await hears(alice, await ask(alice))
    meant = set(clip("question").text.lower().strip("?").split())
    await until(lambda: alice.said("alice"), "what the user said was not shown")
    understood = set(alice.said("alice")[-1].lower().strip("?.").split())
    assert len(meant & understood) >= len(meant) / 2, (meant, understood)
    await until(lambda: alice.said("real"), "the answer was not shown")
