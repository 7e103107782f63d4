"""Decisions: what one page of people comes to, and what it changes of what was decided before."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from syncd.model import Change
from syncd.plan.roster import KnownLearner
from syncd.plan.seats import SeatRequest


class TakenBack(NamedTuple):
    """What was decided under `key` is not done after all; `rivals` are the keys of those it is between."""

    key: str
    why: str
    rivals: tuple[str, ...] = ()


class Adopted(NamedTuple):
    """The newcomer planned under `key` is `learner`, whom the register knows."""

    key: str
    learner: KnownLearner
    why: str


@dataclass(slots=True)
class Decisions:
    changes: list[Change] = field(default_factory=list)
    requests: list[SeatRequest] = field(default_factory=list)
    taken_back: list[TakenBack] = field(default_factory=list)
    adopted: list[Adopted] = field(default_factory=list)
