"""Qwen2.5-Omni's Talker against the stock modules, greedily, and against itself."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import tiny_qwen25 as tiny
import torch
from speaking import reply, speak, step
from torch import Tensor

from talker.omni.sampling import Sampling
from talker.qwen2_5_omni.talker import SAMPLING, Qwen25OmniTalker

GREEDY = Sampling(top_k=1, penalty=SAMPLING.penalty, greedy=True)
PROMPT = [*tiny.turn(tiny.SYSTEM, 30, 31), *tiny.turn(tiny.USER, 40, 41, 42), *tiny.OPENING]
WORDS = [50, 60, 61, 50, 72]
FRAMES = 40


def talker(
    slots: int = 2, dtype: torch.dtype = torch.float32, sampling: Sampling = GREEDY, longest: int = FRAMES
) -> Qwen25OmniTalker:
    made = tiny.model(dtype)
    special, begins = tiny.special(made)
    return Qwen25OmniTalker(made.config, made.talker, special, begins, slots, 512, sampling, longest)


def said(prompt: Sequence[int], words: Sequence[int], dtype: torch.dtype = torch.float32) -> list[tiny.Piece]:
    dialogue = [*prompt, *words]
    return reply(tiny.handovers(tiny.model(dtype), dialogue, range(len(prompt), len(dialogue))), prompt)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("words", [1, 2, 5])
def test_the_streamed_loop_draws_the_codes_of_the_stock_modules(words: int, dtype: torch.dtype) -> None:
    expected = tiny.reference(tiny.model(dtype), PROMPT, WORDS[:words], FRAMES)
    assert len({int(code) for code in expected}) > 2
    for ahead in (0, 1, 3, 99):
        made = talker(dtype=dtype)
        made.open(0)
        assert torch.equal(speak(made, 0, said(PROMPT, WORDS[:words], dtype), ahead), expected)


def test_the_end_is_taken_at_any_place() -> None:
    expected = tiny.reference(tiny.model(), PROMPT, WORDS, FRAMES)[:, 0].tolist()
    places = [at for at, code in enumerate(expected) if code not in expected[:at]]
    assert len(places) > 5
    for at in places:
        made = talker()
        made._end = frozenset({expected[at]})
        made.open(0)
        assert speak(made, 0, said(PROMPT, WORDS))[:, 0].tolist() == expected[:at]


def test_a_late_hand_over_is_waited_for_and_never_taken_for_the_end() -> None:
    expected = tiny.reference(tiny.model(), PROMPT, WORDS, FRAMES)
    made = talker()
    made.open(0)
    made.start(0, "Chelsie", 1.0)
    frames: dict[int, list[Tensor]] = {}
    for at, piece in enumerate(said(PROMPT, WORDS)):
        assert not made.ready(0)
        made.feed(0, at, "word", piece)
        assert made.ready(0)
        step(made, [0], frames)
        assert not made.ready(0)
        assert not made.done(0)
    made.finish(0)
    while made.ready(0):
        step(made, [0], frames)
    assert torch.equal(torch.stack(frames[0]), expected)


def test_sound_and_pictures_in_the_dialogue_give_the_codes_of_the_stock_modules() -> None:
    torch.manual_seed(1)
    features = torch.randn(1, 16, 160)
    sound = [tiny.AUDIO_START, *[tiny.AUDIO] * 40, tiny.AUDIO_END]
    picture = [tiny.VISION_START, *[tiny.IMAGE] * 6, tiny.VISION_END]
    prompt = [
        *tiny.turn(tiny.USER, *picture, 40),
        *tiny.turn(tiny.ASSISTANT, 50, 51),
        *tiny.turn(tiny.USER, *sound),
        *tiny.OPENING,
    ]
    media = {
        "input_features": features,
        "feature_attention_mask": torch.ones(1, 160, dtype=torch.int64),
        "pixel_values": torch.randn(24, 3 * 2 * 4 * 4),
        "image_grid_thw": torch.tensor([[1, 4, 6]]),
    }
    model, dialogue = tiny.model(), [*prompt, *WORDS]
    cuts = [12, 30, *range(len(prompt), len(dialogue))]
    pieces = reply(tiny.handovers(model, dialogue, cuts, **media), prompt)
    expected = tiny.reference(model, prompt, WORDS, FRAMES, **media)
    made = talker()
    made.open(0)
    assert torch.equal(speak(made, 0, pieces), expected)


@pytest.mark.parametrize("heard", [0, 2, 5])
def test_after_a_barge_in_the_next_reply_is_as_if_all_were_new(heard: int) -> None:
    model = tiny.model()
    first = [*PROMPT, *WORDS]
    chain = tiny.grow(model, [], first, range(len(PROMPT), len(first)))
    kept = chain[: len(chain) - len(WORDS) + heard]
    prompt = [
        *first[: len(PROMPT) + heard],
        *(tiny.IM_END, tiny.NEWLINE),
        *tiny.turn(tiny.USER, 70, 71),
        *tiny.OPENING,
    ]
    dialogue = [*prompt, 80, 81, 82]
    expected = tiny.reference(model, prompt, [80, 81, 82], FRAMES)
    made = talker()
    made.open(0)
    speak(made, 0, reply(chain, PROMPT))
    pieces = tiny.grow(model, kept, dialogue, range(len(prompt), len(dialogue)))
    assert torch.equal(speak(made, 0, reply(pieces, prompt)), expected)


def test_sessions_in_one_batch_draw_what_each_draws_alone_and_going_back_leaves_no_trace() -> None:
    how = Sampling(temperature=0.9, top_k=40, top_p=0.8, penalty=1.05)
    replies = [said(PROMPT, WORDS), said([*tiny.turn(tiny.USER, 33), *tiny.OPENING], [51, 52])]
    alone, together = talker(sampling=how), talker(sampling=how)
    expected = []
    frames: dict[int, list[Tensor]] = {0: [], 1: []}
    for slot, pieces in enumerate(replies):
        alone.open(slot)
        together.open(slot)
        expected.append(speak(alone, slot, pieces, voice="Ethan"))
        together.start(slot, "Ethan", 1.0)
        for at, piece in enumerate(pieces):
            together.feed(slot, at, "", piece)
        together.finish(slot)
    while ready := [slot for slot in (0, 1) if together.ready(slot)]:
        marks = {slot: together.mark(slot) for slot in ready}
        together.step(ready)
        for slot in ready:
            together.crop(slot, marks[slot])
        step(together, ready, frames)
    for slot in (0, 1):
        assert torch.equal(torch.stack(frames[slot]), expected[slot])
