"""One response of the model, and what it came to."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from .items import Item
from .session import Modality

ResponseState = Literal["in_progress", "completed", "cancelled", "failed", "incomplete"]
Reason = Literal["turn_detected", "client_cancelled", "max_output_tokens", "content_filter"]


class TokenDetails(msgspec.Struct):
    text_tokens: int = 0
    audio_tokens: int = 0
    cached_tokens: int = 0


class OutputDetails(msgspec.Struct):
    text_tokens: int = 0
    audio_tokens: int = 0


class Usage(msgspec.Struct):
    """What a response took, in tokens."""

    total_tokens: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    input_token_details: TokenDetails = msgspec.field(default_factory=TokenDetails)
    output_token_details: OutputDetails = msgspec.field(default_factory=OutputDetails)


class ResponseError(msgspec.Struct, omit_defaults=True):
    type: str | UnsetType = UNSET
    code: str | UnsetType = UNSET
    message: str | UnsetType = UNSET


class StatusDetails(msgspec.Struct, omit_defaults=True, kw_only=True):
    type: Literal["completed", "cancelled", "incomplete", "failed"] | UnsetType = UNSET
    reason: Reason | UnsetType = UNSET
    error: ResponseError | UnsetType = UNSET


class Response(msgspec.Struct, omit_defaults=True, kw_only=True):
    """A response as `response.created` and `response.done` show it."""

    id: str
    object: str | UnsetType = UNSET
    status: ResponseState
    status_details: StatusDetails | UnsetType = UNSET
    output: list[Item] | UnsetType = UNSET
    conversation_id: str | UnsetType = UNSET
    output_modalities: list[Modality] | UnsetType = UNSET
    metadata: dict[str, Any] | UnsetType = UNSET
    usage: Usage | UnsetType = UNSET
