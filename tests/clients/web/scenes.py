"""Pieces of a call as the server tells it, for tests and pictures."""

from __future__ import annotations

from typing import Any

Event = dict[str, Any]


def user_says(item: str, text: str) -> list[Event]:
    """A whole spoken turn."""
    return [
        {"type": "duplex.state", "user": "speaking", "agent": "listening"},
        {"type": "input_audio_buffer.speech_started", "audio_start_ms": 0, "item_id": item},
        {"type": "duplex.user.words", "item_id": item, "stable": text, "tentative": ""},
        {"type": "input_audio_buffer.speech_stopped", "audio_end_ms": 1, "item_id": item},
        {"type": "input_audio_buffer.committed", "item_id": item},
        {"type": "conversation.item.input_audio_transcription.completed", "item_id": item, "transcript": text},
        {"type": "duplex.state", "user": "silent", "agent": "thinking"},
    ]


def reply_begins(number: int, text: str) -> list[Event]:
    """A reply is planned and its sound begins; nothing of it was heard yet."""
    response, item = f"resp_{number}", f"item_r{number}"
    return [
        {"type": "response.created", "response": {"id": response}},
        {"type": "response.output_item.added", "response_id": response, "item": {"id": item, "type": "message"}},
        {"type": "response.output_audio_transcript.delta", "response_id": response, "item_id": item, "delta": text},
        {"type": "output_audio_buffer.started", "response_id": response},
        {"type": "duplex.state", "user": "silent", "agent": "speaking"},
    ]


def heard(number: int, text: str, *, done: bool = False, cut: bool = False) -> Event:
    """`text` of reply `number` has been heard."""
    place = {"response_id": f"resp_{number}", "item_id": f"item_r{number}"}
    return {"type": "duplex.heard", **place, "transcript": text, "audio_end_ms": 900.0, "done": done, "cut": cut}


def reply_cut(number: int, text: str) -> list[Event]:
    """The user interrupts reply `number` after `text`."""
    response, item = f"resp_{number}", f"item_r{number}"
    return [
        {"type": "output_audio_buffer.cleared", "response_id": response},
        {"type": "duplex.clear", "response_id": response, "item_id": item},
        {"type": "response.done", "response": {"id": response, "status": "cancelled"}},
        {"type": "conversation.item.truncated", "item_id": item, "audio_end_ms": 900, "content_index": 0},
        heard(number, text, cut=True),
        {"type": "duplex.state", "user": "speaking", "agent": "listening"},
    ]


def latency(number: int, *parts: tuple[str, float, float], kind: str = "reply") -> Event:
    """Where the time of a turn went; `parts` are (stage, start, end) in ms."""
    return {
        "type": "duplex.latency",
        "response_id": f"resp_{number}",
        "kind": kind,
        "turn_ms": max(end for _, _, end in parts),
        "stages": [{"name": name, "start_ms": start, "end_ms": end} for name, start, end in parts],
    }


def usual_latencies() -> list[Event]:
    """Six replies and two stops as they happen on a small machine."""
    events = []
    for number, slower in enumerate((0, 38, 12, 65, -14, 21)):
        events.append(
            latency(
                number,
                ("uplink", 0, 34),
                ("turn end", 34, 196 + slower / 2),
                ("prefill", 102, 128),
                ("first token", 128, 171 + slower / 3),
                ("talker", 171 + slower / 3, 190 + slower / 2),
                ("playout", 196 + slower / 2, 214 + slower),
                ("downlink", 214 + slower, 268 + slower),
            )
        )
    for number, slower in enumerate((0, 27)):
        parts = (("uplink", 0, 31), ("overlap", 31, 163 + slower), ("downlink", 163 + slower, 189 + slower))
        events.append(latency(number, *parts, kind="stop"))
    return events


def a_conversation() -> list[Event]:
    """A call in full swing: answers, an interruption, a command, and words on their way."""
    said = "Elephant seals are the champions: two hours, and more than two thousand"
    planned = said + " metres deep. Their muscles are full of myoglobin, which stores oxygen."
    half_an_hour = "Most seals stay under for about half an hour."
    return [
        *user_says("item_1", "How long can a seal hold its breath?"),
        *reply_begins(1, half_an_hour),
        heard(1, half_an_hour, done=True),
        *user_says("item_2", "And the best of them?"),
        *reply_begins(2, planned),
        heard(2, said),
        *reply_cut(2, said),
        {"type": "duplex.command", "command": "stop", "audio_start_ms": 0, "audio_end_ms": 300},
        *user_says("item_3", "Why do they dive so deep?"),
        *reply_begins(3, "They hunt squid and fish that live there."),
        heard(3, "They hunt squid and fish"),
        *usual_latencies(),
        {"type": "duplex.user.words", "item_id": "item_4", "stable": "Don’t they", "tentative": " get cold"},
    ]
