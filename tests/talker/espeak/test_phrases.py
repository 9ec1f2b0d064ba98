"""Where a growing reply is cut into phrases."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from talker.espeak.phrases import Phrase, Phraser


def phrases(tokens: list[str]) -> tuple[list[Phrase], list[int]]:
    """All phrases, and after how many tokens each came."""
    phraser, taken, after = Phraser(), [], []

    def take(count: int) -> None:
        while phraser.ready:
            taken.append(phraser.take())
            after.append(count)

    for number, token in enumerate(tokens):
        phraser.feed(number, token)
        take(number + 1)
    phraser.finish()
    take(len(tokens))
    assert phraser.done
    return taken, after


def words(text: str) -> list[str]:
    return [" " * bool(at) + word for at, word in enumerate(text.split())]


def texts(text: str) -> list[str]:
    return [phrase.text.strip() for phrase in phrases(words(text))[0]]


def test_the_first_clause_leaves_as_soon_as_its_comma_is_there() -> None:
    taken, after = phrases([" Well", ",", " I", " do", " not", " know", "."])
    assert (taken[0].text, after[0]) == (" Well,", 2)


def test_the_first_phrase_does_not_wait_for_punctuation() -> None:
    taken, after = phrases(words("Everybody here likes houses that stand by rivers"))
    assert taken[0].text == "Everybody here likes houses"
    assert after[0] == 5, "the word after it shows that its last word is whole"
    assert taken[0].open_end


def test_the_first_phrase_does_not_end_in_an_article_where_a_noun_is_near() -> None:
    assert texts("Nobody ever saw the moon so clearly")[0] == "Nobody ever saw the moon"


def test_later_phrases_are_clauses() -> None:
    assert texts("Yes. I went there, then came back home, and slept.") == [
        "Yes.", "I went there,", "then came back home,", "and slept.",
    ]  # fmt: skip


def test_abbreviations_numbers_and_decimals_do_not_end_a_sentence() -> None:
    assert texts("Hello. Dr. Smith paid 3.50 for 1,200 of them, e.g. today.") == [
        "Hello.", "Dr. Smith paid 3.50 for 1,200 of them,", "e.g. today.",
    ]  # fmt: skip


def test_a_comma_within_a_number_is_no_end_of_a_clause() -> None:
    taken, _ = phrases(["It", " is", " 1", ",", "2", "3", "4", "."])
    assert [phrase.text for phrase in taken] == ["It is 1,234."]


def test_pauses_follow_sentences_and_not_open_ends() -> None:
    taken, _ = phrases(words("Everybody here likes houses that stand. Good. Bye, friend"))
    pauses = {phrase.text.strip(): phrase.pause for phrase in taken}
    assert pauses["that stand."] == 0.0
    assert pauses["Good."] > pauses["Bye, friend" if "Bye, friend" in pauses else "Bye,"] * 0.9 > 0.1


def test_chinese_is_cut_at_its_own_punctuation_and_without_any() -> None:
    taken, _ = phrases(list("你好，今天天气很好。我们一起去公园散步然后回家吃饭再睡觉吧"))
    assert [phrase.text for phrase in taken][:2] == ["你好，", "今天天气很好。"]
    taken, after = phrases(list("我们一起去公园散步然后回家吃饭再睡觉吧"))
    assert after[0] <= 14


@given(st.lists(st.text("ab ,.!?;:\n-*_1你。，😀", max_size=6), max_size=40))
def test_no_character_is_lost_or_doubled_whatever_the_tokens(tokens: list[str]) -> None:
    taken, _ = phrases(tokens)
    said = "".join(phrase.text for phrase in taken)
    whole = "".join(tokens)
    assert whole.startswith(said)
    assert not whole[len(said) :].strip()
    owners = [token for phrase in taken for token in phrase.tokens]
    assert owners == [number for number, token in enumerate(tokens) for _ in token][: len(owners)]
