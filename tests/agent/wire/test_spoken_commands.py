"""Spoken commands from the words to the wire. If these fail, a client is not told what was obeyed, or what was not."""

from __future__ import annotations

from typing import Any

import pytest

from agent.conversation import commands as does
from agent.conversation.events import Event
from streaming.ears.commands import CommandEar
from streaming.ears.opinions import SpeechStarted, SpeechStopped
from streaming.ears.words import SpokenWords
from tests.agent.conversation.timeline import ZERO, Said, Timeline, ended, play, t, talking

KNOWN = 96
"""ms from the end of speech until it is known."""


def spoken(text: str, start: int, end: int) -> list[Event | Said]:
    """`text`, said from `start` to `end` ms, as the ears tell of it; its words are there when it is over."""
    words, ear = SpokenWords(), CommandEar()
    began, stopped = SpeechStarted(t(start), t(start + 64)), SpeechStopped(t(end), t(end + KNOWN))
    words.edge(began)
    words.hear(text, t(end))
    assert ear.judge(words, t(end)) == [], "while it is spoken more may come"
    words.edge(stopped)
    heard = ear.judge(words, t(end + KNOWN))
    assert ear.judge(words, t(end + KNOWN + 20)) == [], "a command is heard once"
    return [began, Said(text, t(end), t(end)), stopped, *heard, ended(0.95, end + KNOWN, end)]


def told(wire: Any, call: Timeline) -> list[dict[str, Any]]:
    """Every `duplex.command` of `call`."""
    for at, what in call.log:
        if at >= 0 and isinstance(what, does.Announce):
            wire.happens(what)
    return [event for event in wire.sent if event["type"] == "duplex.command"]


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("Stop.", "stop"),
        ("别说了。", "stop"),
        ("Hold on.", "wait"),
        ("等一下", "wait"),
        ("Change the topic, please.", "change_topic"),
        ("换个话题吧。", "change_topic"),
    ],
)
def test_what_was_obeyed_over_the_agent_is_named_with_where_it_lay(wire: Any, text: str, command: str) -> None:
    call = play(spoken(text, 200, 500), before=talking(), until=4000)  # type: ignore[arg-type]
    assert [
        {key: event[key] for key in ("command", "audio_start_ms", "audio_end_ms")} for event in told(wire, call)
    ] == [{"command": command, "audio_start_ms": ZERO + 200, "audio_end_ms": ZERO + 500}]
    assert any(line.endswith("cut") for line in call.commands)


@pytest.mark.parametrize(
    "text",
    [
        "Is the bus stop near here?",
        "It is a non-stop flight.",
        "I waited.",
        "Non-stop.",
        "What does hold on mean?",
        "Can we change the topic of my essay?",
        "停车场",
        "停车场在哪里？",
    ],
)
def test_what_only_sounds_like_a_command_is_answered_in_silence(wire: Any, text: str) -> None:
    call = play(spoken(text, 0, 900), until=3000)  # type: ignore[arg-type]
    assert told(wire, call) == []
    assert "1060 Release" in call.commands


def test_a_command_that_begins_a_turn_in_silence_is_obeyed_and_not_answered(wire: Any) -> None:
    call = play(spoken("Wait.", 0, 400), until=3000)  # type: ignore[arg-type]
    assert [event["command"] for event in told(wire, call)] == ["wait"]
    assert not any(line.endswith(("Release", "Reply")) for line in call.commands)
