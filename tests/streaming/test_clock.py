import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.clock import MediaClock
from streaming.time import ms


def test_time_between_frames_goes_on_with_the_wall_clock() -> None:
    clock = MediaClock(100.0)
    clock.advance(ms(10), 100.010)
    assert clock.at(100.0145) == pytest.approx(ms(14.5), abs=1)
    assert clock.position == ms(10)


def test_sound_that_is_late_by_less_than_two_hundred_milliseconds_is_waited_for() -> None:
    clock = MediaClock(0.0)
    clock.advance(ms(10), 1.0)
    assert clock.missing(1.199) == 0


def test_time_goes_on_without_sound_at_the_pace_of_real_time() -> None:
    clock = MediaClock(0.0)
    clock.advance(ms(10), 1.0)
    assert clock.missing(1.25) == pytest.approx(ms(250), abs=1)
    clock.fill(ms(250))
    assert clock.missing(1.255) == pytest.approx(ms(5), abs=1)
    clock.fill(clock.missing(4.0))
    assert clock.position == pytest.approx(ms(10 + 3000), abs=2)


def test_a_client_that_never_sends_has_time_too() -> None:
    clock = MediaClock(7.0)
    assert clock.missing(8.0) == ms(1000)


def test_a_burst_runs_ahead_and_is_filled_only_after_two_hundred_milliseconds() -> None:
    clock = MediaClock(0.0)
    for index in range(300):
        clock.advance(ms(10), 0.001 * index)
    assert clock.position == ms(3000)
    assert clock.missing(0.4) == 0
    assert clock.missing(0.5) == pytest.approx(ms(201), abs=1)


def test_the_end_of_speech_is_found_on_the_wall_clock() -> None:
    clock = MediaClock(0.0)
    clock.advance(ms(500), 10.5)
    assert clock.wall(ms(400)) == pytest.approx(10.4)


@given(st.lists(st.tuples(st.floats(0, 0.5), st.sampled_from(["sound", "fill", "ask"])), max_size=60))
def test_media_time_never_runs_backwards(steps: list[tuple[float, str]]) -> None:
    clock, wall, latest = MediaClock(0.0), 0.0, 0
    for pause, what in steps:
        wall += pause
        if what == "sound":
            clock.advance(ms(10), wall)
        elif what == "fill":
            clock.fill(clock.missing(wall))
            assert clock.missing(wall) == 0
        now = clock.at(wall)
        assert now >= latest
        assert now >= clock.position
        latest = now
