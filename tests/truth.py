"""What the register really holds, asked of the database itself, and what must be true of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from sqlalchemy import text

from syncd.facts import RunFacts
from syncd.model import Change, Kind
from syncd.register import database
from tests.company import Company

_TABLES = ("learners", "identities", "links", "allocations", "waiting", "lots", "orders", "events")
_BY_HAND = "SELECT * FROM learners WHERE id >= 1000000 ORDER BY id"


class Truth:
    def __init__(self, company: Company) -> None:
        self._company = company
        self._engine = database.connect(company.url)
        self._by_hand: list[Any] = []
        self.steady = True
        """Whether the clock has only ever gone on: then what was written earlier happened earlier."""

    def close(self) -> None:
        self._engine.dispose()

    def rows(self, query: str, **values: object) -> list[Any]:
        with self._engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query), values)]

    def rows_changed(self, statement: str) -> None:
        """As somebody does by hand."""
        with self._engine.execution_options(writes=True).begin() as connection:
            connection.execute(text(statement))

    def everything(self) -> dict[str, list[Any]]:
        return {table: sorted(self.rows(f"SELECT * FROM {table}"), key=repr) for table in _TABLES}

    def highest_learner(self) -> int:
        return self.rows("SELECT coalesce(max(id), 0) FROM learners WHERE id < 1000000")[0][0]

    def has(self, email: str) -> bool:
        return bool(self.rows("SELECT 1 FROM learners WHERE email = :email", email=email))

    def is_strange(self, email: str) -> bool:
        """Whether somebody was put there behind syncd's back, who stays as they are."""
        return any(email in row for row in self._by_hand)

    def add_by_hand(self, email: str) -> None:
        """A learner no directory answers for, unless the address is taken."""
        if not self.rows("SELECT 1 FROM learners WHERE email = :email", email=email):
            number = 1_000_000 + len(self._by_hand)
            with self._engine.execution_options(writes=True).begin() as connection:
                statement = "INSERT INTO learners (id, email, created_at) VALUES (:id, :email, 1)"
                connection.execute(text(statement), {"id": number, "email": email})
            self._by_hand = self.rows(_BY_HAND)

    def check_hand_added(self) -> None:
        """No sync touches them. What ends is their license; and they may be shut out by hand."""
        assert self.rows(_BY_HAND) == self._by_hand
        for _, email, first_name, department, left_at, suspended_by in self.rows(_IMPORTED):
            assert email == f"{first_name.lower()}@example.com"
            assert (department, left_at) == ("", None)
            assert suspended_by in ("", "expiry", "hand")

    def check_seats(self) -> None:
        held = Counter(lot for (lot,) in self.rows("SELECT lot_id FROM allocations WHERE ended_at IS NULL"))
        lots = self._company.register.licenses.lots(self._company.now)
        for lot in lots:
            assert held[lot.id] <= lot.quantity
            assert lot.quantity == lot.allocated + lot.available + lot.expired
            assert lot.expired or held[lot.id] == lot.allocated
        if self._company.now >= self.rows(_LATEST)[0][0]:
            assert self._company.register.reconciling.at(self._company.now) == lots
        for state in ("live", "scheduled"):
            holders = self.rows(f"SELECT learner_id, type FROM allocations WHERE state = '{state}'")
            assert len(holders) == len(set(holders)), "one license of a type each, and one to follow"
        if self.steady:
            assert not self.rows(_OVERLAPPING), "nobody has two at one time"
        assert not self.rows(
            "SELECT 1 FROM allocations a JOIN lots l ON l.id = a.lot_id JOIN orders o ON o.id = l.order_id"
            " WHERE o.state <> 'assigned' OR a.allocated_at < l.starts_at OR a.allocated_at >= l.ends_at"
        )

    def check_trail(self) -> None:
        """The trail, told again, comes to what the register holds."""
        assert self._company.register.reconciling.discrepancies() == []

    def unlicensed(self) -> set[int]:
        """Who has no license and is not to get one by a sync: expired, or not here; and not in line."""
        over = "SELECT learner_id FROM allocations WHERE ended_at IS NULL AND ends_at <= :now"
        in_line = "SELECT learner_id FROM waiting"
        suspended = f"SELECT id FROM learners WHERE suspended_by = 'expiry' AND id NOT IN ({in_line})"
        lasting = "SELECT learner_id FROM allocations WHERE ended_at IS NULL AND ends_at > :now"
        now = self._company.now
        found = {row[0] for row in (*self.rows(over, now=now), *self.rows(suspended))}
        return found - {row[0] for row in self.rows(lasting, now=now)}

    def given_since(self, last: int) -> set[int]:
        """Who was given a license after the allocation `last`."""
        return {row[0] for row in self.rows("SELECT learner_id FROM allocations WHERE id > :last", last=last)}

    def last_allocation(self) -> int:
        return self.rows("SELECT coalesce(max(id), 0) FROM allocations")[0][0]

    def check_nobody_who_left_was_given(self, last: int) -> None:
        given = "SELECT 1 FROM allocations a JOIN learners l ON l.id = a.learner_id WHERE a.id > :last"
        assert not self.rows(f"{given} AND l.left_at IS NOT NULL", last=last)

    def check_line(self) -> None:
        """Nobody waits while a seat is free, nobody is in two places, nobody is half moved."""
        if self._company.learners("waiting"):
            assert self._company.free_seats() == 0
        assert not self.rows(
            "SELECT 1 FROM waiting w JOIN allocations a ON a.learner_id = w.learner_id AND a.ended_at IS NULL"
        )
        assert not self.rows("SELECT 1 FROM learners WHERE email LIKE '~%'")

    def check_everybody_is_accounted_for(self, facts: RunFacts) -> None:
        """Who is there is a learner with an account or in line, or named; who is not there is suspended."""
        skipped = {change.key for change in self._company.changes(facts, Kind.SKIP)}
        accounts = {f"{row[0]}/{row[1]}": tuple(row[2:]) for row in self.rows(_ACCOUNTS)}
        wanted: set[int] = set()
        for directory in self._company.directories:
            for entry in directory.entries.values():
                key = f"{directory.name}/{entry.id}"
                if not entry.enabled:
                    continue
                assert key in accounts or key in skipped, f"{key} was neither added nor named"
                if key in accounts:
                    wanted.add(accounts[key][0])
                    by = accounts[key][2] if accounts[key][1] == "suspended" else ""
                    assert key in skipped or by in ("", "expiry", "hand")
        for learner, account, _ in accounts.values():
            assert learner in wanted or account == "suspended", f"learner {learner} has left"

    def two_want_one_address(self) -> bool:
        """Whether two known people of one directory want one new address: then the first read gets it."""
        have = {(row[0], row[1]): row[2] for row in self.rows(_ADDRESSES)}
        wants: Counter[str] = Counter()
        for directory in self._company.directories:
            for entry in directory.entries.values():
                email = entry.attributes.get("email", "")
                has = have.get((directory.name, entry.id), email)
                wants[email] += has != email
        return any(many > 1 for many in wants.values())


_IMPORTED = (
    "SELECT l.id, l.email, l.first_name, l.department, l.left_at, l.suspended_by FROM changes c"
    " JOIN learners l ON l.id = c.learner_id WHERE c.\"key\" LIKE 'hand/%' AND c.kind IN (60, 80)"
    " AND l.deleted_at IS NULL AND NOT EXISTS (SELECT 1 FROM identities i WHERE i.learner_id = l.id)"
)
_LATEST = (
    "SELECT coalesce(max(at), 0) FROM (SELECT max(allocated_at) AS at FROM allocations"
    " UNION ALL SELECT max(ended_at) FROM allocations UNION ALL SELECT max(starts_at) FROM lots) AS written"
)
_OVERLAPPING = (
    "SELECT 1 FROM allocations a JOIN allocations b ON b.learner_id = a.learner_id AND b.id > a.id"
    " WHERE coalesce(b.starts_at, b.allocated_at) < coalesce(a.ended_at, a.ends_at)"
    " AND coalesce(b.ended_at, b.ends_at) > coalesce(b.starts_at, b.allocated_at)"
)
_ACCOUNTS = (
    'SELECT i.directory, i."key", l.id, l.account, l.suspended_by FROM identities i'
    " JOIN learners l ON l.id = i.learner_id"
)
_ADDRESSES = 'SELECT i.directory, i."key", l.email FROM identities i JOIN learners l ON l.id = i.learner_id'


def shape(changes: Iterable[Change], known: int) -> list[object]:
    """A plan without what the order of reading may decide: numbers of new learners, words of a skip."""
    newcomers = {change.learner: change.key for change in changes if change.kind in (Kind.CREATE, Kind.WAIT)}
    return [
        (
            change.kind,
            change.key,
            *(
                ()
                if change.kind is Kind.SKIP
                else (change.email, change.name, repr(sorted(change.data.items())))
            ),
            change.learner if (change.learner or 0) <= known else newcomers.get(change.learner),
            change.lot,
            change.ends_at,
        )
        for change in changes
    ]
