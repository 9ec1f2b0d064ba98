"""Qwen3-Omni's Talker against stock `generate`, greedily, and against itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import tiny_qwen3 as tiny
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from speaking import reply, speak, step
from torch import Tensor

from talker.omni.sampling import Sampling
from talker.qwen3_omni.talker import SAMPLING, Qwen3OmniTalker

GREEDY = Sampling(top_k=1, penalty=SAMPLING.penalty, greedy=True)
PROMPT = tiny.turn(tiny.SYSTEM, 30, 31) + tiny.turn(tiny.USER, 40, 41, 42) + list(tiny.OPENING)
DIALOGUE = (
    tiny.turn(tiny.SYSTEM, 30, 31)
    + tiny.turn(tiny.USER, 40, 41, 42)
    + tiny.turn(tiny.ASSISTANT, 50, 51)
    + tiny.turn(tiny.USER, 60, 61, 62, 63)
    + list(tiny.OPENING)
)
FRAMES = 40


def talker(
    slots: int = 2, dtype: torch.dtype = torch.float32, sampling: Sampling = GREEDY, longest: int = FRAMES
) -> Qwen3OmniTalker:
    made = tiny.model(dtype)
    return Qwen3OmniTalker(made.config, made.talker, tiny.special(made), slots, 512, sampling, longest)


@contextmanager
def ends_at(made: Any, token: int) -> Iterator[None]:
    """Another code means the end."""
    config = made.config.talker_config
    before, config.codec_eos_token_id = config.codec_eos_token_id, token
    try:
        yield
    finally:
        config.codec_eos_token_id = before


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("prompt", [PROMPT, DIALOGUE], ids=["one turn", "dialogue"])
@pytest.mark.parametrize("tokens", [2, 12])
def test_the_streamed_loop_draws_the_codes_of_stock_generate(
    prompt: list[int], tokens: int, dtype: torch.dtype
) -> None:
    model = tiny.model(dtype)
    stock = tiny.stock(model, prompt, tokens, FRAMES)
    pieces = reply(tiny.handovers(model, prompt + stock.reply, range(len(prompt), len(prompt + stock.reply))), prompt)
    assert len(pieces) == len(stock.reply)
    for ahead in (0, 2, 99):
        made = talker(dtype=dtype)
        made.open(0)
        assert torch.equal(speak(made, 0, pieces, ahead), stock.codes)


def test_the_end_is_taken_where_stock_takes_it_at_any_place() -> None:
    model = tiny.model()
    whole = tiny.stock(model, PROMPT, 8, FRAMES)
    first = whole.codes[:, 0].tolist()
    places = [at for at, code in enumerate(first) if code not in first[:at]]
    assert len(places) > 5
    dialogue = PROMPT + whole.reply
    pieces = reply(tiny.handovers(model, dialogue, range(len(PROMPT), len(dialogue))), PROMPT)
    for at in (places[0], places[1], places[len(places) // 2], places[-1]):
        with ends_at(model, first[at]):
            made = talker()
            made.open(0)
            said = speak(made, 0, pieces)
            if at:  # stock cannot end before it began
                assert torch.equal(said, tiny.stock(model, PROMPT, 8, FRAMES).codes)
        assert said.tolist() == whole.codes[:at].tolist()


def test_a_late_hand_over_is_waited_for_and_never_taken_for_the_end() -> None:
    model = tiny.model()
    stock = tiny.stock(model, PROMPT, 6, FRAMES)
    dialogue = PROMPT + stock.reply
    pieces = reply(tiny.handovers(model, dialogue, range(len(PROMPT), len(dialogue))), PROMPT)
    made = talker()
    made.open(0)
    made.start(0, "", 1.0)
    frames: dict[int, list[Tensor]] = {}
    assert not made.ready(0)
    for at, piece in enumerate(pieces):
        made.feed(0, at, "word", piece)
        assert made.ready(0)
        step(made, [0], frames)
        assert len(frames[0]) == at + 1
        assert not made.ready(0)
        assert not made.done(0)
    made.finish(0)
    while made.ready(0):
        step(made, [0], frames)
    assert torch.equal(torch.stack(frames[0]), stock.codes)


def test_a_reply_without_words_is_silent_and_over() -> None:
    made = talker()
    made.open(0)
    made.start(0, "", 1.0)
    made.feed(0, 0, "", None)
    assert not made.ready(0)
    assert not made.done(0)
    made.finish(0)
    assert not made.ready(0)
    assert made.done(0)


def test_an_unknown_voice_is_refused_and_voices_differ() -> None:
    model = tiny.model()
    dialogue = [*PROMPT, 50, 51, 52]
    pieces = reply(tiny.handovers(model, dialogue, range(len(PROMPT), len(dialogue))), PROMPT)
    made = talker()
    made.open(0)
    assert made.voices == ("Ethan", "Chelsie")
    ethan, chelsie = (speak(made, 0, pieces, voice=voice) for voice in made.voices)
    assert not torch.equal(ethan, chelsie)
    assert torch.equal(speak(made, 0, pieces), ethan)
    with pytest.raises(ValueError, match="Ethan, Chelsie"):
        made.start(0, "Nobody", 1.0)


def audio_prompt(model: Any) -> tuple[list[int], dict[str, Tensor]]:
    """A turn of words and sound, after a spoken turn that was answered."""
    torch.manual_seed(1)
    features = torch.randn(2, 16, 120)
    mask = torch.ones(2, 120, dtype=torch.int64)
    mask[1, 70:] = 0
    counts = [16, 9]
    sounds = [[tiny.AUDIO_START, *[tiny.AUDIO] * count, 15] for count in counts]
    prompt = (
        tiny.turn(tiny.SYSTEM, 30, 31)
        + tiny.turn(tiny.USER, *sounds[0])
        + tiny.turn(tiny.ASSISTANT, 50, 51)
        + tiny.turn(tiny.USER, 60, *sounds[1], 61)
        + list(tiny.OPENING)
    )
    return prompt, {"input_features": features, "feature_attention_mask": mask}


def test_sound_in_the_dialogue_gives_the_codes_of_stock_generate() -> None:
    model = tiny.model()
    prompt, media = audio_prompt(model)
    stock = tiny.stock(model, prompt, 8, FRAMES, **media)
    dialogue = prompt + stock.reply
    cuts = {11, 17, 50, *range(len(prompt), len(dialogue))}
    pieces = reply(tiny.handovers(model, dialogue, sorted(cuts), **media), prompt)
    made = talker()
    made.open(0)
    assert torch.equal(speak(made, 0, pieces), stock.codes)


def picture_prompt() -> tuple[list[int], dict[str, Tensor]]:
    """Two turns with a picture each; 4 by 6 patches of which 2 by 2 are one token."""
    torch.manual_seed(2)
    grid = torch.tensor([[1, 4, 6], [1, 4, 6]])
    pixels = torch.randn(48, 3 * 2 * 4 * 4)
    picture = [tiny.VISION_START, *[tiny.IMAGE] * 6, 16]
    prompt = (
        tiny.turn(tiny.USER, 40, *picture, 41)
        + tiny.turn(tiny.ASSISTANT, 50, 51)
        + tiny.turn(tiny.USER, *picture, 60)
        + list(tiny.OPENING)
    )
    return prompt, {"pixel_values": pixels, "image_grid_thw": grid}


def test_pictures_in_the_dialogue_give_the_codes_of_stock_generate() -> None:
    model = tiny.model()
    prompt, media = picture_prompt()
    stock = tiny.stock(model, prompt, 8, FRAMES, **media)
    dialogue = prompt + stock.reply
    pieces = reply(tiny.handovers(model, dialogue, range(len(prompt), len(dialogue)), **media), prompt)
    made = talker()
    made.open(0)
    assert torch.equal(speak(made, 0, pieces), stock.codes)


class Counting(Qwen3OmniTalker):
    """Counts the rows that are prefilled."""

    prefilled = 0

    def _prefill(self, slot: int, rows: Tensor, places: Tensor, positions: Tensor) -> None:
        self.prefilled += len(rows)
        super()._prefill(slot, rows, places, positions)


@pytest.mark.parametrize("heard", [0, 2, 4])
def test_after_a_barge_in_the_next_reply_is_as_if_all_were_new_and_only_the_new_turn_is_prefilled(heard: int) -> None:
    model = tiny.model()
    first = [*PROMPT, 50, 51, 52, 53]
    chain = tiny.grow(model, [], first, range(len(PROMPT), len(first)))
    kept = chain[: len(chain) - 4 + heard]
    turn = tiny.turn(tiny.USER, 70, 71)
    prompt = [*first[: len(PROMPT) + heard], tiny.IM_END, tiny.NEWLINE, *turn, *tiny.OPENING]
    dialogue = [*prompt, 80, 81, 82]
    cuts = range(len(prompt), len(dialogue))
    fresh = talker()
    fresh.open(0)
    expected = speak(fresh, 0, reply(tiny.handovers(model, dialogue, cuts), prompt))
    made = Counting(model.config, model.talker, tiny.special(model), 2, 512, GREEDY, FRAMES)
    made.open(0)
    speak(made, 0, reply(chain, PROMPT))
    made.prefilled = 0
    assert torch.equal(speak(made, 0, reply(tiny.grow(model, kept, dialogue, cuts), prompt)), expected)
    assert made.prefilled == len(turn) + 9


def test_sessions_in_one_batch_draw_what_each_draws_alone() -> None:
    model = tiny.model()
    sampling = Sampling(temperature=0.9, top_k=50, top_p=0.9, penalty=1.05)
    for how in (GREEDY, sampling):
        prompts = [PROMPT, DIALOGUE, [*tiny.turn(tiny.USER, 33), *tiny.OPENING]]
        replies = []
        for at, prompt in enumerate(prompts):
            dialogue = [*prompt, *range(50, 54 + at)]
            replies.append(reply(tiny.handovers(model, dialogue, range(len(prompt), len(dialogue))), prompt))
        alone = talker(3, sampling=how)
        together = talker(3, sampling=how)
        expected = []
        for slot, pieces in enumerate(replies):
            alone.open(slot)
            together.open(slot)
            expected.append(speak(alone, slot, pieces))
            together.start(slot, "", 1.0)
        frames: dict[int, list[Tensor]] = {}
        for at in range(6):
            for slot, pieces in enumerate(replies):
                if at < len(pieces):
                    together.feed(slot, at, "", pieces[at])
                if at == len(pieces) - 1:
                    together.finish(slot)
            step(together, [slot for slot in range(3) if together.ready(slot)], frames)
        while ready := [slot for slot in range(3) if together.ready(slot)]:
            step(together, ready, frames)
        for slot, codes in enumerate(expected):
            assert torch.equal(torch.stack(frames[slot]), codes)


@settings(max_examples=8, deadline=None)
@given(st.data())
def test_any_order_of_feeding_stepping_marking_and_going_back_says_the_same(data: st.DataObject) -> None:
    model = tiny.model()
    prompts = [PROMPT, DIALOGUE]
    replies, expected = [], []
    made = talker(2, sampling=Sampling(temperature=0.9, top_k=20, top_p=0.8, penalty=1.05), longest=14)
    for slot, prompt in enumerate(prompts):
        dialogue = [*prompt, *range(50, 56)]
        replies.append(reply(tiny.handovers(model, dialogue, range(len(prompt), len(dialogue))), prompt))
        made.open(slot)
        expected.append(speak(made, slot, replies[slot]))
        made.open(slot)
        made.start(slot, "", 1.0)
    fed, frames, marks = [0, 0], {0: [], 1: []}, {}
    for _ in range(data.draw(st.integers(0, 40))):
        slot = data.draw(st.integers(0, 1))
        match data.draw(st.sampled_from(["feed", "step", "both", "mark", "crop"])):
            case "feed" if fed[slot] <= 6:
                if fed[slot] < 6:
                    made.feed(slot, fed[slot], "", replies[slot][fed[slot]])
                else:
                    made.finish(slot)
                fed[slot] += 1
            case "step" if made.ready(slot):
                step(made, [slot], frames)
            case "both" if made.ready(0) and made.ready(1):
                step(made, [0, 1], frames)
            case "mark":
                marks[slot] = (made.mark(slot), fed[slot], len(frames[slot]))
            case "crop" if slot in marks:
                mark, fed[slot], count = marks[slot]
                made.crop(slot, mark)
                del frames[slot][count:]
    for slot in (0, 1):
        for at in range(fed[slot], 6):
            made.feed(slot, at, "", replies[slot][at])
        made.finish(slot)
        while made.ready(slot):
            step(made, [slot], frames)
        assert torch.equal(torch.stack(frames[slot]), expected[slot])


def test_a_dialogue_that_does_not_fit_is_refused_with_a_sentence_and_the_slot_goes_on() -> None:
    model = tiny.model()
    made = Qwen3OmniTalker(model.config, model.talker, tiny.special(model), 1, 48, GREEDY, FRAMES)
    long = [*tiny.turn(tiny.USER, *[40] * 60), *tiny.OPENING]
    made.open(0)
    made.start(0, "", 1.0)
    made.feed(0, 0, "", reply(tiny.handovers(model, [*long, 50], [len(long)]), long)[0])
    with pytest.raises(RuntimeError, match="48 places"):
        made.step([0])
    dialogue = [*PROMPT, 50, 51]
    pieces = reply(tiny.handovers(model, dialogue, range(len(PROMPT), len(dialogue))), PROMPT)
    said = speak(made, 0, pieces)
    assert 0 < len(said) <= 48
