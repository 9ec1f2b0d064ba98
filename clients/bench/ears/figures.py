"""Rates, quantiles and error rates with what they are worth: each with its 95% interval and its n."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

Z = 1.959964
"""Two-sided 95% of the normal distribution."""
RESAMPLES = 400


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number, the interval in which it lies with 95% confidence, and of how many trials it is."""

    value: float
    """A share in [0, 1], or ms; infinite if it never happened; NaN of nothing."""
    low: float
    high: float
    n: int
    unit: Literal["share", "ms", "per_hour"] = "share"

    def __str__(self) -> str:
        if not self.n or math.isnan(self.value):
            return "–"
        return f"{shown(self.value, self.unit)} [{shown(self.low, self.unit)}, {shown(self.high, self.unit)}]"


def shown(value: float, unit: str) -> str:
    """`value` for people."""
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "never"
    return f"{value:.0f} ms" if unit == "ms" else f"{value:.2f}/h" if unit == "per_hour" else f"{value:.3f}"


NOTHING = Figure(math.nan, math.nan, math.nan, 0)


def rate(happened: Sequence[bool]) -> Figure:
    """The share of trials in which it happened, with Wilson's score interval (Wilson 1927)."""
    n = len(happened)
    if not n:
        return NOTHING
    share = sum(happened) / n
    middle = (share + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z / (1 + Z * Z / n) * math.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
    return Figure(share, max(0.0, middle - half), min(1.0, middle + half), n)


def quantile(values: Sequence[float], share: float) -> Figure:
    """The least value that `share` of `values` do not exceed; what never happened is infinite and counts.

    The interval is that of order statistics: it supposes no distribution (Conover 1999, 3.2).
    """
    n = len(values)
    if not n:
        return NOTHING
    row = sorted(values)
    half = Z * math.sqrt(n * share * (1 - share))
    low = max(0, math.floor(n * share - half) - 1)
    high = min(n - 1, math.ceil(n * share + half) - 1)
    return Figure(row[max(0, math.ceil(n * share - 1e-9) - 1)], row[low], row[high], n, "ms")


def mean(values: Sequence[float]) -> Figure:
    """The mean, with the normal interval of its standard error."""
    n = len(values)
    if not n:
        return NOTHING
    middle = math.fsum(values) / n
    if math.isinf(middle):
        return Figure(middle, middle, middle, n, "ms")
    half = Z * float(np.std(values, ddof=1)) / math.sqrt(n) if n > 1 else 0.0
    return Figure(middle, middle - half, middle + half, n, "ms")


def per_hour(count: int, hours: float) -> Figure:
    """Events an hour, with Byar's approximation of the exact Poisson interval; n is about the hours."""
    if hours <= 0:
        return NOTHING
    low = 0.0
    if count:
        low = count * (1 - 1 / (9 * count) - Z / (3 * math.sqrt(count))) ** 3
    more = count + 1
    high = more * (1 - 1 / (9 * more) + Z / (3 * math.sqrt(more))) ** 3
    return Figure(count / hours, low / hours, high / hours, max(1, round(hours)), "per_hour")


def equal_error_rate(genuine: Sequence[float], impostor: Sequence[float]) -> Figure:
    """The error rate at the threshold where false rejections are as frequent as false acceptances.

    Scores are the higher the likelier it is the enrolled speaker; n counts both kinds of trial; the interval is of
    a bootstrap over trials with a fixed seed (Efron 1979).
    """
    if not genuine or not impostor:
        return NOTHING
    own, others = np.sort(np.asarray(genuine, float)), np.sort(np.asarray(impostor, float))
    random = np.random.default_rng(0)
    drawn = sorted(
        _eer(np.sort(random.choice(own, len(own))), np.sort(random.choice(others, len(others))))
        for _ in range(RESAMPLES)
    )
    low, high = drawn[int(0.025 * RESAMPLES)], drawn[int(0.975 * RESAMPLES)]
    return Figure(_eer(own, others), low, high, len(own) + len(others))


def _eer(own: np.ndarray, others: np.ndarray) -> float:
    thresholds = np.unique(np.concatenate((own, others)))
    thresholds = np.append(thresholds, thresholds[-1] + 1)
    rejected = np.searchsorted(own, thresholds, "left") / len(own)
    accepted = 1 - np.searchsorted(others, thresholds, "left") / len(others)
    # Rejections grow and acceptances fall: they cross between two neighbours, and the error rate there is between.
    after = int(np.argmax(rejected >= accepted))
    if after == 0 or rejected[after] == accepted[after]:
        return float(rejected[after] + accepted[after]) / 2
    gap = (rejected - accepted)[after - 1 : after + 1]
    weight = -gap[0] / (gap[1] - gap[0])
    return float(rejected[after - 1] + weight * (rejected[after] - rejected[after - 1]))
