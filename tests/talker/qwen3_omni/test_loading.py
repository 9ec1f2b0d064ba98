"""A checkpoint with the published names, from a folder to sound."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tiny_qwen3 as tiny
import torch

from talker.omni.frame import Frame
from talker.omni.weights import files
from talker.qwen3_omni import check, load
from talker.qwen3_omni.code2wav import StreamedCode2Wav


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("tiny") / "model"
    tiny.model().save_pretrained(made)
    return made


def test_the_checkpoint_has_the_published_names_and_its_weights_are_read_by_them(folder: Path) -> None:
    names = files(folder)
    for name in (
        "talker.model.layers.0.mlp.experts.3.gate_proj.weight",
        "talker.model.layers.0.mlp.shared_expert_gate.weight",
        "talker.code_predictor.lm_head.0.weight",
        "code2wav.decoder.1.block.0.alpha",
        "thinker.model.embed_tokens.weight",
    ):
        assert name in names
    assert check(str(folder)) == []
    talker, vocoder = load(str(folder), 2)
    stock = tiny.model()
    for loaded, expected in ((talker._model, stock.talker), (vocoder._stream._model, stock.code2wav)):
        found = dict(loaded.state_dict())
        for name, tensor in expected.state_dict().items():
            assert torch.equal(found[name], tensor), name
        assert all(torch.equal(a, b) for a, b in zip(loaded.buffers(), expected.buffers(), strict=True))


def test_text_becomes_sound_and_every_word_has_its_place_in_it(folder: Path) -> None:
    talker, vocoder = load(str(folder), 1)
    prompt = [*tiny.turn(tiny.USER, 40, 41), *tiny.OPENING]
    dialogue = [*prompt, 50, 51, 52, 53]
    pieces = tiny.handovers(tiny.model(), dialogue, range(len(prompt), len(dialogue)))[-4:]
    talker._longest = 20
    talker.open(0)
    vocoder.open(0)
    talker.start(0, "", 1.0)
    vocoder.start(0)
    for at, piece in enumerate(pieces):
        talker.feed(0, at, f" word{at}", piece)
    talker.finish(0)
    sounds, codes, spans = [], [], []
    while talker.ready(0):
        (frame,) = talker.step([0])
        (sound,) = vocoder.push([0], [frame])
        assert isinstance(frame, Frame)
        if not frame.ended():
            codes.append(frame.codes)
        sounds.append(sound.pcm)
        spans += sound.spans
    last = vocoder.flush(0)
    sounds.append(last.pcm)
    spans += last.spans
    assert talker.done(0)
    pcm = np.concatenate(sounds)
    whole = StreamedCode2Wav(tiny.model().code2wav, 1)
    whole.start(0)
    expected = np.rint(whole.push([0], torch.stack(codes)[None])[0].numpy() * 32767).astype(np.int16)
    assert np.abs(pcm[: len(expected)].astype(int) - expected).max() <= 1
    assert len(pcm) - len(expected) <= 1
    assert [token for token, _, _ in spans] == [0, 1, 2, 3]
    assert spans[-1][2] <= len(pcm)


def test_what_is_missing_is_said_in_a_sentence(folder: Path, tmp_path: Path) -> None:
    assert "hf download nobody/nothing" in check("nobody/nothing")[0]
    assert "neither" in check(str(tmp_path))[0]
    stock = tiny.model()
    stock.thinker.save_pretrained(tmp_path)
    assert "cannot speak" in check(str(tmp_path))[0]
