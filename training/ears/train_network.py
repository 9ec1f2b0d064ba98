"""Trains the ears' network: `python -m training.ears.train_network --scenes FOLDER --out FOLDER`.

It learns from scenes that were made as sound (`scenes`) and from ever new ones that are mixed as powers (`mixes`). Two
GRUs over 20 ms steps and four heads, one loss each. Every epoch is kept, and a run that was stopped goes on from the
last; `losses.json` has the curves. The export is written by hand with the operators of ONNX.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto
from torch import Tensor, nn
from torch.nn import functional

from streaming.ears.mel import BANDS
from streaming.ears.network import COMMANDS, FRAMES, HIDDEN, KINDS

from .graph import Graph, gru_gates
from .mixes import Mixer
from .scenes import IGNORED, LABELS

INPUT = 128
BATCH, MIXED = 48, 32
"""Scenes in a batch, and how many of them are mixed for it."""
BATCHES = 100
"""In an epoch."""
MIDDLE, SCALE = -3.5, 2.0
"""Log powers are brought to about [-1, 1]."""
KIND_WEIGHTS = (0.3, 1.0, 3.0, 1.5, 3.0)
COMMAND_WEIGHTS = (1.0, 10.0, 10.0, 10.0)


class Network(nn.Module):
    """Log powers float[batch, steps, 2 * FRAMES * BANDS] -> the four heads' logits."""

    def __init__(self) -> None:
        super().__init__()
        self.entry = nn.Linear(2 * FRAMES * BANDS, INPUT)
        self.first = nn.GRU(INPUT, HIDDEN, batch_first=True)
        self.second = nn.GRU(HIDDEN, HIDDEN, batch_first=True)
        self.speech = nn.Linear(HIDDEN, 1)
        self.kinds = nn.Linear(HIDDEN, len(KINDS))
        self.commands = nn.Linear(HIDDEN, len(COMMANDS))
        self.over = nn.Linear(HIDDEN, 1)
        self.drop = nn.Dropout(0.1)

    def forward(self, heard: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """All steps at once, from silence."""
        x = functional.relu(self.entry((heard - MIDDLE) / SCALE))
        x, _ = self.first(self.drop(x))
        x, _ = self.second(self.drop(x))
        x = self.drop(x)
        return self.speech(x).squeeze(-1), self.kinds(x), self.commands(x), self.over(x).squeeze(-1)


def losses(out: tuple[Tensor, Tensor, Tensor, Tensor], labels: dict[str, Tensor]) -> dict[str, Tensor]:
    """One loss a head; steps whose label is `IGNORED` do not count."""
    speech, kinds, commands, over = out

    def binary(logits: Tensor, wanted: Tensor) -> Tensor:
        counts = wanted != IGNORED
        return functional.binary_cross_entropy_with_logits(logits[counts], wanted[counts].float())

    def one_of(logits: Tensor, wanted: Tensor, weights: tuple[float, ...]) -> Tensor:
        return functional.cross_entropy(
            logits.flatten(0, 1), wanted.flatten(), torch.tensor(weights), ignore_index=IGNORED
        )

    return {
        "speech": binary(speech, labels["speech"]),
        "kind": one_of(kinds, labels["kind"], KIND_WEIGHTS),
        "command": 3 * one_of(commands, labels["command"], COMMAND_WEIGHTS),
        "over": 0.5 * binary(over, labels["over"]),
    }


def read(folder: Path, split: str) -> dict[str, NDArray[np.generic]]:
    """All shards of `split`."""
    shards = [np.load(path) for path in sorted(folder.glob(f"{split}-*.npz"))]
    return {name: np.concatenate([shard[name] for shard in shards]) for name in ("mic", "played", *LABELS)}


def heard(mic: Tensor, played: Tensor) -> Tensor:
    """float16[batch, frames, BANDS] twice -> float[batch, steps, 2 * FRAMES * BANDS]."""
    batch, frames, _ = mic.shape
    pairs = [sound.float().reshape(batch, frames // FRAMES, FRAMES * BANDS) for sound in (mic, played)]
    return torch.cat(pairs, dim=-1)


def varied(mic: Tensor, generator: torch.Generator) -> Tensor:
    """Another microphone: its loudness, its colour, and bands that it misses."""
    batch = len(mic)
    mic = mic.float() + 0.25 * torch.randn(batch, 1, 1, generator=generator)
    slope = 0.2 * torch.randn(batch, 1, 1, generator=generator) * torch.linspace(-1, 1, BANDS)
    wave = 0.1 * torch.randn(batch, 1, BANDS, generator=generator)
    mic = mic + slope + functional.avg_pool1d(wave, 5, 1, 2)
    for row in range(0, batch, 3):
        first = int(torch.randint(0, BANDS - 4, (1,), generator=generator))
        mic[row, :, first : first + int(torch.randint(1, 5, (1,), generator=generator))] = -6.0
    return mic.clamp(min=-7.0)


def train(scenes: Path, out: Path, epochs: int, minutes: float) -> None:
    """Goes on from the last epoch in `out`, until `epochs` are done or `minutes` are over."""
    torch.manual_seed(1)
    torch.set_num_threads(1)
    check = {name: torch.from_numpy(value) for name, value in read(scenes, "validation").items()}
    net = Network()
    optimiser = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=1e-2)
    curve: list[dict[str, float]] = []
    kept = out / "network.pt"
    if kept.is_file():
        state = torch.load(kept, weights_only=False)
        net.load_state_dict(state["net"])
        optimiser.load_state_dict(state["optimiser"])
        curve = state["curve"]
    began = time.monotonic()
    for epoch in range(len(curve), epochs):
        # Scenes may still be being made: each epoch takes what there is.
        data = {name: torch.from_numpy(value) for name, value in read(scenes, "train").items()}
        count = len(data["mic"])
        generator = torch.Generator().manual_seed(epoch)
        mixer = Mixer("train", epoch)
        batches = BATCHES
        sums: dict[str, float] = {}
        net.train()
        for batch in range(batches):
            progress = (epoch + batch / batches) / epochs
            for group in optimiser.param_groups:
                group["lr"] = (
                    2e-3 * min(1.0, (epoch * batches + batch + 1) / 60) * (0.5 + 0.5 * np.cos(np.pi * progress))
                )
            some = torch.randint(0, count, (BATCH - MIXED,), generator=generator)
            mixed = {name: torch.from_numpy(value) for name, value in mixer.batch(MIXED).items()}
            both = {name: torch.cat((data[name][some], mixed[name])) for name in data}
            parts = losses(
                net(heard(varied(both["mic"], generator), both["played"])),
                {name: both[name].long() for name in LABELS},
            )
            optimiser.zero_grad()
            sum(parts.values(), torch.zeros(())).backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
            for name, value in parts.items():
                sums[name] = sums.get(name, 0.0) + float(value) / batches
        net.eval()
        with torch.no_grad():
            parts = losses(net(heard(check["mic"], check["played"])), {name: check[name].long() for name in LABELS})
        curve.append({**sums, **{f"validation {name}": float(value) for name, value in parts.items()}})
        print(epoch, count, round(time.monotonic() - began), {k: round(v, 3) for k, v in curve[-1].items()}, flush=True)
        torch.save({"net": net.state_dict(), "optimiser": optimiser.state_dict(), "curve": curve}, kept)
        (out / "losses.json").write_text(json.dumps(curve, indent=1), "utf-8")
        onnx.save(export(net), out / "network.onnx")
        if time.monotonic() - began > 60 * minutes:
            break


# --- export -------------------------------------------------------------------------------------


def export(net: Network) -> onnx.ModelProto:
    """heard float32[1, 1, 160] (log powers), two states float32[1, 1, HIDDEN] -> probabilities, the states after."""
    graph = Graph()
    # The scaling of the input goes into the first layer.
    weight = net.entry.weight.detach().numpy() / SCALE
    bias = net.entry.bias.detach().numpy() - MIDDLE * weight.sum(axis=1)
    graph.node("MatMul", ["heard", graph.weight("entry.W", np.ascontiguousarray(weight.T))], ["e0"])
    graph.node("Add", ["e0", graph.weight("entry.B", bias, whole=True)], ["e1"])
    graph.node("Relu", ["e1"], ["x0"])
    graph.whole("axis1", 1)
    for number, (name, layer) in enumerate((("first", net.first), ("second", net.second))):
        gru = {key: value.numpy() for key, value in layer.state_dict().items()}
        own = [
            graph.weight(f"{name}.W", gru_gates(gru["weight_ih_l0"])[None]),
            graph.weight(f"{name}.R", gru_gates(gru["weight_hh_l0"])[None]),
            graph.weight(f"{name}.B", np.r_[gru_gates(gru["bias_ih_l0"]), gru_gates(gru["bias_hh_l0"])][None]),
        ]
        graph.node(
            "GRU", [f"x{number}", *own, "", name], [f"y{number}", f"{name}_"], hidden_size=HIDDEN, linear_before_reset=1
        )
        graph.node("Squeeze", [f"y{number}", "axis1"], [f"x{number + 1}"])
    for name, head, activation in (
        ("speech", net.speech, "Sigmoid"), ("kinds", net.kinds, "Softmax"),
        ("commands", net.commands, "Softmax"), ("over", net.over, "Sigmoid"),
    ):  # fmt: skip
        matrix = np.ascontiguousarray(head.weight.detach().numpy().T)
        graph.node("MatMul", ["x2", graph.weight(f"{name}.W", matrix)], [f"{name}0"])
        graph.node("Add", [f"{name}0", graph.weight(f"{name}.B", head.bias.detach().numpy())], [f"{name}1"])
        graph.node(activation, [f"{name}1"], [name])
    floats = TensorProto.FLOAT
    state: list[int | str] = [1, 1, HIDDEN]
    inputs: dict[str, list[int | str]] = {"heard": ["steps", 1, 2 * FRAMES * BANDS], "first": state, "second": state}
    outputs: dict[str, list[int | str]] = {
        "speech": ["steps", 1, 1], "kinds": ["steps", 1, len(KINDS)], "commands": ["steps", 1, len(COMMANDS)],
        "over": ["steps", 1, 1], "first_": state, "second_": state,
    }  # fmt: skip
    return graph.model(
        "ears", {k: (floats, v) for k, v in inputs.items()}, {k: (floats, v) for k, v in outputs.items()}
    )


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--minutes", type=float, default=600.0, help="stop after the epoch that goes on then")
    told = parser.parse_args()
    told.out.mkdir(parents=True, exist_ok=True)
    train(told.scenes, told.out, told.epochs, told.minutes)
    onnx.checker.check_model(onnx.load(told.out / "network.onnx"))


if __name__ == "__main__":
    main()
