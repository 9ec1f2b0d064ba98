"""Sounds that are no words: noises that go on, bursts, music, babble, rooms. Made by code, from numbers.

A sound is named by split, kind and number, and is always the same. Some kinds exist in the test split only, so that a
figure says how the ears do on noises that they have never met.
"""

from __future__ import annotations

import hashlib
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .texts import sentences
from .voices import LEVEL, RATE, Split, levelled, render, voices

Sound = NDArray[np.float32]
Steady = Literal["white", "pink", "brown", "fan", "hum", "traffic", "rain", "vacuum", "music", "babble"]
Burst = Literal["cough", "laugh", "keys", "throat", "hum_short", "knock", "click", "clap", "sneeze", "sigh", "chair"]

STEADY: dict[Split, tuple[Steady, ...]] = {
    "train": ("white", "pink", "brown", "fan", "hum", "traffic", "music", "babble"),
    "validation": ("pink", "fan", "traffic", "music", "babble"),
    "test": ("pink", "fan", "traffic", "rain", "vacuum", "music", "babble"),
}
BURSTS: dict[Split, tuple[Burst, ...]] = {
    "train": ("cough", "laugh", "keys", "throat", "knock", "click", "clap", "sigh"),
    "validation": ("cough", "laugh", "keys", "throat", "knock"),
    "test": ("cough", "laugh", "keys", "throat", "sneeze", "chair"),
}


def generator(split: Split, *name: object) -> np.random.Generator:
    """Random numbers that depend on the split and the name alone."""
    digest = hashlib.sha256("\0".join(map(str, (split, *name))).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "big"))


# --- what goes on -----------------------------------------------------------------------------


def steady(kind: Steady, split: Split, number: int, seconds: float) -> Sound:
    """`seconds` of a noise that goes on, with an RMS of 1."""
    random = generator(split, kind, number)
    length = round(seconds * RATE)
    if kind == "babble":
        sound = _babble(split, random, length)
    elif kind == "music":
        sound = _music(random, length)
    else:
        sound = _hiss(kind, random, length)
    return np.asarray(sound / max(float(np.sqrt(np.mean(sound**2))), 1e-9), np.float32)


def _hiss(kind: Steady, random: np.random.Generator, length: int) -> NDArray[np.float64]:
    spectrum = np.fft.rfft(random.standard_normal(length))
    hertz = np.fft.rfftfreq(length, 1 / RATE) + 1.0
    slopes = {
        "white": 0.0,
        "pink": 0.5,
        "brown": 1.0,
        "fan": 0.7,
        "hum": 0.9,
        "traffic": 1.0,
        "rain": 0.1,
        "vacuum": 0.3,
    }
    spectrum *= hertz ** -(slopes[kind] + random.uniform(-0.08, 0.08))
    for _ in range(int(random.integers(0, 4))):  # the room colours it
        centre, width = random.uniform(150, 6000), random.uniform(100, 1200)
        spectrum *= 1 + random.uniform(-0.6, 2.0) * np.exp(-(((hertz - centre) / width) ** 2))
    sound = np.fft.irfft(spectrum, length)
    sound /= np.sqrt(np.mean(sound**2))
    t = np.arange(length) / RATE
    if kind in ("hum", "fan", "vacuum"):
        base = random.uniform(48, 62) if kind == "hum" else random.uniform(80, 240)
        for k in range(1, 9):
            sound += random.uniform(0, 1.2) / k * np.sin(2 * np.pi * (base * k * t + random.random()))
    if kind == "traffic":
        swell = sum(np.sin(2 * np.pi * (random.uniform(0.05, 0.5) * t + random.random())) for _ in range(3))
        sound *= 1 + 0.25 * swell
    if kind == "rain":
        drops = (random.random(length) < 40 / RATE) * random.exponential(6.0, length)
        sound += np.convolve(drops, np.exp(-np.arange(160) / 25) * random.standard_normal(160), "same")
    return np.asarray(sound)


def _babble(split: Split, random: np.random.Generator, length: int, people: int = 6) -> NDArray[np.float64]:
    """`people` of this split who talk at once."""
    sound = np.zeros(length)
    said = _babble_pool(split)
    for _ in range(people):
        voice = int(random.integers(len(said)))
        own = said[voice]
        sound += np.resize(np.roll(own, int(random.integers(len(own)))), length) * random.uniform(0.6, 1.4)
    return sound


@cache
def _babble_pool(split: Split) -> list[Sound]:
    """A stretch of speech of every third voice."""
    random = generator(split, "babble pool")
    texts = sentences(split) or ("We talked about this and that for a while, as people do.",)
    pool = []
    for voice in voices(split, "en")[:: 3 if split == "train" else 2]:
        own = [render(voice, texts[int(random.integers(len(texts)))]) for _ in range(3)]
        pool.append(np.asarray(np.concatenate(own) / 32768, np.float32))
    return pool


def _music(random: np.random.Generator, length: int) -> NDArray[np.float64]:
    """Chords with overtones and a beat, in a key of its own."""
    sound = np.zeros(length)
    beat = int(RATE * random.uniform(0.25, 0.7))
    root = random.uniform(90, 240)
    scale = np.array([0, 2, 4, 5, 7, 9, 11] if random.random() < 0.5 else [0, 2, 3, 5, 7, 8, 10])
    bright = random.uniform(0.8, 2.0)
    for start in range(0, length, beat):
        held = min(int(beat * random.uniform(0.8, 3.0)), length - start)
        t = np.arange(held) / RATE
        for _ in range(int(random.integers(1, 4))):
            note = root * 2 ** ((int(random.choice(scale)) + 12 * int(random.integers(0, 3))) / 12)
            tone = sum(
                np.sin(2 * np.pi * note * k * t + random.random()) / k**bright for k in range(1, 7) if note * k < 7800
            )
            sound[start : start + held] += tone * np.minimum(t / 0.01, 1) * np.exp(-t / random.uniform(0.15, 1.0))
        if random.random() < 0.6:
            hit = min(int(0.08 * RATE), length - start)
            sound[start : start + hit] += random.standard_normal(hit) * np.exp(-np.arange(hit) / (0.015 * RATE))
    return sound


# --- what is over soon ------------------------------------------------------------------------


def burst(kind: Burst, split: Split, number: int) -> Sound:
    """A sound of a person or a thing that says nothing, 30 ms to 1.5 s long, at `LEVEL`."""
    random = generator(split, kind, number)
    if kind in ("cough", "throat", "sneeze", "sigh"):
        sound = _breath(kind, random)
    elif kind == "laugh":
        sound = _laugh(random)
    elif kind == "hum_short":
        sound = _voiced(random, random.uniform(0.1, 0.16), random.uniform(95, 230), ((300, 120),), 0.02)
    else:
        sound = _thing(kind, random)
    return levelled(np.asarray(sound, np.float32), LEVEL + float(random.uniform(-6, 3)))


def _shaped(sound: NDArray[np.float64], formants: tuple[tuple[float, float], ...], floor: float) -> NDArray[np.float64]:
    """`sound` through resonances of (Hz, width in Hz); `floor` of it passes everywhere."""
    hertz = np.fft.rfftfreq(len(sound), 1 / RATE)
    gain = floor + sum(1 / (1 + ((hertz - centre) / width) ** 2) for centre, width in formants)
    return np.fft.irfft(np.fft.rfft(sound) * gain, len(sound))


def _voiced(
    random: np.random.Generator, seconds: float, pitch: float, formants: tuple[tuple[float, float], ...], breath: float
) -> NDArray[np.float64]:
    t = np.arange(int(seconds * RATE)) / RATE
    phase = np.cumsum(pitch * (1 + random.uniform(-0.15, 0.1) * t / t[-1])) / RATE
    source = sum(np.sin(2 * np.pi * k * phase) / k for k in range(1, 24) if k * pitch < 7000)
    source = np.asarray(source) + breath * 10 * random.standard_normal(len(t))
    return _shaped(source, formants, 0.03) * np.sin(np.pi * (np.arange(len(t)) + 1) / (len(t) + 1)) ** 0.6


def _breath(kind: Burst, random: np.random.Generator) -> NDArray[np.float64]:
    throat = tuple(
        (random.uniform(low, high), random.uniform(150, 500)) for low, high in ((400, 900), (1100, 2000), (2400, 4000))
    )
    pieces = []
    for _ in range(1 if kind in ("sigh", "sneeze") else int(random.integers(1, 4))):
        long = {"cough": (0.09, 0.22), "throat": (0.15, 0.4), "sneeze": (0.2, 0.4), "sigh": (0.3, 0.9)}[kind]
        t = np.arange(int(RATE * random.uniform(*long))) / RATE
        rise, fall = (
            (0.008, random.uniform(0.03, 0.09)) if kind in ("cough", "sneeze") else (0.08, random.uniform(0.1, 0.3))
        )
        noise = random.standard_normal(len(t)) * np.minimum(t / rise, 1) * np.exp(-t / fall)
        if kind == "throat" or random.random() < 0.4:
            rasp = random.uniform(60, 140)
            noise *= 1 + 0.9 * np.sign(
                np.sin(2 * np.pi * np.cumsum(rasp * (1 + 0.2 * random.standard_normal(len(t)))) / RATE)
            )
        noise *= np.clip((t[-1] - t) / 0.015, 0, 1)
        pieces += [_shaped(noise, throat, random.uniform(0.02, 0.2)), np.zeros(int(RATE * random.uniform(0.05, 0.2)))]
    return np.concatenate(pieces[:-1])


def _laugh(random: np.random.Generator) -> NDArray[np.float64]:
    pitch = random.uniform(120, 330)
    mouth = (
        (random.uniform(500, 900), 120.0),
        (random.uniform(1100, 1700), 160.0),
        (random.uniform(2400, 3000), 250.0),
    )
    pieces = []
    for number in range(int(random.integers(3, 8))):
        pieces.append(
            _voiced(random, random.uniform(0.06, 0.12), pitch * 0.97**number, mouth, random.uniform(0.05, 0.25))
        )
        pieces.append(0.05 * _shaped(random.standard_normal(int(RATE * random.uniform(0.05, 0.12))), mouth, 0.1))
    return np.concatenate(pieces)


def _thing(kind: Burst, random: np.random.Generator) -> NDArray[np.float64]:
    hits, gap, ring, low, high = {
        "keys": (int(random.integers(2, 9)), (0.06, 0.2), 0.004, 1500, 5500),
        "click": (int(random.integers(1, 3)), (0.08, 0.2), 0.002, 2000, 6000),
        "knock": (int(random.integers(2, 5)), (0.12, 0.25), 0.02, 120, 700),
        "clap": (int(random.integers(1, 4)), (0.2, 0.4), 0.012, 800, 2500),
        "chair": (1, (0.2, 0.3), 0.2, 300, 2500),
    }[kind]
    starts = np.cumsum(np.r_[0, random.uniform(*gap, hits - 1)]) * RATE
    sound = np.zeros(int(starts[-1] + RATE * (ring * 8 + 0.02)))
    for start in starts.astype(int):
        t = np.arange(min(int(RATE * ring * 8), len(sound) - start)) / RATE
        hit = random.standard_normal(len(t)) * np.exp(-t / (ring * random.uniform(0.6, 1.5)))
        if kind == "chair":
            hit = (
                random.standard_normal(len(t))
                * np.sin(np.pi * t / t[-1])
                * (1 + np.sin(2 * np.pi * random.uniform(30, 90) * t))
            )
        sound[start : start + len(t)] += _shaped(
            hit, ((random.uniform(low, high), (high - low) / 6),), 0.02
        ) * random.uniform(0.5, 1)
    return sound


# --- rooms ------------------------------------------------------------------------------------


def room(split: Split, number: int, decay: tuple[float, float] = (0.12, 0.45)) -> Sound:
    """The impulse response of a small room, direct sound first; `decay`: its RT60 is drawn from this, in seconds."""
    random = generator(split, "room", number)
    rt60 = random.uniform(*decay)
    t = np.arange(int(RATE * min(rt60, 0.4))) / RATE
    tail = random.standard_normal(len(t)) * 10 ** (-3 * t / rt60) * (t > random.uniform(0.002, 0.008))
    tail *= random.uniform(0.15, 0.6) / max(float(np.sqrt(np.sum(tail**2))), 1e-9)
    tail[0] = 1.0
    for _ in range(int(random.integers(2, 7))):  # walls, floor, table
        tail[int(random.uniform(0.001, 0.02) * RATE)] += random.uniform(-0.4, 0.4)
    return np.asarray(tail, np.float32)


def through(sound: Sound, response: Sound) -> Sound:
    """`sound` as it arrives through a room, as long as it was."""
    size = 1 << int(np.ceil(np.log2(len(sound) + len(response))))
    return np.asarray(
        np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(response, size), size)[: len(sound)], np.float32
    )
