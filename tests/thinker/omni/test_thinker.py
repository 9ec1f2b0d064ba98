"""Thinking: token by token against the reference, batched against alone, cropped against fresh."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the Omni families need torch: pip install 'colloquy[models]'")
pytest.importorskip("transformers", reason="transformers is the reference: pip install 'colloquy[models]'")

import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_prefill import chunks, media, perceive, prefilled
from tiny_omni import ID, load, reference

from thinker.joints import Chunk, Sampling, SlotFull, Step
from thinker.omni.handover import OmniHandover
from thinker.omni.positions import text
from thinker.omni.sampling import Published
from thinker.omni.thinker import OmniThinker


def said(thinker: OmniThinker, slot: int, most: int, seed: int = 0) -> list[int]:
    """The tokens of a reply."""
    thinker.begin_reply(slot, Sampling(seed=seed))
    tokens: list[int] = []
    while len(tokens) < most and not (step := thinker.step([slot])[0]).end:
        tokens += handed(step).tokens
    return tokens


def handed(step: Step) -> OmniHandover:
    assert isinstance(step.handover, OmniHandover)
    return step.handover


@pytest.mark.parametrize("camera", [None, False, True])
def test_a_reply_is_the_references_token_by_token_wherever_it_ends(
    family: str, folder: Path, camera: bool | None
) -> None:
    penalty, most = 1.5, 12
    perception, thinker = load(family, folder, 1, published=Published(0.0, 1, 1.0, penalty))
    if camera is None:
        chain = prefilled(thinker, 0, [*thinker.system("Say something.", ()), *thinker.begin_turn("assistant")])
        given = {}
    else:
        turn = perceive(perception, 1.4, camera, 0.2)
        chain = prefilled(thinker, 0, chunks(thinker, turn))
        given = media(family, perception, turn, 1.4)
    mark = thinker.mark(0)
    whole, reply, short_of_ending = [token for piece in chain for token in piece.tokens], list[int](), list[float]()
    with torch.no_grad():
        while len(reply) < most:
            ids = torch.tensor([whole + reply])
            logits = (
                reference(family).thinker(input_ids=ids, attention_mask=torch.ones_like(ids), **given).logits[0, -1]
            )
            for token in set(reply):
                logits[token] = logits[token] / penalty if logits[token] > 0 else logits[token] * penalty
            reply.append(max(range(256), key=lambda token: float(logits[token])))
            short_of_ending.append(float(logits[reply[-1]] - logits[ID["<|im_end|>"]]))
    thinker._speech[ID["<|endoftext|>"]] = -torch.inf
    lengths = {
        next((at for at, short in enumerate(short_of_ending) if short < pushed), most): pushed
        for pushed in [0.0, *(short + 1e-2 for short in short_of_ending), 1000.0]
    }
    assert 0 in lengths
    assert len(lengths) > 2
    for length, pushed in lengths.items():
        thinker._speech[ID["<|im_end|>"]] = pushed
        thinker.crop(0, mark)
        assert said(thinker, 0, most) == reply[:length]


@pytest.mark.parametrize("temperature", [0.0, 0.9])
def test_sessions_in_one_batch_say_what_each_says_alone(family: str, folder: Path, temperature: float) -> None:
    how = Published(temperature, 40, 0.95, 1.1)
    perception, thinker = load(family, folder, 4, published=how)
    turns = [perceive(perception, 0.7 + slot, slot % 2 == 0, 0.3, slot) for slot in range(4)]
    alone = []
    for slot, turn in enumerate(turns):
        prefilled(thinker, slot, chunks(thinker, turn))
        alone.append(said(thinker, slot, 20, slot))
    together: list[list[int]] = [[] for _ in turns]
    for slot, turn in enumerate(turns):
        prefilled(thinker, slot, chunks(thinker, turn))
        thinker.begin_reply(slot, Sampling(seed=slot))
    going = [3, 1, 0, 2]
    while going:
        for slot, step in zip(list(going), thinker.step(going), strict=True):
            if not step.end:
                together[slot] += handed(step).tokens
            if step.end or len(together[slot]) == 20:
                going.remove(slot)
    assert together == alone
    assert len(set(map(tuple, alone))) > 1


def test_after_a_crop_to_what_was_heard_all_is_as_if_no_more_had_been_said(family: str, folder: Path) -> None:
    perception, thinker = load(family, folder, 2)
    turn = perceive(perception, 2.9, True, 0.3)
    first = prefilled(thinker, 0, chunks(thinker, turn))
    thinker.begin_reply(0, Sampling())
    heard, marks = [], []
    for _ in range(9):
        marks.append(thinker.mark(0))
        step = thinker.step([0])[0]
        if step.end:
            break
        heard.append(handed(step))
    assert len(heard) >= 3
    thinker.crop(0, marks[2])
    again = perceive(perception, 1.3, False, 0.3)
    following = [*thinker.end_turn("assistant"), *chunks(thinker, again)[1:]]
    went_on = [thinker.prefill(0, chunk) for chunk in following]
    kept = [token for handover in heard[:2] for token in handover.tokens]
    fresh = prefilled(thinker, 1, [*chunks(thinker, turn), Chunk(text("assistant", kept)), *following])
    assert went_on[0] is not None
    assert went_on[0].before is heard[1]
    assert heard[0].before is first[-1]
    states = [torch.cat([h.state for h in chain if h is not None]) for chain in (went_on, fresh[-len(following) :])]
    assert torch.allclose(*states, atol=1e-5)
    assert said(thinker, 0, 12) == said(thinker, 1, 12)


def test_speculation_that_is_rolled_back_leaves_no_trace(family: str, folder: Path) -> None:
    perception, thinker = load(family, folder, 2)
    given = chunks(thinker, perceive(perception, 3.1, True, 0.3))
    prefilled(thinker, 0, given[:-3])
    mark = thinker.mark(0)
    for chunk in given[-2:]:
        thinker.prefill(0, chunk)
    said(thinker, 0, 7)
    thinker.crop(0, mark)
    assert thinker.mark(0) is mark
    with pytest.raises(RuntimeError, match="begin_reply"):
        thinker.step([0])
    for chunk in given[-3:]:
        thinker.prefill(0, chunk)
    prefilled(thinker, 1, given)
    assert said(thinker, 0, 12) == said(thinker, 1, 12)


def test_a_full_slot_is_refused_before_anything_is_written(family: str, folder: Path) -> None:
    _, thinker = load(family, folder, 1)
    prefilled(thinker, 0, [Chunk(text("user", [1] * 2040))])
    before = thinker.mark(0)
    with pytest.raises(SlotFull):
        thinker.prefill(0, Chunk(text("user", [1] * 9)))
    assert thinker.mark(0) is before
    assert len(said(thinker, 0, 100)) <= 8
    thinker.open(0)
    with pytest.raises(ValueError, match="cannot crop"):
        thinker.crop(0, before)


# --- random schedules -------------------------------------------------------------------------

SLOTS = 4
ORDERS = st.lists(
    st.one_of(
        st.tuples(st.just("prefill"), st.integers(0, SLOTS - 1), st.integers(0, 11)),
        st.tuples(st.just("step"), st.sets(st.integers(0, SLOTS - 1), min_size=1), st.integers(1, 3)),
        st.tuples(st.just("mark"), st.integers(0, SLOTS - 1), st.just(0)),
        st.tuples(st.just("crop"), st.integers(0, SLOTS - 1), st.integers(0, 5)),
        st.tuples(st.just("cancel"), st.integers(0, SLOTS - 1), st.just(0)),
    ),
    max_size=12,
)


@dataclass
class Plain:
    """What a slot ought to hold."""

    chunks: list[Chunk] = field(default_factory=list)
    marks: list[tuple[object, int]] = field(default_factory=list)


@cache
def parts(family: str, folder: Path) -> tuple[OmniThinker, list[Chunk]]:
    """A Thinker with a slot to spare, and chunks of all kinds."""
    perception, thinker = load(family, folder, SLOTS + 1)
    heard = perceive(perception, 4.4, True, 0.3).pieces
    spoken = [Chunk(text("user", range(begin, begin + length))) for begin, length in ((40, 1), (65, 5), (90, 17))]
    return thinker, [*spoken, *thinker.begin_turn("assistant"), *map(Chunk, heard)]


def follow(
    thinker: OmniThinker, made: Sequence[Chunk], orders: Sequence[tuple[str, int | set[int], int]]
) -> list[Plain]:
    """Carries the orders out, and says what ought to be in the slots after them."""
    plain = [Plain() for _ in range(SLOTS)]
    for slot in range(SLOTS):
        thinker.open(slot)
    for kind, which, number in orders:
        if kind == "step":
            assert isinstance(which, set)
            slots = sorted(slot for slot in which if plain[slot].chunks)
            for slot in slots:
                thinker.begin_reply(slot, Sampling())
            for _ in range(number):
                for slot, step in zip(slots, thinker.step(slots), strict=True):
                    if step.handover is not None:
                        plain[slot].chunks.append(Chunk(text("assistant", handed(step).tokens)))
            continue
        assert isinstance(which, int)
        state = plain[which]
        match kind:
            case "prefill":
                chunk = made[number % len(made)]
                if thinker.length(which) < 700:
                    thinker.prefill(which, chunk)
                    state.chunks.append(chunk)
            case "mark":
                state.marks.append((thinker.mark(which), len(state.chunks)))
            case "crop" if state.marks:
                mark, count = state.marks[number % len(state.marks)]
                thinker.crop(which, mark)
                del state.chunks[count:]
                state.marks = [kept for kept in state.marks if kept[1] <= count]
            case "cancel":
                thinker.close(which)
                thinker.open(which)
                plain[which] = Plain()
    return plain


@pytest.mark.timeout(900)
@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
@given(orders=ORDERS)
def test_after_any_schedule_each_slot_is_what_a_plain_recomputation_gives(
    family: str, folder: Path, orders: list[tuple[str, int | set[int], int]]
) -> None:
    thinker, made = parts(family, folder)
    plain = follow(thinker, made, orders)
    for slot, state in enumerate(plain):
        if not state.chunks:
            assert thinker.length(slot) == 0
            continue
        fresh = prefilled(thinker, SLOTS, state.chunks)
        assert thinker.length(slot) == fresh[-1].end
        last = thinker.mark(slot).last
        assert last is not None
        assert last.next_position == fresh[-1].next_position
        assert torch.allclose(last.state, fresh[-1].state, atol=1e-5)
        assert torch.allclose(thinker._logits([slot]), thinker._logits([SLOTS]), atol=1e-4)
