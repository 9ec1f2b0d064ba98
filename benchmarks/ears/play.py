"""Plays many cases, in several processes, and keeps what came of each: a run that was stopped goes on where it was."""

from __future__ import annotations

import contextlib
import hashlib
import multiprocessing
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np

from agent.conversation.settings import ConversationSettings
from clients.bench.ears.log import Case, Log, Trial
from streaming.ears.panel import EarsModels
from streaming.ears.voiceprint import Profile
from training.ears.voices import cache_folder, prepare

from .drafts import Draft
from .endpoints import Patience, patience
from .hearing import Hearing, fingerprint, known
from .scenes import Scene, pairs, scene, voice_of
from .stage import Stage

Wanted = TypeVar("Wanted")
Made = TypeVar("Made")
WORDLESS = ("speaker", "echo")
"""Scenarios in which it does not matter what was said."""
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


@cache
def _people(user: str) -> tuple[Profile, ...]:
    return known(models(), (voice_of(user) * 32767).astype(np.int16))


def stage(made: Scene, shared: EarsModels) -> Stage:
    """The stage for a scene, its user known if that is asked for."""
    hearing = Hearing(shared, () if made.known is None else _people(made.known))
    return Stage(hearing, made.mic, made.script, made.echo, made.case.scenario not in WORDLESS)


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

    `told`: is called with (done, all) after each.
    """
    # In no order: a run that is stopped has played a fair sample.
    ordered = sorted(drafts, key=_lot)
    found = kept("cases", {repr(draft): draft for draft in ordered}, play, Result, processes, told, prepare_for)
    return [found[repr(draft)] for draft in drafts]


def prepare_for(drafts: Sequence[Draft]) -> None:
    """Renders what the drafts say."""
    prepare(pairs(drafts))


def kept(
    kind: str,
    wanted: Mapping[str, Wanted],
    play: Callable[[Wanted], Made],
    made: type[Made],
    processes: int,
    told: Callable[[int, int], None] | None = None,
    before: Callable[[Sequence[Wanted]], None] | None = None,
) -> dict[str, Made]:
    """Everything that is `wanted`, by its name: from the file if it is there, else played and written to it."""
    place = kept_in() / f"{fingerprint()}-{kind}.jsonl"
    place.parent.mkdir(parents=True, exist_ok=True)
    found: dict[str, Made] = {}
    for line in place.read_bytes().splitlines() if place.is_file() else ():
        with contextlib.suppress(msgspec.DecodeError):  # a line that was broken off when the run was stopped
            name, result = msgspec.json.decode(line, type=tuple[str, made])  # type: ignore[valid-type]
            found[name] = result
    missing = {name: one for name, one in wanted.items() if name not in found}
    if before is not None:
        before(list(missing.values()))
    with place.open("ab") as file:
        file.write(b"\n")
        for name, result in zip(missing, _played(play, list(missing.values()), processes), strict=True):
            found[name] = result
            file.write(msgspec.json.encode((name, result)) + b"\n")
            file.flush()
            if told is not None:
                told(sum(one in found for one in wanted), len(wanted))
    return found


def _lot(draft: Draft) -> str:
    return hashlib.sha256(draft.name.encode()).hexdigest()


def sample(drafts: Sequence[Draft], count: int) -> list[Draft]:
    """`count` of `drafts`, drawn by lot, in their order; a greater sample holds the smaller one."""
    chosen = set(sorted(map(_lot, drafts))[:count])
    return [draft for draft in drafts if _lot(draft) in chosen]


def _played(play: Callable[[Wanted], Made], wanted: Sequence[Wanted], processes: int) -> Iterator[Made]:
    if processes <= 1 or len(wanted) <= 1:
        yield from map(play, wanted)
        return
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(play, wanted, chunksize=4)
