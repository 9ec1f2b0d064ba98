"""What a server of the Realtime API says (`duplex.py` adds ours). Times are ms; indices count from 0."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from .base import ServerEvent
from .items import Item
from .response import Response
from .session import Session

# --- session and errors ---------------------------------------------------------------------


class SessionCreated(ServerEvent, tag="session.created"):
    session: Session


class SessionUpdated(ServerEvent, tag="session.updated"):
    """All settings now in force."""

    session: Session


class ErrorDetail(msgspec.Struct, omit_defaults=True, kw_only=True):
    type: str
    """`invalid_request_error` or `server_error`."""
    message: str
    code: str | UnsetType = UNSET
    param: str | UnsetType = UNSET
    event_id: str | UnsetType = UNSET
    """Of the client's event that it is about."""


class Error(ServerEvent, tag="error"):
    """An event could not be obeyed. The session goes on."""

    error: ErrorDetail


class RateLimit(msgspec.Struct, omit_defaults=True):
    name: str | UnsetType = UNSET
    limit: float | UnsetType = UNSET
    remaining: float | UnsetType = UNSET
    reset_seconds: float | UnsetType = UNSET


class RateLimitsUpdated(ServerEvent, tag="rate_limits.updated"):
    """Other servers send it; ours has no rate limits."""

    rate_limits: list[RateLimit]


# --- the user's sound -----------------------------------------------------------------------


class InputAudioBufferSpeechStarted(ServerEvent, tag="input_audio_buffer.speech_started"):
    """The user speaks since `audio_start_ms` of the session. Clients clear their playback on this."""

    audio_start_ms: int
    item_id: str


class InputAudioBufferSpeechStopped(ServerEvent, tag="input_audio_buffer.speech_stopped"):
    audio_end_ms: int
    item_id: str


class InputAudioBufferCommitted(ServerEvent, tag="input_audio_buffer.committed"):
    """The user's turn became item `item_id`."""

    item_id: str
    previous_item_id: str | UnsetType | None = UNSET


class InputAudioBufferCleared(ServerEvent, tag="input_audio_buffer.cleared"):
    pass


class TranscriptionUsage(msgspec.Struct):
    seconds: float
    type: Literal["duration"] = "duration"


class InputAudioTranscriptionDelta(ServerEvent, tag="conversation.item.input_audio_transcription.delta"):
    item_id: str
    delta: str
    content_index: int


class InputAudioTranscriptionCompleted(ServerEvent, tag="conversation.item.input_audio_transcription.completed"):
    item_id: str
    transcript: str
    content_index: int
    usage: TranscriptionUsage | UnsetType = UNSET


class TranscriptionError(msgspec.Struct, omit_defaults=True):
    type: str | UnsetType = UNSET
    code: str | UnsetType = UNSET
    message: str | UnsetType = UNSET


class InputAudioTranscriptionFailed(ServerEvent, tag="conversation.item.input_audio_transcription.failed"):
    item_id: str
    content_index: int
    error: TranscriptionError


# --- the conversation -----------------------------------------------------------------------


class ConversationItemAdded(ServerEvent, tag="conversation.item.added"):
    item: Item
    previous_item_id: str | UnsetType | None = UNSET


class ConversationItemDone(ServerEvent, tag="conversation.item.done"):
    item: Item
    previous_item_id: str | UnsetType | None = UNSET


class ConversationItemRetrieved(ServerEvent, tag="conversation.item.retrieved"):
    item: Item


class ConversationItemTruncated(ServerEvent, tag="conversation.item.truncated"):
    """Of the item's sound, [0, `audio_end_ms`) was heard."""

    item_id: str
    content_index: int
    audio_end_ms: int
    transcript: str | UnsetType = UNSET
    """What was heard, in words (not part of the API)."""


class ConversationItemDeleted(ServerEvent, tag="conversation.item.deleted"):
    item_id: str


# --- responses ------------------------------------------------------------------------------


class ResponseCreated(ServerEvent, tag="response.created"):
    response: Response


class ResponseDone(ServerEvent, tag="response.done"):
    """Nothing of this response comes after it."""

    response: Response


class OutputItemAdded(ServerEvent, tag="response.output_item.added"):
    response_id: str
    output_index: int
    item: Item


class OutputItemDone(ServerEvent, tag="response.output_item.done"):
    response_id: str
    output_index: int
    item: Item


class Part(msgspec.Struct, omit_defaults=True):
    """A content part of a response, which is not called as in an item."""

    type: Literal["audio", "text"]
    text: str | UnsetType = UNSET
    transcript: str | UnsetType = UNSET


class PartEvent(ServerEvent):
    """Where in a response something belongs."""

    response_id: str
    item_id: str
    output_index: int
    content_index: int


class ContentPartAdded(PartEvent, tag="response.content_part.added"):
    part: Part


class ContentPartDone(PartEvent, tag="response.content_part.done"):
    part: Part


class OutputAudioDelta(PartEvent, tag="response.output_audio.delta"):
    """More sound, base64, in the session's output format (WebSocket)."""

    delta: str


class OutputAudioDone(PartEvent, tag="response.output_audio.done"):
    pass


class OutputAudioTranscriptDelta(PartEvent, tag="response.output_audio_transcript.delta"):
    delta: str
    start_time: float | UnsetType = UNSET
    """Where in the item's sound these words begin, in s (not part of the API; livekit-agents reads it)."""


class OutputAudioTranscriptDone(PartEvent, tag="response.output_audio_transcript.done"):
    transcript: str


class OutputTextDelta(PartEvent, tag="response.output_text.delta"):
    delta: str


class OutputTextDone(PartEvent, tag="response.output_text.done"):
    text: str


class FunctionCallArgumentsDelta(ServerEvent, tag="response.function_call_arguments.delta"):
    response_id: str
    item_id: str
    output_index: int
    call_id: str
    delta: str


class FunctionCallArgumentsDone(ServerEvent, tag="response.function_call_arguments.done"):
    response_id: str
    item_id: str
    output_index: int
    call_id: str
    name: str
    arguments: str


# --- what is audible (WebRTC) ---------------------------------------------------------------


class OutputAudioBufferStarted(ServerEvent, tag="output_audio_buffer.started"):
    response_id: str


class OutputAudioBufferStopped(ServerEvent, tag="output_audio_buffer.stopped"):
    response_id: str


class OutputAudioBufferCleared(ServerEvent, tag="output_audio_buffer.cleared"):
    response_id: str
