"""The plugin in a bare `AgentSession`, against a server that says what the test tells it to."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pytest
from livekit.agents import Agent, AgentSession, function_tool, io
from livekit.agents.llm import ChatMessage
from livekit.agents.voice.transcription import TranscriptSynchronizer
from room_ends import Loudspeaker, Microphone
from scripted_server import PLACE, Caller, Event, ScriptedServer, until

RATE = 24_000
WORDS = ["It ", "is ", "sunny ", "and ", "very ", "warm ", "today."]
WORD_S = 0.3


def response(name: str, status: str, **more: Any) -> Event:
    return {"id": f"resp_{name}", "object": "realtime.response", "status": status, "output": [], **more}


def place(name: str) -> Event:
    return {"response_id": f"resp_{name}", "item_id": name, **PLACE}


def assistant(name: str) -> Event:
    return {"id": name, "object": "realtime.item", "type": "message", "status": "in_progress", "role": "assistant",
            "content": []}  # fmt: skip


class Brain:
    """The server's part of a turn."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller

    async def hears(self, name: str, text: str) -> None:
        """The user said something."""
        item = {"id": name, "type": "message", "status": "completed", "role": "user",
                "content": [{"type": "input_audio", "transcript": None}]}  # fmt: skip
        await self.caller.send(
            {"type": "input_audio_buffer.speech_started", "audio_start_ms": 0, "item_id": name},
            {"type": "duplex.user.words", "item_id": name, "stable": text[:4], "tentative": ""},
            {"type": "input_audio_buffer.speech_stopped", "audio_end_ms": 500, "item_id": name},
            {"type": "input_audio_buffer.committed", "item_id": name},
            {"type": "conversation.item.added", "item": item},
            {"type": "conversation.item.input_audio_transcription.completed", "item_id": name, "transcript": text,
             "content_index": 0},
        )  # fmt: skip

    async def begins(self, name: str, **more: Any) -> None:
        await self.caller.send({"type": "response.created", "response": response(name, "in_progress", **more)})

    async def says(self, name: str, ended: bool = True) -> None:
        """All words of a reply, each with its sound, at the pace of real time."""
        await self.caller.send({"type": "conversation.item.added", "item": assistant(name)})
        tone = (8000 * np.sin(np.arange(round(WORD_S * RATE)) / 12)).astype(np.int16)
        for number, word in enumerate(WORDS):
            start = number * WORD_S * 1000
            timed = {"text": word, "start_ms": start, "end_ms": start + WORD_S * 1000}
            await self.caller.send(
                {"type": "response.output_audio_transcript.delta", "delta": word, "start_time": start / 1000,
                 **place(name)},
                {"type": "duplex.words", "response_id": f"resp_{name}", "item_id": name, "words": [timed]},
            )  # fmt: skip
            await self.caller.say(name, number * len(tone), tone)
            await asyncio.sleep(WORD_S if number else 0)
        if ended:
            await self.ends(name, "completed")
            await self.caller.heard(name, "".join(WORDS), done=True)

    async def ends(self, name: str, status: str) -> None:
        await self.caller.send({"type": "response.done", "response": response(name, status)})

    async def cuts(self, name: str, onset: str) -> None:
        """The user interrupts."""
        await self.caller.send(
            {"type": "duplex.clear", "response_id": f"resp_{name}", "item_id": name},
            {"type": "input_audio_buffer.speech_started", "audio_start_ms": 900, "item_id": onset},
            {"type": "response.done", "response": response(name, "cancelled")},
        )


class Captions(io.TextOutput):
    """Where a room would show the words."""

    def __init__(self) -> None:
        super().__init__(label="captions", next_in_chain=None)

    async def capture_text(self, text: str) -> None:
        pass

    def flush(self) -> None:
        pass


class Stage:
    """A session, its room's ends, and what it told."""

    def __init__(self, url: str, synchronised: bool = False) -> None:
        from livekit.plugins import colloquy

        self.microphone, self.loudspeaker = Microphone(), Loudspeaker()
        self.model = colloquy.RealtimeModel(url=url)
        self.session: AgentSession[None] = AgentSession(llm=self.model, vad=None, aec_warmup_duration=None)
        self.items: list[ChatMessage] = []
        self.final: list[str] = []
        self.interim: list[str] = []
        self.closed: list[Any] = []
        self.agent_states: list[str] = []
        self.session.on("conversation_item_added", lambda event: self.items.append(event.item))
        self.session.on("user_input_transcribed", self._transcribed)
        self.session.on("close", self.closed.append)
        self.session.on("agent_state_changed", lambda event: self.agent_states.append(event.new_state))
        self.session.input.audio = self.microphone
        self.session.output.audio = self.loudspeaker
        if synchronised:
            both = TranscriptSynchronizer(next_in_chain_audio=self.loudspeaker, next_in_chain_text=Captions())
            self.session.output.audio, self.session.output.transcription = both.audio_output, both.text_output

    def _transcribed(self, event: Any) -> None:
        (self.final if event.is_final else self.interim).append(event.transcript)

    def said(self, role: str) -> list[ChatMessage]:
        return [item for item in self.items if isinstance(item, ChatMessage) and item.role == role]

    @property
    def realtime(self) -> Any:
        return self.session._activity.realtime_llm_session  # type: ignore[union-attr]


@contextlib.asynccontextmanager
async def staged(
    server: ScriptedServer, agent: Agent | None = None, synchronised: bool = False
) -> AsyncIterator[tuple[Stage, Brain]]:
    stage = Stage(server.url, synchronised)
    await stage.session.start(agent or Agent(instructions="Be brief."))
    try:
        caller = await server.call()
        yield stage, Brain(caller)
    finally:
        await stage.session.aclose()
        await stage.model.aclose()


async def test_a_whole_turn_is_heard_answered_and_written_down(server: ScriptedServer) -> None:
    async with staged(server) as (stage, brain):
        await until(lambda: brain.caller.of_type("session.update"))
        assert brain.caller.of_type("session.update")[0]["session"]["instructions"] == "Be brief."
        await brain.hears("u1", "How is the weather?")
        await brain.begins("a1")
        await brain.says("a1")
        await until(lambda: stage.said("assistant"))
        assert stage.interim[0] == "How "
        assert stage.final == ["How is the weather?"]
        assert [item.text_content for item in stage.said("user")] == ["How is the weather?"]
        answer = stage.said("assistant")[0]
        assert (answer.text_content, answer.interrupted, answer.id) == ("".join(WORDS), False, "a1")
        assert stage.loudspeaker.finished == [pytest.approx(len(WORDS) * WORD_S, abs=0.01)]
        assert "speaking" in stage.agent_states


async def test_the_microphone_leaves_in_packets_of_at_most_20_ms_as_it_comes(server: ScriptedServer) -> None:
    async with staged(server) as (_, brain):
        await until(lambda: brain.caller.samples > RATE // 2)
        sizes = [len(event["audio"]) * 3 // 4 for event in brain.caller.of_type("input_audio_buffer.append")]
        assert max(sizes) <= 2 * 480 + 2


@pytest.mark.parametrize("synchronised", [False, True])
async def test_an_interruption_silences_the_room_and_leaves_the_words_that_were_heard(
    server: ScriptedServer, synchronised: bool
) -> None:
    async with staged(server, synchronised=synchronised) as (stage, brain):
        await brain.hears("u1", "How is the weather?")
        await brain.begins("a1")
        speaking = asyncio.create_task(brain.says("a1", ended=False))
        await until(lambda: stage.loudspeaker.played > 3.2 * WORD_S)
        speaking.cancel()
        await brain.cuts("a1", "u2")
        await until(lambda: stage.said("assistant"))
        played = stage.loudspeaker.cleared[0]
        cut = stage.said("assistant")[0]
        assert cut.interrupted
        said = (cut.text_content or "").split()
        assert said == [word.strip() for word in WORDS[: len(said)]]
        if synchronised:
            # The framework's own synchroniser is up to a word behind.
            assert -0.5 * WORD_S <= played - len(said) * WORD_S <= 1.5 * WORD_S, (
                "the transcript ends elsewhere than the sound"
            )
        else:
            # Without a synchronised transcript, at most what the server is ahead with its sound.
            assert played - WORD_S <= len(said) * WORD_S <= played + 2 * WORD_S
        await until(lambda: brain.caller.of_type("conversation.item.truncate"))
        truncate = brain.caller.of_type("conversation.item.truncate")[0]
        assert truncate["item_id"] == "a1"
        assert truncate["audio_end_ms"] == pytest.approx(played * 1000, abs=20)


async def test_a_turn_that_goes_on_after_all_is_written_down_once(server: ScriptedServer) -> None:
    async with staged(server) as (stage, brain):
        await brain.hears("u1", "Tell me a story")
        await brain.begins("a1")
        await brain.caller.send(
            {"type": "response.done", "response": response("a1", "cancelled")},
            {"type": "conversation.item.deleted", "item_id": "u1"},
        )
        await brain.hears("u2", "Tell me a story about a dragon.")
        await brain.begins("a2")
        await brain.says("a2")
        await until(lambda: stage.said("assistant"))
        assert stage.final == ["Tell me a story about a dragon."]
        assert [item.text_content for item in stage.said("user")] == ["Tell me a story about a dragon."]


async def test_a_tool_is_called_and_its_result_is_answered(server: ScriptedServer) -> None:
    @function_tool
    async def get_weather(city: str) -> str:
        """The weather of a city."""
        return f"sunny in {city}"

    async with staged(server, Agent(instructions="Be brief.", tools=[get_weather])) as (stage, brain):
        caller = brain.caller
        await until(lambda: any(event["session"].get("tools") for event in caller.of_type("session.update")))
        tool = caller.of_type("session.update")[-1]["session"]["tools"][0]
        assert (tool["type"], tool["name"]) == ("function", "get_weather")
        assert tool["parameters"]["properties"]["city"]["type"] == "string"
        await brain.hears("u1", "How is the weather in Paris?")
        await brain.begins("a1")
        call = {"id": "f1", "object": "realtime.item", "type": "function_call", "call_id": "call_1",
                "name": "get_weather", "arguments": '{"city": "Paris"}', "status": "completed"}  # fmt: skip
        await caller.send(
            {"type": "conversation.item.added", "item": {**call, "arguments": "", "status": "in_progress"}},
            {"type": "response.output_item.done", "response_id": "resp_a1", "output_index": 0, "item": call},
        )
        await brain.ends("a1", "completed")
        await until(lambda: caller.of_type("conversation.item.create"))
        created = caller.of_type("conversation.item.create")
        assert [event["item"]["type"] for event in created] == ["function_call_output"], "the call was made again"
        assert created[0]["item"]["output"] == "sunny in Paris"
        await caller.send({"type": "conversation.item.added", "item": created[0]["item"]})
        await until(lambda: caller.of_type("response.create"))
        await brain.begins("a2", metadata=caller.of_type("response.create")[0]["response"]["metadata"])
        await brain.says("a2")
        await until(lambda: stage.said("assistant"))
        assert stage.said("assistant")[0].text_content == "".join(WORDS)
        assert not caller.of_type("response.cancel"), "the framework's idle interrupts reached the server"


async def test_a_server_that_is_away_costs_the_session_nothing_but_the_time(server: ScriptedServer) -> None:
    async with staged(server) as (stage, brain):
        lost: list[Any] = []
        stage.realtime.on("connection_lost", lost.append)
        back: list[Any] = []
        stage.realtime.on("session_reconnected", back.append)
        await brain.hears("u1", "How is the weather?")
        await brain.begins("a1")
        await brain.says("a1")
        await until(lambda: stage.said("assistant"))
        port = int(server.url.rsplit(":", 1)[1])
        await brain.caller.send({"type": "input_audio_buffer.speech_started", "audio_start_ms": 9, "item_id": "u2"})
        await until(lambda: stage.session.user_state == "speaking")
        await server.stop()
        await until(lambda: lost)
        reply = stage.session.generate_reply(user_input="And tomorrow?")
        # Longer than the stock plugin bears.
        await asyncio.sleep(5.0)
        assert not stage.closed
        assert not reply.done()
        assert len(lost) == 1, "the same was told again and again"
        assert stage.session.user_state == "listening", "the user would be waited for for ever"
        await server.start(port)
        caller = await server.call(2)
        await until(lambda: caller.of_type("response.create"))
        told = [event["item"] for event in caller.of_type("conversation.item.create")]
        assert [(item["role"], item["content"][0]["text"]) for item in told] == [
            ("user", "How is the weather?"),
            ("assistant", "".join(WORDS)),
            ("user", "And tomorrow?"),
        ]
        assert caller.of_type("session.update")[0]["session"]["instructions"] == "Be brief."
        assert back
        again = Brain(caller)
        await again.begins("a2", metadata=caller.of_type("response.create")[0]["response"]["metadata"])
        await again.says("a2")
        await until(lambda: len(stage.said("assistant")) == 2)


async def test_a_key_that_is_refused_ends_the_session_and_says_why(server: ScriptedServer) -> None:
    server.status = 401
    stage = Stage(server.url)
    errors: list[Any] = []
    stage.session.on("error", errors.append)
    await stage.session.start(Agent(instructions="Be brief."))
    await until(lambda: stage.closed)
    assert "api_key" in str(errors[-1].error.error)
    await stage.model.aclose()


async def test_our_own_events_are_handed_on(server: ScriptedServer) -> None:
    async with staged(server) as (stage, brain):
        events: list[Any] = []
        stage.realtime.on("duplex_event", events.append)
        await brain.caller.send(
            {"type": "duplex.latency", "response_id": "r", "kind": "reply", "turn_ms": 291.4, "stages": []},
            {"type": "duplex.command", "command": "stop", "audio_start_ms": 1, "audio_end_ms": 2},
        )
        await until(lambda: len(events) == 2)
        assert (events[0].turn_ms, events[1].command) == (291.4, "stop")
