"""Recorded calls replay to the same commands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from timeline import calls, command, ended, off, on, overlap, play, talking, typed, who

from agent.conversation.conversation import Conversation
from agent.conversation.events import Event, SettingsChanged, Tick, Words
from agent.conversation.history import AgentSaid, UserSaid
from agent.conversation.record import NotARecording, first_line, line_for, replay, replay_file
from agent.conversation.settings import ConversationSettings


def recording(settings: ConversationSettings, events: list[Event]) -> list[str]:
    before = [UserSaid(0, "hello"), AgentSaid(0, " hi", cut=True)]
    conversation = Conversation(settings, before)
    lines = [first_line(settings, before)]
    for event in events:
        while conversation.wake_at is not None and conversation.wake_at < event.at:
            tick = Tick(conversation.wake_at)
            lines.append(line_for(tick, conversation.receive(tick)))
        lines.append(line_for(event, conversation.receive(event)))
    return lines


EVENTS: list[Event] = [
    *talking(until=0),
    on(0, 64),
    who("user", 160),
    command("change_topic", 0, 300, 310),
    overlap("interruption", 320),
    Words(1, "change the topic", "please", 500_000),
    off(300, 396),
    ended(0.9, 396),
    SettingsChanged(ConversationSettings(overlap_ear=False), 540_000),
    typed("你好", 3000),
    *calls(2, 3100, "weather"),
]


def test_a_recorded_call_replays_to_the_same_commands(tmp_path: Path) -> None:
    lines = recording(ConversationSettings(), EVENTS)
    path = tmp_path / "call.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    report = replay_file(path)
    assert report.same
    assert report.events == len(lines) - 1
    assert report.commands > 10
    assert UserSaid(0, "hello") in report.history


def test_a_change_of_behaviour_is_shown_with_its_line() -> None:
    lines = recording(ConversationSettings(), EVENTS)
    number = next(n for n, line in enumerate(lines) if '"Duck"' in line)
    lines[number] = lines[number].replace('"gain_db":-12.0', '"gain_db":-6.0')
    report = replay(lines)
    assert [difference.line for difference in report.differences] == [number + 1]
    assert report.differences[0].event["is"] == "SpeechStarted"
    assert report.differences[0].replayed != report.differences[0].recorded


@pytest.mark.parametrize("first", ["", "{}", "RIFF", "[]", json.dumps({"colloquy_call": 99})])
def test_a_file_that_is_no_recording_is_refused_with_a_reason(first: str) -> None:
    with pytest.raises(NotARecording, match=r"recording of version 99|no recorded call"):
        replay([first])


def test_a_broken_line_is_named() -> None:
    with pytest.raises(NotARecording, match="line 2"):
        replay([first_line(ConversationSettings()), '{"event": {"is": "Nonsense"}, "commands": []}'])


def test_the_same_events_always_give_the_same_commands() -> None:
    first, second = (play(list(EVENTS)).log for _ in range(2))
    assert first == second
