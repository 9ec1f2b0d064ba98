"""Which words were heard, told from sound and text alone. Truth comes from espeak, whose word times are exact."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from benchmarks.heard_text import TEXTS, errors, estimated, spoken
from talker.omni.heard import HeardText, Pace
from talker.omni.lengths import length

RATE = 24_000


def tone(seconds: float) -> NDArray[np.int16]:
    """What counts as speech."""
    at = np.arange(round(seconds * RATE))
    return np.rint(8000 * np.sin(at * 0.05)).astype(np.int16)


def silence(seconds: float) -> NDArray[np.int16]:
    return np.zeros(round(seconds * RATE), np.int16)


def test_a_cut_on_espeaks_voices_is_told_to_within_a_word() -> None:
    for voice in ("en-us", "en-us-f3"):
        pace = Pace()
        off = np.abs([word for text in TEXTS for word in errors(spoken(text, voice, 1.0), pace, RATE)])
        assert len(off) > 900
        assert (off <= 1).mean() >= 0.95
        assert off.max() <= 3


def test_words_are_not_told_before_there_is_sound_for_them() -> None:
    truth = spoken(TEXTS[3], "en-us", 1.0)
    for made, spans in estimated(truth, Pace()):
        assert all(first < last <= made for _, first, last in spans)


def test_text_that_comes_far_ahead_of_the_sound_is_not_taken_for_spoken() -> None:
    text = HeardText(Pace())
    for token in range(200):
        text.say(token, " word")
    told = text.sound(tone(1.0))
    assert 1 <= len(told) <= 6


def test_a_pause_is_matched_with_the_stop_that_is_expected_about_there() -> None:
    # Spoken at half the ordinary pace: without the pause, the second sentence would be taken to have begun.
    first, second = " one two three four", " and then five."
    text = HeardText(Pace())
    for token, word in enumerate([*first.split(), ".", *second.split()]):
        text.say(token, word)
    slow = 1.3 * sum(length(word).speech for word in first.split())
    told = text.sound(np.concatenate((tone(slow), silence(0.4))))
    assert [token for token, _, _ in told] == [0, 1, 2, 3]
    assert told[-1][2] == pytest.approx(slow * RATE, abs=480)
    assert not text.sound(silence(0.5))


def test_when_all_is_said_every_word_has_been_heard_and_the_pace_is_learnt() -> None:
    pace = Pace()
    text = HeardText(pace)
    words = ["this", "voice", "takes", "its", "time", "over", "every", "single", "word", "that", "it", "says"]
    for token, word in enumerate(words):
        text.say(token, " " + word)
    told = text.sound(tone(8.0)) + text.finish()
    assert [token for token, _, _ in told] == list(range(len(words)))
    assert pace.factor > 1.2


def test_silence_and_marks_alone_are_no_words() -> None:
    text = HeardText(Pace())
    for token, mark in enumerate(("...", " — ", "\n", "!")):
        text.say(token, mark)
    assert text.sound(tone(1.0)) + text.finish() == []
    silent = HeardText(Pace())
    silent.say(0, "word")
    assert silent.sound(silence(2.0)) + silent.finish() == []


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.floats(0.01, 1.5)), max_size=12), st.integers(1, 4000), st.data())
def test_spans_lie_in_the_sound_and_in_order_however_it_is_cut_up(
    parts: list[tuple[bool, float]], piece: int, data: st.DataObject
) -> None:
    sound = np.concatenate([silence(0), *(tone(length) if loud else silence(length) for loud, length in parts)])
    words = data.draw(st.lists(st.sampled_from([" word", " another", ".", ",", "长", " 12", ""]), max_size=30))
    text = HeardText(Pace())
    for token, word in enumerate(words):
        text.say(token, word)
    told = [span for at in range(0, len(sound), piece) for span in text.sound(sound[at : at + piece])] + text.finish()
    for (token, first, last), (after, begin, end) in pairwise(told):
        assert token < after
        assert first < last <= begin < end
    assert all(last <= len(sound) for _, _, last in told)
