"""What becomes of a turn on its way: flushed, rolled back, gone on with, seen from its middle on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="the Omni families need torch: pip install 'colloquy[models]'")
pytest.importorskip("transformers", reason="transformers is the reference: pip install 'colloquy[models]'")

import torch
from tiny_omni import ID, Heard, jpeg, load, sound

from streaming.time import Time, ticks
from thinker.omni.perception import OmniPerception
from thinker.omni.positions import Piece


def at(sample: int) -> Time:
    return ticks(sample, 16_000)


def listening(family: str, folder: Path) -> OmniPerception:
    perception, _ = load(family, folder, 1)
    perception.open(0)
    return perception


def same(mine: list[Piece], other: list[Piece]) -> None:
    assert [piece.tokens for piece in mine] == [piece.tokens for piece in other]
    for one, two in zip(mine, other, strict=True):
        assert np.array_equal(one.offsets, two.offsets)
        if one.embeddings is not None and two.embeddings is not None:
            assert torch.allclose(one.embeddings, two.embeddings, atol=1e-5)


def spelt(pieces: list[Piece]) -> str:
    names = {ID["<|audio_bos|>"]: "(", ID["<|audio_eos|>"]: ")", ID["<|vision_bos|>"]: "[", ID["<|vision_eos|>"]: "]"}
    names |= {ID["<|AUDIO|>"]: "a", ID["<|VIDEO|>"]: "v"}
    return "".join(names[token] for piece in pieces for token in piece.tokens)


def test_a_rollback_loses_no_sound_and_leaves_no_trace(family: str, folder: Path) -> None:
    perception, pcm = listening(family, folder), sound(6.0)
    perception.begin(0, 0)
    heard = Heard([])
    heard.take(perception.audio(0, pcm[:47_000], 0))
    mark, kept = perception.mark(0), list(heard.pieces)
    heard.take(perception.flush(0))
    assert perception.audio(0, pcm[47_000:80_000], at(47_000)) is None
    perception.crop(0, mark)
    heard.pieces = kept
    heard.take(perception.audio(0, pcm[80_000:], at(80_000)))
    heard.take(perception.flush(0))
    straight = listening(family, folder)
    straight.begin(0, 0)
    expected = Heard([])
    expected.take(straight.audio(0, pcm, 0))
    expected.take(straight.flush(0))
    same(heard.pieces, expected.pieces)


def test_a_second_flush_takes_the_end_of_the_first_back(family: str, folder: Path) -> None:
    perception, pcm = listening(family, folder), sound(5.0)
    perception.begin(0, 0)
    heard = Heard([])
    heard.take(perception.audio(0, pcm[:40_000], 0))
    heard.take(perception.flush(0))
    heard.take(perception.audio(0, pcm[40_000:], at(40_000)))
    heard.take(perception.flush(0))
    straight = listening(family, folder)
    straight.begin(0, 0)
    expected = Heard([])
    expected.take(straight.audio(0, pcm, 0))
    expected.take(straight.flush(0))
    same(heard.pieces, expected.pieces)


def test_a_camera_that_comes_on_in_a_turn_opens_a_stretch_of_its_own(family: str, folder: Path) -> None:
    perception, pcm = listening(family, folder), sound(6.0)
    perception.begin(0, 0)
    heard = Heard([])
    heard.take(perception.audio(0, pcm[:40_000], 0))
    perception.frame(0, jpeg(1), at(40_100))
    heard.take(perception.audio(0, pcm[40_000:], at(40_000)))
    heard.take(perception.flush(0))
    rate = 25 if family == "qwen2_5_omni" else 13
    each = spelt(heard.pieces).count("v")
    block = "a" * 2 * rate
    assert spelt(heard.pieces) == f"({block})[({'v' * each}{block}{block})]"
    assert 50 < each < 200


def test_the_newest_picture_from_before_a_turn_is_its_first(family: str, folder: Path) -> None:
    perception, pcm = listening(family, folder), sound(3.0)
    for number in range(3):
        perception.frame(0, jpeg(number), at(number * 8_000))
    perception.audio(0, pcm[:24_000], 0)
    perception.begin(0, at(20_000))
    heard = Heard([])
    heard.take(perception.audio(0, pcm[24_000:], at(24_000)))
    heard.take(perception.flush(0))
    assert spelt(heard.pieces).startswith("[(v")
    other = listening(family, folder)
    other.frame(0, jpeg(2), at(20_000))
    other.audio(0, pcm[:24_000], 0)
    other.begin(0, at(20_000))
    expected = Heard([])
    expected.take(other.audio(0, pcm[24_000:], at(24_000)))
    expected.take(other.flush(0))
    same(heard.pieces, expected.pieces)


def test_a_turn_begins_with_sound_from_before_it_was_noticed(family: str, folder: Path) -> None:
    perception, pcm = listening(family, folder), sound(5.0)
    perception.audio(0, pcm[:64_000], 0)
    perception.begin(0, at(40_000))
    heard = Heard([])
    heard.take(perception.audio(0, pcm[64_000:], at(64_000)))
    heard.take(perception.flush(0))
    straight = listening(family, folder)
    straight.begin(0, 0)
    expected = Heard([])
    expected.take(straight.audio(0, pcm[40_000:], 0))
    expected.take(straight.flush(0))
    same(heard.pieces, expected.pieces)


def test_a_turn_without_sound_gives_nothing(family: str, folder: Path) -> None:
    perception = listening(family, folder)
    assert perception.flush(0).chunks == ()
    perception.audio(0, sound(1.0), 0)
    perception.begin(0, at(16_000))
    assert list(perception.flush(0).chunks) == []
    perception.audio(0, np.zeros(120, np.int16), at(16_000))
    assert list(perception.flush(0).chunks) == []


def test_the_loudest_of_earlier_turns_is_the_floor_of_later_ones(family: str, folder: Path) -> None:
    soft = (sound(1.0) / 300).astype(np.int16)
    alone, after = listening(family, folder), listening(family, folder)
    after.begin(0, 0)
    after.audio(0, sound(4.2), 0)
    after.end(0)
    pieces = []
    for perception, first in ((alone, 0), (after, 67_200)):
        perception.begin(0, at(first))
        perception.audio(0, soft, at(first))
        heard = Heard([])
        heard.take(perception.flush(0))
        pieces.append(heard.pieces)
    assert [piece.tokens for piece in pieces[0]] == [piece.tokens for piece in pieces[1]]
    first, second = (piece[1].embeddings for piece in pieces)
    assert first is not None
    assert second is not None
    assert not torch.allclose(first, second, atol=1e-3)


def test_a_picture_that_cannot_be_read_costs_nobody_a_turn(family: str, folder: Path) -> None:
    perception = listening(family, folder)
    perception.begin(0, 0)
    heard = Heard([])
    for broken in (b"", b"\x89PNG", jpeg(1)[:300]):
        heard.take(perception.frame(0, broken, at(100)))
    heard.take(perception.audio(0, sound(2.5), 0))
    heard.take(perception.flush(0))
    assert set(spelt(heard.pieces)) == set("(a)")
