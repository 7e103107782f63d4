"""Stock: the licenses there are at one moment and who holds them; history: who has come and gone.

What a forecast rests on. The register counts it; nobody is named here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple


class LotStock(NamedTuple):
    """The seats of one lot.

    `staying`: held by people who are still in a directory, whose account is in use, and whose renewal is not
    there yet; of a lot that has ended: people who have had no other since.
    `leaving`: held by people who have left: since when, and how many; sorted.
    What is neither of them nor free is held by accounts suspended by hand, and by people who have their
    renewal: nobody gets it before the end.
    `order` is 0 for one that somebody only asks about.
    """

    id: int
    order: int
    starts_at: int
    ends_at: int
    free: int
    staying: int = 0
    leaving: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Stock:
    """`lots` by end and number. `over`: lots that have ended, whose people are still in a directory.

    `waiting`: people in line. `requested`: licenses ordered and not assigned yet.
    """

    lots: Sequence[LotStock] = ()
    over: Sequence[LotStock] = ()
    waiting: int = 0
    requested: int = 0

    @property
    def ended(self) -> int:
        """People still in a directory whose license is over."""
        return sum(lot.staying for lot in self.over)


@dataclass(frozen=True, slots=True)
class History:
    """How many learners came, and left for good, at which moments; `heads` have not left. Sorted."""

    joined: Sequence[tuple[int, int]] = ()
    left: Sequence[tuple[int, int]] = ()
    heads: int = 0
