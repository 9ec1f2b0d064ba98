"""Logs for people or for machines, one line each, with the session's id; never with a key in them."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal, TextIO

_SESSION: ContextVar[str] = ContextVar("session", default="")
_KEYS = re.compile(r"(Bearer\s+|openai-insecure-api-key\.|ek_|sk-)[A-Za-z0-9._~+/=-]+", re.IGNORECASE)


@contextmanager
def session(session_id: str) -> Iterator[None]:
    """Everything logged inside, and by tasks begun inside, carries the id."""
    token = _SESSION.set(session_id)
    try:
        yield
    finally:
        _SESSION.reset(token)


def redacted(text: str) -> str:
    """Without anything that looks like a key: libraries log what they like."""
    return _KEYS.sub(r"\1***", text)


class _Lines(logging.Formatter):
    """`as_json`: one object a line; else time, level, session, logger and message."""

    def __init__(self, as_json: bool) -> None:
        super().__init__()
        self._as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        message = record.getMessage()
        if record.exc_info:
            message += "\n" + self.formatException(record.exc_info)
        fields = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S") + f".{int(record.msecs):03d}",
            "level": record.levelname.lower(),
            "session": _SESSION.get(),
            "logger": record.name,
            "message": redacted(message),
        }
        if self._as_json:
            return json.dumps({name: value for name, value in fields.items() if value}, ensure_ascii=False)
        where = f"{fields['session']} " if fields["session"] else ""
        return f"{fields['time']} {fields['level']:7} {where}{fields['logger']}: {fields['message']}"


def set_up(level: str, form: Literal["text", "json"], stream: TextIO = sys.stderr) -> None:
    """Logs from now on go to `stream`; calling it again replaces that."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_Lines(form == "json"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # Both tell every packet and every request, which drowns what a person looks for.
    for chatty in ("aioice", "aiortc", "aiohttp.access"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))
