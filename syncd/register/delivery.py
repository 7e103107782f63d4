"""The outbox: what a remote platform has to be told, and what its answers come to."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, Engine, and_, func, or_, select

from syncd.model import PROFILE_FIELDS, Account, ChangeState, Entry, Kind, Outcome, Profile, Verdict
from syncd.ports import Delivery
from syncd.register import learner_rows, seats, trail
from syncd.register.accounts import account_on, kept
from syncd.register.bulk import execute, is_any_of
from syncd.register.database import writing
from syncd.register.journal import mark
from syncd.register.schema import learners
from syncd.register.seats import Waiter
from syncd.register.standing import live, scheduled, with_licenses

_PROFILE = [func.coalesce(learners.c[name], "").label(name) for name in PROFILE_FIELDS]
_DONE = (Verdict.DONE, Verdict.ALREADY)
_REFUSED = (Verdict.REFUSED, Verdict.EXHAUSTED)
_ACTIVATE = (
    "UPDATE learners SET account = ?, activated_at = coalesce(activated_at, ?), refused = '' "
    "WHERE id = ? AND account <> ?"
)
_SEATING = (Kind.CREATE, Kind.ALLOCATE, Kind.REACTIVATE, Kind.RENEW)


class Deliveries:
    """`platform`: the name of the one there is now. An account that another one gave is none
    here."""

    def __init__(self, engine: Engine, license_type: str, platform: str) -> None:
        self._engine = engine
        self._type = license_type
        self._platform = platform
        told = learners.c.platform_account.startswith(kept(platform, ""), autoescape=True)
        self._expected = (
            learners.c.deleted_at.is_(None),
            or_(
                learners.c.account == str(Account.ACTIVE),
                and_(learners.c.account == str(Account.SUSPENDED), told),
            ),
        )

    def of(self, entries: Sequence[Entry]) -> list[Delivery]:
        """What to tell the platform for these recorded changes: the learner as the register has them now.

        Of deleted ones, that they are; of one who was merged, that they are shut out.
        """
        with self._engine.connect() as connection:
            ids = [entry.change.learner for entry in entries]
            snapshot, deleted = _snapshot(connection, ids, self._platform), _deleted(connection, ids)
        return [
            Delivery(id=_id(entry), kind=entry.change.kind, learner=learner, **snapshot[learner]._asdict())
            for entry in entries
            if (learner := entry.change.learner) in snapshot
            and (entry.change.kind in (Kind.DELETE, Kind.MERGE) or learner not in deleted)
        ]

    def expected(self, size: int) -> Iterator[list[Delivery]]:
        """Everybody the platform should have, as it should have them, by number, in pages."""
        last = 0
        while True:
            chosen = select(learners.c.id).where(*self._expected, learners.c.id > last)
            with self._engine.connect() as connection:
                ids = connection.execute(chosen.order_by(learners.c.id).limit(size)).scalars().all()
            if not ids:
                return
            yield self._again(ids)
            last = ids[-1]

    def expected_of(self, ids: Collection[int]) -> list[Delivery]:
        """As `expected`: of these learners."""
        chosen = select(learners.c.id).where(*self._expected, is_any_of(learners.c.id, ids))
        with self._engine.connect() as connection:
            found = connection.execute(chosen.order_by(learners.c.id)).scalars().all()
        return self._again(found)

    def _again(self, ids: Sequence[int]) -> list[Delivery]:
        with self._engine.connect() as connection:
            snapshot = _snapshot(connection, ids, self._platform)
        return [
            Delivery(id=str(number), kind=Kind.REPAIR, learner=number, **snapshot[number]._asdict())
            for number in ids
        ]

    def settle(self, entries: Sequence[Entry], outcomes: Sequence[Outcome], now: int) -> None:
        """Write down what became of deliveries, and undo in the register what the platform refused.

        UNKNOWN leaves a change recorded: it is read back or sent again, which is safe.
        """
        by_id = {_id(entry): entry for entry in entries}
        answers = [(by_id[outcome.delivery], outcome) for outcome in outcomes]
        with writing(self._engine).begin() as connection:
            done = [pair for pair in answers if pair[1].verdict in _DONE]
            _delivered(connection, done, self._platform, now)
            for entry, outcome in answers:
                if outcome.verdict in _REFUSED:
                    _refused(connection, entry, outcome, now, self._type)


def _delivered(
    connection: Connection, done: Sequence[tuple[Entry, Outcome]], platform: str, now: int
) -> None:
    answered = [(entry, ChangeState.DELIVERED, outcome.reason) for entry, outcome in done]
    mark(connection, answered)
    known = "UPDATE learners SET platform_account = ? WHERE id = ?"
    named = [(kept(platform, found.account), entry.change.learner) for entry, found in done if found.account]
    execute(connection, known, named)
    gone = [(None, entry.change.learner) for entry, _ in done if entry.change.kind is Kind.DELETE]
    execute(connection, known, gone)
    seated = [entry.change.learner for entry, _ in done if entry.change.kind in _SEATING]
    active, suspended = str(Account.ACTIVE), str(Account.SUSPENDED)
    execute(connection, _ACTIVATE, [(active, now, learner, suspended) for learner in seated])


def _refused(connection: Connection, entry: Entry, outcome: Outcome, now: int, type_: str) -> None:
    why = outcome.reason or "the platform gave no reason"
    mark(connection, [(entry, ChangeState.REFUSED, why)])
    if entry.change.kind in _SEATING:
        _give_back(connection, entry, why, now, type_)


def _give_back(connection: Connection, entry: Entry, why: str, now: int, type_: str) -> None:
    """The seat goes back to its lot and the learner into the line: the next run tries again.

    Who has been suspended since is not wanted there any more.
    """
    change = entry.change
    learner = change.learner or 0
    if seats.give_back(connection, learner, entry.run, f"{seats.REFUSED}: {why}", now):
        seat = {"lot": change.lot, "ends_at": change.ends_at}
        subject = "learner", learner
        trail.note(connection, now, "platform", "given back", subject, before=seat, run=entry.run)
    if change.kind is Kind.RENEW and "starts_at" in change.data:  # the old license goes on meanwhile
        return
    if change.kind is Kind.RENEW:
        learner_rows.expire(connection, [learner])
    account = select(learners.c.account).where(learners.c.id == learner)
    if change.kind is Kind.RENEW or connection.execute(account).scalar() != Account.SUSPENDED:
        priority = int(change.data.get("priority", 0))
        seats.put_in_line(connection, [Waiter(learner, now, priority, change.key)], type_)
    execute(connection, "UPDATE learners SET refused = ? WHERE id = ?", [(why, learner)])


class _Snapshot(NamedTuple):
    account: str
    profile: Profile
    active: bool
    ends_at: int | None


def _snapshot(connection: Connection, ids: Sequence[int | None], platform: str) -> dict[int, _Snapshot]:
    ends_at = func.coalesce(scheduled.c.ends_at, live.c.ends_at).label("ends_at")  # as far as it is renewed
    statement = (
        select(learners, *_PROFILE, ends_at)
        .select_from(with_licenses(learners))
        .where(is_any_of(learners.c.id, ids))
    )
    return {
        row[learners.c.id]: _Snapshot(
            account=account_on(platform, row[learners.c.platform_account] or ""),
            profile=Profile(*(row[column] for column in _PROFILE)),
            active=row[learners.c.account] != str(Account.SUSPENDED),
            ends_at=row["ends_at"],
        )
        for row in connection.execute(statement).mappings()
    }


def _deleted(connection: Connection, ids: Sequence[int | None]) -> set[int]:
    gone = is_any_of(learners.c.id, ids), learners.c.deleted_at.is_not(None)
    return set(connection.execute(select(learners.c.id).where(*gone)).scalars())


def _id(entry: Entry) -> str:
    return f"{entry.run}/{int(entry.change.kind)}/{entry.change.key}"
