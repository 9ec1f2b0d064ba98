"""What is said of a model that is not there, or does not fit: one sentence, before anything is loaded."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the Omni families need torch: pip install 'colloquy[models]'")
pytest.importorskip("transformers", reason="transformers is the reference: pip install 'colloquy[models]'")

import torch
from safetensors.torch import load_file, save_file
from tiny_omni import FAMILIES, reference, write_config

from thinker.omni import budget
from thinker.omni.checkpoint import Missing, find
from thinker.omni.family import assemble, check, fits
from thinker.omni.family import load as family_load


@pytest.fixture
def copy(folder: Path, tmp_path: Path) -> Path:
    """The checkpoint, to be spoilt."""
    return Path(shutil.copytree(folder, tmp_path / "copy"))


def said(family: str, model: Path | str) -> str:
    sentences = check(FAMILIES[family], str(model))
    assert len(sentences) == 1
    return sentences[0]


def test_a_whole_checkpoint_is_ready(family: str, folder: Path) -> None:
    assert check(FAMILIES[family], str(folder)) == []
    assert fits(FAMILIES[family], str(folder)) >= 1


def test_what_is_not_a_model_is_said_and_what_to_give_instead(family: str, copy: Path, tmp_path: Path) -> None:
    assert "There is no folder" in said(family, tmp_path / "nowhere")
    assert "no config.json" in said(family, tmp_path)
    assert FAMILIES[family].known in said(family, tmp_path)
    assert "hf download" in said(family, "Nobody/Nothing-Omni")
    write_config(copy, model_type="llama")
    assert "'llama'" in said(family, copy)
    (copy / "config.json").write_text("{")
    assert "cannot be read" in said(family, copy)


def test_missing_weights_are_named(family: str, copy: Path) -> None:
    index = {"weight_map": {"thinker.lm_head.weight": "model-00001-of-00002.safetensors"}}
    (copy / "model.safetensors.index.json").write_text(json.dumps(index))
    assert "model-00001-of-00002.safetensors" in said(family, copy)
    (copy / "model.safetensors.index.json").unlink()
    (copy / "model.safetensors").unlink()
    assert "*.safetensors" in said(family, copy)


def test_too_little_memory_is_said_with_what_is_needed(
    family: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = find(str(folder), FAMILIES[family].kind, "")
    one = budget.needed(checkpoint, 8192, "none")
    monkeypatch.setattr("thinker.omni.family.room", lambda: ("a small card", one - 1))
    assert "a small card" in said(family, folder)
    monkeypatch.setattr("thinker.omni.family.room", lambda: ("a small card", one))
    assert check(FAMILIES[family], str(folder)) == []
    assert fits(FAMILIES[family], str(folder)) == 1
    with pytest.raises(ValueError, match="--sessions 1"):
        family_load(FAMILIES[family], str(folder), slots=2)


def test_memory_is_counted_as_the_published_figures_say() -> None:
    # facts of the published configurations: 57 and 98 kB a position in bfloat16 for 2.5-7B and 3-30B
    dense = {"num_hidden_layers": 28, "num_attention_heads": 28, "num_key_value_heads": 4, "hidden_size": 3584}
    mixed = {**dense, "num_hidden_layers": 48, "num_attention_heads": 32, "hidden_size": 2048, "head_dim": 128}
    assert [2 * budget._kv(text) for text in (dense, mixed)] == [57_344, 98_304]


def test_all_numbers_of_a_checkpoint_are_counted(family: str, folder: Path) -> None:
    checkpoint = find(str(folder), FAMILIES[family].kind, "")
    assert checkpoint.numbers("") == sum(parameter.numel() for parameter in reference(family).parameters())
    assert 0 < checkpoint.numbers("thinker.visual.") < checkpoint.numbers("thinker.")


@pytest.mark.parametrize("kind", ["absent", "misshapen"])
def test_weights_that_do_not_fit_are_named(family: str, copy: Path, kind: str) -> None:
    weights = load_file(copy / "model.safetensors")
    name = "thinker.model.layers.3.self_attn.k_proj.weight"
    changed = weights.pop(name)
    if kind == "misshapen":
        weights[name] = changed[:5].clone()
    save_file(weights, copy / "model.safetensors")
    described = FAMILIES[family]
    with pytest.raises(ValueError, match=r"layers\.3\.self_attn\.k_proj\.weight"):
        assemble(described, find(str(copy), described.kind, ""), 1, torch.device("cpu"), torch.float32)


def test_find_does_not_look_beyond_this_machine() -> None:
    with pytest.raises(Missing, match="is not on this machine"):
        find("Nobody/Nothing-Omni", "qwen3_omni_moe", "Qwen/Qwen3-Omni-30B-A3B-Instruct")
