"""Weights in fewer bits: the same model, nearly."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the Omni families need torch: pip install 'colloquy[models]'")
pytest.importorskip("transformers", reason="transformers is the reference: pip install 'colloquy[models]'")
pytest.importorskip("torchao", reason="torchao quantises: pip install 'colloquy[models]'")

import torch
from test_prefill import prefilled
from tiny_omni import FAMILIES, load

from thinker.joints import Chunk
from thinker.omni.checkpoint import find
from thinker.omni.family import assemble
from thinker.omni.positions import text


def test_in_int8_the_thinker_thinks_nearly_the_same(tmp_path_factory: pytest.TempPathFactory) -> None:
    import tiny_omni

    folder: Path = tmp_path_factory.mktemp("int8")
    tiny_omni.save("qwen2_5_omni", folder)
    family = FAMILIES["qwen2_5_omni"]
    _, whole = load("qwen2_5_omni", folder, 1)
    _, small = assemble(family, find(str(folder), family.kind, ""), 1, torch.device("cpu"), torch.float32, "int8")
    assert small._decoder.layers[0].self_attn.q_proj.weight.dtype == torch.float32
    given = [Chunk(text("user", list(range(40, 90))))]
    states = [torch.cat([handover.state for handover in prefilled(thinker, 0, given)]) for thinker in (whole, small)]
    off = float((states[0] - states[1]).norm() / states[0].norm())
    assert 1e-4 < off < 0.1
