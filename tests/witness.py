"""A witness: looks into the register while no daemon runs, and remembers who was whom."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from syncd.model import Kind
from tests.company import Company
from tests.servers.turnover import Turnover
from tests.truth import Truth

_PEOPLE = 'SELECT i."key", l.email, l.id, l.account FROM identities i JOIN learners l ON l.id = i.learner_id'
_SKIPPED = f'SELECT "key" FROM changes WHERE run_id = :run AND kind = {int(Kind.SKIP)}'
_UNSERVED = """
    SELECT 1 FROM learners l WHERE l.account = 'active' AND l.left_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM allocations a WHERE a.learner_id = l.id AND a.ended_at IS NULL)
    AND NOT EXISTS (SELECT 1 FROM waiting w WHERE w.learner_id = l.id)
"""
_COUNTS = "SELECT count(*), count(CASE WHEN account = 'active' THEN 1 END) FROM learners"


class Witness:
    """Looks into the register between two daemons, and remembers who was whom."""

    def __init__(self, company: Company, truth: Truth) -> None:
        self._company = company
        self._truth = truth
        self._who: dict[str, int] = {}

    def look(self) -> str:
        """What must be true at any moment, also in the middle of a run; where the last run stood."""
        self._company.now = int(time.time())
        self._truth.check_seats()
        self._truth.check_trail()
        who = dict(self._truth.rows('SELECT "key", learner_id FROM identities'))
        changed = {key for key, learner in self._who.items() if who.get(key) != learner}
        assert not changed, f"these are somebody else now: {changed}"
        self._who = who
        return str(self._company.register.runs.latest(1)[0].state)

    def swear(self, turnover: Turnover) -> None:
        """What must be true once everything has been synced, by the directory's own account."""
        self._truth.check_line()
        wanted = turnover.in_scope()
        found = {key: (email, learner, account) for key, email, learner, account in self._truth.rows(_PEOPLE)}
        named = {key.partition("/")[2] for key in self._named()}
        lost = {key for key, mail in wanted.items() if key not in named and found.get(key, ("",))[0] != mail}
        assert not lost, f"these are missing, or have another address: {lost}"
        here = [found[key][1] for key in wanted if key in found]
        assert len(here) == len(set(here)), "somebody is there twice"
        for before, after in turnover.rehired:
            assert not {before, after} <= found.keys() or found[before][1] == found[after][1], (before, after)
        active = {learner for _, learner, account in found.values() if account != "suspended"}
        assert active <= set(here) | {found[key][1] for key in named & found.keys()}, active - set(here)
        assert not self._truth.rows(_UNSERVED), "somebody has an account, no license and no place in line"

    def account(self) -> Iterator[str]:
        """What there was, a line each."""
        register = self._company.register
        runs = dict(self._truth.rows("SELECT state, count(*) FROM runs GROUP BY state"))
        yield f"runs      {sum(runs.values()):,}: {listed(runs)}"
        readings = Counter(
            how(reading)
            for record in register.runs.latest(1_000_000)
            for reading in record.facts.get("readings", {}).values()
        )
        yield f"readings  {readings.total():,}: {listed(readings)}"
        learners, active = self._truth.rows(_COUNTS)[0]
        yield f"learners  {learners:,}, {active:,} of them active, of {len(self._who):,} identities"
        lots = register.licenses.lots(self._company.now)
        used, bought = sum(lot.allocated for lot in lots), sum(lot.quantity for lot in lots)
        waiting, named = len(self._company.learners("waiting")), len(self._named())
        yield f"licenses  {used:,} of {bought:,} in use, {waiting:,} people in line, {named} skipped"

    def _named(self) -> list[str]:
        """Whom the last run left as they were, and said why."""
        last = self._company.register.runs.latest(1)[0].id
        return [key for (key,) in self._truth.rows(_SKIPPED, run=last)]


@contextmanager
def witnessing(url: str) -> Iterator[Witness]:
    company = Company(url)
    truth = Truth(company)
    try:
        yield Witness(company, truth)
    finally:
        truth.close()
        company.register.close()


def how(reading: Mapping[str, Any]) -> str:
    """By changes or whole, and why; without the group or unit that was the reason."""
    because = str(reading["because"] or "the first time").rpartition("DC=test ")[2]
    return "by changes" if reading["by_changes"] else f"whole ({because})"


def listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{many:,} {name}" for name, many in sorted(counts.items(), key=lambda one: -one[1]))
