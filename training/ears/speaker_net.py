"""The speaker encoder: Resemblyzer's LSTM as an ONNX graph that streams, and a projection trained here.

The LSTM (3 layers of 256, GE2E on people's voices) comes with the `resemblyzer` distribution (Apache-2.0); its weights
are kept as they are, rounded to float16. What the projection is and how it is trained: `train_speaker.py`.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx
from onnx import TensorProto

from .graph import Floats, Graph, lstm_gates

LAYERS, HIDDEN, BANDS = 3, 256, 40
Weights = Mapping[str, Floats]
Layer = tuple[Floats, Floats]
"""Weight [out, in] and bias [out]."""


def export(lstm: Weights, projection: list[Layer], own: Layer, share: float) -> onnx.ModelProto:
    """The graph: mel float32[n, 40] (powers at -30 dBFS), h and c float32[3, 1, 256] -> voice float32[d], h, c.

    `lstm`: the tensors of torch's `nn.LSTM` by name. `projection`: layers with ReLU between them, from the three hidden
    states one after the other. `own`: Resemblyzer's last layer, with a ReLU behind it. `voice` is both at length 1, one
    after the other, so that the similarity of two voices is `share` of that by the projection and the rest of that by
    Resemblyzer.
    """
    graph = Graph()
    graph.whole("axis0", 0)
    graph.whole("axis1", 1)
    graph.node("Unsqueeze", ["mel", "axis1"], ["x0"])
    graph.node("Split", ["h"], ["h0", "h1", "h2"], axis=0, num_outputs=3)
    graph.node("Split", ["c"], ["c0", "c1", "c2"], axis=0, num_outputs=3)
    for layer in range(LAYERS):
        bias = np.r_[lstm_gates(lstm[f"bias_ih_l{layer}"]), lstm_gates(lstm[f"bias_hh_l{layer}"])]
        weights = [
            graph.weight(f"W{layer}", lstm_gates(lstm[f"weight_ih_l{layer}"])[None]),
            graph.weight(f"R{layer}", lstm_gates(lstm[f"weight_hh_l{layer}"])[None]),
            graph.weight(f"B{layer}", bias[None]),
        ]
        state = [f"h{layer}", f"c{layer}"]
        after = [f"y{layer}", f"h{layer}_", f"c{layer}_"]
        graph.node("LSTM", [f"x{layer}", *weights, "", *state], after, hidden_size=HIDDEN)
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
    graph.node("LpNormalization", [f"p{len(projection)}"], ["trained"], axis=1, p=2)
    graph.node("Squeeze", ["h2_", "axis0"], ["r0"])
    graph.node("Gemm", ["r0", graph.weight("own.W", own[0]), graph.weight("own.B", own[1])], ["r1"], transB=1)
    graph.node("Relu", ["r1"], ["r2"])
    graph.node("LpNormalization", ["r2"], ["resemblyzer"], axis=1, p=2)
    graph.weight("share", np.array([np.sqrt(share)], np.float32), whole=True)
    graph.weight("rest", np.array([np.sqrt(1 - share)], np.float32), whole=True)
    graph.node("Mul", ["trained", "share"], ["v0"])
    graph.node("Mul", ["resemblyzer", "rest"], ["v1"])
    graph.node("Concat", ["v0", "v1"], ["v"], axis=1)
    graph.node("Squeeze", ["v", "axis0"], ["voice"])
    floats, size = TensorProto.FLOAT, len(projection[-1][1]) + len(own[1])
    states: list[int | str] = [LAYERS, 1, HIDDEN]
    return graph.model(
        "voice",
        {"mel": (floats, ["n", BANDS]), "h": (floats, states), "c": (floats, states)},
        {"voice": (floats, [size]), "h_": (floats, states), "c_": (floats, states)},
    )
