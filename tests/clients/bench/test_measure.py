"""If these fail, the bench's figures are wrong."""

from __future__ import annotations

import numpy as np
import pytest

from clients.bench.measure import Listener, Spread, locate, word_errors

RATE = 48_000


def tone(seconds: float, level: float = 0.1) -> np.ndarray:
    t = np.arange(round(seconds * RATE)) / RATE
    return (level * np.sin(2 * np.pi * 440 * t)).astype(np.float32)


def silence(seconds: float) -> np.ndarray:
    return np.zeros(round(seconds * RATE), np.float32)


def test_the_answer_begins_where_sound_goes_on_and_not_at_a_click() -> None:
    sound = np.concatenate([silence(0.5), tone(0.01), silence(0.5), tone(0.3), silence(0.5)])
    assert Listener.of(sound, RATE).first_audible(0.0, 2.0) == pytest.approx(1.01, abs=0.006)


def test_no_answer_is_told_from_a_late_one() -> None:
    sound = np.concatenate([silence(1.0), tone(0.5)])
    assert Listener.of(sound, RATE).first_audible(0.0, 0.9) is None


def test_silence_counts_only_when_it_lasts() -> None:
    sound = np.concatenate([tone(0.4), silence(0.2), tone(0.2), silence(0.6)])
    assert Listener.of(sound, RATE).silent_from(0.1) == pytest.approx(0.8, abs=0.006)


def test_whispers_below_the_threshold_are_silent() -> None:
    assert Listener.of(tone(1.0, level=0.001), RATE).silent_from(0.0) == 0.0


def test_a_clip_is_found_where_it_was_played() -> None:
    random = np.random.default_rng(1)
    clip = random.standard_normal(RATE // 2).astype(np.float32) * 0.1
    track = random.standard_normal(4 * RATE).astype(np.float32) * 0.01
    track[90_000 : 90_000 + len(clip)] += clip
    place, sure = locate(clip, track, RATE, 0.5, 4.0)
    assert place == pytest.approx(90_000 / RATE, abs=1e-4)
    assert sure > 0.9
    assert locate(clip, track, RATE, 2.6, 4.0)[1] < 0.3


def test_word_errors_count_what_was_misheard() -> None:
    assert word_errors("What is the capital of France", "what is the capital of france?") == (0, 6)
    assert word_errors("what the capitol of of france", "what is the capital of france") == (3, 6)


def test_a_spread_names_median_and_tail() -> None:
    spread = Spread.of([100.0, 200.0, 300.0])
    assert spread is not None
    assert (spread.n, spread.p50, spread.max) == (3, 200.0, 300.0)
    assert Spread.of([]) is None
