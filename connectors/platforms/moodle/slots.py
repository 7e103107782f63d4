"""Slots of a license of IOMAD: who has which, as a custom field keeps it. Pure.

"7:3,5?" says that of license 7 they have a slot of course 3, and that one of course 5 was about to be taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Self


class Slots(NamedTuple):
    """Of one license: `held` for certain, and `trying`: asked for, whatever came of it."""

    license: int
    held: tuple[int, ...] = ()
    trying: tuple[int, ...] = ()

    @classmethod
    def read(cls, text: str, license_: int) -> Self:
        """What the field says of this license; nothing if it is about another one."""
        number, _, courses = text.partition(":")
        parts = courses.split(",") if number == str(license_) else []
        held = tuple(int(part) for part in parts if part.isdecimal())
        return cls(
            license_,
            held,
            tuple(int(part[:-1]) for part in parts if part[:-1].isdecimal() and part[-1] == "?"),
        )

    def missing(self, courses: Sequence[int]) -> tuple[int, ...]:
        return tuple(course for course in courses if course not in self.held)

    def asking(self, courses: Sequence[int]) -> Self:
        """The same, about to take those."""
        return self._replace(trying=tuple(courses))

    def having(self, course: int) -> Self:
        """The same, with a slot of this course, too."""
        return self._replace(
            held=(*self.held, course), trying=tuple(one for one in self.trying if one != course)
        )

    def __str__(self) -> str:
        return f"{self.license}:{','.join([*map(str, self.held), *(f'{one}?' for one in self.trying)])}"
