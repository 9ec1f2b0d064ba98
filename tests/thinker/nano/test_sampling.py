"""If these fail, the smallest model says the same sentence for the rest of the call."""

from __future__ import annotations

import numpy as np

from thinker.nano.sampling import Sampler, said_before

PHRASE = [11, 12, 13, 14, 15, 16]


def test_a_phrase_of_six_tokens_is_not_said_a_second_time() -> None:
    assert said_before([1, 2, *PHRASE, 3, *PHRASE[:-1]], 5) == {16}


def test_a_shorter_repetition_is_left_alone() -> None:
    assert said_before([1, 2, *PHRASE, 3, *PHRASE[1:-1]], 4) == frozenset()
    assert said_before([1, 2, *PHRASE, 3, *PHRASE[1:-1]], 5) == frozenset()


def test_a_reply_may_begin_as_another_did_for_the_template_before_it_is_always_the_same() -> None:
    assert said_before([*PHRASE, 3, *PHRASE[:-1]], 0) == frozenset()


def test_the_beginning_of_a_conversation_has_nothing_to_repeat() -> None:
    for length in range(6):
        assert said_before(PHRASE[:length], length) == frozenset()


def test_what_must_not_be_said_is_not_drawn_however_likely_it_is() -> None:
    logits = np.zeros(100, np.float32)
    logits[16] = 50.0
    for temperature in (0.0, 0.7):
        sampler = Sampler(temperature, np.random.default_rng(0))
        assert sampler.choose(logits.copy(), {16}) != 16


def test_what_earlier_replies_said_is_less_likely_than_what_is_as_likely_and_new() -> None:
    logits = np.zeros(100, np.float32)
    logits[[16, 17]] = 5.0
    assert Sampler(0.0, np.random.default_rng(0), frozenset({16})).choose(logits.copy()) == 17
    assert Sampler(0.0, np.random.default_rng(0), frozenset({17})).choose(logits.copy()) == 16
