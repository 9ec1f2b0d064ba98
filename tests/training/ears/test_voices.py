"""The splits that every figure about the ears depends on."""

import shutil
from itertools import combinations

import numpy as np
import pytest

from training.ears.noises import BURSTS, STEADY, burst, room, steady, through
from training.ears.texts import SPLITS, Kind, commands, lines, pauses
from training.ears.voices import LEVEL, RATE, render, voices

KINDS: tuple[Kind, ...] = ("lookalike", "interruption", "question", "long", "aside", "agent")


def test_nobody_is_in_two_splits() -> None:
    for first, second in combinations(SPLITS, 2):
        assert not {voice.person for voice in voices(first)} & {voice.person for voice in voices(second)}


def test_the_test_split_has_at_least_twenty_speakers_of_english_and_of_chinese() -> None:
    assert len(voices("test", "en")) >= 20
    assert len(voices("test", "zh")) >= 20


def test_voices_have_names_of_their_own_and_come_in_the_same_order() -> None:
    everyone = [voice for split in SPLITS for voice in voices(split)]
    assert len({voice.name for voice in everyone}) == len(everyone)
    assert everyone == [voice for split in SPLITS for voice in voices(split)]


def test_no_sentence_is_in_two_splits() -> None:
    for kind in KINDS:
        for language in ("en", "zh"):
            for first, second in combinations(SPLITS, 2):
                assert not set(lines(kind, first, language)) & set(lines(kind, second, language))
    for first, second in combinations(SPLITS, 2):
        assert not set(pauses(first)) & set(pauses(second))


def test_no_look_alike_is_a_command() -> None:
    for split in SPLITS:
        for language in ("en", "zh"):
            assert not set(lines("lookalike", split, language)) & set(commands(language))


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="needs espeak-ng")
def test_speech_begins_with_its_first_sample_at_the_level_it_says(tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    voice = next(voice for voice in voices("test", "en") if voice.engine == "espeak")
    sound = render(voice, "Hold on.")
    kept = list(tmp_path.rglob("*.npy"))
    level = 20 * np.log10(np.sqrt(np.mean((sound / 32768.0) ** 2)))
    assert sound.dtype == np.int16
    assert level == pytest.approx(LEVEL, abs=3.0)
    assert np.abs(sound[: RATE // 50]).max() > 0
    assert len(kept) == 1
    assert np.array_equal(render(voice, "Hold on."), sound)


def test_noises_are_the_same_each_time_and_differ_by_split() -> None:
    for kind in ("pink", "music", "rain"):
        assert np.array_equal(steady(kind, "test", 1, 0.5), steady(kind, "test", 1, 0.5))
    assert not np.array_equal(burst("cough", "train", 1), burst("cough", "test", 1))
    assert set(BURSTS["test"]) - set(BURSTS["train"])
    assert set(STEADY["test"]) - set(STEADY["train"])


def test_a_room_delays_nothing_and_cuts_nothing_off() -> None:
    click = np.zeros(8000, np.float32)
    click[100] = 1.0
    heard = through(click, room("test", 1))
    assert len(heard) == len(click)
    assert int(np.abs(heard).argmax()) == 100
