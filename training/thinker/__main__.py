"""`python -m training.thinker`: trains an adapter for the bundled Thinker, in slices that can be resumed.

train      goes on training for --minutes; run it again to go on
measure    loss on conversations that were kept for testing, with and without the adapter
export     writes the adapter as safetensors, for `thinker/nano` to merge at the first start
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import torch
from torch.optim import AdamW
from tqdm import tqdm

from thinker.nano.converted import converted
from thinker.nano.tokeniser import Tokeniser
from thinker.nano.weights import Gguf, missing, smollm2

from .dialogues import dialogues
from .examples import Example, batches, example
from .export import write
from .model import Student

SEED = 7


@dataclass
class Course:
    """How training goes."""

    steps: int = 600
    batch: int = 8
    longest: int = 320
    rate: float = 4e-4
    warm_up: int = 20
    rank: int = 8


def rate(course: Course, step: int) -> float:
    """Learning rate at `step`: a linear warm-up, then a straight line down to a tenth."""
    rising = min(1.0, (step + 1) / course.warm_up)
    return course.rate * rising * (1 - 0.9 * min(1.0, step / course.steps))


def examples(tokeniser: Tokeniser, testing: bool = False) -> Iterator[Example]:
    """Without end, always the same."""
    return (example(dialogue, tokeniser) for dialogue in dialogues(SEED, testing))


def student(device: str, rank: int) -> tuple[Student, Tokeniser]:
    """The model with a fresh adapter, and its tokeniser."""
    weights = smollm2()
    if weights is None:
        raise SystemExit(" ".join(missing()))
    torch.manual_seed(SEED)
    return Student(Gguf(weights), rank).to(device), Tokeniser(converted(weights) / "tokeniser.json")


def train(folder: Path, course: Course, minutes: float, device: str) -> None:
    """One slice. What is needed to go on is in `folder`, written whole or not at all."""
    model, tokeniser = student(device, course.rank)
    optimiser = AdamW(model.parameters(), lr=course.rate, weight_decay=0.0)
    checkpoint, losses, step = folder / "checkpoint.pt", [], 0
    if checkpoint.exists():
        saved = torch.load(checkpoint, map_location=device, weights_only=True)
        model.load_state_dict(saved["model"])
        optimiser.load_state_dict(saved["optimiser"])
        losses, step = saved["losses"], saved["step"]
    stream = batches(examples(tokeniser), course.batch, course.longest)
    ends = time.monotonic() + 60 * minutes
    with tqdm(total=course.steps, initial=step, unit="step") as progress:
        for tokens, learnt in islice(stream, step, None):
            if step >= course.steps or time.monotonic() > ends:
                break
            for group in optimiser.param_groups:
                group["lr"] = rate(course, step)
            loss = model.loss(torch.from_numpy(tokens).to(device), torch.from_numpy(learnt).to(device))
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            losses.append(round(float(loss.detach()), 4))
            step += 1
            progress.update()
            progress.set_postfix(loss=f"{sum(losses[-20:]) / len(losses[-20:]):.3f}")
    folder.mkdir(parents=True, exist_ok=True)
    fresh = checkpoint.with_suffix(".new")
    torch.save(
        {"model": model.state_dict(), "optimiser": optimiser.state_dict(), "losses": losses, "step": step}, fresh
    )
    fresh.replace(checkpoint)
    (folder / "losses.json").write_text(json.dumps(losses) + "\n")
    print(f"{step} of {course.steps} steps; run this again to go on" if step < course.steps else "all steps are done")


@torch.no_grad()
def measure(folder: Path, course: Course, device: str, count: int = 12) -> tuple[float, float]:
    """Mean loss on test conversations: (without, with) the adapter."""
    model, tokeniser = student(device, course.rank)
    chosen = list(islice(batches(examples(tokeniser, testing=True), course.batch, course.longest), count))

    def mean() -> float:
        found = [model.loss(torch.from_numpy(t).to(device), torch.from_numpy(w).to(device)) for t, w in chosen]
        return float(torch.stack(found).mean())

    before = mean()
    model.load_state_dict(torch.load(folder / "checkpoint.pt", map_location=device, weights_only=True)["model"])
    return before, mean()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stage", choices=("train", "measure", "export"))
    parser.add_argument("--folder", type=Path, default=Path("build/thinker"))
    parser.add_argument("--minutes", type=float, default=9.0, help="of one slice")
    parser.add_argument("--steps", type=int, default=Course.steps)
    parser.add_argument("--batch", type=int, default=Course.batch)
    parser.add_argument("--out", type=Path, default=Path("build/thinker/adapter.safetensors"))
    chosen = parser.parse_args()
    course = Course(steps=chosen.steps, batch=chosen.batch)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if chosen.stage == "train":
        train(chosen.folder, course, chosen.minutes, device)
    elif chosen.stage == "measure":
        before, after = measure(chosen.folder, course, device)
        print(f"loss on test conversations: {before:.3f} without the adapter, {after:.3f} with it")
    else:
        model, _ = student(device, course.rank)
        saved = torch.load(chosen.folder / "checkpoint.pt", map_location=device, weights_only=True)
        model.load_state_dict(saved["model"])
        write(chosen.out, model.adapter(), {"steps": str(saved["step"]), "rank": str(course.rank)})
        print(f"{chosen.out}: {chosen.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
