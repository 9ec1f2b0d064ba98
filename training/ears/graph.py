"""Writing ONNX graphs by hand: weights are kept as float16 and computed with as float32."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Floats = NDArray[np.float32]
Shapes = Mapping[str, tuple[int, list[int | str]]]
"""Of inputs or outputs, by name: the kind of number, and the sizes."""


def lstm_gates(weight: Floats) -> Floats:
    """torch keeps the gates as input, forget, cell, output; ONNX as input, output, forget, cell."""
    i, f, g, o = np.split(weight, 4)
    return np.concatenate((i, o, f, g))


def gru_gates(weight: Floats) -> Floats:
    """torch keeps the gates as reset, update, new; ONNX as update, reset, new."""
    reset, update, new = np.split(weight, 3)
    return np.concatenate((update, reset, new))


class Graph:
    """Collects nodes and weights."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._weights: list[onnx.TensorProto] = []

    def weight(self, name: str, value: Floats, *, whole: bool = False) -> str:
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
