"""Makes the ears' weights anew: `make train-ears`, or `python -m training.ears --work FOLDER`.

Renders the pools, makes the scenes, trains the speaker encoder's projection, the network and the ear for finished
sentences, says how good they are, and puts the weights where the ears find them. Hours on one core; what lies in FOLDER
is not done again, so that it can be stopped at any time.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

from .voices import cache_folder

WEIGHTS = Path(__file__).parents[2] / "streaming/ears/weights"


def main() -> None:
    """Every step is a module of its own, run as one, so that none holds the memory of another."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=cache_folder() / "training")
    parser.add_argument("--scenes", type=int, default=2500)
    parser.add_argument("--epochs", type=int, default=30)
    told = parser.parse_args()
    work, scenes = str(told.work), str(told.work / "scenes")
    for step in (
        ["pool", "train", "validation", "test"],
        ["scenes", "validation", "250", "--out", scenes],
        ["scenes", "train", str(told.scenes), "--out", scenes],
        ["train_speaker", "--out", work],
        ["train_network", "--scenes", scenes, "--out", work, "--epochs", str(told.epochs)],
        ["train_words", "--out", work],
        ["evaluate_network", scenes, "validation", "--network", f"{work}/network.onnx"],
        ["evaluate_speaker", "test", "--out", work],
    ):
        print(f"--- {' '.join(step)}", flush=True)
        subprocess.run([sys.executable, "-m", f"training.ears.{step[0]}", *step[1:]], check=True)
    for name in ("speaker.onnx", "network.onnx", "words.onnx", "words.txt"):
        shutil.copy(told.work / name, WEIGHTS / name)


if __name__ == "__main__":
    main()
