"""How fast the engine is with the Omni families, beside stock transformers: `python -m benchmarks.engine`.

Weights are random, of the published sizes: speed asks for nothing else. Each case is a run of its own, written to the
result file as soon as it is done; started again, the script goes on with what is missing, and it begins no case that
would not end within its slice. Exit status 3: there is more to do, run it again.

    python -m benchmarks.engine --out engine.json            # on a CUDA device, again and again until it returns 0
    python -m benchmarks.engine --out tiny.json --tiny       # tries the measuring, on any processor
"""

from __future__ import annotations

import argparse
import gc
import json
import platform
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from agent.engine import messages as m
from agent.engine.scheduler import Scheduler
from benchmarks import published
from streaming.time import ticks
from talker.omni.talker import OmniTalker

RATE = 24_000
MORE_TO_DO = 3
CALLERS = {"qwen3-omni-30b-a3b": (1, 8, 16, 32), "qwen2.5-omni-7b": (1, 4, 8), "qwen2.5-omni-3b": (1, 4, 8)}


@dataclass(frozen=True)
class Plan:
    """How long things take in a call, in seconds."""

    question: float
    reply: float
    turns: int
    pause: float = 0.5

    @property
    def longest(self) -> float:
        """About how long a case takes once its model is there."""
        return 60.0 + 2 * self.turns * (self.question + self.reply + self.pause)


@dataclass
class Caller:
    """One session, as its agent sees it."""

    name: str
    asked: float = 0.0
    first: list[float] = field(default_factory=list)
    """Seconds from the turn's end to the first sound."""
    dry: int = 0
    """How often all sound was played before the next came."""
    samples: int = 0
    began: float = 0.0
    last: float = 0.0
    stopped: float = 0.0
    after_stop: float = 0.0
    """How long after the stop sound still came, in seconds."""
    done: threading.Event = field(default_factory=threading.Event)
    made: float = 0.0
    """Seconds it took to make all replies' sound, from the first to the last sample of each."""
    seconds: float = 0.0
    """Of sound in all."""

    def receive(self, message: m.EngineMessage, now: float) -> None:
        match message:
            case m.Sound(pcm=pcm):
                if self.stopped:
                    self.after_stop = now - self.stopped
                if not self.samples:
                    self.began = now
                    self.first.append(now - self.asked)
                elif self.samples / RATE < now - self.began:
                    self.dry += 1
                self.samples += len(pcm) // 2
                self.seconds += len(pcm) / 2 / RATE
                self.last = now
            case m.Done():
                if self.samples:
                    self.made += self.last - self.began
                self.samples = 0
                self.done.set()
            case m.Failed(reason=reason):
                raise RuntimeError(reason)


class Engine:
    """A scheduler with its two threads, in this process."""

    def __init__(self, parts: Sequence[Any]) -> None:
        self.callers: dict[str, Caller] = {}
        self.failed: list[str] = []
        self.worked = time.monotonic()
        perception, thinker, talker, vocoder = parts
        self.scheduler = Scheduler("omni", "", perception, thinker, talker, vocoder, self._received)
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=pair, daemon=True)
            for pair in (
                (self.scheduler.hear, self.scheduler.wait_to_hear),
                (self.scheduler.work, self.scheduler.wait_to_work),
            )
        ]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _run(self, work: Callable[[], bool], wait: Callable[[float], None]) -> None:
        while not self._over.is_set():
            if work():
                self.worked = time.monotonic()
            else:
                wait(0.05)

    def _received(self, message: m.EngineMessage) -> None:
        caller = self.callers.get(message.session)
        if caller is None:
            return
        try:
            caller.receive(message, time.monotonic())
        except RuntimeError as error:
            self.failed.append(str(error))
            caller.done.set()

    def call(self, caller: Caller, plan: Plan, offset: float, cut: bool) -> None:
        """One caller's whole call, in real time: questions are streamed as they are spoken."""
        tell, at = self.scheduler.receive, 0
        noise = np.random.default_rng(len(caller.name))
        tell(m.Open(caller.name, m.Setup(instructions="Answer briefly.", max_tokens=40)))
        time.sleep(offset)
        for turn in range(1, plan.turns + 1):
            tell(m.Listen(caller.name, turn, ticks(at, 16_000)))
            begin = time.monotonic()
            for piece in range(round(plan.question * 10)):
                pcm = noise.normal(0, 2000, 1600).astype("<i2")
                tell(m.Audio(caller.name, ticks(at, 16_000), pcm.tobytes()))
                at += 1600
                time.sleep(max(0.0, begin + (piece + 1) / 10 - time.monotonic()))
            caller.done.clear()
            caller.stopped = 0.0
            caller.asked = time.monotonic()
            tell(m.Think(caller.name, turn, turn))
            tell(m.Accept(caller.name, turn))
            if cut:
                while not caller.samples and not caller.done.is_set():
                    time.sleep(0.002)
                time.sleep(0.3)
                caller.stopped = time.monotonic()
                tell(m.Stop(caller.name, turn))
            caller.done.wait(120.0)
            if not cut:
                time.sleep(max(0.0, caller.began + plan.reply - time.monotonic()))
            time.sleep(plan.pause)


def run_engine(parts: Sequence[Any], callers: int, plan: Plan, cut: bool = False) -> dict[str, float]:
    """A case: so many callers at once, evenly out of step."""
    talker = parts[2]
    assert isinstance(talker, OmniTalker)
    engine = Engine(parts)
    warm = Caller("warm")
    engine.callers["warm"] = warm
    engine.call(warm, Plan(plan.question, plan.reply, 1), 0.0, False)  # libraries, graphs
    engine.scheduler.receive(m.Close("warm"))
    everybody = [Caller(f"c{at}") for at in range(callers)]
    engine.callers.update({caller.name: caller for caller in everybody})
    begin = time.monotonic()
    span = plan.question + plan.reply
    threads = [
        threading.Thread(target=engine.call, args=(caller, plan, at * span / callers, cut))
        for at, caller in enumerate(everybody)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.monotonic() - begin
    engine.close()
    if engine.failed:
        raise RuntimeError(engine.failed[0])
    first = [1000 * one for caller in everybody for one in caller.first]
    seconds = sum(caller.seconds for caller in everybody)
    found = {
        "turns": len(first),
        "first_sound_ms_p50": float(np.percentile(first, 50)),
        "first_sound_ms_p95": float(np.percentile(first, 95)),
        "underruns": sum(caller.dry for caller in everybody),
        "rtf": sum(caller.made for caller in everybody) / max(seconds, 1e-9),
        "seconds_of_sound_per_second": seconds / took,
    }
    if cut:
        found["sound_after_stop_ms_max"] = 1000 * max(caller.after_stop for caller in everybody)
    return found


def engine_parts(name: str, tiny: bool, slots: int, plan: Plan, device: torch.device) -> Sequence[Any]:
    """Perception, Thinker, Talker and Vocoder of published sizes."""
    from thinker.omni.family import assemble

    dtype = torch.bfloat16 if device.type == "cuda" else torch.float32
    description: Any = published.config(name, tiny)
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = published.RandomCheckpoint(description, Path(folder))
        if name.startswith("qwen3"):
            from thinker.qwen3_omni import FAMILY
        else:
            from thinker.qwen2_5_omni import FAMILY
        perception, thinker = assemble(FAMILY, checkpoint, slots, device, dtype)
    if name.startswith("qwen3"):
        talker, vocoder = _qwen3(description, slots, plan, device, dtype)
    else:
        talker, vocoder = _qwen25(description, slots, plan, device, dtype)
    return perception, thinker, talker, vocoder


def _qwen3(description: Any, slots: int, plan: Plan, device: torch.device, dtype: torch.dtype) -> tuple[Any, Any]:
    from transformers.models.qwen3_omni_moe import modeling_qwen3_omni_moe as stock

    from talker.qwen3_omni import CAPACITY
    from talker.qwen3_omni.talker import Qwen3OmniTalker
    from talker.qwen3_omni.vocoder import Qwen3OmniVocoder

    about = description.talker_config
    model = published.part(stock.Qwen3OmniMoeTalkerForConditionalGeneration, about, device, dtype)
    wave = published.part(stock.Qwen3OmniMoeCode2Wav, description.code2wav_config, device, torch.float32)
    special = torch.randn(3, about.thinker_hidden_size)
    frames = round(12.5 * plan.reply)
    talker = Qwen3OmniTalker(description, model, special, slots, CAPACITY, longest=frames)
    return talker, Qwen3OmniVocoder(wave, slots)


def _qwen25(description: Any, slots: int, plan: Plan, device: torch.device, dtype: torch.dtype) -> tuple[Any, Any]:
    from transformers.models.qwen2_5_omni import modeling_qwen2_5_omni as stock

    from talker.qwen2_5_omni import CAPACITY
    from talker.qwen2_5_omni.talker import Qwen25OmniTalker
    from talker.qwen2_5_omni.vocoder import Qwen25OmniVocoder

    about, wave = description.talker_config, description.token2wav_config
    model = published.part(stock.Qwen2_5OmniTalkerForConditionalGeneration, about, device, dtype)
    dit = published.part(stock.Qwen2_5OmniToken2WavDiTModel, wave.dit_config, device, torch.float32)
    bigvgan = published.part(stock.Qwen2_5OmniToken2WavBigVGANModel, wave.bigvgan_config, device, torch.float32)
    marks = torch.randn(3, about.embedding_size)
    voices = {"Chelsie": (torch.randn(1, wave.dit_config.enc_emb_dim), torch.randn(1, 300, wave.dit_config.mel_dim))}
    frames = round(50 * plan.reply)
    talker = Qwen25OmniTalker(description, model, marks[:2], {"Chelsie": marks[2]}, slots, CAPACITY, longest=frames)
    return talker, Qwen25OmniVocoder(dit, bigvgan, voices, slots)


@torch.inference_mode()
def run_stock(name: str, tiny: bool, plan: Plan, device: torch.device) -> dict[str, float]:
    """Stock `generate` of one turn: as much question, as many tokens, as much sound. All of it is made before any is
    given out."""
    dtype = torch.bfloat16 if device.type == "cuda" else torch.float32
    description: Any = published.config(name, tiny)
    model = published.stock(description, device, dtype)
    thinker = description.thinker_config
    frames = round(100 * plan.question)
    qwen3 = name.startswith("qwen3")
    if qwen3:
        places = _places(frames)
        sound, voice, codes = thinker.audio_token_id, "Ethan", round(12.5 * plan.reply)
    else:
        places = ((frames - 1) // 2 + 1 - 2) // 2 + 1
        sound, voice, codes = thinker.audio_token_index, "Chelsie", round(50 * plan.reply)
        dit = description.token2wav_config.dit_config
        model.speaker_map = {
            voice: {
                "bos_token": 151_872,
                "cond": torch.randn(1, dit.enc_emb_dim),
                "ref_mel": torch.randn(1, 300, dit.mel_dim),
            }
        }
    begin, end = thinker.audio_start_token_id, thinker.audio_end_token_id
    turn = [151_644, 872, 198, begin, *[sound] * places, end, 151_645, 198, 151_644, 77_091, 198]
    bins = thinker.audio_config.num_mel_bins
    took: list[float] = []
    for _ in range(plan.turns + 1):
        ids = torch.tensor([turn], device=device)
        start = time.monotonic()
        _, wave = model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            input_features=torch.randn(1, bins, frames, device=device, dtype=dtype),
            feature_attention_mask=torch.ones(1, frames, device=device, dtype=torch.int64),
            speaker=voice,
            thinker_max_new_tokens=40,
            thinker_eos_token_id=151_645,
            talker_max_new_tokens=codes + 1,
            talker_min_new_tokens=codes + 1,
        )
        seconds = wave.reshape(-1).cpu().numel() / RATE
        took.append(time.monotonic() - start)
    took = took[1:]  # the first one sets libraries up
    first = 1000 * float(np.percentile(took, 50))
    return {"turns": len(took), "first_sound_ms_p50": first, "rtf": float(np.percentile(took, 50)) / seconds}


def _places(frames: int) -> int:
    """Places of so many mel frames, as Qwen3-Omni counts them."""
    left = (frames % 100 - 1) // 2 + 1
    return ((left - 1) // 2 + 1 - 1) // 2 + 1 + frames // 100 * 13


def cases(tiny: bool) -> dict[str, Callable[[Plan, torch.device], dict[str, float]]]:
    """Every case by its name, in the order in which they are run."""
    found: dict[str, Callable[[Plan, torch.device], dict[str, float]]] = {}
    for name in published.MODELS:
        for callers in (1, 2) if tiny else CALLERS[name]:
            found[f"{name} engine {callers} callers"] = _engine_case(name, tiny, callers, False)
        found[f"{name} engine stopped"] = _engine_case(name, tiny, 2 if tiny else 8, True)
        found[f"{name} stock transformers 1 caller"] = _stock_case(name, tiny)
    return found


def _engine_case(name: str, tiny: bool, callers: int, cut: bool) -> Callable[[Plan, torch.device], dict[str, float]]:
    def case(plan: Plan, device: torch.device) -> dict[str, float]:
        return run_engine(engine_parts(name, tiny, callers + 1, plan, device), callers, plan, cut)

    return case


def _stock_case(name: str, tiny: bool) -> Callable[[Plan, torch.device], dict[str, float]]:
    return lambda plan, device: run_stock(name, tiny, plan, device)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs what is missing. Returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="the result file, JSON; what is in it is not run again")
    parser.add_argument("--slice", type=float, default=540.0, help="seconds after which no case is begun any more")
    parser.add_argument("--only", default="", help="run only the cases whose name has this in it")
    parser.add_argument("--tiny", action="store_true", help="small models, short turns: tries the measuring itself")
    chosen = parser.parse_args(arguments)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    plan = Plan(0.6, 0.5, 1, 0.1) if chosen.tiny else Plan(10.0, 10.0, 4)
    begin = time.monotonic()
    results: dict[str, Any] = json.loads(chosen.out.read_text()) if chosen.out.is_file() else {}
    results.setdefault("machine", torch.cuda.get_device_name() if device.type == "cuda" else platform.machine())
    results.setdefault("weights", "random, tiny" if chosen.tiny else "random, of the published sizes")
    for name, case in cases(chosen.tiny).items():
        if name in results or chosen.only not in name:
            continue
        if time.monotonic() - begin + plan.longest > chosen.slice:
            return MORE_TO_DO
        try:
            results[name] = {key: round(value, 3) for key, value in case(plan, device).items()}
        except (RuntimeError, torch.OutOfMemoryError, ValueError) as error:
            results[name] = {"failed": str(error).splitlines()[0]}
        print(name, json.dumps(results[name]), flush=True)
        chosen.out.write_text(json.dumps(results, indent=1) + "\n")
        gc.collect()
        if device.type == "cuda":
            torch.cuda.empty_cache()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
