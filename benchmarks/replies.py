"""Whether replies can be understood: `python -m benchmarks.replies FILE.npz ...`, as kept by `colloquy bench --keep`.

Every reply that was heard to its end is cut out of the recording, recognised by the same recogniser that hears the
user (Moonshine tiny), and compared with its transcript. A sentence that comes again counts once.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import soxr

from clients.bench.measure import Listener, word_errors
from clients.bench.recording import RATE, Recording
from thinker.nano.speech.recogniser import Moonshine
from thinker.nano.weights import moonshine

LONGEST_S = 9.0
"""Pieces longer than the recogniser's window would measure the recogniser."""


def replies(recording: Recording) -> list[tuple[np.ndarray, str]]:
    """(sound at 48 kHz, transcript) of every whole reply of at most `LONGEST_S`."""
    heard = recording.heard()
    listener = Listener.of(heard, RATE)
    began: dict[str, float] = {}
    found = []
    for time, event in recording.events:
        if event["type"] != "duplex.heard":
            continue
        item, end = event["item_id"], event["audio_end_ms"] / 1000
        if end > 0:
            began.setdefault(item, time - end)
        if event["done"] and not event["cut"] and item in began and 0.3 < end <= LONGEST_S:
            onset = listener.first_audible(began[item] - 0.35, time)
            if onset is not None:
                sound = heard[round((onset - 0.15) * RATE) : round((onset + end + 0.35) * RATE)]
                found.append((sound, event["transcript"]))
    return found


def main(paths: list[str]) -> None:
    folder = moonshine()
    if folder is None:
        raise SystemExit("moonshine-voice is not installed: run `make install`")
    recogniser = Moonshine(folder, threads=1)
    wrong = meant = 0
    seen: set[str] = set()
    for path in paths:
        for sound, transcript in replies(Recording.load(Path(path))):
            if transcript in seen:
                continue
            seen.add(transcript)
            heard = recogniser.transcribe(soxr.resample(sound, RATE, 16_000).astype(np.float32)).text
            errors, words = word_errors(heard, transcript)
            wrong, meant = wrong + errors, meant + words
            print(f"{errors:2}/{words:2}  {transcript}  |  {heard}")
    print(f"{len(seen)} different replies, {meant} words, WER {wrong / max(1, meant):.1%}")


if __name__ == "__main__":
    main(sys.argv[1:])
