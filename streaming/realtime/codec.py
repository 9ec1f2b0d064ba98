"""Events to text and back.

What comes from a client is read leniently: fields that are not known are passed over, null means absent except
where the API gives it a meaning, names of the beta API are taken for today's. What is sent is exact.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

import msgspec

from . import client_events, duplex, server_events
from .base import ClientEvent, ServerEvent
from .beta import modernised
from .session import Session


class WireError(Exception):
    """An event cannot be read. `code` and `param` are as the API's `error` has them."""

    def __init__(self, message: str, code: str, param: str | None = None, event_id: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.param = param
        self.event_id = event_id


_ENCODER = msgspec.json.Encoder()


def _tagged(base: type[ClientEvent] | type[ServerEvent], *modules: ModuleType) -> dict[str, type[Any]]:
    """Wire name -> struct, of every event that `modules` define."""
    return {
        str(kind.__struct_config__.tag): kind
        for module in modules
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, base) and kind.__struct_config__.tag != kind.__name__
    }


CLIENT_EVENTS = _tagged(ClientEvent, client_events, duplex)
SERVER_EVENTS = _tagged(ServerEvent, server_events, duplex)


def encode(event: ClientEvent | ServerEvent) -> str:
    """The event as JSON text."""
    return _ENCODER.encode(event).decode()


def decode_client(raw: str | bytes) -> ClientEvent | None:
    """A client's event, or None for a `duplex.*` event of a later day than this server.

    Raises `WireError`, which can be sent back as it is.
    """
    event = _read(raw)
    kind, name = event.get("type"), event.get("event_id")
    event_id = name if isinstance(name, str) else None
    if not isinstance(kind, str):
        raise WireError("An event needs a `type` (text).", "missing_required_parameter", "type", event_id)
    if kind not in CLIENT_EVENTS:
        if kind.startswith("duplex."):
            return None
        raise WireError(
            f"There is no client event `{kind[:100]}`; see docs/protocol.md.", "invalid_value", "type", event_id
        )
    try:
        found: ClientEvent = msgspec.convert(modernised(event), CLIENT_EVENTS[kind])
    except (msgspec.ValidationError, RecursionError) as problem:
        message, _, place = str(problem).partition(" - at `$.")
        missing = "missing required field" in message
        param = place.rstrip("`") or (message.split("`")[1] if missing else None)
        code = "missing_required_parameter" if missing else "invalid_value"
        raise WireError(f"{message}.", code, param, event_id) from None
    return found


def decode_server(raw: str | bytes) -> ServerEvent | None:
    """A server's event, or None for one that is not known here (servers learn new ones). Raises `WireError`."""
    event = _read(raw)
    kind = SERVER_EVENTS.get(str(event.get("type")))
    if kind is None:
        return None
    try:
        found: ServerEvent = msgspec.convert(event, kind)
    except (msgspec.ValidationError, RecursionError) as problem:
        raise WireError(str(problem), "invalid_value") from None
    return found


def decode_session(raw: str | bytes) -> Session:
    """The settings that a client sends when it connects (a JSON object), read as leniently. Raises `WireError`."""
    try:
        return msgspec.convert(modernised({"session": _read(raw)})["session"], Session)
    except (msgspec.ValidationError, RecursionError) as problem:
        message, _, place = str(problem).partition(" - at `$.")
        raise WireError(
            f"{message}.", "invalid_value", f"session.{place.rstrip('`')}" if place else "session"
        ) from None


def _read(raw: str | bytes) -> dict[str, Any]:
    try:
        event = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError, UnicodeError) as problem:
        raise WireError(f"This must be one JSON object: {problem}.", "invalid_json") from None
    if not isinstance(event, dict):
        raise WireError("This must be one JSON object.", "invalid_json")
    return event
