"""What cannot be obeyed, and how the client is told."""

from __future__ import annotations

from msgspec import UNSET

from streaming.realtime.server_events import Error, ErrorDetail


class Refused(Exception):
    """A client's event cannot be obeyed. The message says what to do; `code` and `param` are for programs."""

    def __init__(self, message: str, code: str = "invalid_value", param: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.param = param


def error(message: str, code: str, param: str | None = None, event_id: str | None = None) -> Error:
    """The API's `error` about a client's event `event_id`."""
    detail = ErrorDetail(
        type="invalid_request_error", message=message, code=code, param=param or UNSET, event_id=event_id or UNSET
    )
    return Error(error=detail)
