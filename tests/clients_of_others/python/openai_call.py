"""The three acts on the events of the `openai` package, whatever carries them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from openai.types.realtime import RealtimeServerEvent
from outside import INSTRUCTIONS, RESULT, WEATHER, Person, until
from pydantic import TypeAdapter, ValidationError

SOUNDS_S = 1.2
"""How long a reply is listened to before it is interrupted."""
MOMENT_S = 0.5
_TYPES: TypeAdapter[Any] = TypeAdapter(RealtimeServerEvent)

SESSION: dict[str, Any] = {
    "type": "realtime",
    "instructions": INSTRUCTIONS,
    "audio": {"input": {"transcription": {"model": "whisper-1"}}, "output": {"voice": "marin"}},
}


class Sound(Protocol):
    """What the application knows of the sound of responses."""

    def sounded(self, response: str) -> float:
        """How many seconds of a response were to be heard so far."""
        ...

    def lasted(self, response: str) -> float:
        """The same with its pauses."""
        ...

    def over(self, response: str) -> bool:
        """Whether all of it was."""
        ...

    async def interrupted(self, response: str) -> None:
        """The user starts to speak over it."""
        ...


class OpenAICall:
    """One call, as an application on the `openai` package would keep it."""

    def __init__(self, person: Person, send: Callable[[dict[str, Any]], Awaitable[None]], sound: Sound) -> None:
        self._person = person
        self._send = send
        self._sound = sound
        self.events: list[dict[str, Any]] = []
        self.times: list[float] = []
        self.strange: list[str] = []
        """What the package's own types do not describe."""

    async def receive(self, raw: str | bytes, event: Any) -> None:
        """One event as it came, and as the package read it."""
        told: dict[str, Any] = event.model_dump(warnings=False) if hasattr(event, "model_dump") else dict(event)
        if not told["type"].startswith("duplex."):
            try:
                _TYPES.validate_json(raw)
            except ValidationError as problem:
                self.strange.append(f"{told['type']}: {problem.errors()[:3]}")
        self.events.append(told)
        self.times.append(time.monotonic())
        given = self._given(0)
        if told["type"] == "input_audio_buffer.speech_started" and given and not self._sound.over(given[-1]):
            await self._sound.interrupted(given[-1])

    def _given(self, since: int) -> list[str]:
        """The responses begun since event `since`."""
        return [event["response"]["id"] for event in self.named("response.created", since)]

    def named(self, name: str, since: int = 0) -> list[dict[str, Any]]:
        return [event for event in self.events[since:] if event["type"] == name]

    def done(self, status: str, since: int) -> dict[str, Any] | None:
        """The first response since event `since` that ended so, and sounded or called a function."""
        for event in self.named("response.done", since):
            if event["response"]["status"] == status and event["response"]["output"]:
                response: dict[str, Any] = event["response"]
                return response
        return None

    def said(self, response: dict[str, Any]) -> str:
        """The transcript of a response."""
        parts = [part for item in response["output"] for part in item.get("content") or []]
        return " ".join(part.get("transcript") or "" for part in parts).strip()

    async def _answer(self, since: int, what: str) -> dict[str, Any]:
        """The next completed response, after all of it was heard and a moment of silence."""
        response = await until(lambda: self.done("completed", since), what)
        await until(lambda: self._sound.over(response["id"]), f"the end of {what}")
        await asyncio.sleep(MOMENT_S)
        return response

    async def acts(self) -> dict[str, object]:
        """Configures the session and goes through all three."""
        await until(lambda: self.named("session.created"), "session.created")
        await self._send({"type": "session.update", "session": SESSION})
        await until(lambda: self.named("session.updated"), "session.updated")
        return {
            "turn": await self._turn(),
            "interruption": await self._interruption(),
            "tool": await self._tool(),
            "strange": self.strange,
            "errors": [event["error"] for event in self.named("error")],
        }

    async def _turn(self) -> dict[str, object]:
        since = len(self.events)
        self._person.say("question")
        response = await self._answer(since, "an answer to the question")
        heard = await until(
            lambda: self.named("conversation.item.input_audio_transcription.completed", since), "the user's words"
        )
        return {
            "heard": heard[0]["transcript"],
            "said": self.said(response),
            "sounded_s": self._sound.sounded(response["id"]),
        }

    async def _interruption(self) -> dict[str, object]:
        since = len(self.events)
        self._person.say("request")

        def talking() -> str | None:
            return next((one for one in self._given(since) if self._sound.sounded(one) > SOUNDS_S), None)

        interrupted = await until(talking, "a reply that can be interrupted")
        over_it = len(self.events)
        self._person.say("interruption")
        # Over WebRTC a response may be complete long before it was heard; what is cut then is its sound.
        cut = await until(
            lambda: (
                self.named("output_audio_buffer.cleared", over_it)
                or [
                    event
                    for event in self.named("response.done", over_it)
                    if event["response"]["status"] == "cancelled"
                ]
            ),
            "the reply's end",
        )
        lasted = self._sound.lasted(interrupted)
        truncated = await until(lambda: self.named("conversation.item.truncated", over_it), "what was heard of it")
        answer = await self._answer(len(self.events), "an answer to the interruption")
        return {
            "same": interrupted == (cut[0].get("response_id") or cut[0]["response"]["id"]),
            "reason": ((cut[0].get("response") or {}).get("status_details") or {}).get("reason"),
            "cleared": cut[0]["type"] == "output_audio_buffer.cleared",
            "speech_started": bool(self.named("input_audio_buffer.speech_started", over_it)),
            "heard_ms": truncated[0]["audio_end_ms"],
            "lasted_s": lasted,
            "grew_s": self._sound.lasted(interrupted) - lasted,
            "said": self.said(answer),
        }

    async def _tool(self) -> dict[str, object]:
        since = len(self.events)
        choice = {"type": "function", "name": WEATHER["name"]}
        await self._send(
            {"type": "session.update", "session": {"type": "realtime", "tools": [WEATHER], "tool_choice": choice}}
        )
        await until(lambda: self.named("session.updated", since), "session.updated")
        self._person.say("question")
        called = (await until(lambda: self.named("response.function_call_arguments.done", since), "a function call"))[0]
        await until(lambda: self.done("completed", since), "the calling response's end")
        # Else the answer to the result would have to be a call again.
        await self._send({"type": "session.update", "session": {"type": "realtime", "tool_choice": "none"}})
        output = {"type": "function_call_output", "call_id": called["call_id"], "output": RESULT}
        after = len(self.events)
        await self._send({"type": "conversation.item.create", "item": output})
        await self._send({"type": "response.create"})
        answer = await self._answer(after, "an answer with the function's result")
        return {"name": called["name"], "arguments": called["arguments"], "said": self.said(answer)}
