"""What the bundled family's thinking side costs, and how well it hears: `python -m benchmarks.nano`, about two minutes.

Clips of the bench are streamed in pieces of 20 ms as fast as they are taken, while a clock goes along as if they came
at the pace of speech and were worked off by one thread: what is still being heard when a flush is asked for delays it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from clients.bench.measure import Spread, word_errors
from clients.bench.plan import RATE as CLIP_RATE
from clients.bench.plan import Clip, Kind, clips
from clients.bench.report import machine
from streaming.time import ticks
from thinker.joints import Chunk, Perceived, Perception, Sampling
from thinker.nano import load
from thinker.nano.converted import converted
from thinker.nano.speech.agreement import plain
from thinker.nano.thinker import NanoThinker
from thinker.nano.weights import smollm2

KINDS: tuple[Kind, ...] = ("question", "request", "interruption")
RATE = 16_000
PIECE = RATE // 50
LEAD_S, BEGINS_S = 1.0, 0.2
"""Quiet before a clip, and how long before it the turn begins."""
FLUSHES_S = (0.1, 0.2)
"""How long after a clip's last sound its words are asked for."""
PREFILL, CHUNK, DECODE = 512, 32, 64
"""Tokens."""
LOADS = "import thinker.nano; thinker.nano.load('nano', 2, 2)"

Pcm = NDArray[np.int16]


@dataclass
class Heard:
    """Of all clips of one kind."""

    flush_ms: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)
    """Share of a core while the clip was streamed."""
    wrong: int = 0
    meant: int = 0
    stable: int = 0
    """Words that were told as stable before the flush, and stayed."""
    early: int = 0
    """Clips of which the flush brought nothing that the Thinker did not have."""
    words: int = 0


def instructions() -> str:
    """The widest vector instructions that matter here."""
    info = Path("/proc/cpuinfo")
    flags = set(info.read_text(encoding="utf-8").split()) if info.exists() else set()
    names = {"avx512_vnni": "AVX-512 VNNI", "avx_vnni": "AVX VNNI", "avx512f": "AVX-512", "avx2": "AVX2"}
    return next((name for flag, name in names.items() if flag in flags), "no AVX2")


def loading() -> list[tuple[str, float]]:
    """Seconds of a process that loads the family: weights to be converted, then converted already."""
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "COLLOQUY_CACHE": cache}
        times = []
        for what in ("cold (weights are converted)", "warm"):
            began = time.perf_counter()
            subprocess.run([sys.executable, "-c", LOADS], env=environment, check=True)
            times.append((what, time.perf_counter() - began))
    return times


def thinking(threads: int) -> tuple[float, float]:
    """Prefilled tokens a second, and ms a decoded token (the median), with `PREFILL` tokens and more in the slot."""
    weights = smollm2()
    assert weights
    thinker = NanoThinker(converted(weights), 1, threads)
    thinker.open(0)
    text = "The weather is fine today, and we are going to the seaside with our friends. " * PREFILL
    tokens = thinker.tokeniser.encode(text)[:PREFILL]
    thinker.prefill(0, Chunk(tuple(tokens[:CHUNK])))
    began = time.perf_counter()
    for at in range(CHUNK, PREFILL, CHUNK):
        thinker.prefill(0, Chunk(tuple(tokens[at : at + CHUNK])))
    rate = (PREFILL - CHUNK) / (time.perf_counter() - began)
    thinker.begin_reply(0, Sampling(temperature=0))
    costs = []
    for _ in range(DECODE):
        began = time.perf_counter()
        (step,) = thinker.step([0])
        costs.append(1000 * (time.perf_counter() - began))
        if step.end:
            break
    return rate, float(np.median(costs[:-1]))


def stayed(before: list[str], after: list[str]) -> int:
    """How many words at the beginning are the same."""
    same = [plain(a) == plain(b) for a, b in zip(before, after, strict=False)]
    return [*same, False].index(False)


def hear(perception: Perception, clip: Clip, flush_s: float, into: Heard) -> None:
    """Streams one clip and asks for its words `flush_s` after its last sound."""
    sound = soxr.resample(clip.sound(), CLIP_RATE, RATE)
    speech = np.clip(sound * 32767, -32768, 32767)
    track = np.concatenate([np.zeros(round(LEAD_S * RATE)), speech, np.zeros(round(flush_s * RATE))])
    pcm = (track + np.random.default_rng(0).normal(0, 6, track.size)).clip(-32768, 32767).astype(np.int16)
    last, free, worked = Perceived(), 0.0, 0.0
    perception.open(0)
    for at in range(0, pcm.size, PIECE):
        if at == round((LEAD_S - BEGINS_S) * RATE) // PIECE * PIECE:
            perception.begin(0, ticks(at, RATE))
        piece = pcm[at : at + PIECE]
        began = time.perf_counter()
        perceived = perception.audio(0, piece, ticks(at, RATE))
        cost = time.perf_counter() - began
        worked += cost
        free = max(free, (at + piece.size) / RATE) + cost
        if perceived is not None:
            last = perceived
    began = time.perf_counter()
    final = perception.flush(0)
    cost = time.perf_counter() - began
    asked = pcm.size / RATE
    into.flush_ms.append(1000 * (max(free, asked) + cost - asked))
    into.busy.append(worked / (pcm.size / RATE - LEAD_S))
    wrong, meant = word_errors(final.stable, clip.text)
    words = final.stable.split()
    into.wrong, into.meant, into.words = into.wrong + wrong, into.meant + meant, into.words + len(words)
    into.stable += stayed(last.stable.split(), words)
    into.early += int(not final.chunks)
    perception.close(0)


def main() -> None:
    print(f"{machine()}, {instructions()}\n")
    print("| loading, s | |\n|---|---|")
    for what, seconds in loading():
        print(f"| {what} | {seconds:.1f} |")
    print(f"\n| threads | prefill in pieces of {CHUNK}, tokens/s | decoding after {PREFILL}, ms/token |")
    print("|---|---|---|")
    for threads in (1, 2):
        rate, cost = thinking(threads)
        print(f"| {threads} | {rate:.0f} | {cost:.1f} |")
    print("\n| clips | flush after, ms | cost p50 / p95 / most | WER | stable before | nothing left | of a core |")
    print("|---|---|---|---|---|---|---|")
    perception, _ = load("nano", 1, 1)
    for flush_s in FLUSHES_S:
        for kind in KINDS:
            heard = Heard()
            for clip in (clip for clip in clips() if clip.kind == kind):
                hear(perception, clip, flush_s, heard)
            shares = heard.stable / heard.words, heard.early / len(heard.flush_ms), float(np.mean(heard.busy))
            cells = [kind, f"{1000 * flush_s:.0f}", str(Spread.of(heard.flush_ms)), f"{heard.wrong / heard.meant:.1%}"]
            print("| " + " | ".join([*cells, *(f"{share:.0%}" for share in shares)]) + " |")


if __name__ == "__main__":
    main()
