"""Scenes of a few seconds that the ears' network learns from: what the microphone hears, what is played, what it is.

`python -m training.ears.scenes train 6000 --out FOLDER` writes shards of features and labels; it can be stopped and
goes on where it was. A scene has up to three things that are said or sound, at least a second apart, over a background;
in most of them the agent speaks meanwhile, and its echo comes back through a room, early or late, loud or faint.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from streaming.ears.echo import BLOCK, EchoCanceller
from streaming.ears.mel import powers
from streaming.ears.network import COMMANDS, KINDS, QUIETEST

from .noises import BURSTS, STEADY, burst, generator, room, steady, through
from .pool import Clip, Pool, load
from .texts import commands
from .voices import RATE, Split

Floats = NDArray[np.float32]
SECONDS = 8
STEPS = SECONDS * 50
"""Of the network, 20 ms each."""
SHARD = 250
IGNORED = -1


@dataclass(slots=True)
class Scene:
    """What is heard and what it is, by step."""

    mic: Floats
    played: Floats | None
    speech: NDArray[np.int8] = field(default_factory=lambda: np.zeros(STEPS, np.int8))
    """Whether somebody near speaks."""
    kind: NDArray[np.int8] = field(default_factory=lambda: np.zeros(STEPS, np.int8))
    command: NDArray[np.int8] = field(default_factory=lambda: np.zeros(STEPS, np.int8))
    """A command that has just been said; 0: none."""
    over: NDArray[np.int8] = field(default_factory=lambda: np.full(STEPS, IGNORED, np.int8))
    """In the pause after something was said: whether that was all (1) or the speaker goes on (0)."""


class Maker:
    """Makes the scenes of a split; scene `number` is always the same.

    What a scene is made of may be sound or, in `mixes`, band powers: whatever adds up along its first axis, `rate`
    times a second.
    """

    rate = RATE

    def __init__(self, split: Split) -> None:
        self.split = split
        self.pool: Pool = load(split)
        self._by_kind: dict[str, list[Clip]] = {}
        for clip in self.pool.clips:
            self._by_kind.setdefault(clip.kind, []).append(clip)
        self._meaning = {**commands("en"), **commands("zh")}

    def scene(self, number: int) -> Scene:
        """Everything by chance, from `number`."""
        random = generator(self.split, "scene", number)
        mic = np.zeros(SECONDS * self.rate, np.float32)
        scene = Scene(mic, None)
        level = random.uniform(-12, 6)
        at = int(random.uniform(0.3, 2.0) * self.rate)
        while at < len(mic) - self.rate:
            at = self._happens(scene, at, level, random) + int(random.uniform(0.7, 1.8) * self.rate)
        if random.random() < 0.4:
            scene.mic = through(scene.mic, room(self.split, int(random.integers(400))))
        if random.random() < 0.75:
            self._plays(scene, level, random)
        self._background(scene, level, random)
        scene.mic = np.clip(scene.mic, -1, 1)
        return scene

    # --- what happens ---------------------------------------------------------------------------

    def _happens(self, scene: Scene, at: int, level: float, random: np.random.Generator) -> int:
        """One thing begins at sample `at`; returns where it ends."""
        chance = random.random()
        if chance < 0.22:
            return self._command(scene, at, level, random)
        if chance < 0.40:
            return self._said(scene, at, self._one("backchannel", random), "backchannel", level, random)
        if chance < 0.52:
            return self._put(scene, at, self._burst(random), level + float(random.uniform(-10, 4)), "noise")
        if chance < 0.57:
            return self._said(scene, at, self._one("aside", random), "aside", level, random)
        if chance < 0.66:
            return self._said(scene, at, self._one("lookalike", random), "interruption", level, random)
        if chance < 0.76:
            return self._thinks(scene, at, level, random)
        kind = str(random.choice(("interruption", "sentence", "question", "long"), p=(0.5, 0.25, 0.15, 0.1)))
        return self._said(scene, at, self._one(kind, random), "interruption", level, random)

    def _one(self, kind: str, random: np.random.Generator) -> Clip:
        clips = self._by_kind[kind]
        return clips[int(random.integers(len(clips)))]

    def _sound(self, clip: Clip) -> Floats:
        return np.asarray(self.pool.pcm(clip), np.float32) / np.float32(32768)

    def _burst(self, random: np.random.Generator) -> Floats:
        bursts = BURSTS[self.split]
        return burst(bursts[int(random.integers(len(bursts)))], self.split, int(random.integers(3000)))

    def _quiet_place(self, sound: Floats, share: float) -> int:
        """Where a pause may be put into `sound`, near `share` of it; 0 if nowhere."""
        return quiet_place(sound, share)

    def _louder(self, sound: Floats, level: float) -> Floats:
        """`sound` by `level` dB louder."""
        return np.asarray(sound * 10 ** (level / 20), np.float32)

    def _command(self, scene: Scene, at: int, level: float, random: np.random.Generator) -> int:
        clip = self._one("command", random)
        end = self._said(scene, at, clip, "interruption", level, random)
        if end > at:
            step, heard = round(end / self.rate * 50), COMMANDS.index(self._meaning[clip.text])
            scene.command[max(0, step - 4) : step + 1] = IGNORED
            scene.command[step + 1 : step + 9] = heard
            scene.command[step + 9 : step + 14] = IGNORED
        return end

    def _thinks(self, scene: Scene, at: int, level: float, random: np.random.Generator) -> int:
        """A turn with a pause at a quiet place in its midst."""
        sound = self._sound(self._one(str(random.choice(("long", "interruption", "sentence"))), random))
        place = self._quiet_place(sound, random.uniform(0.3, 0.75))
        first, second = sound[:place], sound[place:]
        pause = int(random.uniform(0.4, 1.6) * self.rate)
        if place == 0 or at + len(sound) + pause + self.rate // 4 > len(scene.mic):
            return at
        end = self._put(scene, at, first, level, "interruption")
        self._pauses(scene, end, pause, 0)
        end = self._put(scene, end + pause, second, level, "interruption")
        self._pauses(scene, end, self.rate // 2, 1)
        return end

    def _said(self, scene: Scene, at: int, clip: Clip, kind: str, level: float, random: np.random.Generator) -> int:
        sound = self._sound(clip)
        if at + len(sound) + self.rate // 4 > len(scene.mic):
            return at
        end = self._put(scene, at, sound, level + float(random.uniform(-2, 2)), kind)
        self._pauses(scene, end, self.rate // 2, 1)
        return end

    def _put(self, scene: Scene, at: int, sound: Floats, level: float, kind: str) -> int:
        sound = self._louder(sound[: len(scene.mic) - at], level)
        end = at + len(sound)
        scene.mic[at:end] += sound
        first, last = round(at / self.rate * 50), round(end / self.rate * 50)
        scene.kind[first : first + 3] = IGNORED  # nobody can tell in the first 60 ms
        scene.kind[first + 3 : last] = KINDS.index(kind)
        scene.kind[last : last + 5] = IGNORED
        if kind != "noise":
            scene.speech[first : first + 2] = IGNORED
            scene.speech[first + 2 : last] = 1
            scene.speech[last : last + 4] = IGNORED
        return end

    def _pauses(self, scene: Scene, end: int, pause: int, over: int) -> None:
        step = round(end / self.rate * 50)
        scene.over[step + 2 : step + min(20, pause * 50 // self.rate)] = over

    # --- what is heard besides -------------------------------------------------------------------

    def _plays(self, scene: Scene, level: float, random: np.random.Generator) -> None:
        """The agent speaks; its voice comes back, and is taken out as the ears do."""
        played = np.zeros(len(scene.mic), np.float32)
        at = int(random.uniform(0, 2) * RATE) if random.random() < 0.3 else 0
        while at < len(played):
            sound = self._sound(self._one("agent", random))[: len(played) - at]
            played[at : at + len(sound)] = sound
            at += len(sound) + int(random.uniform(0.1, 0.6) * RATE)
        scene.played = played
        if random.random() < 0.25:
            return  # somebody with headphones
        late = int(random.uniform(0.02, 0.25) * RATE)
        heard = np.concatenate((np.zeros(late, np.float32), played))[: len(played)]
        heard = through(heard, room(self.split, int(random.integers(400)))) * np.float32(10 ** (level / 20))
        if random.random() < 0.3:  # a small loudspeaker
            heard = np.asarray(np.tanh(3 * heard) / 3, np.float32)
        scene.mic += heard * np.float32(10 ** (random.uniform(-26, -4) / 20))

    def _background(self, scene: Scene, level: float, random: np.random.Generator) -> None:
        kinds = STEADY[self.split]
        kind = "babble" if random.random() < 0.2 else kinds[int(random.integers(len(kinds)))]
        noise = steady(kind, self.split, int(random.integers(4000)), SECONDS)
        below = random.uniform(5, 25) if random.random() < 0.6 else random.uniform(25, 50)
        scene.mic += noise * np.float32(10 ** ((-23 + level - below) / 20))


def quiet_place(sound: Floats, share: float) -> int:
    """The quietest sample position near `share` of `sound`, where a pause may be put in; 0 if there is none."""
    hop = RATE // 100
    power = np.mean(sound[: len(sound) // hop * hop].reshape(-1, hop) ** 2, axis=1)
    first, last = int(len(power) * (share - 0.15)), int(len(power) * (share + 0.15))
    if last - first < 3 or first < 15:
        return 0
    return (first + int(np.argmin(power[first:last]))) * hop


# --- features ---------------------------------------------------------------------------------


def features(scene: Scene) -> tuple[Floats, Floats]:
    """Log band powers of the microphone without echo, and of what is played: float32[2 * STEPS, BANDS] each."""
    mic = scene.mic
    played = scene.played
    if played is not None:
        canceller, cleaned = EchoCanceller(), np.empty_like(mic)
        for at in range(0, len(mic), BLOCK):
            cleaned[at : at + BLOCK] = canceller.push(mic[at : at + BLOCK], played[at : at + BLOCK])
        mic = cleaned
    heard = log_powers(mic)
    return heard, np.full_like(heard, np.log10(QUIETEST)) if played is None else log_powers(played)


def log_powers(sound: Floats) -> Floats:
    """As the network takes them: see `streaming.ears.network`."""
    return np.asarray(np.log10(powers(sound) + QUIETEST), np.float32)


def write(split: Split, count: int, out: Path) -> None:
    """Shards of `SHARD` scenes, as many as are missing of `count`."""
    out.mkdir(parents=True, exist_ok=True)
    maker: Maker | None = None
    for shard in range(-(-count // SHARD)):
        path = out / f"{split}-{shard:03}.npz"
        if path.is_file():
            continue
        maker = maker or Maker(split)
        scenes = [maker.scene(shard * SHARD + number) for number in range(SHARD)]
        heard = [features(scene) for scene in scenes]
        labels = {name: np.stack([getattr(scene, name) for scene in scenes]) for name in LABELS}
        mic = np.stack([mic for mic, _ in heard]).astype(np.float16)
        played = np.stack([played for _, played in heard]).astype(np.float16)
        unfinished = path.with_suffix(".part")
        with unfinished.open("wb") as file:
            np.savez(file, mic=mic, played=played, **labels)  # type: ignore[arg-type]
        unfinished.replace(path)
        print(f"{path.name}: {SHARD * SECONDS / 3600:.2f} h", flush=True)


LABELS: Sequence[str] = ("speech", "kind", "command", "over")


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("split", choices=("train", "validation", "test"))
    parser.add_argument("count", type=int)
    parser.add_argument("--out", type=Path, required=True)
    told = parser.parse_args()
    write(told.split, told.count, told.out)


if __name__ == "__main__":
    main()
