"""How well voices are told apart: `python -m training.ears.evaluate_speaker test --out FOLDER`.

Everybody of the split is enrolled with four utterances of up to 1.6 s; all others are tried against everybody after
0.3, 0.5, 0.8, 1.2 and 1.6 s, in noise and rooms. Equal error rates, with intervals by drawing speakers again (95%).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from .train_speaker import LENGTHS, SHARE, Floats, Projection, encoder, features
from .voices import Split, voices

ENROL = 4


@dataclass(frozen=True)
class Trials:
    """All pairs of somebody enrolled and something said."""

    scores: Floats
    same: NDArray[np.bool_]
    alike: NDArray[np.bool_]
    """Whether both are voices of one engine and sex."""
    enrolled: NDArray[np.int64]


def equal_error(scores: Floats, same: NDArray[np.bool_]) -> tuple[float, float]:
    """The rate at which as many of the same are refused as of others are taken, and the threshold of that."""
    order = np.argsort(scores)
    refused = np.cumsum(same[order]) / max(same.sum(), 1)
    taken = 1 - np.cumsum(~same[order]) / max((~same).sum(), 1)
    place = int(np.argmin(np.abs(refused - taken)))
    return float((refused[place] + taken[place]) / 2), float(scores[order][place])


def trials(found: Floats, who: NDArray[np.int64], names: list[str], split: Split, length: int) -> Trials:
    """`found`: voices float32[utterances, LENGTHS, d] of length 1; NaN where it was too short."""
    column = LENGTHS.index(length)
    known = {voice.name: voice for voice in voices(split)}
    people = [known[name.split("*")[0]] for name in names]
    scores, same, alike, enrolled = [], [], [], []
    profiles, rest = [], []
    for speaker in range(len(names)):
        own = np.flatnonzero(who == speaker)
        longest = np.array([found[row][~np.isnan(found[row, :, 0])][-1] for row in own])
        profile = longest[:ENROL].sum(axis=0)
        profiles.append(profile / np.linalg.norm(profile))
        rest += [row for row in own[ENROL:] if not np.isnan(found[row, column, 0])]
    similar = found[rest, column] @ np.array(profiles).T
    for row, number in enumerate(rest):
        said = people[who[number]]
        for speaker, person in enumerate(people):
            if who[number] != speaker and (said.person, said.shift) == (person.person, person.shift):
                continue  # one person's voice in two engines
            scores.append(similar[row, speaker])
            same.append(who[number] == speaker)
            alike.append(said.engine == person.engine and said.sex == person.sex)
            enrolled.append(speaker)
    return Trials(np.array(scores), np.array(same), np.array(alike), np.array(enrolled))


def interval(all_of: Trials, keep: NDArray[np.bool_], times: int = 200) -> tuple[float, float]:
    """95% of the equal error rate, drawing the enrolled speakers anew."""
    random = np.random.default_rng(0)
    speakers = np.unique(all_of.enrolled[keep])
    rows = {speaker: np.flatnonzero(keep & (all_of.enrolled == speaker)) for speaker in speakers}
    rates = []
    for _ in range(times):
        drawn = np.concatenate([rows[speaker] for speaker in random.choice(speakers, len(speakers))])
        rates.append(equal_error(all_of.scores[drawn], all_of.same[drawn])[0])
    low, high = np.percentile(rates, [2.5, 97.5])
    return float(low), float(high)


def report(
    title: str, voice: Callable[[Floats], Floats], found: Floats, who: NDArray[np.int64], names: list[str], split: Split
) -> None:
    """One row a length; last, the 2nd and 5th percentile of one's own scores, the 95th and 99th of others'."""
    flat = found.reshape(-1, found.shape[-1])
    heard = np.full((len(flat), voice(flat[:1] * 0).shape[-1]), np.nan, np.float32)
    there = ~np.isnan(flat[:, 0])
    heard[there] = voice(flat[there])
    heard = heard.reshape(*found.shape[:2], -1)
    for length in (30, 50, 80, 120, 160):
        tried = trials(heard, who, names, split, length)
        cells = []
        for keep in (np.ones(len(tried.same), bool), tried.same | tried.alike):
            rate, limit = equal_error(tried.scores[keep], tried.same[keep])
            low, high = interval(tried, keep)
            n = f"n={tried.same[keep].sum()}+{(~tried.same[keep]).sum()}"
            cells.append(f"{100 * rate:.1f}% ({100 * low:.1f}-{100 * high:.1f}, {n}, at {limit:.2f})")
        own, others = (
            np.percentile(tried.scores[tried.same], [2, 5]),
            np.percentile(tried.scores[~tried.same], [95, 99]),
        )
        spread = f"own {own[0]:.2f} {own[1]:.2f}, others {others[0]:.2f} {others[1]:.2f}"
        print(f"| {title} | {length * 10} ms | {cells[0]} | {cells[1]} | {spread} |", flush=True)


def main() -> None:
    """Resemblyzer alone, and together with the projection in FOLDER."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("split", choices=("validation", "test"))
    parser.add_argument("--out", type=Path, required=True)
    told = parser.parse_args()
    torch.set_num_threads(1)
    lstm, linear = encoder()
    told.out.mkdir(parents=True, exist_ok=True)
    kept = told.out / f"speaker_{told.split}.npz"
    if not kept.is_file():
        found, who, names = features(told.split, lstm)
        np.savez(kept, found=found.astype(np.float16), who=who, names=np.array(names))
    with np.load(kept) as data:
        found, who, names = data["found"].astype(np.float32), data["who"], list(data["names"])

    def plain(hidden: Floats) -> Floats:
        with torch.no_grad():
            raw = torch.relu(linear(torch.from_numpy(hidden[:, -256:])))
        return np.asarray(torch.nn.functional.normalize(raw, dim=-1).numpy())

    report("Resemblyzer", plain, found, who, names, told.split)
    if (told.out / "speaker.pt").is_file():
        net = Projection()
        net.load_state_dict(torch.load(told.out / "speaker.pt"))
        net.eval()

        def ours(hidden: Floats) -> Floats:
            with torch.no_grad():
                trained = net(torch.from_numpy(hidden)).numpy()
            return np.asarray(np.concatenate((SHARE**0.5 * trained, (1 - SHARE) ** 0.5 * plain(hidden)), axis=1))

        report("both", ours, found, who, names, told.split)
        print(json.dumps({"speakers": len(names), "utterances": len(who)}))


if __name__ == "__main__":
    main()
