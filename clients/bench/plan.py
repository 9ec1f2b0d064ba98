"""What the bench says, and when: one microphone track for a whole call, and the trials in it.

Every trial has a fixed place, so that the track can be played by anything: a file behind a browser's fake
microphone, a WebRTC peer, a WebSocket. A trial ends with a spoken "stop", so that the next one begins in silence.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import cycle
from pathlib import Path
from typing import Literal

import av
import numpy as np

from .measure import Sound

RATE = 48_000
FOLDER = Path(__file__).parent / "speech"
LEAD_S = 5.0
"""Silence before the first trial: the time it takes to connect."""
ANSWER_S = 5.5
"""How long an answer is listened to."""
TALK_S = 2.2
"""How long after a request it is interrupted or disturbed; a small model is soon done."""
NEXT_S = 1.7
"""Between two short noises: what follows the first is listened to for 1.4 s."""
REST_S = 2.2
"""Silence after the "stop" that ends a trial."""

Kind = Literal["question", "request", "interruption", "command", "short"]


@dataclass(frozen=True, slots=True)
class Clip:
    """One recorded utterance or noise."""

    name: str
    kind: Kind
    text: str
    voice: str

    def sound(self) -> Sound:
        """float32 mono at 48 kHz."""
        return _decode(FOLDER / self.name)


@cache
def clips() -> tuple[Clip, ...]:
    """All that the bench can say."""
    manifest = json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))
    return tuple(Clip(entry["file"], entry["kind"], entry["text"], entry["voice"]) for entry in manifest)


@cache
def _decode(path: Path) -> Sound:
    with av.open(str(path)) as container:
        resampler = av.AudioResampler("flt", "mono", RATE)
        pieces = [part.to_ndarray()[0] for frame in container.decode(audio=0) for part in resampler.resample(frame)]
    sound = np.concatenate(pieces).astype(np.float32)
    loud = np.flatnonzero(np.abs(sound) > 0.003)
    # The codec pads both ends; what is left begins and ends with sound.
    return sound[loud[0] : loud[-1] + 1]


@dataclass(frozen=True, slots=True)
class Utterance:
    """A clip at its planned place, in seconds from the track's beginning."""

    clip: Clip
    start: float
    role: Literal["asks", "interrupts", "disturbs", "stops"]

    @property
    def length(self) -> float:
        return len(self.clip.sound()) / RATE

    @property
    def end(self) -> float:
        return self.start + self.length


@dataclass(slots=True)
class Plan:
    """All utterances of one call, in order."""

    utterances: list[Utterance] = field(default_factory=list)
    length: float = LEAD_S

    def say(self, clip: Clip, role: Literal["asks", "interrupts", "disturbs", "stops"], then: float) -> None:
        """`clip` comes next, and then nothing for `then` seconds."""
        self.utterances.append(Utterance(clip, self.length, role))
        self.length = self.utterances[-1].end + then

    def track(self) -> Sound:
        """The whole microphone track, float32 mono at 48 kHz."""
        track = np.zeros(round(self.length * RATE) + RATE, np.float32)
        for utterance in self.utterances:
            sound = utterance.clip.sound()
            first = round(utterance.start * RATE)
            track[first : first + len(sound)] += sound
        return track


def mixed(kind: Kind, skip: int = 0) -> Iterator[Clip]:
    """Clips of one kind for ever, another voice each time."""
    of_kind = [clip for clip in clips() if clip.kind == kind]
    voices = sorted({clip.voice for clip in of_kind})
    each = [[clip for clip in of_kind if clip.voice == voice] for voice in voices]
    # Voice v begins v texts later, so that not all voices say the same text one after the other.
    rows = [cycle(row[(5 * v) % len(row) :] + row[: (5 * v) % len(row)]) for v, row in enumerate(each)]
    found = (next(row) for row in cycle(rows))
    for _ in range(skip):
        next(found)
    return found


def plan(questions: int, interruptions: int, shorts: int, seed: int = 0) -> Plan:
    """So many answered questions, interrupted answers and short noises. `seed` shifts which clips are taken."""
    made = Plan()
    asks, requests, interrupts = mixed("question", seed), mixed("request", seed), mixed("interruption", seed)
    noises, stops = mixed("short", seed), (clip for clip in mixed("command", seed) if clip.text == "Stop.")
    kinds: Sequence[str] = _spread(questions, interruptions, (shorts + 1) // 2)
    left = shorts
    for kind in kinds:
        if kind == "question":
            made.say(next(asks), "asks", ANSWER_S)
        elif kind == "interruption":
            made.say(next(requests), "asks", TALK_S)
            made.say(next(interrupts), "interrupts", ANSWER_S)
        else:
            made.say(next(requests), "asks", TALK_S)
            for _ in range(min(2, left)):
                made.say(next(noises), "disturbs", NEXT_S)
            left -= 2
        made.say(next(stops), "stops", REST_S)
    return made


def _spread(questions: int, interruptions: int, shorts: int) -> list[str]:
    """The three kinds of trial, evenly mixed over the call."""
    places = [
        ((index + 0.5) / count, kind)
        for kind, count in (("question", questions), ("interruption", interruptions), ("short", shorts))
        for index in range(count)
    ]
    return [kind for _, kind in sorted(places)]
