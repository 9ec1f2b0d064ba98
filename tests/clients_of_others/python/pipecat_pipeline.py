"""A pipecat pipeline around its OpenAI Realtime service, with a transport of our own at both ends."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any

from loguru import logger
from outside import BLOCK, INSTRUCTIONS, RATE, RESULT, WEATHER, Person, Place, run, until
from pipecat.adapters.llm.schemas.function_schema import FunctionSchema
from pipecat.adapters.llm.schemas.tools_schema import ToolsSchema
from pipecat.frames.frames import (
    BotStartedSpeakingFrame,
    BotStoppedSpeakingFrame,
    ErrorFrame,
    Frame,
    InputAudioRawFrame,
    InterruptionFrame,
    LLMRunFrame,
    LLMUpdateSettingsFrame,
    OutputAudioRawFrame,
    StartFrame,
    TranscriptionFrame,
)
from pipecat.observers.base_observer import BaseObserver, FramePushed
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import LLMContextAggregatorPair
from pipecat.services.llm_service import FunctionCallParams
from pipecat.services.openai.realtime import events
from pipecat.services.openai.realtime.llm import OpenAIRealtimeLLMService
from pipecat.transports.base_input import BaseInputTransport
from pipecat.transports.base_output import BaseOutputTransport
from pipecat.transports.base_transport import TransportParams
from pipecat.workers.runner import WorkerRunner

SOUNDS_S = 1.2


class Microphone(BaseInputTransport):
    """The person, as a pipeline takes it."""

    def __init__(self, person: Person, params: TransportParams) -> None:
        super().__init__(params)
        self._person = person
        self._work: asyncio.Task[None] | None = None

    async def start(self, frame: StartFrame) -> None:
        await super().start(frame)
        await self.set_transport_ready(frame)
        self._work = self.create_task(self._listen())

    async def cleanup(self) -> None:
        if self._work is not None:
            await self.cancel_task(self._work)
            self._work = None
        await super().cleanup()

    async def _listen(self) -> None:
        async for block in self._person.blocks():
            await self.push_audio_frame(InputAudioRawFrame(audio=block, sample_rate=RATE, num_channels=1))


class Loudspeaker(BaseOutputTransport):
    """Plays at the pace of real time. Dropping what is queued at an interruption is pipecat's own work."""

    def __init__(self, params: TransportParams) -> None:
        super().__init__(params)
        self.played: list[float] = []
        """When each 20 ms that was not silent began to play."""
        self._free_at = 0.0

    async def start(self, frame: StartFrame) -> None:
        await super().start(frame)
        await self.set_transport_ready(frame)

    async def write_audio_frame(self, frame: OutputAudioRawFrame) -> bool:
        now = time.monotonic()
        self._free_at = max(now, self._free_at) + len(frame.audio) / 2 / frame.sample_rate
        if any(frame.audio):
            self.played.append(now)
        await asyncio.sleep(self._free_at - now)
        return True


class Witness(BaseObserver):
    """Notes what passes through the pipeline, once each."""

    def __init__(self) -> None:
        super().__init__()
        self.frames: list[tuple[float, Frame]] = []
        self._known: set[int] = set()

    async def on_push_frame(self, data: FramePushed) -> None:
        noted = (TranscriptionFrame, InterruptionFrame, BotStartedSpeakingFrame, BotStoppedSpeakingFrame, ErrorFrame)
        if isinstance(data.frame, noted) and data.frame.id not in self._known:
            self._known.add(data.frame.id)
            self.frames.append((time.monotonic(), data.frame))

    def times(self, kind: type[Frame], since: float) -> list[float]:
        return [when for when, frame in self.frames if isinstance(frame, kind) and when >= since]


async def driver() -> dict[str, object]:
    logger.remove()
    logger.add(sys.stderr, level="INFO")
    place = Place.given()
    person, witness = Person(place.clips), Witness()
    params = TransportParams(
        audio_in_enabled=True,
        audio_in_sample_rate=RATE,
        audio_out_enabled=True,
        audio_out_sample_rate=RATE,
        audio_out_10ms_chunks=BLOCK * 100 // RATE,
        audio_out_end_silence_secs=0,
    )
    loudspeaker = Loudspeaker(params)
    calls: list[dict[str, Any]] = []

    def properties(**changed: Any) -> events.SessionProperties:
        audio = events.AudioConfiguration(
            input=events.AudioInput(transcription=events.InputAudioTranscription(model="gpt-4o-mini-transcribe"))
        )
        return events.SessionProperties(instructions=INSTRUCTIONS, audio=audio, **changed)

    def setting(**changed: Any) -> LLMUpdateSettingsFrame:
        return LLMUpdateSettingsFrame(delta=OpenAIRealtimeLLMService.Settings(session_properties=properties(**changed)))

    async def get_weather(call: FunctionCallParams) -> None:
        calls.append({"name": call.function_name, "arguments": dict(call.arguments)})
        # Else the answer to the result would have to be a call again.
        await worker.queue_frame(setting(tools=tools, tool_choice="none"))
        await call.result_callback({"weather": RESULT})

    function = FunctionSchema(
        name=WEATHER["name"],
        description=WEATHER["description"],
        properties=WEATHER["parameters"]["properties"],
        required=WEATHER["parameters"]["required"],
    )
    tools = ToolsSchema(standard_tools=[function])
    service = OpenAIRealtimeLLMService(
        api_key=place.key,
        base_url=f"{place.socket}/v1/realtime",
        settings=OpenAIRealtimeLLMService.Settings(session_properties=properties()),
    )
    service.register_function(str(WEATHER["name"]), get_weather)
    context = LLMContext([{"role": "user", "content": "Say hello."}])
    aggregators = LLMContextAggregatorPair(context)
    pipeline = Pipeline([Microphone(person, params), aggregators.user(), service, loudspeaker, aggregators.assistant()])
    worker = PipelineWorker(pipeline, params=PipelineParams(), observers=[witness], enable_rtvi=False)
    runner = WorkerRunner(handle_sigint=False)

    def said(since: int) -> str:
        """What the assistant's lines in the context say, from line `since`."""
        return " ".join(
            str(line["content"])
            for line in context.get_messages()[since:]
            if isinstance(line, dict) and line.get("role") == "assistant" and line.get("content")
        )

    async def spoken(since: float, what: str) -> float:
        """When the assistant stopped speaking, having begun after `since`."""
        began = (await until(lambda: witness.times(BotStartedSpeakingFrame, since), what))[0]
        return (await until(lambda: witness.times(BotStoppedSpeakingFrame, began), f"the end of {what}"))[0]

    async def turn() -> dict[str, object]:
        since, lines = time.monotonic(), len(context.get_messages())
        person.say("question")
        await spoken(since, "an answer to the question")
        await until(lambda: said(lines), "the answer's line in the context")
        heard = [frame.text for _, frame in witness.frames if isinstance(frame, TranscriptionFrame)]
        return {"heard": " ".join(heard), "said": said(lines)}

    async def interruption() -> dict[str, object]:
        since = time.monotonic()
        person.say("request")

        def talking() -> bool:
            began = witness.times(BotStartedSpeakingFrame, since)
            return bool(began) and time.monotonic() - began[-1] > SOUNDS_S

        await until(talking, "a reply that can be interrupted")
        began = witness.times(BotStartedSpeakingFrame, since)[-1]
        over_it, lines = time.monotonic(), len(context.get_messages())
        person.say("interruption")
        cut = (await until(lambda: witness.times(InterruptionFrame, over_it), "an interruption"))[0]
        await spoken(cut, "an answer to the interruption")
        answered = witness.times(BotStartedSpeakingFrame, cut)[0]
        await until(lambda: said(lines), "lines in the context")
        return {
            "sounded_s": cut - began,
            "silent_s": answered - cut,
            "played_after": sum(cut + 0.1 < when < answered - 0.1 for when in loudspeaker.played),
            "said": said(lines),
        }

    async def tool() -> dict[str, object]:
        await worker.queue_frame(setting(tools=tools, tool_choice="required"))
        await asyncio.sleep(0.3)
        person.say("question")
        called = (await until(lambda: calls, "a function call"))[0]
        await spoken(time.monotonic(), "an answer with the function's result")

        def answer() -> str:
            roles = [line.get("role") for line in context.get_messages() if isinstance(line, dict)]
            return said(roles.index("tool"))

        await until(answer, "the answer's line in the context")
        return {**called, "said": answer()}

    await runner.add_workers(worker)
    work = asyncio.create_task(runner.run())
    try:
        begun = time.monotonic()
        await worker.queue_frame(LLMRunFrame())
        await spoken(begun, "the greeting that pipecat asks for")
        return {
            "turn": await turn(),
            "interruption": await interruption(),
            "tool": await tool(),
            "errors": [str(frame) for _, frame in witness.frames if isinstance(frame, ErrorFrame)],
        }
    finally:
        print([type(frame).__name__ for _, frame in witness.frames], context.get_messages())
        await worker.cancel()
        await work


run(driver)
