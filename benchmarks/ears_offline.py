"""How soon and how rightly the ears hear, on the bench's speech in noise: `python -m benchmarks.ears_offline`.

Every clip is heard alone, once for each background, at a random place within a frame. What the conversation would
make of it follows its rule for overlaps: cut when called an interruption, or undecided and still there at 350 ms.
All of it is synthetic. Prints a Markdown table; times in ms.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import av
import numpy as np
import soxr
from numpy.typing import NDArray

from benchmarks.make_bench_speech import cough, hum, level
from streaming.ears.opinions import Opinion, Overlap, SpeechStarted, SpeechStopped
from streaming.ears.panel import Ears, EarsModels
from streaming.time import to_ms

RATE = 16_000
FOLDER = Path(__file__).parent.parent / "clients/bench/speech"
UNDECIDED_CUTS = 350.0
Sound = NDArray[np.float32]


@dataclass(frozen=True)
class Clip:
    """Something to be heard: its first and last sample are the truth about its edges."""

    kind: str
    voice: str
    sound: Sound


@dataclass
class Figures:
    """What was measured against one background, in ms."""

    onset_known: list[float] = field(default_factory=list)
    onset_error: list[float] = field(default_factory=list)
    offset_known: list[float] = field(default_factory=list)
    offset_error: list[float] = field(default_factory=list)
    decided: list[float] = field(default_factory=list)
    named: list[float] = field(default_factory=list)
    spoken: int = 0
    unheard: int = 0
    false_onsets: int = 0
    pauses_within: int = 0
    interruptions: int = 0
    uncut: int = 0
    shorts: int = 0
    cut_shorts: int = 0


def read(path: Path) -> Sound:
    """A clip at 16 kHz in [-1, 1]."""
    with av.open(str(path)) as container:
        pcm = np.concatenate([frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)])
        rate = container.streams.audio[0].rate
    return np.asarray(soxr.resample(pcm.astype(np.float32), rate, RATE), np.float32)


def edges(sound: Sound, below_db: float = 40.0) -> Sound:
    """`sound` without what is `below_db` quieter than its loudest 5 ms at either end."""
    hop = RATE // 200
    power = np.mean(sound[: len(sound) // hop * hop].reshape(-1, hop) ** 2, axis=1) + 1e-12
    loud = np.flatnonzero(power > power.max() * 10 ** (-below_db / 10))
    return sound[loud[0] * hop : (loud[-1] + 1) * hop]


def clips(shorts: int) -> list[Clip]:
    """The bench's speech, and `shorts` coughs and as many hums that it does not have."""
    told = json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))
    heard = [Clip(clip["kind"], clip["voice"], edges(read(FOLDER / clip["file"]))) for clip in told]
    for seed in range(1000, 1000 + shorts):
        for voice, make in (("cough", cough), ("hum", hum)):
            sound = np.asarray(soxr.resample(level(make(seed)), 48_000, RATE), np.float32)
            heard.append(Clip("short", voice, edges(sound)))
    return heard


def background(kind: str, length: int, voices: Sequence[Clip], random: np.random.Generator) -> Sound:
    """Noise of RMS 1."""
    if kind == "babble":
        noise = np.zeros(length)
        for clip in random.choice(np.array(voices, object), 6):
            noise += np.resize(np.roll(clip.sound, int(random.integers(len(clip.sound)))), length)
    else:
        spectrum = np.fft.rfft(random.standard_normal(length))
        spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum))) if kind == "pink" else 1.0
        noise = np.fft.irfft(spectrum, length)
    return np.asarray(noise / np.sqrt(np.mean(noise**2)), np.float32)


def hear(ears: Ears, sound: Sound) -> list[Opinion]:
    """All opinions on `sound`, pushed in frames of 10 ms while the agent speaks."""
    pcm = (np.clip(sound, -1, 1) * 32767).astype(np.int16)
    return [
        opinion
        for first in range(0, len(pcm) - 159, 160)
        for opinion in ears.push(pcm[first : first + 160], np.zeros(160, np.int16), 3 * first)
    ]


def measure(clip: Clip, opinions: list[Opinion], first: float, last: float, figures: Figures) -> None:
    """Adds what `opinions` say of `clip`, which lay in [`first`, `last`) ms."""
    started = [opinion for opinion in opinions if isinstance(opinion, SpeechStarted)]
    stopped = [opinion for opinion in opinions if isinstance(opinion, SpeechStopped)]
    named = [opinion for opinion in opinions if isinstance(opinion, Overlap)]
    figures.false_onsets += sum(to_ms(opinion.at) <= first for opinion in started)
    started = [opinion for opinion in started if to_ms(opinion.at) > first]
    called = [to_ms(opinion.at) - first for opinion in named if opinion.kind == "interruption"]
    cut = min(called, default=None)
    if cut is None and started:
        onset = to_ms(started[0].about)
        settled = [to_ms(opinion.at) for opinion in opinions if isinstance(opinion, SpeechStopped | Overlap)]
        settled = [at for at in settled if at > first]
        if min(settled, default=1e9) > onset + UNDECIDED_CUTS:
            cut = onset + UNDECIDED_CUTS - first
    if clip.kind == "short":
        figures.shorts += 1
        figures.cut_shorts += cut is not None
        figures.named += [to_ms(opinion.at) - last for opinion in named[:1]]
        return
    figures.spoken += 1
    if not started:
        figures.unheard += 1
    else:
        figures.onset_known.append(to_ms(started[0].at) - first)
        figures.onset_error.append(to_ms(started[0].about) - first)
        figures.pauses_within += len(started) - 1
    if stopped:
        figures.offset_known.append(to_ms(stopped[-1].at) - last)
        figures.offset_error.append(to_ms(stopped[-1].about) - last)
    if clip.kind in ("interruption", "command"):
        figures.interruptions += 1
        if cut is None:
            figures.uncut += 1
        else:
            figures.decided.append(cut)


def spread(values: Sequence[float]) -> str:
    """p50 / p95."""
    return " / ".join(f"{value:.0f}" for value in np.percentile(values, [50, 95])) if values else "–"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--shorts", type=int, default=20, help="further coughs, and as many hums (20)")
    options.add_argument("--details", action="store_true", help="name every clip that went wrong")
    chosen = options.parse_args()
    heard = clips(chosen.shorts)
    speech = [clip for clip in heard if clip.kind != "short"]
    models = EarsModels()
    random = np.random.default_rng(1)
    backgrounds = (("silence", "white", 60.0), ("white 20 dB", "white", 20.0), ("pink 20 dB", "pink", 20.0),
                   ("pink 10 dB", "pink", 10.0), ("babble 15 dB", "babble", 15.0))  # fmt: skip
    totals: dict[str, Figures] = defaultdict(Figures)
    seconds = spent = 0.0
    for name, kind, snr in backgrounds:
        for number, clip in enumerate(heard):
            place = RATE * 2 + int(random.integers(RATE // 100))
            mix = background(kind, place + len(clip.sound) + RATE, speech, random) * 10 ** (-(23.0 + snr) / 20)
            mix[place : place + len(clip.sound)] += clip.sound
            began = time.process_time()
            opinions = hear(Ears(models), mix)
            spent += time.process_time() - began
            seconds += len(mix) / RATE
            first, last = place / 16, (place + len(clip.sound)) / 16
            before = (totals[name].cut_shorts, totals[name].uncut, totals[name].unheard)
            measure(clip, opinions, first, last, totals[name])
            if chosen.details and before != (totals[name].cut_shorts, totals[name].uncut, totals[name].unheard):
                print(name, number, clip.kind, clip.voice, f"{last - first:.0f} ms long:")
                print(
                    [
                        (type(o).__name__, getattr(o, "kind", ""), to_ms(o.about) - first, to_ms(o.at) - first)
                        for o in opinions
                    ]
                )
    columns = ("background", "onset known", "onset error", "offset known", "offset error", "interruption cut",
               "uncut", "shorts cut", "shorts named after end", "unheard", "false onsets", "pauses within")  # fmt: skip
    print("| " + " | ".join(columns) + " |\n|" + "---|" * len(columns))
    for name, got in totals.items():
        row = (
            name,
            spread(got.onset_known),
            f"{np.median(got.onset_error):+.0f}, {spread([abs(error) for error in got.onset_error])}",
            spread(got.offset_known),
            f"{np.median(got.offset_error):+.0f}, {spread([abs(error) for error in got.offset_error])}",
            spread(got.decided),
            f"{got.uncut}/{got.interruptions}",
            f"{got.cut_shorts}/{got.shorts}",
            spread(got.named),
            f"{got.unheard}/{got.spoken}",
            f"{got.false_onsets}",
            f"{got.pauses_within}",
        )
        print("| " + " | ".join(row) + " |")
    print(f"\n{100 * spent / seconds:.2f}% of one core per second of sound ({seconds:.0f} s heard)")


if __name__ == "__main__":
    main()
