"""The invented company every test directory holds: the same people and groups, whatever the server.

groups   everyone     the first 15,000 people
         team-00…19   every twentieth person
         chain-0…4    chain-0 holds people 0-9; each further one holds the group before it and one person more
         circle-a…c   each holds the next and one person (20, 21, 22); the last holds the first
         nobody       has no members
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

BIG_GROUP = 15_000
DEPARTMENTS = ("Engineering", "Sales", "Finance", "Human Resources", "IT", "Legal", "Marketing", "Operations")
TITLES = ("Engineer", "Analyst", "Director", "Specialist", "Assistant", "Manager", "Consultant")
# fmt: off
FIRST = (
    "Ana", "Ben", "Chloé", "Dmitri", "Eve", "Fatima", "George", "Hélène", "Igor", "Jürgen", "Karin",
    "Lars", "Mia", "Noah", "Øyvind", "Paula", "Rosa", "Søren", "Tom", "Uma", "Vera", "Will", "Xin",
    "Yara", "Zoë", "Łukasz", "Nguyễn", "美咲", "Ольга",
)
LAST = (
    "Andersen", "Brown", "Cruz", "Dubois", "Evans", "Fischer", "García", "Hansen", "Ito", "Jones",
    "Kowalski", "López", "Müller", "Novák", "O'Neil", "Petrov", "Quinn", "Rossi", "Schmidt", "Tanaka",
    "Ueda", "Vos", "Weiß", "Xu", "Yılmaz", "Zhang", "佐藤",
)
# fmt: on


class Person(NamedTuple):
    """One invented employee. `manager` is the number of another, lower one."""

    number: int
    uid: str
    first: str
    last: str
    mail: str
    department: str
    title: str
    employee_id: str
    enabled: bool
    manager: int | None

    @property
    def full_name(self) -> str:
        return f"{self.first} {self.last}"


class Group(NamedTuple):
    """A group: the numbers of its people and the names of the groups in it."""

    name: str
    people: Sequence[int] = ()
    groups: Sequence[str] = ()


def make_people(count: int, *, domain: str) -> Iterator[Person]:
    """The first `count` employees; every twentieth is disabled."""
    for n in range(count):
        yield Person(
            number=n,
            uid=f"u{n:06d}",
            first=FIRST[n % len(FIRST)],
            last=LAST[n // len(FIRST) % len(LAST)],
            mail=f"u{n:06d}@{domain}",
            department=DEPARTMENTS[n % len(DEPARTMENTS)],
            title=TITLES[n % len(TITLES)],
            employee_id=f"E{n:07d}",
            enabled=n % 20 != 7,
            manager=n // 10 if n else None,
        )


def make_groups(count: int) -> Iterator[Group]:
    """The groups of a company of `count`, each after those it holds, but for the circle's last link."""
    yield Group("everyone", range(min(count, BIG_GROUP)))
    for team in range(20):
        yield Group(f"team-{team:02d}", range(team, count, 20))
    yield Group("chain-0", range(min(count, 10)))
    for link in range(1, 5):
        yield Group(f"chain-{link}", _existing(count, 9 + link), (f"chain-{link - 1}",))
    yield Group("circle-c", _existing(count, 22))
    yield Group("circle-b", _existing(count, 21), ("circle-c",))
    yield Group("circle-a", _existing(count, 20), ("circle-b",))
    yield Group("nobody")


CIRCLE_CLOSED_BY = ("circle-c", "circle-a")
"""The first of these holds the second: added once both exist."""


def _existing(count: int, number: int) -> range:
    return range(number, min(number + 1, count))


def ldif(dn: str, attributes: Iterable[tuple[str, str | bytes]]) -> str:
    """One LDIF record (RFC 2849), with everything but plain ASCII in base64."""
    lines = [_line("dn", dn), *(_line(name, value) for name, value in attributes if value), "", ""]
    return "\n".join(lines)


def _line(name: str, value: str | bytes) -> str:
    if isinstance(value, str) and value.isascii() and value[0] not in " :<" and value.isprintable():
        return f"{name}: {value}"
    return f"{name}:: {b64encode(value.encode() if isinstance(value, str) else value).decode()}"
