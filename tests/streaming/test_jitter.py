import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.jitter import JitterBuffer, Missing, Packet
from streaming.time import ms

FRAME = 480


def filled(*numbers: int, start: int = 0, delay: float = 0.0) -> JitterBuffer[int]:
    """Packets of 10 ms, each at its time, `delay` later."""
    buffer: JitterBuffer[int] = JitterBuffer(48_000)
    for number in numbers:
        buffer.push((start + number * FRAME) % 2**32, FRAME, number, number / 100 + delay)
    return buffer


def drain(buffer: JitterBuffer[int]) -> list[int | None]:
    """Payloads as they are taken; None for each hole."""
    taken: list[int | None] = []
    while (found := buffer.take()) is not None:
        if isinstance(found, Missing):
            buffer.pass_over(found.length)
            taken.append(None)
        else:
            taken.append(found.payload)
    return taken


def test_packets_come_out_in_the_order_of_their_timestamps_once_each() -> None:
    buffer = filled(0, 2, 1, 1, 4, 3, 0)
    assert drain(buffer) == [0, 1, 2, 3, 4]
    assert buffer.arrivals.duplicate == 2


def test_a_hole_is_told_with_its_length_and_counted_as_lost() -> None:
    buffer = filled(0, 1, 4)
    assert [buffer.take() for _ in range(2)] == [Packet(0, FRAME, 0), Packet(FRAME, FRAME, 1)]
    assert buffer.take() == Missing(ms(20))
    assert drain(buffer) == [None, 4]
    assert buffer.arrivals.lost == 2


def test_timestamps_wrap() -> None:
    assert drain(filled(0, 1, 3, 2, 4, start=2**32 - 2 * FRAME)) == [0, 1, 2, 3, 4]


def test_a_packet_after_its_time_is_thrown_away() -> None:
    buffer = filled(0, 2)
    drain(buffer)
    buffer.push(FRAME, FRAME, 1, 0.05)
    assert drain(buffer) == []
    assert buffer.arrivals.late == 1


@pytest.mark.parametrize("jump", [2**31, 10**9, -(10**6), 10**6])
def test_a_new_timestamp_base_goes_on_where_the_old_one_ended(jump: int) -> None:
    buffer = filled(*range(100))
    for number in range(100, 110):
        buffer.push((number * FRAME + jump) % 2**32, FRAME, number, number / 100)
    assert drain(buffer) == list(range(110))


def test_one_mad_timestamp_changes_nothing() -> None:
    buffer = filled(*range(10))
    buffer.push(10**9, FRAME, -1, 0.1)
    for number in range(10, 20):
        buffer.push(number * FRAME, FRAME, number, number / 100)
    assert drain(buffer) == list(range(20))


def test_a_pause_of_the_sender_is_no_loss() -> None:
    buffer = filled(0, 1, 500, 501)
    drain(buffer)
    assert buffer.arrivals.lost == 0


def test_a_packet_that_is_there_is_ready_at_once() -> None:
    buffer = filled(0, delay=0.03)
    assert buffer.ready(0.03) == FRAME


def test_a_missing_packet_is_waited_for_only_as_long_as_packets_are_late() -> None:
    buffer = filled(0, 1, 3, delay=0.03)
    buffer.take()
    buffer.take()
    # It was due at 0.05, and 20 ms are granted to every packet.
    assert buffer.ready(0.0699) == 0
    assert buffer.ready(0.0701) == 2 * FRAME


def test_a_network_that_is_slower_at_times_is_waited_for_longer() -> None:
    buffer: JitterBuffer[int] = JitterBuffer(48_000)
    for number in range(100):
        buffer.push(number * FRAME, FRAME, number, number / 100 + (0.05 if number % 10 == 9 else 0.0))
    drain(buffer)
    buffer.push(101 * FRAME, FRAME, 101, 1.01)
    assert buffer.ready(1.0 + 0.0499) == 0
    assert buffer.ready(1.0 + 0.0501) == 2 * FRAME
    assert buffer.jitter == pytest.approx(0.05)


def test_one_stall_does_not_make_everything_wait_for_its_length() -> None:
    buffer: JitterBuffer[int] = JitterBuffer(48_000)
    for number in range(200):
        buffer.push(number * FRAME, FRAME, number, max(number / 100, 1.0) if number >= 20 else number / 100)
    assert buffer.jitter == pytest.approx(0.15)


def test_what_was_played_instead_counts_for_what_was_lost_and_not_for_what_was_late() -> None:
    lost, late = filled(0), filled(0)
    for buffer in (lost, late):
        buffer.take()
        buffer.stand_in(ms(10))
    lost.push(2 * FRAME, FRAME, 2, 0.02)
    assert drain(lost) == [2]
    late.push(FRAME, FRAME, 1, 0.025)
    assert drain(late) == [1]


def test_nothing_piles_up_when_nobody_pulls() -> None:
    buffer = filled(*range(1000))
    assert buffer.depth <= ms(2000)
    assert buffer.arrivals.overflowed == 800
    assert drain(buffer) == list(range(800, 1000))


PUSH = st.tuples(
    st.sampled_from(["next", "skip", "back", "wild"]), st.integers(0, 2**32 - 1), st.sampled_from([0, 480, 960, 17])
)


@given(st.lists(st.one_of(PUSH, st.sampled_from(["take", "pass", "stand in"])), max_size=120))
def test_whatever_comes_the_line_never_runs_backwards(steps: list[object]) -> None:
    buffer: JitterBuffer[int] = JitterBuffer(48_000)
    timestamp, now, reached, end = 0, 0.0, 0, 0
    for step in steps:
        now += 0.005
        if isinstance(step, tuple):
            kind, number, length = step
            timestamp += {"next": 480, "skip": number % 48_000, "back": -(number % 9600), "wild": number}[kind]
            buffer.push(timestamp % 2**32, length, number, now)
        elif step == "stand in":
            if buffer.take() is None:
                buffer.stand_in(480)
        elif isinstance(found := buffer.take(), Packet):
            assert found.start + found.length > end
            end = found.start + found.length
        elif isinstance(found, Missing) and step == "pass":
            buffer.pass_over(min(found.length, 480))
        assert buffer.next >= reached
        assert 0 <= buffer.ready(now) <= buffer.depth <= ms(2000)
        reached = buffer.next
