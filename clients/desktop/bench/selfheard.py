"""Whether the agent heard itself: what it did while nobody spoke, and what it understood while it spoke."""

from __future__ import annotations

from dataclasses import dataclass

from clients.bench.measure import Listener
from clients.bench.plan import Plan
from clients.bench.recording import RATE, Recording

EARLY_S, LATE_S = 0.1, 1.2
"""What the server says from so long before an utterance to so long after it is about that utterance."""


@dataclass(slots=True)
class Echoes:
    """Counts over one recording."""

    replies: int = 0
    cuts: int = 0
    """Replies that were cut while nobody spoke."""
    ducks: int = 0
    turns: int = 0
    """Turns of the user that began while nobody spoke."""
    commanded: int = 0
    """Spoken commands while the agent could be heard."""
    obeyed: int = 0


def echoes(plan: Plan, recording: Recording) -> Echoes:
    """Counts what happened in `recording` while no utterance of `plan` was spoken."""
    spoken = [(utterance.start - EARLY_S, utterance.end + LATE_S) for utterance in plan.utterances]
    heard = Listener.of(recording.heard(), RATE)
    found = Echoes()
    replies: set[str] = set()
    commands = [at for at, event in recording.events if event["type"] == "duplex.command"]
    for at, event in recording.events:
        alone = not any(start <= at <= end for start, end in spoken)
        match event["type"]:
            case "duplex.heard" if event["audio_end_ms"] > 0:
                replies.add(event["item_id"])
                found.cuts += bool(event["cut"]) and alone
            case "duplex.duck":
                found.ducks += alone
            case "input_audio_buffer.speech_started":
                found.turns += alone
    found.replies = len(replies)
    for utterance in plan.utterances:
        over_its_voice = heard.audible_share(utterance.start - 0.3, utterance.start) > 0.3
        if utterance.role == "stops" and over_its_voice:
            found.commanded += 1
            found.obeyed += any(utterance.start <= at <= utterance.end + LATE_S for at in commands)
    return found
