"""What is played over the wire: one microphone track a user, cases at fixed places in it, and what the client sends.

Where the agent is to talk, it is told what to say (`duplex.say`): cases do not depend on what a model happens to say.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import av
import numpy as np

from ..measure import Sound
from .log import Case, Mark, Scenario

RATE = 24_000
FOLDER = Path(__file__).parent / "speech"
LEAD, TALKS_FOR, AFTER, REST, ANSWER = 3000.0, 2300.0, 3000.0, 900.0, 3200.0
"""ms: before the first case; how long the agent talks before it is talked over; how long a case is watched after its
last sample; silence between cases; how long an answer is waited for."""
PAUSES = (700.0, 1100.0)
"""ms: thinking pauses."""
OFF_DB = -12.0
"""How much softer others are in the background."""
SAYINGS = (
    "Rivers begin as small springs in the hills. On their way to the sea they grow wider, slower and deeper, and they "
    "carry sand and stones with them, which they leave where the land is flat.",
    "The library was built in eighteen ninety, and its reading room is still lit by the same green lamps, under which "
    "people have been reading newspapers, novels and letters for more than a hundred years.",
    "To grow tomatoes you need a sunny place, rich soil, and a little patience in the first weeks, when there is "
    "nothing to be seen but two small leaves that turn towards the window every morning.",
)
TALKING: tuple[Scenario, ...] = ("interruption", "backchannel", "burst", "aside", "stranger", "background", "command")
ORDER: tuple[Scenario, ...] = (
    "question", "interruption", "backchannel", "burst", "aside", "stranger", "stranger_turn", "background",
    "lookalike", "pause", "command",
)  # fmt: skip
"""Commands come last: after a "wait" the agent waits."""


@dataclass(frozen=True, slots=True)
class Clip:
    """One recorded utterance or noise of the test split."""

    file: str
    kind: str
    text: str
    command: str
    voice: str
    sex: str

    def sound(self) -> Sound:
        """float32 mono at 24 kHz, from its first to its last sample that is to be heard."""
        return _decoded(self.file)


@cache
def clips() -> tuple[Clip, ...]:
    """All of them."""
    told = json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))
    return tuple(Clip(**entry) for entry in told)


@cache
def _decoded(file: str) -> Sound:
    with av.open(str(FOLDER / file)) as container:
        resampler = av.AudioResampler("flt", "mono", RATE)
        pieces = [part.to_ndarray()[0] for frame in container.decode(audio=0) for part in resampler.resample(frame)]
    sound = np.concatenate(pieces).astype(np.float32)
    loud = np.flatnonzero(np.abs(sound) > 0.02 * np.abs(sound).max())
    return sound[loud[0] : loud[-1] + 1]


@dataclass(frozen=True, slots=True)
class Placed:
    """A case and where in the track it begins, in ms."""

    at: float
    case: Case


@dataclass(slots=True)
class Plan:
    """One call."""

    user: str
    placed: list[Placed] = field(default_factory=list)
    sounds: list[tuple[float, Sound]] = field(default_factory=list)
    sends: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    """(ms, event) that the client sends by itself."""
    length: float = LEAD

    def track(self) -> Sound:
        """The microphone, float32 mono at 24 kHz."""
        track = np.zeros(round((self.length + 1000) * RATE / 1000), np.float32)
        for at, sound in self.sounds:
            first = round(at * RATE / 1000)
            track[first : first + len(sound)] += sound
        return track


def users() -> list[str]:
    """Who may call."""
    return list(dict.fromkeys(clip.voice for clip in clips() if clip.kind == "known"))


def plan(user: str, scenarios: Sequence[Scenario] = ORDER) -> Plan:
    """All cases of one user: first they make themselves known by asking, then everything else."""
    made = Plan(user)
    for clip in _of("known", user):
        _silent(made, "question", [clip], enrolled=False)
    for scenario in [one for one in ORDER if one in scenarios]:
        if scenario == "pause":
            parts = _of("pause", user)
            for number, pair in enumerate(zip(parts[::2], parts[1::2], strict=True)):
                _silent(made, "pause", pair, pause=PAUSES[number % len(PAUSES)])
        elif scenario in ("stranger", "stranger_turn", "background"):
            for clip in _of("stranger", ""):
                if scenario == "stranger_turn":
                    _silent(made, scenario, [clip], who="other")
                else:
                    _over(made, scenario, clip, OFF_DB if scenario == "background" else 0.0)
        else:
            for clip in _of(scenario, "" if scenario == "burst" else user):
                if scenario in TALKING:
                    _over(made, scenario, clip)
                else:
                    _silent(made, scenario, [clip])
    return made


def _of(kind: str, voice: str) -> list[Clip]:
    return [clip for clip in clips() if clip.kind == kind and (not voice or clip.voice == voice)]


def _over(made: Plan, scenario: Scenario, clip: Clip, gain_db: float = 0.0) -> None:
    """`clip` while the agent talks."""
    begin = made.length
    made.sends.append((begin, {"type": "duplex.say", "text": SAYINGS[len(made.placed) % len(SAYINGS)]}))
    first = begin + TALKS_FOR
    sound = clip.sound() * np.float32(10 ** (gain_db / 20))
    last = first + len(sound) * 1000 / RATE
    made.sounds.append((first, sound))
    end = last + AFTER
    made.sends.append((end, {"type": "response.cancel"}))
    who = "thing" if not clip.voice else "user" if clip.voice == made.user else "other"
    mark = Mark(who, first - begin, last - begin, clip.text, clip.voice, clip.command)  # type: ignore[arg-type]
    _place(made, scenario, begin, end, (mark,), True)


def _silent(
    made: Plan, scenario: Scenario, said: Sequence[Clip], who: str = "user", pause: float = 0.0, enrolled: bool = True
) -> None:
    """`said`, with pauses between, while the agent is silent."""
    begin = place = made.length
    marks = []
    for clip in said:
        made.sounds.append((place, clip.sound()))
        last = place + len(clip.sound()) * 1000 / RATE
        marks.append(Mark(who, place - begin, last - begin, clip.text, clip.voice, clip.command))  # type: ignore[arg-type]
        place = last + pause
    end = marks[-1].last + begin + ANSWER
    made.sends.append((end, {"type": "response.cancel"}))
    _place(made, scenario, begin, end, tuple(marks), False, enrolled)


def _place(
    made: Plan,
    scenario: Scenario,
    begin: float,
    end: float,
    marks: tuple[Mark, ...],
    talking: bool,
    enrolled: bool = True,
) -> None:
    name = f"{scenario}-wire-{made.user}-{len(made.placed):02}"
    case = Case(name, scenario, "quiet", talking, enrolled, end - begin, marks)
    made.placed.append(Placed(begin, case))
    made.length = end + REST
