import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.rooms.uplink import FRAMES_AT_ONCE, Uplink


def tone(count: int) -> np.ndarray:
    return np.arange(1, count + 1, dtype=np.int16)


def test_sound_is_passed_on_at_once_and_complete() -> None:
    uplink = Uplink(0.0)
    uplink.append(tone(320), 16_000)
    frames = list(uplink.frames(0.001))
    assert np.array_equal(np.concatenate(frames), tone(320))


def test_no_silence_is_put_in_while_sound_is_only_late() -> None:
    uplink = Uplink(0.0)
    uplink.append(tone(160), 16_000)
    list(uplink.frames(0.0))
    assert list(uplink.frames(0.19)) == []


def test_time_goes_on_in_silence_where_nothing_comes() -> None:
    uplink = Uplink(0.0)
    assert sum(len(list(uplink.frames(tick / 100))) for tick in range(1, 201)) in (199, 200)


def test_what_is_left_of_the_sound_comes_before_the_silence() -> None:
    uplink = Uplink(0.0)
    uplink.append(tone(200), 16_000)
    heard = list(uplink.frames(0.0)) + list(uplink.frames(0.25))
    sound = np.concatenate(heard)
    assert np.array_equal(sound[:200], tone(200))
    assert not sound[200:].any()


def test_a_file_sent_at_once_is_spread_over_ticks() -> None:
    uplink = Uplink(0.0)
    uplink.append(tone(16_000), 16_000)
    assert [len(list(uplink.frames(tick / 100))) for tick in range(6)] == [FRAMES_AT_ONCE] * 5 + [0]


def test_telephone_and_studio_rates_come_out_at_16_khz() -> None:
    for rate in (8_000, 24_000):
        uplink = Uplink(0.0)
        for _ in range(100):
            uplink.append(np.zeros(rate // 100, np.int16), rate)
        frames = [frame for tick in range(10) for frame in uplink.frames(tick / 100)]
        assert 98 <= len(frames) <= 100


def test_more_than_two_minutes_that_wait_are_refused() -> None:
    uplink = Uplink(0.0)
    uplink.append(np.zeros(119 * 16_000, np.int16), 16_000)
    with pytest.raises(BufferError, match="more slowly"):
        uplink.append(np.zeros(2 * 16_000, np.int16), 16_000)


@given(st.lists(st.tuples(st.integers(0, 4000), st.floats(0, 0.5)), max_size=30))
def test_no_sample_is_lost_or_moved_whatever_the_pieces(pieces: list[tuple[int, float]]) -> None:
    uplink = Uplink(0.0)
    now, sent, heard = 0.0, [], []
    for count, pause in pieces:
        sound = np.full(count, 7, np.int16)
        uplink.append(sound, 16_000)
        sent.append(sound)
        heard += list(uplink.frames(now))
        now += pause
        heard += list(uplink.frames(now))
    heard += [frame for tick in range(60) for frame in uplink.frames(now + 0.01 * tick)]
    assert all(len(frame) == 160 for frame in heard)
    assert sum(map(np.count_nonzero, heard)) == sum(map(len, sent))
