"""All clips of a split that scenes are made of, in one file that is mapped into memory.

`python -m training.ears.pool train` renders what is missing and packs it; later runs find it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from .noises import generator
from .texts import Kind, lines, sentences
from .voices import Language, Pcm, Split, Voice, cache_folder, prepare, render, voices

ClipKind = Kind | str
"""Besides the kinds of `texts`: "sentence", an example sentence of WordNet."""
HOW_MANY: dict[str, dict[Language, float]] = {
    "command": {"en": 1.0, "zh": 0.8},
    "lookalike": {"en": 0.4, "zh": 0.35},
    "backchannel": {"en": 0.8, "zh": 0.5},
    "interruption": {"en": 0.09, "zh": 0.45},
    "question": {"en": 0.5, "zh": 0.4},
    "long": {"en": 0.5, "zh": 0.5},
    "aside": {"en": 0.08, "zh": 0.0},
    "agent": {"en": 0.6, "zh": 0.15},
    "sentence": {"en": 45.0, "zh": 0.0},
}
"""Which share of all pairs of a voice and a text is rendered; of sentences: how many a voice."""


@dataclass(frozen=True, slots=True)
class Clip:
    """One utterance in the pool."""

    kind: ClipKind
    language: Language
    voice: str
    text: str
    first: int
    """Its first sample in the pool's sound."""
    samples: int


@dataclass(frozen=True, slots=True)
class Pool:
    """The clips of a split, and their sound."""

    clips: list[Clip]
    sound: Pcm

    def pcm(self, clip: Clip) -> Pcm:
        """int16[n] at 16 kHz."""
        return self.sound[clip.first : clip.first + clip.samples]


def pairs(split: Split) -> Iterator[tuple[str, Voice, str]]:
    """(kind, voice, text) of every clip of `split`, always the same."""
    random = generator(split, "pool")
    for language in ("en", "zh"):
        speakers = voices(split, language)
        for kind, shares in HOW_MANY.items():
            share = shares[language]
            if kind == "sentence":
                said = sentences(split)
                for voice in speakers if share and said else ():
                    for number in random.integers(len(said), size=round(share)):
                        yield kind, voice, said[int(number)]
                continue
            for text in lines(kind, split, language):  # type: ignore[arg-type]
                for voice in speakers:
                    if random.random() < share:
                        yield kind, voice, text


def load(split: Split) -> Pool:
    """The pool of `split`, made if it is not there (minutes to an hour, once)."""
    folder = cache_folder() / "pools"
    packed, index = folder / f"{split}.npy", folder / f"{split}.json"
    if not index.is_file():
        _pack(split, packed, index)
    told = json.loads(index.read_text("utf-8"))
    return Pool([Clip(**clip) for clip in told], np.load(packed, mmap_mode="r"))


def _pack(split: Split, packed: Path, index: Path) -> None:
    packed.parent.mkdir(parents=True, exist_ok=True)
    wanted = list(pairs(split))
    for first in range(0, len(wanted), 500):
        prepare((voice, text) for _, voice, text in wanted[first : first + 500])
        print(f"{split}: {min(first + 500, len(wanted))} of {len(wanted)} clips", flush=True)
    clips: list[Clip] = []
    sounds: list[Pcm] = []
    at = 0
    for kind, voice, text in wanted:
        sound = render(voice, text)
        clips.append(Clip(kind, voice.language, voice.name, text, at, len(sound)))
        sounds.append(sound)
        at += len(sound)
    np.save(packed, np.concatenate(sounds))
    index.write_text(json.dumps([asdict(clip) for clip in clips], ensure_ascii=False), "utf-8")


if __name__ == "__main__":
    for name in sys.argv[1:]:
        made = load(name)  # type: ignore[arg-type]
        print(f"{name}: {len(made.clips)} clips, {len(made.sound) / 16_000 / 3600:.1f} h")
