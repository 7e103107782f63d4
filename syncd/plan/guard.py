"""Guard: is this plan sane? It holds a plan that would do more than the admin said a run may do.

    a directory read nobody at all, or far fewer than last time    -> held: directory_size
    a directory was renamed, or taken out of the configuration      -> held: directory_removed
    more suspensions, creations, … of people than allowed           -> held: that kind
    `floor` changes of a kind or fewer                              -> never held for that kind

A change that somebody has approved already (a reviewed plan, one that a crash cut short) does not count.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from math import ceil

from syncd.model import Kind

_HARDLY_ANY = 1e-6  # percent


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` changes, and at most `percent` of the learners there are. None: no limit."""

    count: int | None = None
    percent: float | None = None

    def allows(self, changes: int, learners: int) -> bool:
        if self.count is not None and changes > self.count:
            return False
        return self.percent is None or changes <= learners * self.percent / 100

    def enough(self, changes: int) -> int | None:
        """Among how many learners, and more, so many changes are allowed; None: nobody can say."""
        if self.count is not None and changes > self.count:
            return None
        if self.percent is None or not changes:
            return 0
        if self.percent < _HARDLY_ANY:
            return None
        return ceil(changes * 100 / self.percent) + 1  # one more than any rounding asks for

    def __str__(self) -> str:
        parts = [] if self.count is None else [f"{self.count:,}"]
        parts += [] if self.percent is None else [f"{self.percent:g}%"]
        return " and ".join(parts) or "no limit"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run may do. `min_directory_size` is in percent of the last complete read."""

    suspensions: Limit = Limit(percent=5)
    creations: Limit = Limit(percent=20)
    updates: Limit = Limit(percent=50)
    deletions: Limit = Limit(percent=1)
    repairs: Limit = Limit(percent=20)
    min_directory_size: float = 50
    floor: int = 10


@dataclass(frozen=True, slots=True)
class Tally:
    """What the guard looks at: changes not yet approved, learners before the run, directory sizes.

    `learners` may stop at `learners_that_matter`.
    `removed`: how many people the register knows by a directory that is not configured any more.
    """

    changes: Mapping[Kind, int]
    learners: int
    sizes: Mapping[str, int] = field(default_factory=dict)
    last_sizes: Mapping[str, int] = field(default_factory=dict)
    removed: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Objection:
    """One reason to hold. `override` is the word that lets it pass for one run."""

    override: str
    message: str


_WATCHED = (
    ("suspensions", (Kind.SUSPEND,), "suspend"),
    ("creations", (Kind.CREATE, Kind.WAIT), "add"),
    ("updates", (Kind.UPDATE,), "update"),
    ("deletions", (Kind.DELETE,), "delete"),
    ("repairs", (Kind.REPAIR,), "tell the platform again of"),
)
OVERRIDES = ("directory_size", "directory_removed", *(name for name, _, _ in _WATCHED))


def judge(limits: Limits, tally: Tally, allowed: Collection[str] = ()) -> tuple[Objection, ...]:
    """Every objection to the plan that `allowed` does not override; none means go."""
    found = [*_sizes(limits, tally), *_removed(tally), *_counts(limits, tally)]
    return tuple(objection for objection in found if objection.override not in allowed)


def learners_that_matter(limits: Limits, changes: Mapping[Kind, int]) -> int | None:
    """Beyond so many `Tally.learners` makes no difference, and need not be counted; None: it always does."""
    counts = ((_limit(limits, name), _count(kinds, changes)) for name, kinds, _ in _WATCHED)
    enough = {limit.enough(many) for limit, many in counts if many > limits.floor}
    return None if None in enough else max(filter(None, enough), default=0)


def _sizes(limits: Limits, tally: Tally) -> list[Objection]:
    found = []
    for name, size in sorted(tally.sizes.items()):
        last = tally.last_sizes.get(name, 0)
        if size == 0:
            found.append(Objection("directory_size", f"directory {name} has nobody in it"))
        elif size < last * limits.min_directory_size / 100:
            message = f"directory {name} shrank from {_people(last)} to {size:,}"
            found.append(Objection("directory_size", f"{message} (below {limits.min_directory_size:g}%)"))
    return found


def _removed(tally: Tally) -> list[Objection]:
    return [
        Objection(
            "directory_removed",
            f"directory {name} is not configured any more; {_people(people)} known by it "
            f"{'counts' if people == 1 else 'count'} as gone from it",
        )
        for name, people in sorted(tally.removed.items())
    ]


def _counts(limits: Limits, tally: Tally) -> list[Objection]:
    found = []
    for name, kinds, verb in _WATCHED:
        count = _count(kinds, tally.changes)
        limit = _limit(limits, name)
        if count > limits.floor and not limit.allows(count, tally.learners):
            known = f"the register knows {tally.learners:,}" if tally.learners else "this is the first sync"
            found.append(Objection(name, f"would {verb} {_people(count)}; the limit is {limit} ({known})"))
    return found


def _people(many: int) -> str:
    return "1 person" if many == 1 else f"{many:,} people"


def _limit(limits: Limits, name: str) -> Limit:
    limit: Limit = getattr(limits, name)
    return limit


def _count(kinds: tuple[Kind, ...], changes: Mapping[Kind, int]) -> int:
    return sum(changes.get(kind, 0) for kind in kinds)
