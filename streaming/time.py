"""Media time: samples, not seconds.

Every session has one media clock. It counts ticks of 1/48000 s since the call
began, so that a sample of 8, 16, 24 or 48 kHz sound falls on a whole tick.
Wall clocks appear in reports only.
"""

from __future__ import annotations

Time = int
"""A position on, or a length of, a session's media clock, in ticks."""

TICKS_PER_SECOND = 48_000
TICKS_PER_MS = TICKS_PER_SECOND // 1000


def ms(milliseconds: float) -> Time:
    """The whole number of ticks nearest to `milliseconds`."""
    return round(milliseconds * TICKS_PER_MS)


def to_ms(time: Time) -> float:
    """`time` in milliseconds."""
    return time / TICKS_PER_MS


def samples(time: Time, rate: int) -> int:
    """How many whole samples at `rate` Hz lie before `time`.

    Raises `ValueError` for a rate that does not divide the clock: resample first.
    """
    return time // ticks_per_sample(rate)


def ticks(count: int, rate: int) -> Time:
    """The length of `count` samples at `rate` Hz."""
    return count * ticks_per_sample(rate)


def ticks_per_sample(rate: int) -> int:
    """How many ticks one sample at `rate` Hz lasts."""
    if rate <= 0 or TICKS_PER_SECOND % rate:
        raise ValueError(f"{rate} Hz does not fall on the media clock: resample to 8, 16, 24 or 48 kHz first")
    return TICKS_PER_SECOND // rate
