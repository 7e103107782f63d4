"""Rates: how many people join and leave, learnt from the past; and how far the future may be from it.

Joiners are a Poisson process whose rate nobody knows: n joiners in T days leave the belief Gamma(n + 1/2, T)
about it (Jeffreys' prior), and the number of the next t days is then negative binomial, with mean
m = t (n + 1/2) / T and variance m + m² / (n + 1/2). Leavers are the same thing for each head and day.
See Gelman et al., Bayesian Data Analysis, 3rd ed., 2.6-2.8.

People who come in groups (on the first of a month) are groups of `spread` people each: that is what
weekly numbers vary more than a Poisson process's would, and it widens the variance by as much
(McCullagh and Nelder, Generalized Linear Models, 2nd ed., 6.2.3: variance = spread x mean).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from math import inf
from typing import NamedTuple

from syncd.licensing.stock import History

SHORTEST = 28  # days; less than that tells nothing
_WEEKS = 8  # fewer tell nothing of how much they vary
_CROWD = 10


class Moments(NamedTuple):
    """Of a number of people: its mean, its variance and its third cumulant."""

    mean: float
    variance: float
    third: float


@dataclass(frozen=True, slots=True)
class Rate:
    """People a day (who leave: a head and day). `shape` is infinite for one that somebody simply said."""

    mean: float
    shape: float = inf
    spread: float = 1.0

    def moments(self, mean: float) -> Moments:
        """Of the number to come where `mean` are expected."""
        doubt, spread = mean / self.shape, self.spread
        variance = mean * (spread + doubt)
        return Moments(mean, variance, mean * (spread**2 + 3 * spread * doubt + 2 * doubt**2))


@dataclass(frozen=True, slots=True)
class Observed:
    """What `days` whole days up to yesterday have shown.

    `crowd`: the one day on which most of them joined, if there is such a day.
    """

    days: int
    joined: int
    left: int
    joining: Rate
    leaving: Rate
    crowd: tuple[date, int] | None


def observe(history: History, now: int, zone: tzinfo, longest: int) -> Observed | None:
    """The rates of at most `longest` days; None when there have not been enough days to tell.

    The day of the first joiners does not count: it is the one on which everybody was brought in.
    """
    today = datetime.fromtimestamp(now, zone).date()
    joined, left = _by_day(history.joined, zone), _by_day(history.left, zone)
    first = min(joined, default=today) + timedelta(days=1)
    days = min((today - first).days, longest)
    if days < SHORTEST:
        return None
    window = [today - timedelta(days=back) for back in range(days, 0, -1)]
    came, went = [joined.get(day, 0) for day in window], [left.get(day, 0) for day in window]
    heads = sum(_heads(history.heads - joined.get(today, 0) + left.get(today, 0), came, went))
    most = max(range(days), key=lambda place: came[place])
    crowded = came[most] >= _CROWD and came[most] * 2 > sum(came)
    return Observed(
        days=days,
        joined=sum(came),
        left=sum(went),
        joining=_rate(came, days),
        leaving=_rate(went, heads) if heads else Rate(0),
        crowd=(window[most], came[most]) if crowded else None,
    )


def _rate(counts: Sequence[int], exposure: float) -> Rate:
    """The belief after `counts`, one a day. Groups of people count as so many fewer pieces of evidence."""
    spread = _spread(counts)
    return Rate((sum(counts) + 0.5) / exposure, sum(counts) / spread + 0.5, spread)


def _spread(counts: Sequence[int]) -> float:
    """How much more the numbers of whole weeks vary than those of a Poisson process; at least 1."""
    weeks = [sum(counts[end - 7 : end]) for end in range(len(counts), 6, -7)]
    mean = sum(weeks) / len(weeks)
    if len(weeks) < _WEEKS or not mean:
        return 1.0
    return max(1.0, sum((week - mean) ** 2 for week in weeks) / (len(weeks) - 1) / mean)


def _heads(now: int, came: Sequence[int], went: Sequence[int]) -> Iterator[int]:
    """How many learners there were at the end of each day, last day first."""
    heads = now
    for joined, left in zip(reversed(came), reversed(went), strict=True):
        yield heads
        heads += left - joined


def _by_day(moments: Sequence[tuple[int, int]], zone: tzinfo) -> dict[date, int]:
    days: dict[date, int] = {}
    for moment, many in moments:
        day = datetime.fromtimestamp(moment, zone).date()
        days[day] = days.get(day, 0) + many
    return days
