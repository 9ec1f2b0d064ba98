"""Writes the clips of `colloquy bench ears` over the wire: `python -m benchmarks.ears.clips`. Test split only."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soxr

import clients.bench.ears
from benchmarks.make_bench_speech import RATE, write

from .material import RATE as OURS
from .material import Sound, named, short, speech

FOLDER = Path(clients.bench.ears.__file__).parent / "speech"
USERS = ("flite/rms@1", "espeak/linda")
STRANGERS = ("espeak/Michael", "festival/ked_diphone@1.21")
SAYS: dict[str, tuple[tuple[str, str], ...]] = {
    "known": (("What is the oldest city in Europe?", ""), ("Tell me how glass is made.", "")),
    "question": (("How does a fridge keep things cold?", ""), ("Who invented the piano?", "")),
    "lookalike": (("Is the bus stop near here?", ""), ("It is a non-stop flight.", "")),
    "interruption": (
        ("Sorry, what is the phone number of the hotel?", ""), ("I think you misunderstood me.", ""),
        ("No but how many people live there?", ""), ("Please tell me only the result.", ""),
        ("Actually that was last year, not this year.", ""), ("Can we talk about dinner first?", ""),
    ),
    "backchannel": (("mm-hmm.", ""), ("gotcha", ""), ("uh huh yeah", ""), ("right.", "")),
    "aside": (("Lisa, the water is boiling.", ""), ("Hey Frank, are you coming with us?", "")),
    "command": (("Stop.", "stop"), ("Please stop.", "stop"), ("Interrupt.", "stop"),
                ("Change the topic.", "change_topic"), ("Hold on.", "wait")),
    "pause": (("The reason I am calling is", ""), ("that my order has not arrived.", ""),
              ("I would like to know how", ""), ("cheese is made.", "")),
}  # fmt: skip
STRANGERS_SAY = ("Can bees see colours?", "Stop.", "Please tell me only the result.")
BURSTS = ("cough", "laugh", "keys", "throat", "sneeze", "chair")


def clips() -> Iterator[tuple[str, str, str, str, Sound]]:
    """(kind, text, command, voice, sound at 16 kHz) of each."""
    for user in USERS:
        for kind, said in SAYS.items():
            for text, command in said:
                yield kind, text, command, user, speech(user, text)
    for stranger in STRANGERS:
        for text in STRANGERS_SAY:
            yield "stranger", text, "", stranger, speech(stranger, text)
    for number, kind in enumerate(BURSTS):
        yield "burst", kind, "", "", short(kind, 500 + number)  # type: ignore[arg-type]


def main() -> None:
    """Writes them all."""
    FOLDER.mkdir(exist_ok=True)
    manifest = []
    for number, (kind, text, command, voice, sound) in enumerate(clips()):
        file = f"{number:02}-{kind}.opus"
        write(np.asarray(soxr.resample(sound, OURS, RATE), np.float64), FOLDER / file)
        sex = named(voice).sex if voice else ""
        manifest.append({"file": file, "kind": kind, "text": text, "command": command, "voice": voice, "sex": sex})
    (FOLDER / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
