"""The decoder as an ONNX graph, written node by node: no export, no torch.

Weights stay in four bits exactly as they ship. Q4_1 says w = scale * code + least and `MatMulNBits` knows
w = scale * (code - 8), so what is left, (least + 8 * scale) for each block, is multiplied with the sums of the
input's blocks: a matrix 32 times smaller.

Activations are quantised to eight bits by row and block (accuracy level 4). Four-bit codes cannot overflow the
sixteen-bit sums of processors without VNNI, so this is right on all of them. Level 1 keeps activations in float:
exact, and slower by half in single steps and by far in short prefills; the tests compare with it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from .weights import BLOCK, Q4, Q8, Floats, Gguf, Shape

EIGHT_BITS, FLOAT = 4, 1
"""Accuracy levels of `MatMulNBits`: what activations are rounded to."""
_MICROSOFT = "com.microsoft"
_PAGE = 4096
_SMALL = 1024
"""Bytes up to which a constant stays in the graph's own file."""


@dataclass
class _Graph:
    """Nodes and weights of a graph that is being written. Large weights go to `blob`, page by page, to be mapped."""

    blob: BinaryIO
    accuracy: int
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    weights: list[TensorProto] = field(default_factory=list)

    def constant(self, name: str, array: NDArray[np.generic]) -> str:
        array = np.ascontiguousarray(array)
        if array.nbytes <= _SMALL:
            self.weights.append(numpy_helper.from_array(array, name))
            return name
        self.blob.write(b"\0" * (-self.blob.tell() % _PAGE))
        kind = helper.np_dtype_to_tensor_dtype(array.dtype)
        tensor = TensorProto(name=name, dims=array.shape, data_type=kind, data_location=TensorProto.EXTERNAL)
        where = {"location": Path(self.blob.name).name, "offset": self.blob.tell(), "length": array.nbytes}
        for key, value in where.items():
            tensor.external_data.add(key=key, value=str(value))
        self.blob.write(array.data)
        self.weights.append(tensor)
        return name

    def node(self, kind: str, inputs: list[str], outputs: list[str], **attributes: object) -> str:
        """Adds a node of ONNX itself; returns its first output."""
        self.nodes.append(helper.make_node(kind, inputs, outputs, name=outputs[0], **attributes))
        return outputs[0]

    def fused(self, kind: str, inputs: list[str], outputs: list[str], **attributes: object) -> str:
        """Adds a node of onnxruntime's own; returns its first output."""
        return self.node(kind, inputs, outputs, domain=_MICROSOFT, **attributes)

    def _bits(self, x: str, codes: NDArray[np.uint8], scale: Floats, bits: int, name: str) -> str:
        inputs = [x, self.constant(f"{name}.codes", codes), self.constant(f"{name}.scale", scale)]
        size = {"N": scale.shape[0], "K": scale.shape[1] * BLOCK, "bits": bits, "block_size": BLOCK}
        return self.fused("MatMulNBits", inputs, [name], accuracy_level=self.accuracy, **size)

    def linear4(self, x: str, weights: Q4, name: str) -> str:
        """[b, t, k] -> [b, t, n], exactly as the weights say."""
        n, k = weights.codes.shape
        pairs = weights.codes.reshape(n, -1, BLOCK // 2, 2)
        coded = self._bits(x, (pairs[..., 0] | pairs[..., 1] << 4).astype(np.uint8), weights.scale, 4, f"{name}.coded")
        blocks = self.node("Reshape", [x, f"blocks{k}"], [f"{name}.blocks"])
        sums = self.node("ReduceSum", [blocks, "last"], [f"{name}.sums"], keepdims=0)
        rest = self.constant(f"{name}.least", (weights.least + 8 * weights.scale).T)
        return self.node("Add", [coded, self.node("MatMul", [sums, rest], [f"{name}.rest"])], [name])

    def linear8(self, x: str, weights: Q8, name: str) -> str:
        codes = weights.codes.view(np.uint8) ^ np.uint8(128)
        return self._bits(x, codes.reshape(*weights.scale.shape, BLOCK), weights.scale, 8, name)

    def model(self, inputs: list[onnx.ValueInfoProto], outputs: list[onnx.ValueInfoProto]) -> onnx.ModelProto:
        graph = helper.make_graph(self.nodes, "nano", inputs, outputs, self.weights)
        opsets = [helper.make_opsetid("", 21), helper.make_opsetid(_MICROSOFT, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=10)


def body(gguf: Gguf, blob: BinaryIO, capacity: int, accuracy: int = EIGHT_BITS) -> onnx.ModelProto:
    """Embeddings [b, t, width] -> hidden [b, t, width] after the last norm; keys and values are written in place.

    `lengths` int32 [b]: positions in use after this call, less one. `total` int32: the largest of them, plus one.
    `key0`, `value0`, …: [b, kv_heads, capacity, head]; bind `key0_out`, … to the same memory.
    """
    shape = gguf.shape
    graph = _Graph(blob, accuracy)
    for name, table in zip(("cos", "sin"), rotations(shape, capacity), strict=True):
        graph.constant(name, table)
    graph.constant("last", np.array([-1]))
    for k in (shape.width, shape.inner):
        graph.constant(f"blocks{k}", np.array([0, 0, k // BLOCK, BLOCK]))
    inputs = [_info("embeddings", "b", "t", shape.width), _whole("lengths", "b"), _whole("total")]
    outputs = [_info("hidden", "b", "t", shape.width)]
    stream, added = "embeddings", ""
    for layer in range(shape.layers):
        for part in ("key", "value"):
            inputs.append(_info(f"{part}{layer}", "b", shape.kv_heads, capacity, shape.head))
            outputs.append(_info(f"{part}{layer}_out", "b", shape.kv_heads, capacity, shape.head))
        stream, added = _layer(graph, gguf, layer, stream, added)
    _normed(graph, shape, stream, added, gguf.norm("output_norm.weight"), "hidden")
    return graph.model(inputs, outputs)


def head(gguf: Gguf, blob: BinaryIO, accuracy: int = EIGHT_BITS) -> onnx.ModelProto:
    """Hidden [n, width] -> logits [n, vocabulary]. Its weights are the embeddings, in eight bits as they ship."""
    graph = _Graph(blob, accuracy)
    graph.linear8("hidden", gguf.embedding(), "logits")
    return graph.model([_info("hidden", "n", gguf.shape.width)], [_info("logits", "n", gguf.shape.vocabulary)])


def rotations(shape: Shape, capacity: int) -> tuple[Floats, Floats]:
    """Cosines and sines of the rotary embedding, [capacity, head / 2] each."""
    rates = shape.rope_base ** (-np.arange(0, shape.head, 2, dtype=np.float64) / shape.head)
    angles = np.arange(capacity)[:, None] * rates
    return np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)


def _layer(graph: _Graph, gguf: Gguf, layer: int, stream: str, added: str) -> tuple[str, str]:
    """One layer. The residual stream comes and goes as a sum of two that the next norm will add up."""
    shape, weights, name = gguf.shape, f"blk.{layer}", f"layer{layer}"
    normed, stream = _normed(graph, shape, stream, added, gguf.norm(f"{weights}.attn_norm.weight"), f"{name}.before")
    joint = Q4.stack(
        [
            gguf.rotated(f"{weights}.attn_q.weight", shape.heads),
            gguf.rotated(f"{weights}.attn_k.weight", shape.kv_heads),
            gguf.linear(f"{weights}.attn_v.weight"),
        ]
    )
    seen = graph.fused(
        "GroupQueryAttention",
        [
            *(graph.linear4(normed, joint, f"{name}.qkv"), "", "", f"key{layer}", f"value{layer}"),
            *("lengths", "total", "cos", "sin"),
        ],
        [f"{name}.seen", f"key{layer}_out", f"value{layer}_out"],
        num_heads=shape.heads,
        kv_num_heads=shape.kv_heads,
        do_rotary=1,
    )
    out = graph.linear4(seen, gguf.linear(f"{weights}.attn_output.weight"), f"{name}.out")
    normed, stream = _normed(graph, shape, stream, out, gguf.norm(f"{weights}.ffn_norm.weight"), f"{name}.between")
    wide = Q4.stack([gguf.linear(f"{weights}.ffn_gate.weight"), gguf.linear(f"{weights}.ffn_up.weight")])
    halves = [f"{name}.gate", f"{name}.up"]
    graph.node("Split", [graph.linear4(normed, wide, f"{name}.wide")], halves, axis=-1, num_outputs=2)
    gate = graph.fused("QuickGelu", halves[:1], [f"{name}.silu"], alpha=1.0)
    inner = graph.node("Mul", [gate, halves[1]], [f"{name}.inner"])
    return stream, graph.linear4(inner, gguf.linear(f"{weights}.ffn_down.weight"), f"{name}.down")


def _normed(graph: _Graph, shape: Shape, stream: str, added: str, gamma: Floats, name: str) -> tuple[str, str]:
    """The norm of `stream` + `added`, and that sum."""
    weight = graph.constant(f"{name}.gamma", gamma)
    if not added:
        kind = "SimplifiedLayerNormalization"
        return graph.node(kind, [stream, weight], [name], axis=-1, epsilon=shape.epsilon, stash_type=1), stream
    outputs = [name, "", "", f"{name}.stream"]
    kind = "SkipSimplifiedLayerNormalization"
    return graph.fused(kind, [stream, added, weight], outputs, epsilon=shape.epsilon), outputs[-1]


def _info(name: str, *dims: int | str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, dims)


def _whole(name: str, *dims: int | str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.INT32, dims)
