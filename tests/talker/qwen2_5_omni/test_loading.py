"""A checkpoint with the published names, from a folder to sound."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tiny_qwen25 as tiny
import torch
from speaking import reply

from talker.omni.weights import files
from talker.qwen2_5_omni import SPEAKERS, check, load


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("tiny") / "model"
    tiny.model().save_pretrained(made)
    torch.save(tiny.speakers(), made / SPEAKERS)
    return made


def test_the_checkpoint_has_the_published_names_and_its_weights_are_read_by_them(folder: Path) -> None:
    names = files(folder)
    for name in (
        "talker.thinker_to_talker_proj.weight",
        "token2wav.code2wav_dit_model.transformer_blocks.0.attn.to_q.weight",
        "token2wav.code2wav_bigvgan_model.resblocks.0.activations.0.act.alpha",
        "thinker.model.embed_tokens.weight",
    ):
        assert name in names
    assert check(str(folder)) == []
    talker, vocoder = load(str(folder), 2)
    stock = tiny.model()
    wave = stock.token2wav
    for loaded, expected in (
        (talker._model, stock.talker),
        (vocoder._dit._model, wave.code2wav_dit_model),
        (vocoder._wave._model, wave.code2wav_bigvgan_model),
    ):
        found = dict(loaded.state_dict())
        for name, tensor in expected.state_dict().items():
            assert torch.equal(found[name], tensor.float()), name
        for mine, theirs in zip(loaded.buffers(), expected.buffers(), strict=True):
            assert torch.allclose(mine, theirs.float())


def test_text_becomes_sound_in_either_voice(folder: Path) -> None:
    talker, vocoder = load(str(folder), 1)
    assert tuple(talker.voices) == ("Chelsie", "Ethan")
    talker._longest = 30
    prompt = [*tiny.turn(tiny.USER, 40, 41), *tiny.OPENING]
    dialogue = [*prompt, 50, 51, 52, 53]
    pieces = reply(tiny.handovers(tiny.model(), dialogue, range(len(prompt), len(dialogue))), prompt)
    talker.open(0)
    vocoder.open(0)
    sounds = []
    for voice in talker.voices:
        talker.start(0, voice, 1.0)
        vocoder.start(0)
        for at, piece in enumerate(pieces):
            talker.feed(0, at, f" word{at}", piece)
        talker.finish(0)
        parts = []
        while talker.ready(0):
            parts += vocoder.push([0], talker.step([0]))
        parts.append(vocoder.flush(0))
        assert talker.done(0)
        sounds.append(np.concatenate([part.pcm for part in parts]))
        spans = [span for part in parts for span in part.spans]
        assert [token for token, _, _ in spans] == [0, 1, 2, 3]
        assert len(sounds[-1]) % 480 <= 1
    assert len(sounds[0]) != len(sounds[1]) or (sounds[0] != sounds[1]).any()


def test_what_is_missing_is_said_in_a_sentence(folder: Path, tmp_path: Path) -> None:
    assert "hf download nobody/nothing" in check("nobody/nothing")[0]
    assert "neither" in check(str(tmp_path))[0]
    for file in folder.iterdir():
        if file.name != SPEAKERS:
            (tmp_path / file.name).symlink_to(file)
    assert SPEAKERS in check(str(tmp_path))[0]
