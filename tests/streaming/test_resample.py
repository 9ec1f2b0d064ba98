import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streaming.resample import Resampler, resample

PAIRS = [
    (48_000, 16_000), (24_000, 16_000), (8_000, 16_000), (24_000, 48_000), (24_000, 8_000),
    (22_050, 24_000), (8_000, 24_000), (16_000, 24_000), (44_100, 16_000), (16_000, 16_000),
]  # fmt: skip


def tone(hz: float, rate: int, seconds: float = 1.0) -> np.ndarray:
    return (20_000 * np.sin(2 * np.pi * hz * np.arange(int(rate * seconds)) / rate)).astype(np.int16)


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_speech_comes_through_unchanged_but_for_the_delay_it_admits(source: int, target: int) -> None:
    hz = 0.8 * min(source, target) / 2
    resampler = Resampler(source, target)
    out = np.concatenate([resampler.push(tone(hz, source)), resampler.finish()])[target // 10 : target * 9 // 10]
    moment = np.arange(target // 10, target * 9 // 10) / target - resampler.delay
    assert np.abs(out - 20_000 * np.sin(2 * np.pi * hz * moment)).max() < 250


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_nothing_is_kept_back_in_blocks(source: int, target: int) -> None:
    resampler, got = Resampler(source, target), 0
    for index in range(1, 100):
        got += len(resampler.push(np.zeros(source // 100, np.int16)))
        assert 0 <= index * (source // 100) / source - got / target + 1 / target < 2 / target


def test_the_delay_stays_in_the_budget_of_a_reply() -> None:
    assert Resampler(48_000, 16_000).delay < 0.0012
    assert Resampler(24_000, 48_000).delay < 0.001
    assert Resampler(8_000, 16_000).delay < 0.0025


@pytest.mark.parametrize(("source", "target"), [(48_000, 16_000), (24_000, 16_000), (24_000, 8_000), (44_100, 16_000)])
def test_sound_above_the_band_does_not_fold_back_into_it(source: int, target: int) -> None:
    out = Resampler(source, target).push(tone(0.55 * target, source))[target // 10 :]
    assert out.astype(float).std() < 20_000 * 10 ** (-58 / 20)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(PAIRS), st.lists(st.integers(0, 900), max_size=30), st.integers(0, 2**32 - 1))
def test_the_cut_of_the_pieces_does_not_change_the_sound(pair: tuple[int, int], sizes: list[int], seed: int) -> None:
    sound = np.random.default_rng(seed).integers(-20_000, 20_000, sum(sizes)).astype(np.int16)
    whole, parts = Resampler(*pair), Resampler(*pair)
    pieces = [parts.push(piece) for piece in np.split(sound, np.cumsum(sizes))]
    expected = np.concatenate([whole.push(sound), whole.finish()]).astype(int)
    got = np.concatenate([*pieces, parts.finish()]).astype(int)
    assert len(got) == len(expected)
    assert not len(got) or np.abs(got - expected).max() <= 1


def test_a_stream_after_the_end_of_another_begins_clean() -> None:
    used = Resampler(24_000, 8_000)
    used.push(tone(440, 24_000))
    used.finish()
    assert (used.push(tone(300, 24_000)) == Resampler(24_000, 8_000).push(tone(300, 24_000))).all()


def test_full_scale_does_not_wrap() -> None:
    square = np.where(np.arange(4800) // 24 % 2, 32767, -32768).astype(np.int16)
    out = Resampler(48_000, 16_000).push(square)
    assert (np.sign(out[50:]) == np.sign(np.roll(resample(square, 48_000, 16_000), 18)[50:1600])).mean() > 0.95


def test_a_whole_sound_keeps_its_place_in_time() -> None:
    out = resample(tone(1000, 22_050), 22_050, 24_000)
    assert len(out) == 24_000
    assert np.abs(out[100:-100] - tone(1000, 24_000)[100:-100].astype(int)).max() < 60
