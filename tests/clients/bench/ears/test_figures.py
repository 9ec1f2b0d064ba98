"""Intervals and error rates, against values worked out by hand or taken from tables."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.bench.ears.figures import NOTHING, equal_error_rate, mean, per_hour, quantile, rate


def test_wilsons_interval_is_that_of_the_textbook() -> None:
    # Newcombe 1998, table I: 81 of 263.
    figure = rate([True] * 81 + [False] * 182)
    assert figure.value == pytest.approx(0.3080, abs=1e-4)
    assert (figure.low, figure.high) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    # And 0 of 20, where the normal interval has no width.
    none = rate([False] * 20)
    assert (none.low, none.high) == pytest.approx((0.0, 0.1611), abs=1e-4)


def test_nothing_measured_is_no_figure() -> None:
    assert rate([]) is NOTHING
    assert quantile([], 0.9) is NOTHING
    assert equal_error_rate([], [0.1]) is NOTHING
    assert str(NOTHING) == "–"


def test_what_never_happened_is_infinitely_late() -> None:
    values = [100.0] * 89 + [math.inf] * 11
    assert quantile(values, 0.89).value == 100.0
    assert math.isinf(quantile(values, 0.9).value)
    assert str(quantile(values, 0.9)).startswith("never")


def test_a_quantile_is_a_value_that_so_many_do_not_exceed() -> None:
    figure = quantile([float(value) for value in range(1, 101)], 0.5)
    assert figure.value == 50.0
    assert figure.low < 50.0 < figure.high
    assert quantile([7.0], 0.95).value == 7.0


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=60), st.floats(0.01, 0.99))
def test_a_quantile_lies_within_its_interval(values: list[float], share: float) -> None:
    figure = quantile(values, share)
    assert figure.low <= figure.value <= figure.high
    assert sum(value <= figure.value for value in values) >= share * len(values) - 1e-6


def test_the_mean_has_the_interval_of_its_standard_error() -> None:
    figure = mean([90.0, 110.0, 90.0, 110.0])
    assert figure.value == 100.0
    assert figure.high - figure.value == pytest.approx(1.96 * 11.547 / 2, rel=1e-3)


def test_events_an_hour_have_a_poisson_interval() -> None:
    figure = per_hour(10, 8.0)
    assert figure.value == 1.25
    # Exact for 10 events: 4.80 to 18.39.
    assert (figure.low * 8, figure.high * 8) == pytest.approx((4.80, 18.39), abs=0.05)
    none = per_hour(0, 8.0)
    assert (none.value, none.low) == (0.0, 0.0)
    assert none.high * 8 == pytest.approx(3.69, abs=0.1)


def test_equal_errors_lie_where_rejections_meet_acceptances() -> None:
    assert equal_error_rate([0.9, 0.8, 0.7], [0.1, 0.2, 0.3]).value == 0.0
    assert equal_error_rate([0.1, 0.2], [0.8, 0.9]).value == pytest.approx(1.0)
    # One of four on either side is on the wrong side of any threshold between.
    assert equal_error_rate([0.9, 0.8, 0.7, 0.2], [0.1, 0.15, 0.3, 0.75]).value == pytest.approx(0.25)
    same = [0.1 * value for value in range(10)]
    assert equal_error_rate(same, same).value == pytest.approx(0.5, abs=0.06)
