"""Trains the ear for finished sentences: `python -m training.ears.train_words --out FOLDER`.

A small GRU over words says after each whether the sentence may end there. It learns from sentences of a grammar
(`utterances`), WordNet's examples and the train texts: the last word of each is an end, those before are not, unless
what stands until there is a sentence of its own. A minute on one core.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto
from torch import Tensor, nn
from torch.nn import functional

from streaming.ears.completeness import BUCKETS, number_of, words_of

from .graph import Graph, Shapes, gru_gates
from .noises import generator
from .texts import lines, sentences
from .utterances import utterance
from .voices import Split

EMBEDDING, HIDDEN, LONGEST = 48, 96, 24
SPOKEN = {"train": 60_000, "validation": 2_000}
END_WEIGHT = 4.0
"""How much an end counts, of which there are few."""
FORGETS = 0.04
"""Share of words that are taken for unknown in training."""


def material(split: Split) -> list[list[str]]:
    """Sentences as lists of words."""
    random = generator(split, "utterances")
    said = [utterance(random) for _ in range(SPOKEN[split])]
    said += sentences(split)
    for kind in ("interruption", "question", "long", "lookalike"):
        said += 5 * lines(kind, split)
    split_up = [words_of(text)[:LONGEST] for text in said]
    return [words for words in split_up if words]


class Net(nn.Module):
    """Numbers of words int[batch, n] -> log odds that it may end after each, float[batch, n]."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.embed = nn.Embedding(size, EMBEDDING, padding_idx=0)
        self.drop = nn.Dropout(0.2)
        self.gru = nn.GRU(EMBEDDING, HIDDEN, batch_first=True)
        self.end = nn.Linear(HIDDEN, 1)

    def forward(self, numbers: Tensor) -> Tensor:
        """All positions at once."""
        hidden, _ = self.gru(self.drop(self.embed(numbers)))
        odds: Tensor = self.end(self.drop(hidden))
        return odds.squeeze(-1)


def labels(material: list[list[str]], vocabulary: dict[str, int]) -> tuple[Tensor, Tensor]:
    """Numbers int64[m, LONGEST] (0 behind the end), and whether it may end there (-1: does not count)."""
    whole = {" ".join(words) for words in material}
    numbers = np.zeros((len(material), LONGEST), np.int64)
    ends = np.full((len(material), LONGEST), -1, np.int64)
    for row, words in enumerate(material):
        numbers[row, : len(words)] = [number_of(word, vocabulary) for word in words]
        for place in range(len(words)):
            ends[row, place] = place == len(words) - 1
            if place < len(words) - 1 and " ".join(words[: place + 1]) in whole:
                ends[row, place] = -1
    return torch.from_numpy(numbers), torch.from_numpy(ends)


def loss_of(net: Net, numbers: Tensor, ends: Tensor) -> Tensor:
    """Binary, with `END_WEIGHT`."""
    counts = ends >= 0
    weight = torch.tensor(END_WEIGHT)
    return functional.binary_cross_entropy_with_logits(net(numbers)[counts], ends[counts].float(), pos_weight=weight)


def export(net: Net) -> onnx.ModelProto:
    """numbers int64[n] -> the probability that the sentence may end there, float32[1]."""
    graph = Graph()
    state = {name: value.numpy() for name, value in net.state_dict().items()}
    graph.weight("embed", state["embed.weight"])
    graph.whole("axis1", 1)
    graph.whole("flat", -1)
    graph.node("Gather", ["embed", "numbers"], ["words"], axis=0)
    graph.node("Unsqueeze", ["words", "axis1"], ["x"])
    own = [
        graph.weight("W", gru_gates(state["gru.weight_ih_l0"])[None]),
        graph.weight("R", gru_gates(state["gru.weight_hh_l0"])[None]),
        graph.weight("B", np.r_[gru_gates(state["gru.bias_ih_l0"]), gru_gates(state["gru.bias_hh_l0"])][None]),
    ]
    graph.node("GRU", ["x", *own], ["", "last"], hidden_size=HIDDEN, linear_before_reset=1)
    graph.node("MatMul", ["last", graph.weight("end.W", state["end.weight"].T.copy())], ["e0"])
    graph.node("Add", ["e0", graph.weight("end.B", state["end.bias"])], ["e1"])
    graph.node("Sigmoid", ["e1"], ["e2"])
    graph.node("Reshape", ["e2", "flat"], ["over"])
    inputs: Shapes = {"numbers": (TensorProto.INT64, ["n"])}
    return graph.model("words", inputs, {"over": (TensorProto.FLOAT, [1])})


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=4)
    told = parser.parse_args()
    told.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(1)
    torch.set_num_threads(1)
    known, check = material("train"), material("validation")
    counted = Counter(word for words in known for word in words)
    listed = sorted(word for word, count in counted.items() if count >= 3)
    vocabulary = {word: number for number, word in enumerate(listed, start=1 + BUCKETS)}
    numbers, ends = labels(known, vocabulary)
    net = Net(1 + BUCKETS + len(listed))
    optimiser = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=1e-2)
    strangers = torch.tensor([number_of(word, {}) for word in ["", *listed]])
    curve = []
    for epoch in range(told.epochs):
        net.train()
        order = torch.randperm(len(numbers))
        sums = []
        for first in range(0, len(order) - 255, 256):
            for group in optimiser.param_groups:
                group["lr"] = 3e-3 * (1 - (epoch + first / len(order)) / told.epochs)
            some = order[first : first + 256]
            batch = numbers[some]
            forgotten = (torch.rand(batch.shape) < FORGETS) & (batch > BUCKETS)
            batch = torch.where(forgotten, strangers[(batch - BUCKETS).clamp(min=0)], batch)
            loss = loss_of(net, batch, ends[some])
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            sums.append(float(loss.detach()))
        net.eval()
        with torch.no_grad():
            held_out = float(loss_of(net, *labels(check, vocabulary)))
        curve.append({"train": float(np.mean(sums)), "validation": held_out})
        print(epoch, curve[-1], flush=True)
    (told.out / "words_losses.json").write_text(json.dumps(curve), "utf-8")
    (told.out / "words.txt").write_text("\n".join(listed) + "\n", "utf-8")
    model = export(net)
    onnx.checker.check_model(model)
    onnx.save(model, told.out / "words.onnx")


if __name__ == "__main__":
    main()
