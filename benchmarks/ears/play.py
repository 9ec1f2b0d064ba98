"""Plays many cases, in several processes, and keeps what came of each: a run that was stopped goes on where it was."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import msgspec

from agent.conversation.settings import ConversationSettings
from clients.bench.ears.log import Case, Log, Trial
from streaming.ears.panel import EarsModels
from training.ears.voices import cache_folder, prepare

from .drafts import Draft
from .endpoints import Patience, patience
from .hearing import Hearing, fingerprint
from .scenes import Scene, pairs, scene
from .stage import Stage

CURVED = ("pause", "question")
"""Scenarios of which the trade of cut-offs against delay is drawn."""


@dataclass(frozen=True, slots=True)
class Result:
    """One case, what came of it, and what would have under other settings."""

    case: Case
    log: Log
    patience: list[Patience] = field(default_factory=list)

    @property
    def trial(self) -> Trial:
        """For the metrics."""
        return Trial(self.case, self.log)


@cache
def models() -> EarsModels:
    """The weights, once a process."""
    return EarsModels()


def stage(made: Scene, shared: EarsModels) -> Stage:
    """The stage for a scene, its user known if that is asked for."""
    hearing = Hearing(shared)
    return Stage(hearing, made.mic, made.script, made.echo)


def play(draft: Draft) -> Result:
    """Plays one case."""
    made = scene(draft)
    on = stage(made, models())
    log = on.play(made.case.talking)
    curve = patience(made.case, on.events, ConversationSettings()) if made.case.scenario in CURVED else []
    return Result(made.case, log, curve)


def kept_in() -> Path:
    """Where results are kept: beside the rendered voices."""
    return cache_folder().parent / "ears-benchmark"


def play_all(drafts: Sequence[Draft], processes: int, told: Callable[[int, int], None] | None = None) -> list[Result]:
    """What came of every draft, in their order; only what is not kept yet is played.

    `told`: is called with (done, all) now and then.
    """
    place = kept_in() / f"{fingerprint()}.jsonl"
    place.parent.mkdir(parents=True, exist_ok=True)
    known: dict[str, Result] = {}
    if place.is_file():
        decoder = msgspec.json.Decoder(tuple[str, Result])
        known = dict(decoder.decode(line) for line in place.read_bytes().splitlines() if line.endswith(b"]"))
    missing = [draft for draft in drafts if repr(draft) not in known]
    prepare(pairs(missing))
    with place.open("ab") as file:
        for draft, result in zip(missing, _played(missing, processes), strict=True):
            known[repr(draft)] = result
            file.write(msgspec.json.encode((repr(draft), result)) + b"\n")
            file.flush()
            if told is not None:
                told(len(known), len(drafts))
    return [known[repr(draft)] for draft in drafts]


def _played(drafts: Sequence[Draft], processes: int):  # type: ignore[no-untyped-def]
    if processes <= 1:
        yield from map(play, drafts)
        return
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(play, drafts, chunksize=4)
