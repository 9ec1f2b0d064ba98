"""A session on the wire whose every event is held against what existing clients accept."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, get_args

import numpy as np
import pytest
from openai.types.realtime import RealtimeServerEvent
from openai.types.realtime.conversation_item_added import ConversationItemAdded

from agent.conversation import commands as does
from agent.conversation.settings import ConversationSettings
from agent.engine.messages import Setup
from agent.wire.dialect import Dialect
from agent.wire.received import Capabilities, Received
from streaming.realtime.base import ServerEvent
from streaming.realtime.codec import decode_server, encode
from streaming.realtime.session import Session
from streaming.time import ms

MODELS = {
    get_args(model.model_fields["type"].annotation)[0]: model
    for model in (*get_args(get_args(RealtimeServerEvent)[0]), ConversationItemAdded)
}
MEANT_NULLS = {"transcript", "turn_detection", "transcription", "noise_reduction"}


def nulls(value: Any, name: str = "") -> list[str]:
    if isinstance(value, dict):
        return [found for key, inner in value.items() for found in nulls(inner, key)]
    if isinstance(value, list):
        return [found for inner in value for found in nulls(inner, name)]
    return [name] if value is None and name not in MEANT_NULLS else []


def accepted(text: str) -> dict[str, Any]:
    """The event, after every check that one of the known clients makes."""
    event: dict[str, Any] = json.loads(text)
    assert event["event_id"]
    assert not nulls(event), f"null in {text}"
    if not event["type"].startswith("duplex."):
        MODELS[event["type"]].model_validate(event, strict=True)
    assert decode_server(text) is not None
    items = [event["item"]] if "item" in event else event.get("response", {}).get("output", [])
    for item in items:
        assert item.get("role") in (None, "user", "assistant", "system")
        for part in item.get("content", []):
            assert part["type"] in ("input_text", "input_audio", "output_text", "output_audio")
            assert ("transcript" in part) == part["type"].endswith("audio")
    return event


@dataclass
class Wire:
    """Drives a `Dialect` and keeps what it sends."""

    transport: str = "websocket"
    asked: Session = field(default_factory=Session)
    sees: bool = False
    sent: list[dict[str, Any]] = field(default_factory=list)
    now: int = 0

    def __post_init__(self) -> None:
        able = Capabilities("smol", "nano", self.sees, True, ["slt", "en"], 4, 3)
        self.dialect = Dialect(
            "sess_0123456789abcdef", able, self.transport, self.asked, ConversationSettings(),  # type: ignore[arg-type]
            Setup(instructions="Be kind.", voice="slt"), max_text=500, max_event=20_000,
        )  # fmt: skip
        self.take(self.dialect.hello())

    def take(self, events: list[ServerEvent]) -> list[dict[str, Any]]:
        new = [accepted(encode(event)) for event in events]
        self.sent += new
        return new

    def says(self, kind: str, **fields: Any) -> Received:
        """The client sends an event."""
        received = self.dialect.receive(json.dumps({"type": kind, **fields}), self.now)
        self.take(received.replies)
        return received

    def happens(self, *what: does.Happening | does.Command) -> list[dict[str, Any]]:
        """The conversation commands."""
        new: list[dict[str, Any]] = []
        for each in what:
            command = each if isinstance(each, does.Command) else does.Announce(each)
            new += self.take(self.dialect.announce(command, self.now))
        return new

    def user_turn(self, turn: int, text: str | None = "what time is it", since: int = 1000, until: int = 2000) -> None:
        self.happens(does.TurnOpened(turn, ms(since)), does.TurnClosed(turn, ms(since), ms(until), text))

    def speak(self, reply: int, *words: str, start: bool = True, turn: int | None = None) -> None:
        """The mind makes `words`, 100 ms each, and they leave at once."""
        if start:
            self.happens(does.ReplyStarted(reply, turn))
        for token, word in enumerate(words):
            self.take(self.dialect.said(reply, token, word))
            self.take(self.dialect.spans(reply, [(token, token * 2400, token * 2400 + 2400)]))
            self.take(self.dialect.sound(reply, np.full(2400, token, np.int16)))

    def end(self, reply: int, text: str) -> None:
        self.dialect.usage(reply, "complete", 20, 5)
        self.happens(does.ReplyFinished(reply, text))
        self.take(self.dialect.drained(reply))

    def types(self, since: int = 0) -> list[str]:
        return [event["type"] for event in self.sent[since:]]

    def last(self, kind: str) -> dict[str, Any]:
        return next(event for event in reversed(self.sent) if event["type"] == kind)


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def make_wire() -> type[Wire]:
    return Wire
