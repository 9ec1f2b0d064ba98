"""What a session is set to, as a client asks for it and as the server shows it."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from .audio import AudioConfig

Modality = Literal["text", "audio"]
MaxTokens = int | Literal["inf"]
ToolChoice = str | dict[str, Any]
"""`auto`, `none`, `required`, or {"type": "function", "name": ...}."""


class Session(msgspec.Struct, omit_defaults=True, kw_only=True):
    """Settings of a session. What is absent is not asked for (from a client) or not shown (from the server)."""

    type: str | UnsetType = UNSET
    """`realtime`."""
    object: str | UnsetType = UNSET
    id: str | UnsetType = UNSET
    model: str | UnsetType = UNSET
    output_modalities: list[Modality] | UnsetType = UNSET
    """["audio"] (with its transcript) or ["text"]."""
    instructions: str | UnsetType = UNSET
    tools: list[dict[str, Any]] | UnsetType = UNSET
    tool_choice: ToolChoice | UnsetType = UNSET
    max_output_tokens: MaxTokens | UnsetType = UNSET
    audio: AudioConfig | UnsetType = UNSET
    expires_at: int | UnsetType = UNSET
    """Unix time in seconds."""


class Reply(msgspec.Struct, omit_defaults=True, kw_only=True):
    """What a client asks of one response (`response.create`); what is absent is the session's."""

    instructions: str | UnsetType = UNSET
    output_modalities: list[Modality] | UnsetType = UNSET
    metadata: dict[str, Any] | UnsetType = UNSET
    """Comes back in `response.created` and `response.done`."""
    tools: list[dict[str, Any]] | UnsetType = UNSET
    tool_choice: ToolChoice | UnsetType = UNSET
    max_output_tokens: MaxTokens | UnsetType = UNSET
    audio: AudioConfig | UnsetType = UNSET
    conversation: str | UnsetType = UNSET
    input: list[Any] | UnsetType = UNSET


class ClientSecret(msgspec.Struct):
    """The answer of `POST /v1/realtime/client_secrets`."""

    value: str
    expires_at: int
    session: Session


def overlaid(below: Session, above: Session) -> Session:
    """`below` with everything that `above` names put over it."""
    found: Session = _overlaid(below, above)
    return found


def _overlaid(below: Any, above: Any) -> Any:
    if not isinstance(below, msgspec.Struct) or type(below) is not type(above):
        return below if above is UNSET else above
    names = below.__struct_fields__
    return type(below)(**{name: _overlaid(getattr(below, name), getattr(above, name)) for name in names})
