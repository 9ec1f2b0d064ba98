"""Whether turns are over, judged by their words."""

import pytest

from streaming.ears.completeness import UNFINISHED, Completeness
from streaming.ears.opinions import SpeechStarted, SpeechStopped
from streaming.ears.turn_end import TurnEndEar
from streaming.ears.words import SpokenWords
from streaming.time import ms


@pytest.fixture(scope="module")
def completeness() -> Completeness:
    return Completeness()


def paused() -> SpokenWords:
    words = SpokenWords()
    words.edge(SpeechStarted(about=ms(100), at=ms(164)))
    words.edge(SpeechStopped(about=ms(1000), at=ms(1090)))
    return words


def test_the_opinion_is_about_the_pause_and_comes_again_only_when_it_changes(completeness: Completeness) -> None:
    words, ear = paused(), TurnEndEar(completeness)
    words.hear("What is the", ms(1000))
    (told,) = ear.judge(words, ms(1090))
    assert (told.probability, told.about, told.at) == (UNFINISHED, ms(1000), ms(1090))
    words.hear("What is  the", ms(1050))
    assert ear.judge(words, ms(1150)) == []
    words.hear("What is the time?", ms(1100))
    (told,) = ear.judge(words, ms(1200))
    assert told.probability > 0.7


def test_words_that_miss_the_end_of_the_speech_are_not_judged(completeness: Completeness) -> None:
    words = paused()
    words.hear("What is the time?", ms(700))
    assert TurnEndEar(completeness).judge(words, ms(1090)) == []


def test_nothing_is_judged_while_the_user_speaks(completeness: Completeness) -> None:
    words = paused()
    words.edge(SpeechStarted(about=ms(1300), at=ms(1364)))
    words.hear("What is the time?", ms(1364))
    assert TurnEndEar(completeness).judge(words, ms(1364)) == []
