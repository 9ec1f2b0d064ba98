"""What is not measured case by case: false commands an hour, and two sessions at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from clients.bench.ears.figures import Figure, per_hour, rate
from clients.bench.ears.log import Log
from streaming.ears.opinions import CommandHeard
from streaming.time import Time, ms, ticks, to_ms
from training.ears.noises import generator
from training.ears.texts import sentences

from .drafts import Draft, Random
from .hearing import Hearing
from .material import AGENTS, LEVEL, RATE, Sound, agent_says, lines, noise, room, speech, through, users
from .play import kept, models, stage
from .scenes import ECHO_DB, ECHO_ROOM, scene

MINUTES = 6.0
"""Of talk in one piece: 80 pieces are eight hours."""
KINDS = ("question", "long", "interruption", "lookalike", "sentence", "sentence", "backchannel")
"""What the user says in talk without commands."""
KNOWN_AFTER = ms(150)
"""The user's words are known so much after their sound."""
FRAME = RATE // 100
NOISES = (("babble", 15.0), ("traffic", 15.0), ("music", 15.0), ("pink", 35.0))


@dataclass(frozen=True, slots=True)
class Talk:
    """A piece of talk in which nobody commands anything: microphone and loudspeaker at 16 kHz."""

    mic: Sound
    played: Sound
    words: list[tuple[int, str]]
    """(sample at which they end, text)."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What the ears made of a piece."""

    number: int
    seconds: float
    commands: list[tuple[str, float]]
    """(command, ms) of every one that they heard."""


def talk(number: int, seed: int = 0) -> Talk:
    """Piece `number`: agent and user each talk about half of the time, and often at once."""
    random = generator("test", "talk", seed, number)
    everyone = users("en")
    user = everyone[number % len(everyone)]
    agent = str(random.choice([name for name in AGENTS if name.split("@")[0] != user.name.split("@")[0]]))
    mic = np.zeros(round(MINUTES * 60) * RATE, np.float32)
    played = np.zeros_like(mic)
    words: list[tuple[int, str]] = []
    place = RATE
    for text in _texts(random):
        said = speech(user.name, text) * np.float32(10 ** (random.uniform(-5, 3) / 20))
        if place + len(said) > len(mic):
            break
        mic[place : place + len(said)] += said
        place += len(said)
        words.append((place, text))
        place += int(RATE * random.uniform(0.3, 4.0))
    place = 0
    while place < len(played):
        reply = agent_says(agent, int(random.integers(4))).sound[: int(RATE * random.uniform(4, 20))]
        part = reply[: len(played) - place].astype(np.float32) / np.float32(32768)
        played[place : place + len(part)] = part
        place += len(part) + int(RATE * random.uniform(2, 12))
    if number % 2:
        back = through(played, room("test", number, (0.12, 0.3))[:ECHO_ROOM]) * np.float32(10 ** (ECHO_DB / 20))
        delay = int(RATE * random.uniform(0.04, 0.12))
        mic[delay:] += back[:-delay]
    kind, below = NOISES[number // 2 % len(NOISES)]
    mic += noise(kind, number, MINUTES * 60)[: len(mic)] * np.float32(10 ** ((LEVEL - below) / 20))
    return Talk(mic, played, words)


def _texts(random: Random) -> Iterator[str]:
    said = sentences("test")
    while True:
        kind = str(random.choice(KINDS))
        if kind != "sentence":
            yield str(random.choice(lines(kind, "test")))  # type: ignore[arg-type]
        elif said:
            yield said[int(random.integers(len(said)))]


def listen(number: int) -> Heard:
    """The ears alone hear piece `number`, with the words that were said while the agent was silent."""
    piece = talk(number)
    hearing = Hearing(models())
    mic = np.asarray(np.clip(piece.mic, -1, 1) * 32767, np.int16)
    played = np.asarray(piece.played * 32767, np.int16)
    commands: list[tuple[str, float]] = []
    due = iter([*piece.words, (len(mic) * 2, "")])
    ends, text = next(due)
    for first in range(0, len(mic) - FRAME + 1, FRAME):
        t: Time = ticks(first, RATE)
        out = played[first : first + FRAME]
        opinions = hearing.push(mic[first : first + FRAME], out if out.any() else None, t)
        now = t + ticks(FRAME, RATE)
        if ticks(ends, RATE) + KNOWN_AFTER <= now:
            opinions = [*opinions, *hearing.words(text, now, ticks(ends, RATE))]
            ends, text = next(due)
        commands += [(said.command, to_ms(said.at)) for said in opinions if isinstance(said, CommandHeard)]
    return Heard(number, len(mic) / RATE, commands)


def listen_all(hours: float, processes: int) -> list[Heard]:
    """So many hours of talk; only what is not kept yet is heard."""
    pieces = {str(number): number for number in range(round(hours * 60 / MINUTES))}
    known = kept("talk", pieces, listen, Heard, processes)
    return [known[name] for name in pieces]


def false_commands(heard: Sequence[Heard]) -> Figure:
    """Commands an hour where nobody gave one."""
    return per_hour(sum(len(piece.commands) for piece in heard), sum(piece.seconds for piece in heard) / 3600)


# --- two at once ------------------------------------------------------------------------------


def two_at_once(drafts: Sequence[Draft]) -> Figure:
    """How many of `drafts` have the same log alone and beside another session with another user, in two threads."""
    same = []
    pairs = list(zip(drafts[::2], drafts[1::2], strict=False))
    with ThreadPoolExecutor(2) as pool:
        for pair in pairs:
            alone = [_play(draft) for draft in pair]
            together = list(pool.map(_play, pair))
            same += [one == other for one, other in zip(alone, together, strict=True)]
    return rate(same)


def _play(draft: Draft) -> Log:
    made = scene(draft)
    return replace(stage(made, models()).play(made.case.talking), cpu=0.0)
