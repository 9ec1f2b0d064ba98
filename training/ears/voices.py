"""Synthetic voices, split into train, validation and test for good, and their speech as int16 at 16 kHz.

Whatever was measured with these voices is to be called "synthetic". A voice is an engine, what it is set to, and
perhaps a shift: spectrum and pitch moved together by resampling, the tempo kept, which makes another person of one.
No person (and no family of related espeak variants) is in two splits: the flite and festival voices of one speaker
go together.

Needs espeak-ng, flite and festival (with festvox-us-slt-hts, festvox-kallpc16k and festvox-kdlpc16k) on the PATH.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
import wave
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import soxr
from numpy.typing import NDArray

Split = Literal["train", "validation", "test"]
Engine = Literal["espeak", "flite", "festival"]
Language = Literal["en", "zh"]
Pcm = NDArray[np.int16]

RATE = 16_000
LEVEL = -23.0
"""Speech is rendered at this RMS, in dBFS, unless it would clip."""
EDGE = -40.0
"""What is this many dB below the loudest 5 ms is cut off both ends: the first sample is where speech begins."""


@dataclass(frozen=True, slots=True)
class Voice:
    """One person (in one language), who always speaks in the same way."""

    name: str
    engine: Engine
    base: str
    """What the engine calls it: an espeak variant, a flite voice, a festival voice."""
    language: Language
    sex: Literal["m", "f"]
    split: Split
    accent: str = ""
    """espeak's language code."""
    pitch: float = 50.0
    """espeak: 0 to 99; others: mean in Hz, before the shift (festival's HTS voice ignores it)."""
    tempo: float = 1.0
    shift: float = 1.0
    """Factor on spectrum and pitch; other than 1: this speaker was derived from another."""

    @property
    def person(self) -> str:
        """Who lent this voice: flite and festival have two in common, and an espeak variant speaks two languages."""
        return {"cmu_us_slt_arctic_hts": "slt", "kal_diphone": "kal"}.get(self.base, self.base)

    @property
    def derived(self) -> bool:
        """Whether it is another voice, shifted."""
        return self.shift != 1.0


# --- who there is -----------------------------------------------------------------------------

ACCENTS = (
    "en-us", "en-gb", "en-us", "en-gb-x-rp", "en-us", "en-gb-scotland", "en-029", "en-us-nyc",
    "en-us", "en-gb-x-gbclan", "en-gb", "en-gb-x-gbcwmd",
)  # fmt: skip
# fmt: off
FEMALE = frozenset((
    "Alicia", "Andrea", "Annie", "aunty", "belinda", "linda", "steph", "anika", "anikaRobot",
    "f1", "f2", "f3", "f4", "f5", "grandma", "whisperf",
))
# fmt: on
ESPEAK: dict[Split, str] = {
    "train": (
        "Alex Andrea Andy AnxiousAndy anika anikaRobot antonio aunty benjamin boris caleb croak Demonic Diogo ed "
        "edward edward2 f1 f2 f4 f5 fast Gene Gene2 grandpa gustave Henrique iven iven2 iven3 iven4 Jacky kaukovalta "
        "klatt klatt2 klatt3 klatt4 klatt5 klatt6 m1 m2 m3 m5 m6 Marco marcelo Mario miguel Mike Nguyen paul pedro "
        "quincy RicishayMax RicishayMax2 RicishayMax3 rob robert robosoft robosoft2 robosoft3 robosoft4 robosoft5 "
        "robosoft6 robosoft7 robosoft8 sandro Storm Tweaky UniRobot announcer whisper whisperf"
    ),
    "validation": "michel m8 zac belinda john",
    "test": (
        "adam Alicia Annie david Denis grandma Hugo f3 Lee linda max Michael m4 m7 norbert pablo shelby steph "
        "travis victor"
    ),
}
"""espeak-ng's variants, families together."""
HUMANS: dict[Split, tuple[tuple[Engine, str, float, bool], ...]] = {
    "train": (
        ("flite", "slt", 180.0, True), ("festival", "cmu_us_slt_arctic_hts", 180.0, True),
        ("flite", "awb", 130.0, False),
    ),
    "validation": (("flite", "kal", 105.0, False), ("festival", "kal_diphone", 105.0, False)),
    "test": (("flite", "rms", 100.0, False), ("festival", "ked_diphone", 105.0, False)),
}  # fmt: skip
"""Voices that were recorded from people: engine, name, mean pitch in Hz, whether it is a woman's."""
SHIFTS: dict[Split, tuple[float, ...]] = {
    "train": (1.0, 0.82, 0.88, 0.94, 1.07, 1.15, 1.24),
    "validation": (1.0, 0.9, 1.18),
    "test": (1.0, 0.85, 0.92, 1.1, 1.21),
}


def _fraction(*parts: object) -> float:
    """A number in [0, 1) that depends on `parts` alone."""
    digest = hashlib.sha256("\0".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


def _espeak(split: Split) -> Iterable[Voice]:
    for base in ESPEAK[split].split():
        sex: Literal["m", "f"] = "f" if base in FEMALE else "m"
        pitch = round(36 + 28 * _fraction(base, "pitch"))
        tempo = round(0.85 + 0.3 * _fraction(base, "tempo"), 2)
        accent = ACCENTS[int(_fraction(base, "accent") * len(ACCENTS))]
        yield Voice(f"espeak/{base}", "espeak", base, "en", sex, split, accent, pitch, tempo)
        yield Voice(f"espeak/{base}/zh", "espeak", base, "zh", sex, split, "cmn", pitch, tempo)


def _people(split: Split) -> Iterable[Voice]:
    for engine, base, hertz, woman in HUMANS[split]:
        for shift in SHIFTS[split]:
            pitch = round(hertz * (0.88 + 0.24 * _fraction(base, shift, "pitch")) * (1.15 if shift > 1.14 else 1.0), 1)
            tempo = round(0.9 + 0.25 * _fraction(base, shift, "tempo"), 2)
            heard = hertz * shift
            sex: Literal["m", "f"] = "f" if (woman and heard > 150) or shift > 1.2 else "m"
            yield Voice(f"{engine}/{base}@{shift:g}", engine, base, "en", sex, split, "", pitch, tempo, shift)


def voices(split: Split, language: Language | None = None) -> list[Voice]:
    """Every voice of `split`, in a fixed order; those of `language` if it is given."""
    everyone = [*_espeak(split), *_people(split)]
    return [voice for voice in everyone if language in (None, voice.language)]


# --- what they say ----------------------------------------------------------------------------


def cache_folder() -> Path:
    """Where rendered speech is kept: `$XDG_CACHE_HOME/colloquy/voices`, `~/.cache` by default."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "colloquy" / "voices"


def _place(voice: Voice, text: str) -> Path:
    key = hashlib.sha256(f"{voice!r}\0{text}".encode()).hexdigest()
    return cache_folder() / key[:2] / f"{key[2:26]}.npy"


def render(voice: Voice, text: str) -> Pcm:
    """`voice` says `text`: int16[n] at 16 kHz, from its first to its last sample, at `LEVEL`. Kept on disk.

    Raises `subprocess.CalledProcessError` or `FileNotFoundError` if the engine is missing, `ValueError` for silence.
    """
    place = _place(voice, text)
    if not place.is_file():
        prepare([(voice, text)])
    sound: Pcm = np.load(place)
    return sound


def prepare(pairs: Iterable[tuple[Voice, str]]) -> None:
    """Renders what is not on disk yet; much faster for many sentences of festival's than one at a time."""
    festival: dict[Voice, list[str]] = {}
    for voice, text in pairs:
        if _place(voice, text).is_file():
            continue
        if voice.engine == "festival":
            festival.setdefault(voice, []).append(text)
        else:
            with tempfile.TemporaryDirectory() as scratch:
                out = Path(scratch) / "said.wav"
                subprocess.run(_command(voice, text, out), check=True, capture_output=True)
                _keep(voice, text, out)
    for voice, texts in festival.items():
        with tempfile.TemporaryDirectory() as scratch:
            outs = [Path(scratch) / f"{number}.wav" for number in range(len(texts))]
            script = "\n".join([_festival_setup(voice), *map(_festival_line, texts, outs)])
            subprocess.run(["festival", "--pipe"], input=script, text=True, check=True, capture_output=True)
            for text, out in zip(texts, outs, strict=True):
                _keep(voice, text, out)


def _command(voice: Voice, text: str, out: Path) -> list[str]:
    if voice.engine == "espeak":
        speed = round(165 * voice.tempo)
        name = f"{voice.accent}+{voice.base}"
        return ["espeak-ng", "-v", name, "-s", str(speed), "-p", f"{voice.pitch:.0f}", "-w", str(out), text]
    # The shift speeds speech up by as much, so it is spoken that much more slowly.
    stretch, pitch = voice.shift / voice.tempo, voice.pitch
    settings = ["--setf", f"duration_stretch={stretch:.3f}", "--setf", f"int_f0_target_mean={pitch:.1f}"]
    return ["flite", "-voice", voice.base, *settings, "-t", text, "-o", str(out)]


def _festival_setup(voice: Voice) -> str:
    stretch = voice.shift / voice.tempo
    if voice.base.endswith("hts"):
        # Its pitch is the recorded woman's; a shift moves it.
        own = f'(list (list "-r" {1 / stretch:.3f}))'
        return f"(voice_{voice.base})\n(set! hts_engine_params (append hts_engine_params {own}))"
    f0 = f"((target_f0_mean {voice.pitch:.1f}) (target_f0_std 14) (model_f0_mean 170) (model_f0_std 34))"
    return f"(voice_{voice.base})\n(set! int_lr_params '{f0})\n(Parameter.set 'Duration_Stretch {stretch:.3f})"


def _festival_line(text: str, out: Path) -> str:
    said = text.replace("\\", " ").replace('"', " ")
    return f'(utt.save.wave (utt.synth (Utterance Text "{said}")) "{out}" (quote riff))'


def _keep(voice: Voice, text: str, out: Path) -> None:
    with wave.open(str(out)) as file:
        sound = np.frombuffer(file.readframes(file.getnframes()), np.int16).astype(np.float32) / np.float32(32768)
        rate = file.getframerate()
    sound = trimmed(np.asarray(soxr.resample(sound, rate * voice.shift, RATE), np.float32))
    place = _place(voice, text)
    place.parent.mkdir(parents=True, exist_ok=True)
    unfinished = place.with_name(f"{place.name}.{os.getpid()}")
    with unfinished.open("wb") as file:
        np.save(file, (levelled(sound, LEVEL) * 32767).astype(np.int16))
    unfinished.replace(place)


def trimmed(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    """`sound` without what lies `EDGE` dB under its loudest 5 ms at either end. Raises `ValueError` for silence."""
    hop = RATE // 200
    power = (
        np.mean(sound[: len(sound) // hop * hop].reshape(-1, hop) ** 2, axis=1) if len(sound) >= hop else np.zeros(0)
    )
    if not len(power) or power.max() < 1e-8:
        raise ValueError("there is nothing to be heard: does the engine know this voice and this language?")
    loud = np.flatnonzero(power > power.max() * 10 ** (EDGE / 10))
    return np.asarray(sound[loud[0] * hop : (loud[-1] + 1) * hop], np.float32)


def levelled(sound: NDArray[np.float32], dbfs: float) -> NDArray[np.float32]:
    """`sound` (in [-1, 1]) at an RMS of `dbfs`, or as near to it as it comes without clipping."""
    scaled = sound * 10 ** (dbfs / 20) / max(float(np.sqrt(np.mean(sound**2))), 1e-9)
    return np.asarray(scaled / max(1.0, float(np.abs(scaled).max()) / 0.97), np.float32)
