import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.pacer import LeadCap


def test_no_more_than_the_lead_leaves_at_once_and_then_real_time() -> None:
    cap = LeadCap(24_000, 100)
    assert cap.allowance(5.0) == 2400
    cap.sent(2400, 5.0)
    assert cap.allowance(5.0) == 0
    assert cap.allowance(5.04) == pytest.approx(960, abs=1)


def test_a_pause_earns_no_credit_beyond_the_lead() -> None:
    cap = LeadCap(24_000, 100)
    cap.sent(2400, 0.0)
    assert cap.allowance(60.0) == 2400


def test_a_client_that_dropped_its_sound_may_be_sent_the_lead_again() -> None:
    cap = LeadCap(24_000, 100)
    cap.sent(2400, 0.0)
    cap.clear()
    assert cap.allowance(0.0) == 2400


@given(st.lists(st.tuples(st.floats(0, 0.3), st.booleans()), max_size=80))
def test_latency_never_stands(steps: list[tuple[float, bool]]) -> None:
    cap, now, empty_at = LeadCap(24_000, 100), 0.0, 0.0
    for pause, ready in steps:
        now += pause
        count = cap.allowance(now) if ready else 0
        assert 0 <= count <= 2400
        cap.sent(count, now)
        empty_at = max(empty_at, now) + count / 24_000
        # What the client has queued, by its own account.
        assert empty_at - now <= 0.1 + 1e-6
        assert abs(cap.queued(now) - (empty_at - now) * 24_000) <= 1.001


@given(st.integers(1, 5000), st.integers(0, 2400))
def test_waiting_as_long_as_told_is_enough_and_not_too_long(count: int, before: int) -> None:
    cap = LeadCap(24_000, 100)
    cap.sent(before, 0.0)
    pause = cap.wait(count, 0.0)
    assert cap.allowance(pause + 1e-4) >= min(count, 2400)
    assert pause <= max(0, (before + min(count, 2400) - 2400) / 24_000) + 1e-9
