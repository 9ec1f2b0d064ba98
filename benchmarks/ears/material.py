"""What the cases are made of: voices, texts and noises of the test split, and two real voices."""

from __future__ import annotations

import importlib.util
import wave
from functools import cache
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from training.ears.noises import BURSTS, Burst, burst, room, steady, through
from training.ears.texts import lines
from training.ears.voices import LEVEL, RATE, Language, Voice, levelled, render, trimmed, voices

from .mind import Script

Sound = NDArray[np.float32]
AGENTS = ("flite/rms@1.1", "espeak/Annie", "espeak/m7", "festival/ked_diphone@1")
"""Who the agent may sound like; the user of a case is somebody else."""
REAL = ("two_cities", "beckett")
"""People who read aloud, in the assets of moonshine-voice 0.0.49."""
GAP = RATE // 4
"""Between two sentences of the agent."""


@cache
def named(name: str) -> Voice:
    """The test voice of that name."""
    return {voice.name: voice for voice in voices("test")}[name]


def users(language: Language) -> list[Voice]:
    """Who may be a user or a stranger."""
    return voices("test", language)


def person(voice: Voice) -> str:
    """Who it is, whatever language they speak."""
    return voice.name.removesuffix("/zh")


@cache
def speech(voice: str, text: str) -> Sound:
    """`voice` says `text`, float32 at 16 kHz at `LEVEL`; of a real voice, `text` is the number of a stretch."""
    if voice.startswith("real/"):
        return stretches(voice.removeprefix("real/"))[int(text)]
    return render(named(voice), text).astype(np.float32) / np.float32(32768)


@cache
def agent_says(voice: str, first: int) -> Script:
    """The agent's long reply, in one of `AGENTS`; `first`: the text that it begins with."""
    texts = lines("agent", "test", "en")
    ordered = [texts[(first + number) % len(texts)] for number in range(len(texts))]
    pieces = [piece for text in ordered for piece in (speech(voice, text), np.zeros(GAP, np.float32))]
    return Script(" ".join(ordered), (np.concatenate(pieces[:-1]) * 32767).astype(np.int16))


@cache
def stretches(name: str) -> list[Sound]:
    """What a real voice reads, parted at its pauses into stretches of 1 to 5 s, at `LEVEL`."""
    spec = importlib.util.find_spec("moonshine_voice")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("moonshine-voice is not installed: run `pip install --no-deps moonshine-voice==0.0.49`")
    with wave.open(str(Path(spec.origin).parent / "assets" / f"{name}.wav")) as file:
        pcm = np.frombuffer(file.readframes(file.getnframes()), np.int16).astype(np.float32) / np.float32(32768)
        sound = np.asarray(soxr.resample(pcm, file.getframerate(), RATE), np.float32)
    hop = RATE // 50
    level = 10 * np.log10(np.mean(sound[: len(sound) // hop * hop].reshape(-1, hop) ** 2, axis=1) + 1e-12)
    soft = level < np.percentile(level, 95) - 28
    found, begin, quiet = [], 0, 0
    for place, still in enumerate(soft):
        quiet = quiet + 1 if still else 0
        if place - begin >= 60 and quiet >= (8 if place - begin < 200 else 3):
            found.append((begin, place))
            begin = place
    found.append((begin, len(soft)))
    parts = [sound[first * hop : last * hop] for first, last in found if (~soft[first:last]).sum() >= 40]
    return [levelled(_bare(part), LEVEL) for part in parts]


def _bare(part: Sound, below_db: float = 20.0) -> Sound:
    """`part` without breaths, clicks and the room at its ends: most of the next, and last, 150 ms is to be heard."""
    hop, span = RATE // 200, 30
    power = np.mean(part[: len(part) // hop * hop].reshape(-1, hop) ** 2, axis=1)
    loud = power > power.max() * 10 ** (-below_db / 10)
    counted = np.convolve(loud, np.ones(span), "full")
    first = np.flatnonzero(loud & (counted[span - 1 :] >= span / 2))[0]
    last = np.flatnonzero(loud & (counted[: len(loud)] >= span / 2))[-1]
    return part[first * hop : (last + 1) * hop]


def noise(kind: str, number: int, seconds: float) -> Sound:
    """A test noise that goes on, with an RMS of 1."""
    return steady(kind, "test", number, seconds)  # type: ignore[arg-type]


def short(kind: Burst, number: int) -> Sound:
    """A test noise that is soon over."""
    return trimmed(burst(kind, "test", number))


__all__ = ["AGENTS", "BURSTS", "LEVEL", "RATE", "REAL", "agent_says", "lines", "named", "noise", "person",
           "room", "short", "speech", "stretches", "through", "users"]  # fmt: skip
