"""Scenes that are mixed as band powers: a thousand times cheaper than as sound, so that no two need be the same.

The powers of independent sounds add up, but for their cross terms; a room is a decay of each band. Nothing is played in
these scenes: for that, and for real rooms, there are those of `scenes`, and the network learns from both.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from streaming.ears.mel import BANDS, HOP, powers
from streaming.ears.network import QUIETEST

from .noises import BURSTS, STEADY, burst, generator, steady
from .pool import Clip
from .scenes import LABELS, SECONDS, Floats, Maker, Scene
from .voices import Split, cache_folder

NOISES, SHORTS = 240, 900
Packed = NDArray[np.float16]
"""Logarithms of band powers."""


def _pack(sound: Floats) -> Packed:
    return np.asarray(np.log10(powers(sound) + QUIETEST / 10), np.float16)


def _open(packed: Packed) -> Floats:
    return np.asarray(np.power(np.float32(10), packed.astype(np.float32)), np.float32)


class Mixer(Maker):
    """Makes scenes of band powers: `mic` is float32[100 * SECONDS, BANDS]. `seed` is another run of chance."""

    rate = 100

    def __init__(self, split: Split, seed: int = 0) -> None:
        super().__init__(split)
        self._random = generator(split, "mixes", seed)
        self._clips, self._starts = self._packed_pool()
        self._noises, self._shorts = self._packed_noises()

    def batch(self, count: int) -> dict[str, NDArray[np.generic]]:
        """Features and labels of `count` new scenes, as `scenes.write` keeps them."""
        scenes = [self._scene() for _ in range(count)]
        mic = np.log10(np.stack([scene.mic for scene in scenes]) + QUIETEST).astype(np.float16)
        nothing = np.full_like(mic, np.log10(QUIETEST))
        return {"mic": mic, "played": nothing} | {
            name: np.stack([getattr(scene, name) for scene in scenes]) for name in LABELS
        }

    def _scene(self) -> Scene:
        random = self._random
        scene = Scene(np.zeros((SECONDS * self.rate, BANDS), np.float32), None)
        level = float(random.uniform(-12, 6))
        at = int(random.uniform(0.3, 2.0) * self.rate)
        while at < len(scene.mic) - self.rate:
            at = self._happens(scene, at, level, random) + int(random.uniform(0.7, 1.8) * self.rate)
        if random.random() < 0.4:
            share, decay = random.uniform(0.02, 0.3), 10 ** (-0.06 / random.uniform(0.12, 0.45))
            dry = scene.mic.copy()
            for late in range(1, 20):
                scene.mic[late:] += np.float32(share * decay**late) * dry[:-late]
        noise = _open(np.roll(self._noises[int(random.integers(len(self._noises)))], int(random.integers(800)), axis=0))
        below = random.uniform(5, 25) if random.random() < 0.6 else random.uniform(25, 50)
        scene.mic += self._louder(noise, -23 + level - float(below))
        return scene

    # --- the same as `Maker`, with powers -------------------------------------------------------

    def _sound(self, clip: Clip) -> Floats:
        first = self._starts[clip.first]
        return _open(self._clips[first : first + clip.samples // HOP])

    def _burst(self, random: np.random.Generator) -> Floats:
        return _open(self._shorts[int(random.integers(len(self._shorts)))])

    def _quiet_place(self, sound: Floats, share: float) -> int:
        power = sound.sum(axis=1)
        first, last = int(len(power) * (share - 0.15)), int(len(power) * (share + 0.15))
        return 0 if last - first < 3 or first < 15 else first + int(np.argmin(power[first:last]))

    def _louder(self, sound: Floats, level: float) -> Floats:
        return np.asarray(sound * np.float32(10 ** (level / 10)), np.float32)

    # --- what is kept ---------------------------------------------------------------------------

    def _packed_pool(self) -> tuple[Packed, dict[int, int]]:
        path = cache_folder() / "pools" / f"{self.split}-mel.npy"
        starts, at = {}, 0
        for clip in self.pool.clips:
            starts[clip.first] = at
            at += clip.samples // HOP
        if not path.is_file():
            np.save(path, np.concatenate([_pack(super(Mixer, self)._sound(clip)) for clip in self.pool.clips]))
        return np.load(path, mmap_mode="r"), starts

    def _packed_noises(self) -> tuple[Packed, list[Packed]]:
        path = cache_folder() / "pools" / f"{self.split}-noises.npz"
        if not path.is_file():
            kinds, bursts = STEADY[self.split], BURSTS[self.split]
            long = [steady(kinds[n % len(kinds)], self.split, 5000 + n, SECONDS) for n in range(NOISES)]
            short = [_pack(burst(bursts[n % len(bursts)], self.split, n)) for n in range(SHORTS)]
            ends = np.cumsum([len(one) for one in short])
            np.savez(path, long=np.stack([_pack(one) for one in long]), short=np.concatenate(short), ends=ends)
        with np.load(path) as data:
            return data["long"], np.split(data["short"], data["ends"][:-1])
