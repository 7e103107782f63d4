"""Chances: the courses of many and of few newcomers, between which nine futures in ten lie.

What is wanted by a day is uncertain by N = joiners - leavers. Of both, the mean, variance and third cumulant
are known, and they add up; the Cornish-Fisher expansion makes N's quantiles of them:

    N(z) = mean + deviation (z + (z² - 1) skewness / 6)        z = -1.645 and +1.645: 5 % and 95 %

Along such a course joiners and leavers each bear their share of it, by their part of the variance.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from syncd.licensing.course import Flow
from syncd.licensing.rates import Rate

LEVEL = 90  # per cent
Z = 1.6449


def likely(joining: Rate, leaving: Rate, days: int) -> Flow:
    """As many as expected, every day the same; today has had its share."""
    return Flow((0.0, *[joining.mean] * (days - 1)), (0.0, *[leaving.mean] * (days - 1)))


def unlikely(joining: Rate, leaving: Rate, left: Sequence[float], z: float) -> Flow:
    """The course at `z` deviations, where `left` people leave on each day of the likely one."""
    came_at_all, gone_at_all = 0.0, 0.0
    joined, leave = [0.0], [0.0]
    for day, gone in enumerate(list(accumulate(left))[1:], start=1):
        come, go = joining.moments(joining.mean * day), leaving.moments(gone)
        variance = come.variance + go.variance
        more = _deviation(variance, come.third - go.third, z)
        # never fewer than the day before: nobody can join and not have joined
        came = max(came_at_all, come.mean + (more * come.variance / variance if variance else 0))
        went = max(gone_at_all, go.mean - (more * go.variance / variance if variance else 0))
        joined.append(came - came_at_all)
        leave.append(leaving.mean * (went - gone_at_all) / left[day] if left[day] else leaving.mean)
        came_at_all, gone_at_all = came, went
    return Flow(joined, [min(1.0, part) for part in leave])


def _deviation(variance: float, third: float, z: float) -> float:
    if not variance:
        return 0
    deviation: float = variance**0.5
    return deviation * (z + (z * z - 1) * third / deviation**3 / 6)
