"""How much memory a model takes, from its description alone, and how many calls fit."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from .checkpoint import Checkpoint

BYTES: dict[str, float] = {"int8": 1.0, "int4": 0.5625}
"""A quantised number, with its share of scale and zero point."""

_SPARE = 2 << 30
"""Bytes left for what is computed on the way."""


def room() -> tuple[str, int]:
    """Where a model would go, and how many bytes are free there."""
    import torch

    if torch.cuda.is_available():
        return torch.cuda.get_device_name(), torch.cuda.mem_get_info()[0]
    try:
        with open("/proc/meminfo", encoding="ascii") as lines:
            about = dict(line.split(":", 1) for line in lines)
        return "this machine", int(about["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError):
        return "this machine", os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def needed(checkpoint: Checkpoint, capacity: int, quantisation: str) -> int:
    """Bytes for one call of `capacity` positions, Talker and vocoder included."""
    return _fixed(checkpoint, quantisation) + _slot(checkpoint, capacity)


def callers(checkpoint: Checkpoint, capacity: int, quantisation: str, free: int) -> int:
    """How many calls of `capacity` positions fit into `free` bytes."""
    return max(0, (free - _fixed(checkpoint, quantisation)) // _slot(checkpoint, capacity))


def _fixed(checkpoint: Checkpoint, quantisation: str) -> int:
    """Bytes of the weights, and of what is computed on the way."""
    weights = checkpoint.numbers("") * _item()
    if quantisation in BYTES:
        weights -= int(checkpoint.numbers("thinker.model.layers.") * (_item() - BYTES[quantisation]))
    return weights + min(_SPARE, weights)


def _slot(checkpoint: Checkpoint, capacity: int) -> int:
    """Bytes of one call's keys and values, in the Thinker and in the Talker, and of what is handed over."""
    config = checkpoint.config
    texts = [config["thinker_config"]["text_config"]]
    if talker := config.get("talker_config"):
        texts.append(talker.get("text_config", talker))
    return int(
        min(capacity, texts[0]["max_position_embeddings"]) * (sum(map(_kv, texts)) + texts[0]["hidden_size"]) * _item()
    )


def _kv(config: Mapping[str, Any]) -> int:
    """Numbers that one position keeps."""
    heads = config["num_attention_heads"]
    head = config.get("head_dim") or config["hidden_size"] // heads
    return int(2 * config["num_hidden_layers"] * (config.get("num_key_value_heads") or heads) * head)


def _item() -> int:
    """Bytes of a number: bfloat16 on a GPU, float32 on the processor."""
    import torch

    return 2 if torch.cuda.is_available() else 4
