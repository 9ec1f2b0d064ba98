"""The speaker encoder: Resemblyzer's LSTM as an ONNX graph that streams, and a projection trained here.

The LSTM (3 layers of 256, GE2E on people's voices) comes with the `resemblyzer` distribution (Apache-2.0); its weights
are kept as they are, rounded to float16. What the projection is and how it is trained: `train_speaker.py`.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

LAYERS, HIDDEN, BANDS = 3, 256, 40
Weights = Mapping[str, NDArray[np.float32]]
Shapes = Mapping[str, tuple[int, list[int | str]]]


def _gates(weight: NDArray[np.float32]) -> NDArray[np.float32]:
    """torch keeps the gates as input, forget, cell, output; ONNX as input, output, forget, cell."""
    i, f, g, o = np.split(weight, 4)
    return np.concatenate((i, o, f, g))


class Graph:
    """Collects nodes, and weights that are kept as float16 and computed with as float32."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._weights: list[onnx.TensorProto] = []

    def weight(self, name: str, value: NDArray[np.float32], *, whole: bool = False) -> str:
        """A weight by its name; `whole`: kept as float32."""
        if whole:
            self._weights.append(numpy_helper.from_array(value.astype(np.float32), name))
        else:
            self._weights.append(numpy_helper.from_array(value.astype(np.float16), f"{name}.half"))
            self.node("Cast", [f"{name}.half"], [name], to=TensorProto.FLOAT)
        return name

    def whole(self, name: str, *values: int) -> str:
        """Whole numbers, for axes and shapes."""
        self._weights.append(numpy_helper.from_array(np.array(values, np.int64), name))
        return name

    def node(self, kind: str, inputs: list[str], outputs: list[str], **attributes: object) -> None:
        """An operator."""
        self._nodes.append(helper.make_node(kind, inputs, outputs, **attributes))

    def model(self, name: str, inputs: Shapes, outputs: Shapes) -> onnx.ModelProto:
        """All of it."""
        sides = [
            [helper.make_tensor_value_info(key, *value) for key, value in side.items()] for side in (inputs, outputs)
        ]
        return helper.make_model(
            helper.make_graph(self._nodes, name, *sides, self._weights),
            opset_imports=[helper.make_opsetid("", 18)],
            ir_version=9,
        )


def export(lstm: Weights, projection: list[tuple[NDArray[np.float32], NDArray[np.float32]]]) -> onnx.ModelProto:
    """The graph: mel float32[n, 40] (powers at -30 dBFS), h and c float32[3, 1, 256] -> voice float32[d], h, c.

    `lstm`: the tensors of torch's `nn.LSTM` by name. `projection`: layers (weight [out, in], bias [out]) with ReLU
    between them, from the three hidden states one after the other; `voice` is their output at length 1.
    """
    graph = Graph()
    graph.whole("axis0", 0)
    graph.whole("axis1", 1)
    graph.node("Unsqueeze", ["mel", "axis1"], ["x0"])
    graph.node("Split", ["h"], ["h0", "h1", "h2"], axis=0, num_outputs=3)
    graph.node("Split", ["c"], ["c0", "c1", "c2"], axis=0, num_outputs=3)
    for layer in range(LAYERS):
        own = [
            graph.weight(f"W{layer}", _gates(lstm[f"weight_ih_l{layer}"])[None]),
            graph.weight(f"R{layer}", _gates(lstm[f"weight_hh_l{layer}"])[None]),
            graph.weight(
                f"B{layer}", np.r_[_gates(lstm[f"bias_ih_l{layer}"]), _gates(lstm[f"bias_hh_l{layer}"])][None]
            ),
        ]
        graph.node(
            "LSTM",
            [f"x{layer}", *own, "", f"h{layer}", f"c{layer}"],
            [f"y{layer}", f"h{layer}_", f"c{layer}_"],
            hidden_size=HIDDEN,
        )
        graph.node("Squeeze", [f"y{layer}", "axis1"], [f"x{layer + 1}"])
    graph.node("Concat", ["h0_", "h1_", "h2_"], ["h_"], axis=0)
    graph.node("Concat", ["c0_", "c1_", "c2_"], ["c_"], axis=0)
    graph.whole("row", 1, LAYERS * HIDDEN)
    graph.node("Reshape", ["h_", "row"], ["p0"])
    for number, (weight, bias) in enumerate(projection):
        last = number == len(projection) - 1
        inputs = [f"p{number}", graph.weight(f"P{number}", weight), graph.weight(f"Q{number}", bias)]
        graph.node("Gemm", inputs, [f"g{number}"], transB=1)
        graph.node("Identity" if last else "Relu", [f"g{number}"], [f"p{number + 1}"])
    graph.node("Squeeze", [f"p{len(projection)}", "axis0"], ["long"])
    graph.node("LpNormalization", ["long"], ["voice"], axis=0, p=2)
    floats = TensorProto.FLOAT
    state: list[int | str] = [LAYERS, 1, HIDDEN]
    return graph.model(
        "voice",
        {"mel": (floats, ["n", BANDS]), "h": (floats, state), "c": (floats, state)},
        {"voice": (floats, [len(projection[-1][1])]), "h_": (floats, state), "c_": (floats, state)},
    )
