"""Unmodified clients of the Realtime API complete a spoken turn, an interruption and a function call with our agent."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from surroundings import HERE, KEY, Agent, Secure, said

from clients.bench.browser import chromium, flags, write_track
from clients.bench.measure import Sound
from clients.bench.plan import Plan
from clients.bench.recording import CallFailed

pytestmark = pytest.mark.timeout(200)
DRIVER_S = 180
SILENT_S = 0.2
"""Sound that may be left after a cut: what was on its way."""


def driven(command: list[str | Path], url: str, spoken: Path, **environment: str) -> dict[str, Any]:
    """Runs a driver in a process of its own; what it found."""
    given = [*command, url, KEY, spoken]
    ran = subprocess.run(
        given, env={**os.environ, **environment}, capture_output=True, text=True, timeout=DRIVER_S, check=False
    )
    shown = f"{ran.stdout[-6000:]}\n{ran.stderr[-6000:]}"
    print(shown)
    assert ran.returncode == 0, shown
    found: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return found


def check_turn(turn: dict[str, Any]) -> None:
    heard = turn["heard"].lower()
    assert "capital" in heard or "france" in heard, "the question was not understood"
    assert turn["said"], "the answer has no words"
    assert turn.get("sounded_s", 1.0) > 0.3, "the answer was not to be heard"


def check_tool(tool: dict[str, Any]) -> None:
    arguments = tool["arguments"]
    given = json.loads(arguments) if isinstance(arguments, str) else arguments
    assert tool["name"] == "get_weather"
    assert isinstance(given["city"], str), "the function's arguments do not follow its schema"
    assert tool["said"], "the function's result was not answered"


def check_cut(cut: dict[str, Any]) -> None:
    """For clients that see responses."""
    assert cut["same"], "another reply was cut than the one that was interrupted"
    assert 0 < cut["heard_ms"] / 1000 <= cut["lasted_s"] + 0.1, "more was heard than there was"
    assert cut["said"], "the interruption was not answered"


def check_openai(found: dict[str, Any]) -> None:
    assert found["errors"] == []
    check_turn(found["turn"])
    check_cut(found["interruption"])
    assert found["interruption"]["speech_started"], "the client was not told to silence its loudspeaker"
    check_tool(found["tool"])


def test_openai_for_python_over_a_websocket(agent: Agent, python: Path, spoken: Path) -> None:
    found = driven([python, HERE / "python" / "openai_websocket.py"], agent.url, spoken)
    check_openai(found)
    assert found["strange"] == [], "events are not what the package's types describe"
    assert found["interruption"]["reason"] == "turn_detected"
    assert found["interruption"]["grew_s"] == 0, "sound came after the response was over"


def test_openai_for_python_over_webrtc(agent: Agent, python: Path, spoken: Path) -> None:
    found = driven([python, HERE / "python" / "openai_webrtc.py"], agent.url, spoken)
    check_openai(found)
    assert found["strange"] == [], "events are not what the package's types describe"
    assert found["interruption"]["cleared"], "the client was not told that its sound was dropped"
    assert found["silent"]["sound_s"] < SILENT_S, "the reply was still to be heard after the cut"


def test_openai_for_node_over_a_websocket(secure: Secure, node: str, spoken: Path) -> None:
    trusted = {"NODE_EXTRA_CA_CERTS": str(secure.certificate)}
    found = driven([node, HERE / "node" / "openai_websocket.mjs"], secure.url, spoken, **trusted)
    check_openai(found)
    assert found["interruption"]["reason"] == "turn_detected"
    assert found["interruption"]["grew_s"] == 0, "sound came after the response was over"


def check_agents(found: dict[str, Any]) -> None:
    assert found["errors"] == []
    assert found["dropped"] == [], "events do not fit the package's schema, and it drops them without a word"
    check_turn(found["turn"])
    check_cut(found["interruption"])
    assert found["interruption"]["history"], "the cut reply has no words in the session's history"
    check_tool(found["tool"])


def test_agents_realtime_in_node_over_a_websocket(agent: Agent, node: str, spoken: Path) -> None:
    found = driven([node, HERE / "node" / "agents_websocket.mjs"], agent.url, spoken)
    check_agents(found)


def track() -> Sound:
    """What the browser's microphone picks up in one call."""
    made = Plan()
    made.say(said("question"), "asks", then=8.0)
    made.say(said("request"), "asks", then=3.2)
    made.say(said("interruption"), "interrupts", then=60.0)
    return made.track()


async def test_agents_realtime_in_chromium_over_webrtc(agent: Agent, page: str, tmp_path: Path) -> None:
    try:
        executable = chromium()
    except CallFailed as problem:
        pytest.skip(f"There is no browser here, so the client in it is not tested: {problem}.")
    from playwright.async_api import async_playwright

    microphone = tmp_path / "microphone.wav"
    write_track(microphone, track())
    weather = {
        "name": "get_weather",
        "description": "Tells the weather in a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
            "additionalProperties": False,
        },
    }
    given = {
        "url": agent.url,
        "key": agent.short_lived_key(),
        "weather": weather,
        "result": "Sunny, 21 degrees.",
        "instructions": "You are a friendly voice assistant. Answer in one short sentence.",
    }
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=flags(microphone))
        try:
            opened = await browser.new_page()
            opened.on("console", lambda message: print(message.text))
            await opened.goto(page)
            await opened.wait_for_function("() => typeof start === 'function'")
            try:
                found = await opened.evaluate("given => start(given)", given)
            finally:
                print(await opened.evaluate("seen.events.map(event => event.type).filter(type => !/delta/.test(type))"))
        finally:
            await browser.close()
    check_agents(found)
    assert found["interruption"]["sounded_s"] > 0.5, "the reply was not to be heard before it was cut"
    assert found["interruption"]["sound_after_s"] < SILENT_S, "the reply was still to be heard after the cut"


def test_livekit_agents_with_the_openai_plugin(agent: Agent, python: Path, spoken: Path) -> None:
    found = driven([python, HERE / "python" / "livekit_agents.py"], agent.url, spoken)
    assert found["errors"] == []
    check_turn(found["turn"])
    assert found["interruption"]["heard_s"] > 0.5, "the loudspeaker was cleared before the interruption"
    assert found["interruption"]["history"], "the cut reply has no words in the session's history"
    assert found["interruption"]["said"], "the interruption was not answered"
    check_tool(found["tool"])


def test_pipecats_openai_realtime_service(agent: Agent, python: Path, spoken: Path) -> None:
    found = driven([python, HERE / "python" / "pipecat_pipeline.py"], agent.url, spoken)
    assert found["errors"] == []
    check_turn(found["turn"])
    cut = found["interruption"]
    assert cut["sounded_s"] > 0.5, "the reply was cut before the interruption"
    assert cut["played_after"] == 0, "the loudspeaker played on after the interruption"
    assert cut["said"], "the interruption was not answered"
    check_tool(found["tool"])
