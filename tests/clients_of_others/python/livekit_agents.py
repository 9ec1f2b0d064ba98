"""LiveKit's AgentSession with its OpenAI plugin, without a LiveKit server: its own joints carry the sound."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

from livekit import rtc
from livekit.agents import Agent, AgentSession, function_tool, io
from livekit.agents.llm import ChatMessage
from livekit.agents.voice.events import (
    AgentStateChangedEvent,
    ConversationItemAddedEvent,
    ErrorEvent,
    FunctionToolsExecutedEvent,
    UserInputTranscribedEvent,
)
from livekit.plugins import openai
from outside import ASKED, BLOCK, INSTRUCTIONS, RATE, RESULT, WEATHER, Person, Place, run, until

SOUNDS_S = 1.2


class Microphone(io.AudioInput):
    """The person, as a session takes it."""

    def __init__(self, person: Person) -> None:
        super().__init__(label="person")
        self._blocks: AsyncIterator[bytes] = person.blocks()

    async def __anext__(self) -> rtc.AudioFrame:
        return rtc.AudioFrame(await anext(self._blocks), RATE, 1, BLOCK)


class Loudspeaker(io.AudioOutput):
    """Plays at the pace of real time, and forgets what it has when it is cleared."""

    def __init__(self) -> None:
        super().__init__(label="loudspeaker", capabilities=io.AudioOutputCapabilities(pause=False), sample_rate=RATE)
        self.cleared: list[float] = []
        """Seconds that had been played when the session cleared a reply."""
        self._pushed = 0.0
        self._began = 0.0
        self._stopped = asyncio.Event()
        self._playing: asyncio.Task[None] | None = None

    @property
    def played(self) -> float:
        """Seconds of the reply that is being played."""
        return min(self._pushed, time.monotonic() - self._began) if self._pushed else 0.0

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        if self._playing is not None:
            await self._playing
        await super().capture_frame(frame)
        if not self._pushed:
            self._began = time.monotonic()
            self._stopped.clear()
            self.on_playback_started(created_at=time.time())
        self._pushed += frame.duration

    def flush(self) -> None:
        super().flush()
        if self._pushed and self._playing is None:
            self._playing = asyncio.create_task(self._play_out())

    def clear_buffer(self) -> None:
        if self._pushed:
            self.cleared.append(self.played)
            self._stopped.set()

    async def _play_out(self) -> None:
        try:
            await asyncio.wait_for(self._stopped.wait(), self._pushed - self.played)
            interrupted = True
        except TimeoutError:
            interrupted = False
        position, self._pushed = self.played, 0.0
        self._playing = None
        self.on_playback_finished(playback_position=position, interrupted=interrupted)


class Assistant(Agent):
    """Nothing but instructions, and later a tool."""

    def __init__(self) -> None:
        super().__init__(instructions=INSTRUCTIONS)


async def driver() -> dict[str, object]:
    place = Place.given()
    person, loudspeaker, agent = Person(place.clips), Loudspeaker(), Assistant()
    model = openai.realtime.RealtimeModel(base_url=f"{place.url}/v1", api_key=place.key)
    session: AgentSession[None] = AgentSession(
        llm=model, vad=None, aec_warmup_duration=None, turn_handling={"turn_detection": "realtime_llm"}
    )
    items: list[ChatMessage] = []
    heard: list[str] = []
    states: list[str] = []
    errors: list[str] = []
    calls: list[FunctionToolsExecutedEvent] = []

    @session.on("conversation_item_added")
    def added(event: ConversationItemAddedEvent) -> None:
        if isinstance(event.item, ChatMessage):
            items.append(event.item)

    @session.on("user_input_transcribed")
    def transcribed(event: UserInputTranscribedEvent) -> None:
        if event.is_final:
            heard.append(event.transcript)

    @session.on("agent_state_changed")
    def changed(event: AgentStateChangedEvent) -> None:
        states.append(event.new_state)

    @session.on("function_tools_executed")
    def executed(event: FunctionToolsExecutedEvent) -> None:
        calls.append(event)

    @session.on("error")
    def failed(event: ErrorEvent) -> None:
        errors.append(str(event.error))

    def answers(since: int, interrupted: bool) -> ChatMessage | None:
        """The first answer after item `since` that was heard to its end, or was not."""
        for item in items[since:]:
            if item.role == "assistant" and item.interrupted == interrupted and item.text_content:
                return item
        return None

    def text(message: ChatMessage) -> str:
        return message.text_content or ""

    @function_tool(name=str(WEATHER["name"]), description=str(WEATHER["description"]))
    async def get_weather(city: str) -> str:
        return RESULT

    async def turn() -> dict[str, object]:
        person.say("question")
        answer = await until(lambda: answers(0, interrupted=False), "an answer to the question")
        return {"heard": " ".join(heard), "said": text(answer)}

    async def interruption() -> dict[str, object]:
        since, cleared = len(items), len(loudspeaker.cleared)
        person.say("request")
        await until(lambda: loudspeaker.played > SOUNDS_S, "a reply that can be interrupted")
        person.say("interruption")
        await until(lambda: loudspeaker.cleared[cleared:], "a cleared loudspeaker")
        cut = await until(lambda: answers(since, interrupted=True), "the reply as far as it was heard")
        answer = await until(lambda: answers(since, interrupted=False), "an answer to the interruption")
        return {"heard_s": loudspeaker.cleared[cleared], "history": text(cut), "said": text(answer)}

    async def tool() -> dict[str, object]:
        since = len(items)
        await agent.update_tools([get_weather])
        named = {"type": "function", "function": {"name": WEATHER["name"]}}
        session.generate_reply(user_input=ASKED, tool_choice=named)  # type: ignore[arg-type]
        executed = (await until(lambda: calls, "a function call"))[0]
        answer = await until(lambda: answers(since, interrupted=False), "an answer with the function's result")
        call, output = executed.function_calls[0], executed.function_call_outputs[0]
        return {"name": call.name, "arguments": call.arguments, "output": output.output, "said": text(answer)}

    session.input.audio = Microphone(person)
    session.output.audio = loudspeaker
    await session.start(agent)
    try:
        return {
            "turn": await turn(),
            "interruption": await interruption(),
            "tool": await tool(),
            "errors": errors,
        }
    finally:
        print(states, heard, [(item.role, item.interrupted, item.text_content) for item in items])
        await session.aclose()
        await model.aclose()


run(driver)
