"""If these fail, a conversation's memory is not what was said in it."""

from __future__ import annotations

import numpy as np
import pytest

from thinker.joints import Chunk, Sampling, SlotFull
from thinker.nano.thinker import NanoHandover, NanoThinker, _Slot

GREEDY = Sampling(temperature=0)


def ask(thinker: NanoThinker, slot: int, question: str) -> None:
    for chunk in (
        *thinker.begin_turn("user"),
        *thinker.text("user", question),
        *thinker.end_turn("user"),
        *thinker.begin_turn("assistant"),
    ):
        thinker.prefill(slot, chunk)


def begin(thinker: NanoThinker, slot: int, question: str) -> None:
    thinker.open(slot)
    for chunk in thinker.system("Answer in one short sentence.", ()):
        thinker.prefill(slot, chunk)
    ask(thinker, slot, question)
    thinker.begin_reply(slot, GREEDY)


def think(thinker: NanoThinker, slot: int, most: int = 24) -> list[NanoHandover]:
    handovers = []
    for _ in range(most):
        step = thinker.step([slot])[0]
        if step.end:
            break
        if step.handover is not None:
            assert isinstance(step.handover, NanoHandover)
            handovers.append(step.handover)
    return handovers


def text(handovers: list[NanoHandover]) -> str:
    return "".join(handover.text for handover in handovers)


def test_a_question_is_answered_and_the_reply_ends(thinker: NanoThinker) -> None:
    begin(thinker, 0, "What is the capital of France?")
    handovers = think(thinker, 0)
    assert "Paris" in text(handovers)
    assert thinker.step([0])[0].end


def test_each_token_hands_over_its_own_hidden_state(thinker: NanoThinker) -> None:
    begin(thinker, 0, "Say something.")
    handovers = think(thinker, 0, 4)
    assert all(h.hidden.shape == (576,) and h.hidden.dtype == np.float32 for h in handovers)
    assert len({h.hidden.tobytes() for h in handovers}) == len(handovers)
    assert all(thinker.tokeniser.pieces[h.token].decode() == h.text for h in handovers)


def test_cropping_is_as_if_nothing_had_come_after_the_mark(thinker: NanoThinker) -> None:
    begin(thinker, 0, "What is the capital of France?")
    mark = thinker.mark(0)
    first = think(thinker, 0)
    ask(thinker, 0, "And now for something completely different.")
    thinker.crop(0, mark)
    thinker.begin_reply(0, GREEDY)
    again = think(thinker, 0)
    assert [h.token for h in again] == [h.token for h in first]
    assert all(np.array_equal(a.hidden, b.hidden) for a, b in zip(again, first, strict=True))


def test_cropping_into_a_reply_keeps_its_first_words(thinker: NanoThinker) -> None:
    begin(thinker, 0, "What is the capital of France?")
    whole = think(thinker, 0)
    begin(thinker, 0, "What is the capital of France?")
    head = think(thinker, 0, 3)
    mark = thinker.mark(0)
    think(thinker, 0, 3)
    thinker.crop(0, mark)
    thinker.begin_reply(0, GREEDY)
    assert text(head) + text(think(thinker, 0, len(whole))) == text(whole)


def test_two_slots_by_turns_give_what_each_gives_alone(thinker: NanoThinker) -> None:
    questions = "What is the capital of France?", "How many days are there in a week?"
    alone = []
    for question in questions:
        begin(thinker, 0, question)
        alone.append(text(think(thinker, 0, 8)))
    for slot, question in enumerate(questions):
        begin(thinker, slot, question)
    together = ["", ""]
    for _ in range(8):
        for slot, step in enumerate(thinker.step([0, 1])):
            together[slot] += step.text
    assert together == alone
    thinker.close(1)


def test_a_slot_opened_anew_knows_nothing_of_the_call_before(thinker: NanoThinker) -> None:
    begin(thinker, 0, "What is the capital of France?")
    first = think(thinker, 0)
    begin(thinker, 0, "My secret is forty-two.")
    think(thinker, 0, 4)
    begin(thinker, 0, "What is the capital of France?")
    assert all(np.array_equal(a.hidden, b.hidden) for a, b in zip(think(thinker, 0), first, strict=True))


def test_the_same_seed_says_the_same_and_another_may_differ(thinker: NanoThinker) -> None:
    begin(thinker, 0, "Tell me a story.")
    mark, said = thinker.mark(0), []
    for seed in (1, 1, 2, 3):
        thinker.crop(0, mark)
        thinker.begin_reply(0, Sampling(temperature=1.5, seed=seed))
        said.append(text(think(thinker, 0, 12)))
    assert said[0] == said[1]
    assert len(set(said)) > 1


def test_what_does_not_fit_is_refused_and_changes_nothing(thinker: NanoThinker) -> None:
    thinker.open(0)
    state = thinker._slots[0]
    assert isinstance(state, _Slot)
    thinker.prefill(0, Chunk((5,)))
    state.memory.length = thinker.capacity - 2
    with pytest.raises(SlotFull):
        thinker.prefill(0, Chunk((5, 6, 7)))
    assert thinker.length(0) == thinker.capacity - 2


def test_a_reply_ends_where_the_slot_does(thinker: NanoThinker) -> None:
    begin(thinker, 0, "Tell me a story.")
    thinker._slots[0].memory.length = thinker.capacity - 3
    assert len(think(thinker, 0, 10)) <= 3
    assert thinker.step([0])[0].end


def test_long_texts_are_taken_in_piece_by_piece(thinker: NanoThinker) -> None:
    assert max(len(chunk.payload) for chunk in thinker.text("user", "word " * 300)) <= 32


def test_a_conversation_without_instructions_is_given_sensible_ones(thinker: NanoThinker) -> None:
    tokens = [token for chunk in thinker.system("  ", ()) for token in chunk.payload]
    assert "voice assistant" in thinker.tokeniser.decode(tokens)
    assert (
        thinker.tokeniser.decode([t for c in thinker.system("Be brief.", ()) for t in c.payload])
        == "system\nBe brief.\n"
    )
