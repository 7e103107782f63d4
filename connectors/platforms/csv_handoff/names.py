"""Names of files, which sort in the order of their import: 2026-11-29T220130Z-001-add-5c0f1e2d.csv.

The moment of the hand-off in UTC, the place of the file within it, what to do, and a fingerprint of what it
says: two files with the same one are the same file, handed off twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from typing import NamedTuple

from syncd.ports import Delivery

_LAST_PLACE = 999
_STAMP = "%Y-%m-%dT%H%M%SZ"
_NAME = re.compile(r"(\d{4}-\d\d-\d\dT\d{6}Z)-(\d{3})-([a-z_]+-[0-9a-f]{8}\.csv)", re.ASCII)


class Place(NamedTuple):
    """Where a file stands among all: the second of its hand-off, and its number within that."""

    at: int
    number: int

    def next(self) -> Place:
        return Place(self.at, self.number + 1) if self.number < _LAST_PLACE else Place(self.at + 1, 1)

    def before(self, ending: str) -> str:
        """The name of the file that stands here and ends so."""
        return f"{datetime.fromtimestamp(self.at, UTC).strftime(_STAMP)}-{self.number:03}-{ending}"


def ending_of(title: str, deliveries: Sequence[Delivery], content: bytes) -> str:
    """What says what is in a file, whenever it is written: the end of its name."""
    digest = blake2b(content, digest_size=4)
    for delivery in deliveries:
        digest.update(f"\0{delivery.id}".encode())
    return f"{title}-{digest.hexdigest()}.csv"


def parsed(name: str) -> tuple[Place, str] | None:
    """The place and the ending of a file of ours; None for another one."""
    found = _NAME.fullmatch(name)
    if not found:
        return None
    try:
        at = datetime.strptime(found[1], _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None
    return Place(int(at.timestamp()), int(found[2])), found[3]


def first_free(now: int, names: Iterable[str]) -> Place:
    """Behind everything that waits, also where the clock was set back."""
    places = [found[0] for found in map(parsed, names) if found]
    return max([Place(now, 1), *(place.next() for place in places)])
