"""The model, as an `AgentSession` is given it: where the server is, and what it can do."""

from __future__ import annotations

import os
import weakref

from livekit.agents import llm

from .session import RealtimeSession

URL = "http://127.0.0.1:8000"


class RealtimeModel(llm.RealtimeModel):
    """A Colloquy server.

    Give `AgentSession` `aec_warmup_duration=None`: by default livekit-agents is deaf for the first three seconds of
    the first reply.
    """

    def __init__(self, *, url: str | None = None, api_key: str | None = None, voice: str | None = None) -> None:
        """
        Args:
            url: The server's address; `COLLOQUY_URL`, else http://127.0.0.1:8000.
            api_key: Its key, if it wants one; `COLLOQUY_API_KEY`.
            voice: One of the server's voices; its default, if not given.
        """
        super().__init__(
            capabilities=llm.RealtimeCapabilities(
                message_truncation=True,
                turn_detection=True,
                user_transcription=True,
                auto_tool_reply_generation=False,
                audio_output=True,
                manual_function_calls=True,
                can_disable_turn_detection=True,
                # The server itself decides what interrupts, and says so only then: the framework is to cut at once.
                supports_overlapping_speech=False,
                mutable_chat_context=True,
                mutable_instructions=True,
                mutable_tools=True,
                per_response_tool_choice=True,
            )
        )
        self.url = (url or os.environ.get("COLLOQUY_URL") or URL).rstrip("/")
        self.api_key = api_key if api_key is not None else os.environ.get("COLLOQUY_API_KEY", "")
        self.voice = voice
        self._sessions: weakref.WeakSet[RealtimeSession] = weakref.WeakSet()

    @property
    def model(self) -> str:
        return "colloquy"

    @property
    def provider(self) -> str:
        return "colloquy"

    def session(self, *, turn_detection_disabled: bool = False) -> RealtimeSession:
        """A call of its own. It begins to connect at once, and never gives up."""
        made = RealtimeSession(self, turn_detection_disabled=turn_detection_disabled)
        self._sessions.add(made)
        return made

    async def aclose(self) -> None:
        """Ends its sessions."""
        for session in list(self._sessions):
            await session.aclose()
