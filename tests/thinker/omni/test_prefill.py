"""What is heard and seen, prefilled while it comes in, against the reference's forward pass over all of it at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="the Omni families need torch: pip install 'colloquy[models]'")
pytest.importorskip("transformers", reason="transformers is the reference: pip install 'colloquy[models]'")

import torch
from test_towers import features
from tiny_omni import ID, Heard, jpeg, load, reference, sound
from transformers.models.qwen2_5_omni.processing_qwen2_5_omni import Qwen2_5OmniProcessor
from transformers.models.qwen3_omni_moe.processing_qwen3_omni_moe import Qwen3OmniMoeProcessor

from streaming.time import ticks
from thinker.joints import Chunk
from thinker.omni.handover import OmniHandover
from thinker.omni.perception import OmniPerception
from thinker.omni.pictures import fitted, patches, picture
from thinker.omni.positions import Piece, text
from thinker.omni.thinker import OmniThinker

SECONDS = 5.32


@dataclass
class Turn:
    """One user's turn, as it was given."""

    pieces: list[Piece]
    moments: list[list[bytes]]
    """The camera's pictures, moment by moment."""


def perceive(perception: OmniPerception, seconds: float, camera: bool, step: float, slot: int = 0) -> Turn:
    """A turn of `seconds` that is given `step` seconds at a time, two pictures a moment."""
    how = perception._how
    perception.open(slot)
    perception.audio(slot, np.zeros(1600, np.int16), 0)
    perception.begin(slot, ticks(1600, 16_000))
    pcm, heard, shots = sound(seconds), Heard([]), []
    every = how.moment * 80
    pending = [(at, jpeg(number)) for number, at in enumerate(range(every // 4, pcm.size, every))] if camera else []
    at = 0
    while at < pcm.size:
        end = min(pcm.size, at + round(step * 16_000))
        while pending and pending[0][0] < end:
            shots.append(pending.pop(0))
            heard.take(perception.frame(slot, shots[-1][1], ticks(1600 + shots[-1][0], 16_000)))
        heard.take(perception.audio(slot, pcm[at:end], ticks(1600 + at, 16_000)))
        at = end
    heard.take(perception.flush(slot))
    perception.end(slot)
    moments: dict[int, list[bytes]] = {}
    for when, shot in shots:
        moments.setdefault(when // (2 * every), []).append(shot)
    return Turn(heard.pieces, list(moments.values()))


def chunks(thinker: OmniThinker, turn: Turn) -> list[Chunk]:
    return [
        *thinker.system("Be brief.", ()),
        *thinker.begin_turn("user"),
        *(Chunk(piece) for piece in turn.pieces),
        *thinker.text("user", " ok?"),
        *thinker.end_turn("user"),
        *thinker.begin_turn("assistant"),
    ]


def prefilled(thinker: OmniThinker, slot: int, given: Sequence[Chunk]) -> list[OmniHandover]:
    thinker.open(slot)
    return [handover for chunk in given if (handover := thinker.prefill(slot, chunk)) is not None]


def joined(pieces: Sequence[Piece]) -> list[Piece]:
    """The same in as few pieces as can be: one for what is marked and one for each stretch."""
    made: list[Piece] = []
    for piece in pieces:
        before = made[-1] if made else None
        if before is None or before.in_stretch != piece.in_stretch or before.opens:
            made.append(piece)
            continue
        shift = 0 if piece.in_stretch else before.after
        parts = [p.embeddings for p in (before, piece) if p.embeddings is not None]
        visual = [np.zeros(len(p.tokens), bool) if p.visual is None else p.visual for p in (before, piece)]
        deep = [p.levels for p in (before, piece) if p.levels]
        made[-1] = Piece(
            before.role,
            before.tokens + piece.tokens,
            np.concatenate([before.offsets, piece.offsets + shift], axis=1),
            piece.after + shift,
            np.concatenate([before.media, piece.media]),
            in_stretch=piece.in_stretch,
            opens=piece.opens,
            embeddings=torch.cat(parts) if parts else None,
            visual=np.concatenate(visual) if deep else None,
            levels=[torch.cat(level) for level in zip(*deep, strict=True)],
        )
    return made


def media(family: str, perception: OmniPerception, turn: Turn, seconds: float) -> dict[str, Any]:
    """The turn as arguments of the reference."""
    heard = features(sound(seconds), perception._ear.mirrored)
    given: dict[str, Any] = {
        "input_features": heard[None],
        "feature_attention_mask": torch.ones(1, heard.shape[1], dtype=torch.long),
    }
    if turn.moments:
        looks = [
            patches([fitted(picture(shot), perception._eye.patching) for shot in shots], perception._eye.patching)
            for shots in turn.moments
        ]
        given["pixel_values_videos"] = torch.cat([flat for flat, _, _ in looks])
        given["video_grid_thw"] = torch.tensor([[len(looks), *looks[0][1:]]])
        given["video_second_per_grid"] = torch.tensor([perception._how.moment / 100])
        given["use_audio_in_video"] = True
    return given


@pytest.mark.parametrize("camera", [False, True])
def test_order_positions_and_hidden_states_are_the_references(family: str, folder: Path, camera: bool) -> None:
    perception, thinker = load(family, folder, 1)
    turn = perceive(perception, SECONDS, camera, step=0.31)
    chain = prefilled(thinker, 0, chunks(thinker, turn))
    ids = torch.tensor([[token for piece in chain for token in piece.tokens]])
    given = media(family, perception, turn, SECONDS)
    model = reference(family).thinker
    expected_positions, _ = model.get_rope_index(
        ids,
        None,
        given.get("video_grid_thw"),
        torch.ones_like(ids),
        camera,
        given["feature_attention_mask"].sum(-1),
        given.get("video_second_per_grid"),
    )
    assert np.array_equal(
        np.concatenate([piece.positions for piece in chain], axis=1), expected_positions[:, 0].numpy()
    )
    with torch.no_grad():
        out = model(input_ids=ids, attention_mask=torch.ones_like(ids), output_hidden_states=True, **given)
    embeds, last = out.hidden_states[0][0], out.hidden_states[-1][0]
    at = torch.from_numpy(np.concatenate([piece.media for piece in chain]))
    assert int(at.sum()) > 60
    if family == "qwen2_5_omni":
        expected = last + embeds.masked_fill(at[:, None], 0.0)
    else:
        expected = torch.where(at[:, None], out.hidden_states[3][0], embeds)
    assert torch.allclose(torch.cat([piece.state for piece in chain]), expected, atol=1e-5)
    assert torch.allclose(thinker._logits([0])[0], out.logits[0, -1], atol=1e-4)


@pytest.mark.parametrize(("dtype", "bar"), [(torch.float32, 1e-5), (torch.float64, 1e-12)])
@pytest.mark.parametrize("camera", [False, True])
def test_chunks_as_they_come_are_the_same_as_all_at_once(
    family: str, folder: Path, camera: bool, dtype: torch.dtype, bar: float
) -> None:
    perception, thinker = load(family, folder, 2, dtype)
    turn = perceive(perception, SECONDS, camera, step=0.02)
    given = chunks(thinker, turn)
    many = prefilled(thinker, 0, given)
    few = prefilled(thinker, 1, [Chunk(piece) for piece in joined([chunk.payload for chunk in given])])  # type: ignore[misc]
    assert len(few) < len(many) / 2 or not camera
    assert np.array_equal(*(np.concatenate([piece.positions for piece in chain], axis=1) for chain in (many, few)))
    states = [torch.cat([piece.state for piece in chain]) for chain in (many, few)]
    assert states[0].dtype == dtype
    assert float((states[0] - states[1]).abs().max()) <= bar
    hidden = [thinker.mark(slot).hidden for slot in (0, 1)]
    assert float((hidden[0] - hidden[1]).abs().max()) <= bar  # type: ignore[operator]


@pytest.mark.parametrize("camera", [False, True])
@pytest.mark.parametrize("step", [0.01, 0.25, 1.7, 30.0])
def test_how_sound_is_cut_up_on_its_way_changes_nothing(family: str, folder: Path, camera: bool, step: float) -> None:
    perception, _ = load(family, folder, 1)
    turns = [perceive(perception, 4.5, camera, each) for each in (0.4, step)]
    for mine, other in zip(*(turn.pieces for turn in turns), strict=True):
        assert mine.tokens == other.tokens
        assert np.array_equal(mine.offsets, other.offsets)
        if mine.embeddings is not None and other.embeddings is not None:
            assert torch.allclose(mine.embeddings, other.embeddings, atol=1e-5)


@pytest.mark.parametrize("seconds", [0.5, 2.0, 4.0, 5.32, 7.77])
def test_what_is_seen_stands_where_the_references_processor_puts_it(family: str, folder: Path, seconds: float) -> None:
    perception, _ = load(family, folder, 1)
    turn = perceive(perception, seconds, True, 0.4)
    tokens = [token for piece in turn.pieces for token in piece.tokens]
    heard = tokens.count(ID["<|AUDIO|>"])
    seen = tokens.count(ID["<|VIDEO|>"])
    each = seen // len(turn.moments)
    names = SimpleNamespace(
        video_processor=SimpleNamespace(merge_size=1), audio_bos_token="(", audio_eos_token=")", video_token="v",
        audio_token="a",
    )  # fmt: skip
    processor: Any = Qwen2_5OmniProcessor if family == "qwen2_5_omni" else Qwen3OmniMoeProcessor
    names.get_chunked_index = lambda *given: processor.get_chunked_index(names, *given)
    rate = 25 if family == "qwen2_5_omni" else 13
    written = processor.replace_video_with_audio_token(
        names,
        {
            "video_grid_thw": np.array([[len(turn.moments), 1, each]]),
            "video_second_per_grid": [perception._how.moment / 100],
        },
        0,
        {"num_audio_tokens": [heard]},
        0,
        position_id_per_seconds=rate,
        seconds_per_chunk=2.0,
    )
    spelt = {"(": "<|audio_bos|>", ")": "<|audio_eos|>", "v": "<|VIDEO|>", "a": "<|AUDIO|>"}
    assert tokens == [ID["<|vision_bos|>"], *(ID[spelt[letter]] for letter in written), ID["<|vision_eos|>"]]


def test_text_alone_is_prefilled_as_the_reference_does(family: str, folder: Path) -> None:
    _, thinker = load(family, folder, 1)
    chain = prefilled(
        thinker, 0, [Chunk(text("user", [at % 256 for at in range(begin, begin + 9)])) for begin in range(0, 90, 9)]
    )
    with torch.no_grad():
        out = reference(family).thinker(input_ids=torch.tensor([[token for piece in chain for token in piece.tokens]]))
    assert torch.allclose(thinker._logits([0])[0], out.logits[0, -1], atol=1e-4)
    assert [piece.end for piece in chain] == list(range(9, 99, 9))
    assert all(piece.before is before for piece, before in zip(chain[1:], chain, strict=False))
