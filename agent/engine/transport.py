"""Frames on the socket between agent and engine: four bytes of length, then one msgpack message. No I/O here."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from .messages import AgentMessage, EngineMessage

LONGEST = 16 << 20
"""Bytes of the longest frame that is read; what is longer is skipped."""

_LENGTH = 4


class BadFrame(Exception):
    """A frame that is no message. `session` is the session it names, "" if it names none."""

    def __init__(self, reason: str, session: str = "") -> None:
        super().__init__(reason)
        self.session = session


def encode(message: AgentMessage | EngineMessage) -> bytes:
    """One message as a frame."""
    return frame(msgspec.msgpack.encode(message))


def frame(payload: bytes) -> bytes:
    """`payload` with its length before it."""
    return len(payload).to_bytes(_LENGTH, "big") + payload


class Frames:
    """Cuts a stream of bytes into frames."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._skip = 0
        """Bytes of a frame that is too long, still to come."""

    def feed(self, received: bytes) -> Iterator[bytes | BadFrame]:
        """The frames that `received` completes; a `BadFrame` in place of one that is too long."""
        skipped = min(self._skip, len(received))
        self._skip -= skipped
        self._bytes += received[skipped:]
        while len(self._bytes) >= _LENGTH:
            length = int.from_bytes(self._bytes[:_LENGTH], "big")
            end = _LENGTH + length
            if length > LONGEST:
                self._skip = max(end - len(self._bytes), 0)
                del self._bytes[:end]
                yield BadFrame(f"A message of {length} bytes was skipped: send at most {LONGEST} in one")
            elif len(self._bytes) >= end:
                payload = bytes(self._bytes[_LENGTH:end])
                del self._bytes[:end]
                yield payload
            else:
                return


def from_agent(payload: bytes) -> AgentMessage:
    """The message in a frame from the agent. Raises `BadFrame`."""
    try:
        message: AgentMessage = _from_agent.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadFrame(f"A message was not understood: {error}", _session(payload)) from error
    return message


def from_engine(payload: bytes) -> EngineMessage:
    """The message in a frame from the engine. Raises `BadFrame`."""
    try:
        message: EngineMessage = _from_engine.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadFrame(f"A message was not understood: {error}", _session(payload)) from error
    return message


_from_agent = msgspec.msgpack.Decoder(AgentMessage)
_from_engine = msgspec.msgpack.Decoder(EngineMessage)


class _Named(msgspec.Struct):
    session: str = ""


def _session(payload: bytes) -> str:
    try:
        return msgspec.msgpack.decode(payload, type=_Named).session
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
