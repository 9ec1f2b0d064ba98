"""The sound of espeak, and which samples say which token."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("espeakng_loader", reason="the extra [espeak] is not installed")

from talker.espeak import load
from talker.espeak.talker import EspeakTalker
from talker.espeak.vocoder import EspeakVocoder
from talker.espeak.voices import VOICES

Span = tuple[int, int, int]


def say(
    tokens: list[str], voice: str = "", speed: float = 1.0, mouth: tuple[EspeakTalker, EspeakVocoder] | None = None
) -> tuple[NDArray[np.int16], list[Span]]:
    talker, vocoder = mouth or load("", 1)
    talker.start(0, voice, speed)
    vocoder.start(0)
    pcm: list[NDArray[np.int16]] = []
    spans: list[Span] = []

    def speak() -> None:
        while talker.ready(0):
            spoken = vocoder.push([0], talker.step([0]))[0]
            pcm.append(spoken.pcm)
            spans.extend(spoken.spans)

    for number, text in enumerate(tokens):
        talker.feed(0, number, text, None)
        speak()
    talker.finish(0)
    speak()
    assert talker.done(0)
    return np.concatenate([*pcm, vocoder.flush(0).pcm]), spans


def level(pcm: NDArray[np.int16]) -> float:
    """dB below full scale."""
    return float(20 * np.log10(np.sqrt(np.mean((pcm / 32768.0) ** 2)) + 1e-9))


SENTENCE = ["The", " quick", " brown", " fox", " jumps", " over", " the", " lazy", " dog", "."]
SENTENCE += [" Then", " it", " sle", "eps", "."]


def test_every_word_has_its_span_at_the_token_that_ends_it() -> None:
    pcm, spans = say(SENTENCE)
    assert [token for token, _, _ in spans] == [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 13]
    assert all(first < last for _, first, last in spans)
    assert all(before[2] <= after[1] for before, after in pairwise(spans))
    assert spans[-1][2] <= len(pcm)


def test_words_are_loud_and_the_pause_between_sentences_is_not() -> None:
    pcm, spans = say(SENTENCE)
    for _, first, last in spans:
        assert level(pcm[first:last]) > -35
    end_of_dog = next(last for token, _, last in spans if token == 8)
    then = next(first for token, first, _ in spans if token == 10)
    assert 0.2 < (then - end_of_dog) / 24_000 < 0.6
    assert level(pcm[end_of_dog + 960 : then - 960]) < -50


def test_words_that_espeak_runs_together_still_have_spans_of_their_own() -> None:
    _, spans = say(["I", " have", " been", " there", "."])
    assert [token for token, _, _ in spans] == [0, 1, 2, 3]


def test_a_number_of_several_tokens_belongs_to_its_last_one() -> None:
    _, spans = say(["It", " costs", " 1", ",", "2", "3", "4", " dollars", "."])
    assert [token for token, _, _ in spans] == [0, 1, 6, 7]


def test_the_first_sample_is_heard_at_once_and_edges_do_not_click() -> None:
    for text in (["Hello", "!"], ["Really", "?"], ["Of", " course", "."]):
        pcm, _ = say(text)
        audible = np.flatnonzero(np.abs(pcm.astype(int)) > 100)
        assert audible[0] <= 240
        assert abs(int(pcm[0])) < 100
        assert abs(int(pcm[-1])) < 100


def test_nothing_is_as_loud_as_to_clip_and_nothing_is_faint() -> None:
    for voice in VOICES:
        pcm, _ = say(["你好，", "明天见", "。"] if voice == "cmn" else SENTENCE, voice)
        assert np.abs(pcm.astype(int)).max() < 32_767, voice
        assert -24 < level(pcm) < -15, voice


def test_speed_is_kept() -> None:
    slow, fast = (len(say(SENTENCE, speed=speed)[0]) for speed in (0.7, 1.4))
    assert 1.7 < slow / fast < 2.3


def test_an_unknown_voice_is_refused_with_the_list_of_those_there_are() -> None:
    with pytest.raises(ValueError, match="en-us-f3"):
        load("", 1)[0].start(0, "nobody", 1.0)


def test_chinese_in_an_english_reply_is_spoken_by_the_chinese_voice() -> None:
    pcm, spans = say(["I", " say", " 你", "好", " to", " her", "."])
    assert [token for token, _, _ in spans] == [0, 1, 2, 3, 4, 5]
    assert len(pcm) > 24_000


@pytest.mark.parametrize("tokens", [[], ["😀"], [" ..."], ["\n\n"], ["**", "**"]])
def test_what_cannot_be_spoken_makes_no_sound_and_does_no_harm(tokens: list[str]) -> None:
    pcm, spans = say(tokens)
    assert not len(pcm)
    assert not spans


def test_two_replies_at_once_are_said_as_each_alone() -> None:
    talker, vocoder = load("", 2)
    alone = [say(SENTENCE, "en-us"), say(SENTENCE, "en-us-f3", 1.2)]
    for slot, (voice, speed) in enumerate([("en-us", 1.0), ("en-us-f3", 1.2)]):
        talker.start(slot, voice, speed)
        vocoder.start(slot)
    length, spans = [0, 0], [list[Span](), list[Span]()]
    for number, text in enumerate([*SENTENCE, None]):
        for slot in (0, 1):
            if text is None:
                talker.finish(slot)
            else:
                talker.feed(slot, number, text, None)
        while ready := [slot for slot in (0, 1) if talker.ready(slot)]:
            for slot, spoken in zip(ready, vocoder.push(ready, talker.step(ready)), strict=True):
                length[slot] += len(spoken.pcm)
                spans[slot] += spoken.spans
    for slot, (pcm, expected) in enumerate(alone):
        # espeak's oscillators run on from one utterance to the next, so that no two are equal to the sample
        assert abs(length[slot] - len(pcm)) < 240
        assert np.allclose(spans[slot], expected, atol=240)
