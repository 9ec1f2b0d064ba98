"""How well the heard text is told from sound and text alone: `python -m benchmarks.heard_text`.

Speech with exact word times (espeak-ng's) is given to the estimator that the Omni families use, as they give it: the
text far ahead of the sound, the sound in frames of 80 ms. Every 100 ms the call is cut, once with no sound made beyond
the cut and once with a second of it, and the words counted as heard are compared with the true ones.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from talker.espeak import load
from talker.omni.heard import HeardText, Pace

RATE = 24_000
FRAME = 1920
TOKENS_A_FRAME = 1
CUT_EVERY = 2400

TEXTS = (
    "Sure. The capital of France is Paris, and about two million people live there.",
    "There are seven days in a week, and fifty two weeks in a year.",
    "To make tea, boil some water, pour it over the leaves, and wait for three minutes. Then add milk if you like.",
    "I would take the early train. It leaves at half past six, it is never crowded, and you arrive before noon.",
    "Photosynthesis is how plants turn light into sugar; they need water, carbon dioxide, and of course the sun.",
    "No.",
    "Yes, I can do that. What time should I wake you?",
    "The museum is open from nine to five every day except Monday, when it is closed for cleaning.",
    "Let me think. If you have twelve apples and give away five, seven are left.",
    "It will probably rain this afternoon, so take an umbrella, or stay at home and read a good book.",
    "A good rule is to save a little every month. It does not matter how much. What matters is that you keep doing it.",
    "Elephants are the largest animals on land. They live in families, remember each other for decades, and mourn.",
    "First open the settings. Then choose network, and look for the name of your router. Finally type the password.",
    "That is a difficult question, and people have disagreed about it for centuries. Some say that we are free to "
    "choose; others believe that everything is decided in advance. I think that both are partly right.",
    "The recipe needs flour, butter, sugar, two eggs, and a pinch of salt. Mix everything, and bake it for an hour.",
    "Nothing happened. The engine was cold, the lights were off, and nobody had been there since the summer.",
    "You could visit the old town in the morning, have lunch by the river, and take the boat back in the evening.",
    "Well, the short answer is that it depends. The long answer would take us all night.",
)


@dataclass(frozen=True, slots=True)
class Truth:
    """A reply, and where its words really are."""

    words: Sequence[str]
    pcm: NDArray[np.int16]
    spans: Sequence[tuple[int, int, int]]


def spoken(text: str, voice: str, speed: float) -> Truth:
    """`text` as espeak speaks it, with (word, first, last) in samples."""
    talker, vocoder = load("", 1)
    talker.open(0)
    vocoder.open(0)
    talker.start(0, voice, speed)
    vocoder.start(0)
    words = [f" {word}" if at else word for at, word in enumerate(text.split())]
    for at, word in enumerate(words):
        talker.feed(0, at, word, None)
    talker.finish(0)
    pcm: list[NDArray[np.int16]] = []
    spans: list[tuple[int, int, int]] = []
    while talker.ready(0):
        sound = vocoder.push([0], talker.step([0]))[0]
        pcm.append(sound.pcm)
        spans += sound.spans
    return Truth(words, np.concatenate(pcm), spans)


def heard(spans: Sequence[tuple[int, int, int]], until: int) -> int:
    """Words of which more than half lies before `until`, as the conversation counts them."""
    count = 0
    for word, first, last in spans:
        if 2 * (min(until, last) - first) <= last - first:
            break
        count = word + 1
    return count


def estimated(truth: Truth, pace: Pace) -> list[tuple[int, list[tuple[int, int, int]]]]:
    """(samples made so far, spans told so far) after every frame."""
    text, told, words, after = HeardText(pace), list[tuple[int, int, int]](), list(enumerate(truth.words)), []
    for at in range(0, len(truth.pcm), FRAME):
        for word in words[:TOKENS_A_FRAME]:
            text.say(*word)
        del words[:TOKENS_A_FRAME]
        told += text.sound(truth.pcm[at : at + FRAME])
        after.append((min(at + FRAME, len(truth.pcm)), list(told)))
    told += text.finish()
    after[-1] = (after[-1][0], list(told))
    return after


def errors(truth: Truth, pace: Pace, lead: int) -> list[int]:
    """Estimated minus true words heard, for cuts every 100 ms with `lead` samples made beyond the cut."""
    after, off = estimated(truth, pace), []
    for cut in range(CUT_EVERY, len(truth.pcm), CUT_EVERY):
        spans = next((spans for made, spans in after if made >= cut + lead), after[-1][1])
        off.append(heard(spans, cut) - heard(truth.spans, cut))
    return off


def main() -> None:
    voices = sys.argv[1:] or ["en-us", "en-us-f3", "en-gb"]
    report: dict[str, dict[str, float]] = {}
    for voice in voices:
        for speed in (0.85, 1.0, 1.2):
            for lead_s in (0.0, 1.0):
                pace, off = Pace(), list[int]()
                for text in TEXTS:
                    off += errors(spoken(text, voice, speed), pace, round(lead_s * RATE))
                found = np.abs(off)
                report[f"{voice} x{speed} lead {lead_s} s"] = {
                    "cuts": len(off),
                    "exact": round(float((found == 0).mean()), 3),
                    "within 1": round(float((found <= 1).mean()), 3),
                    "within 2": round(float((found <= 2).mean()), 3),
                    "worst": int(found.max()),
                    "bias": round(float(np.mean(off)), 2),
                }
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
