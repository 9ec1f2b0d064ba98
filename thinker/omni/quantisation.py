"""Weights in fewer bits, by torchao. Only the layers' matrices: ears, eyes, embedding and head stay as they are."""

from __future__ import annotations

from typing import Literal

from torch import nn

Quantisation = Literal["none", "int8", "int4"]

_GROUP = 128
"""Inputs that share a scale in int4."""


def quantise(layers: nn.Module, how: Quantisation) -> None:
    """Replaces the matrices of `layers`, which are filled and in place. int4 needs CUDA and bfloat16."""
    if how == "none":
        return
    from torchao.quantization import Int4WeightOnlyConfig, Int8WeightOnlyConfig, quantize_  # type: ignore[import-untyped]

    if how == "int8":
        quantize_(layers, Int8WeightOnlyConfig(set_inductor_config=False))
        return
    # The format of PyTorch's own kernel: the others need packages of their own.
    packed = {"int4_packing_format": "tile_packed_to_4d", "set_inductor_config": False}
    quantize_(layers, Int4WeightOnlyConfig(group_size=_GROUP, **packed))
