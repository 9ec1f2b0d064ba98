"""From a draft to a case with its sound."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from clients.bench.ears.log import Case, Mark
from training.ears.noises import generator
from training.ears.voices import Voice

from .drafts import REAL_KNOWN, Draft, Piece
from .material import LEVEL, RATE, Sound, agent_says, lines, named, noise, room, short, speech, stretches, through
from .mind import Script
from .stage import Echo

ECHO_DB = -10.0
MS = RATE // 1000
KNOWN_FOR = 6 * RATE
"""How much of the user's voice the ears are given where it is known."""
SMALL = (0.12, 0.35)
"""RT60 of the rooms that people are in, in seconds."""
ECHO_ROOM = RATE // 8
"""Samples of the room that an echo comes through."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A case, and what is to be heard in it."""

    case: Case
    mic: Sound
    script: Script
    echo: Echo | None
    known: str | None
    """Whose voice is known."""


def pairs(drafts: Iterable[Draft]) -> list[tuple[Voice, str]]:
    """What has to be rendered for `drafts`."""
    wanted: dict[tuple[Voice, str], None] = {}
    for draft in drafts:
        said = [(piece.voice, piece.text) for piece in draft.pieces if piece.voice]
        said += [(draft.agent, text) for text in lines("agent", "test", "en")]
        said += [(draft.user, text) for text in known_texts(draft.user)] if draft.enrolled else []
        wanted |= {(named(voice), text): None for voice, text in said if not voice.startswith("real/")}
    return list(wanted)


def scene(draft: Draft) -> Scene:
    """The draft, rendered and mixed."""
    sounds = [_sound(piece, draft) for piece in draft.pieces]
    place = round(draft.at * MS) + _offset(draft)
    marks, places = [], []
    for piece, sound in zip(draft.pieces, sounds, strict=True):
        place += round(piece.gap * MS)
        places.append(place)
        first, last = place / MS, (place + len(sound)) / MS
        marks.append(Mark(piece.who, first, last, piece.text, piece.voice or piece.text, piece.command))  # type: ignore[arg-type]
        place += len(sound)
    length = -(-(place + round(draft.tail * MS)) // (RATE // 100)) * (RATE // 100)
    if not marks:
        marks.append(Mark("thing", place / MS, length / MS, "echo", draft.agent))
    mic = np.zeros(length, np.float32)
    for at, sound in zip(places, sounds, strict=True):
        mic[at : at + len(sound)] += sound
    if draft.noise is not None:
        kind, number, below = draft.noise
        gain = draft.pieces[0].gain_db if draft.pieces else 0.0
        mic += noise(kind, number, length / RATE)[:length] * 10 ** ((LEVEL + min(gain, 0.0) - below) / 20)
    case = Case(
        draft.name, draft.scenario, draft.condition, draft.talking, draft.enrolled, length / MS, tuple(marks),
        draft.language, draft.tags,
    )  # fmt: skip
    echo = None
    if draft.echo is not None:
        delay, number = draft.echo
        echo = Echo(round(delay * MS), 10 ** (ECHO_DB / 20), room("test", number, (0.12, 0.3))[:ECHO_ROOM])
    return Scene(case, mic, agent_says(draft.agent, draft.agent_text), echo, draft.user if draft.enrolled else None)


def _offset(draft: Draft) -> int:
    """Samples within a frame: no sound waits for one."""
    return int(generator("test", "offset", draft.name).integers(RATE // 100))


def _sound(piece: Piece, draft: Draft) -> Sound:
    sound = speech(piece.voice, piece.text) if piece.voice else short(piece.text, piece.number)  # type: ignore[arg-type]
    if draft.room is not None:
        sound = through(sound, room("test", draft.room, SMALL))
    return np.asarray(sound * 10 ** (piece.gain_db / 20), np.float32)


def voice_of(user: str) -> Sound:
    """What a voice is learnt from: some seconds of other texts, on another day, every other time through a room."""
    if user.startswith("real/"):
        return np.concatenate(stretches(user.removeprefix("real/"))[:REAL_KNOWN])
    sound = np.concatenate([speech(user, text) for text in known_texts(user)])[:KNOWN_FOR]
    number = int(generator("test", "known", user).integers(2000))
    return sound if number % 2 else through(sound, room("test", number, SMALL))


def known_texts(user: str) -> list[str]:
    """What a user said when the voice was learnt: nothing that is said in a case."""
    return lines("agent", "test", "zh" if user.endswith("/zh") else "en")[:2]
