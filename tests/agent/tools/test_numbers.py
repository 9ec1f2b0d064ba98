"""Numbers in words. If these fail, sums are worked out with other numbers than were said."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.tools.expression import NoExpression, TooMuch, evaluate
from agent.tools.numbers import about, digits, spoken
from agent.tools.said import heard

ONES = ["", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
TEENS = ["ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
TENS = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]


def in_words(number: int, conjunction: str) -> str:
    """British or American, as people say it."""
    if number >= 1_000_000:
        rest = in_words(number % 1_000_000, conjunction) if number % 1_000_000 else ""
        return f"{in_words(number // 1_000_000, conjunction)} million {rest}".strip()
    if number >= 1000:
        rest = in_words(number % 1000, conjunction) if number % 1000 else ""
        return f"{in_words(number // 1000, conjunction)} thousand {rest}".strip()
    if number >= 100:
        rest = f"{conjunction}{in_words(number % 100, conjunction)}" if number % 100 else ""
        return f"{ONES[number // 100]} hundred {rest}".strip()
    if number < 10:
        return ONES[number] or "zero"
    if number < 20:
        return TEENS[number - 10]
    return f"{TENS[number // 10]} {ONES[number % 10]}".strip()


@given(st.integers(0, 999_999_999), st.sampled_from(["", "and "]))
def test_every_number_in_words_becomes_its_digits(number: int, conjunction: str) -> None:
    assert digits(in_words(number, conjunction)) == str(number)


@given(st.integers(0, 9999), st.integers(0, 9999), st.sampled_from(["times", "plus", "minus"]))
def test_two_numbers_with_a_word_between_stay_two(a: int, b: int, between: str) -> None:
    assert digits(f"{in_words(a, 'and ')} {between} {in_words(b, '')}") == f"{a} {between} {b}"


@pytest.mark.parametrize(
    ("words", "read"),
    [
        ("two and a half cups", "2.5 cups"),
        ("three point one four", "3.14"),
        ("one point five million", "1500000"),
        ("a third of ninety", "1/3 of 90"),
        ("seven thirty", "7 30"),
        ("a dozen", "12"),
        ("1,250 metres", "1250 metres"),
        ("1 1/2 hours", "1.5 hours"),
        ("nobody said a number", "nobody said a number"),
    ],
)
def test_fractions_decimals_and_scales_are_read(words: str, read: str) -> None:
    assert digits(words) == read


@given(st.fractions(min_value=-(10**9), max_value=10**9, max_denominator=10**6))
def test_what_is_said_without_about_is_exact(value: Fraction) -> None:
    text, rounded = spoken(value)
    if not rounded and "illion" not in text and "almost" not in text:
        assert Fraction(text.replace("minus ", "-")) == value
    assert about(value).startswith("about ") == rounded


@given(st.integers(-999, 999), st.integers(-999, 999), st.integers(1, 999))
def test_the_calculator_agrees_with_fractions(a: int, b: int, c: int) -> None:
    assert evaluate(f"({a} + {b}) * {c} - {a} / {c}") == (a + b) * Fraction(c) - Fraction(a, c)


@given(st.text(alphabet="0123456789+-*/()! sqrtmod.", max_size=40))
def test_nonsense_is_refused_and_nothing_else_happens(text: str) -> None:
    try:
        assert isinstance(evaluate(text), Fraction)
    except (NoExpression, TooMuch):
        return


@pytest.mark.parametrize("text", ["9 ** 9 ** 9", "2 ** 100000", "9" * 70, "40! * 40! * 40!", "1 / 0", "sqrt -4"])
def test_a_result_that_is_too_large_or_none_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises((TooMuch, NoExpression)):
        evaluate(text)


def test_politeness_is_no_part_of_a_question() -> None:
    assert heard("Hey, could you please tell me what time it is?").core == "what time it is"
    assert heard("Can you remind me in ten minutes to call?").core == "remind me in 10 minutes to call"
