"""What the network hears in scenes that it was not trained on: `python -m training.ears.evaluate_network FOLDER SPLIT`.

Commands as the spotter believes them, per scene: heard rightly, missed, heard where there was none (per hour). Kinds:
what the network takes a sound for 200 and 320 ms after its onset. Pauses: whether what was over sounded so.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from streaming.ears.network import COMMANDS, HIDDEN, KINDS, WEIGHTS
from streaming.ears.spotter import ENOUGH, STEPS

from .scenes import SECONDS
from .train_network import read


def runs(labels: NDArray[np.generic], value: int) -> list[tuple[int, int]]:
    """Where `labels` are `value`, as (first, behind the last)."""
    edges = np.flatnonzero(np.diff(np.r_[0, (labels == value).astype(int), 0]))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def share(count: int, of: int) -> str:
    """A share with its 95% interval (Wilson)."""
    if of == 0:
        return "-"
    p, z = count / of, 1.96
    middle, half = p + z * z / 2 / of, z * np.sqrt(p * (1 - p) / of + z * z / 4 / of / of)
    low, high = (middle - half) / (1 + z * z / of), (middle + half) / (1 + z * z / of)
    return f"{100 * p:.1f}% ({100 * low:.1f}-{100 * high:.1f}, n={of})"


def main() -> None:
    """Prints a few lines."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenes", type=Path)
    parser.add_argument("split", choices=("validation", "test"))
    parser.add_argument("--network", type=Path, default=WEIGHTS / "network.onnx")
    told = parser.parse_args()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(told.network), options, providers=["CPUExecutionProvider"])
    data = read(told.scenes, told.split)
    right = wrong = missed = false = 0
    late: list[int] = []
    named = {age: np.zeros((len(KINDS), len(KINDS)), int) for age in (7, 10, 16)}
    over: list[tuple[float, int]] = []
    empty = np.zeros((1, 1, HIDDEN), np.float32)
    for row in range(len(data["mic"])):
        pairs = [np.asarray(data[name][row], np.float32).reshape(-1, 1, 80) for name in ("mic", "played")]
        _, kinds, commands, ended, _, _ = session.run(
            None, {"heard": np.concatenate(pairs, axis=2), "first": empty, "second": empty}
        )
        kinds, commands, ended = kinds[:, 0], commands[:, 0], ended[:, 0, 0]
        sums = np.array([commands[max(0, step - STEPS + 1) : step + 1].sum(axis=0) for step in range(len(commands))])
        fired = [
            (step, int(sums[step, 1:].argmax()) + 1) for step in range(len(sums)) if sums[step, 1:].max() >= ENOUGH
        ]
        fired = [hit for number, hit in enumerate(fired) if number == 0 or hit[0] - fired[number - 1][0] > 5]
        claimed = set()
        for command in range(1, len(COMMANDS)):
            for first, last in runs(data["command"][row], command):
                hits = [hit for hit in fired if first - 6 <= hit[0] <= last + 6]
                claimed |= {hit[0] for hit in hits}
                right += any(hit[1] == command for hit in hits)
                wrong += bool(hits) and all(hit[1] != command for hit in hits)
                missed += not hits
                late += [20 * (hits[0][0] - first + 2)] if hits else []
        false += len([hit for hit in fired if hit[0] not in claimed])
        for kind in range(1, len(KINDS)):
            for first, _ in runs(data["kind"][row], kind):
                for age, table in named.items():
                    if first - 3 + age < len(kinds):
                        table[kind, int(kinds[first - 3 + age, 1:].argmax()) + 1] += 1
        for value in (0, 1):
            over += [(float(ended[min(first + 3, last - 1)]), value) for first, last in runs(data["over"][row], value)]
    hours = len(data["mic"]) * SECONDS / 3600
    print(
        f"commands: right {share(right, right + wrong + missed)}, as another {wrong}, missed {missed}, "
        f"false {false} in {hours:.2f} h; from the last sample (ms) p50 {np.median(late or [0]):.0f}, "
        f"p95 {np.percentile(late or [0], 95):.0f}"
    )
    for age, table in named.items():
        print(
            f"{age * 20} ms after the onset: "
            + "; ".join(
                f"{KINDS[kind]} {share(int(table[kind, kind]), int(table[kind].sum()))} {table[kind, 1:].tolist()}"
                for kind in range(1, len(KINDS))
            )
        )
    scores, truth = np.array([one[0] for one in over]), np.array([one[1] for one in over])
    print(
        f"pauses: at 0.5, ends known {share(int((scores[truth == 1] > 0.5).sum()), int((truth == 1).sum()))}, "
        f"pauses to think known {share(int((scores[truth == 0] <= 0.5).sum()), int((truth == 0).sum()))}"
    )


if __name__ == "__main__":
    main()
