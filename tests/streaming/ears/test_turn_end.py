"""Whether turns are over, judged by their words."""

import pytest

from streaming.ears.opinions import SpeechStarted, SpeechStopped, TurnEnd
from streaming.ears.turn_end import TurnEndEar, completeness
from streaming.ears.words import SpokenWords
from streaming.time import ms


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
def test_whole_sentences_answers_and_commands_end_a_turn(text: str) -> None:
    assert completeness(text) >= 0.9


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
def test_hanging_words_keep_a_turn_open(text: str) -> None:
    assert completeness(text) <= 0.2


@pytest.mark.parametrize("text", ["tell me a story", "What are you thinking of?", "Turn it on.", ""])
def test_words_that_may_go_either_way_are_left_open(text: str) -> None:
    assert 0.3 < completeness(text) < 0.8


def paused() -> SpokenWords:
    words = SpokenWords()
    words.edge(SpeechStarted(about=ms(100), at=ms(164)))
    words.edge(SpeechStopped(about=ms(1000), at=ms(1090)))
    return words


def test_the_opinion_is_about_the_pause_and_comes_again_only_when_it_changes() -> None:
    words, ear = paused(), TurnEndEar()
    words.hear("What is the", ms(1000))
    assert ear.judge(words, ms(1090)) == [TurnEnd(0.15, about=ms(1000), at=ms(1090))]
    words.hear("What is  the", ms(1050))
    assert ear.judge(words, ms(1150)) == []
    words.hear("What is the time?", ms(1100))
    assert ear.judge(words, ms(1200)) == [TurnEnd(0.95, about=ms(1000), at=ms(1200))]


def test_words_that_miss_the_end_of_the_speech_are_not_judged() -> None:
    words = paused()
    words.hear("What is the time?", ms(700))
    assert TurnEndEar().judge(words, ms(1090)) == []


def test_nothing_is_judged_while_the_user_speaks() -> None:
    words = paused()
    words.edge(SpeechStarted(about=ms(1300), at=ms(1364)))
    words.hear("What is the time?", ms(1364))
    assert TurnEndEar().judge(words, ms(1364)) == []
