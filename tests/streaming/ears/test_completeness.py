"""Whether what was said is whole, by its words."""

import pytest

from streaming.ears.completeness import Completeness


@pytest.fixture(scope="module")
def completeness() -> Completeness:
    return Completeness()


@pytest.mark.parametrize(
    "text",
    [
        "What is the capital of France?",
        "how far is the moon",
        "Yes.",
        "no",
        "Thank you",
        "Yes, I do.",
        "I went to the shop.",
        "Wait a moment.",
        "Who is it?",
        "你好吗",
        "法国的首都是什么",
        "我明天去北京。",
    ],
)
def test_whole_sentences_answers_and_commands_end_a_turn(completeness: Completeness, text: str) -> None:
    assert completeness.of(text) >= 0.7


def test_a_question_that_rises_at_its_end_is_answered_without_waiting(completeness: Completeness) -> None:
    for text in ("What do bees make?", "Okay, why is the sea salty?", "Who wrote Romeo and Juliet?"):
        assert completeness.of(text) >= 0.9


@pytest.mark.parametrize(
    "text",
    [
        "What is the capital of the",
        "What is the?",
        "Tell me about",
        "I was thinking, um",
        "and",
        "That is right, but.",
        "Because",
        "If it rains,",
        "I want to know...",
        "因为",
        "我想要那个",
        "如果明天下雨，",
    ],
)
def test_hanging_words_keep_a_turn_open(completeness: Completeness, text: str) -> None:
    assert completeness.of(text) <= 0.2


@pytest.mark.parametrize("text", ["", "好吃的东西"])
def test_what_nothing_is_known_of_is_left_open(completeness: Completeness, text: str) -> None:
    assert 0.3 < completeness.of(text) < 0.8


def test_full_stops_do_not_make_a_beginning_whole(completeness: Completeness) -> None:
    for text in ("I would like to know how.", "There is a film about.", "We should meet at.", "My plan is to."):
        assert completeness.of(text) <= 0.3


def test_what_comes_before_the_last_sentence_does_not_matter(completeness: Completeness) -> None:
    assert completeness.of("Hello. What is the capital of the") == completeness.of("What is the capital of the")
