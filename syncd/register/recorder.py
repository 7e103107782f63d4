"""Recording: a batch of planned changes becomes true in the register, in one transaction.

Each kind of change has one function below. What the world has overtaken since the plan was made (an
address taken, a lot emptied) is refused or waits, by name, and never stops the others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError

from syncd.model import Account, Change, ChangeState, Kind
from syncd.register import bulk, identity_rows, learner_rows, seats
from syncd.register.database import writing
from syncd.register.forgetting import forget
from syncd.register.journal import Refusals, mark_through, refuse, unseat
from syncd.register.merging import merge
from syncd.register.newcomers import insert_identities, insert_learners
from syncd.register.seats import Grant, Renewal, Waiter
from syncd.register.stretch import Stretch
from syncd.register_port import QUIET, Batch

_NONE_LEFT = "no license was left when it came to it"
_NO_SEAT = f"{_NONE_LEFT}; they wait in line"


@dataclass(frozen=True, slots=True)
class Recorder:
    """`remote`: a platform of its own has yet to be told. `license_type`: what people wait for."""

    engine: Engine
    remote: bool
    license_type: str

    def record(self, run: int, batch: Batch, now: int, *, seats_left: bool = True) -> Refusals:
        """Make `batch` true; return the changes that could not be made, each with the reason.

        `seats_left` is False once the platform said it has none: whoever wants one waits.
        """
        refused: Refusals = []
        kinds = {batch.first[0], batch.last[0]}
        usual = kinds == {Kind.CREATE} and not self.remote and seats_left
        read = [] if usual else [*batch]  # outside the transaction, where one connection does for both
        with writing(self.engine).begin() as connection:
            work = _Work(connection, self, run, now, seats_left)
            if usual and work.admits(batch):
                return []
            for kind, entries in groupby(read or batch, key=lambda entry: entry.change.kind):
                group = [entry.change for entry in entries]
                state = ChangeState.RECORDED if self.remote and kind not in QUIET else ChangeState.DELIVERED
                ends = (kind, group[0].key), (kind, group[-1].key)
                mark_through(connection, run, *ends, state)
                refused += _DO[kind](work, group)
            refuse(connection, run, refused)
            unseat(connection, run, [change for change, _ in refused])
        return refused


@dataclass(frozen=True, slots=True)
class _Work:
    connection: Connection
    recorder: Recorder
    run: int
    now: int
    seats_left: bool

    def admits(self, batch: Batch) -> bool:
        """The usual first sync by SQL alone: nothing but newcomers, with a seat each, all from one lot.

        False, and nothing has happened, when somebody among them wants a closer look.
        """
        stretch = Stretch(self.run, Kind.CREATE, batch.first[1], batch.last[1])
        row = seats.in_a_row(self.connection, stretch, len(batch), self.now)
        if row is None:
            return False
        try:
            with self.connection.begin_nested() as attempt:
                if insert_learners(self.connection, stretch, Account.ACTIVE, self.now) < len(batch):
                    attempt.rollback()
                    return False
                seats.grant_in_a_row(self.connection, stretch, row, self.now)
        except IntegrityError:
            return False
        mark_through(self.connection, self.run, batch.first, batch.last, ChangeState.DELIVERED)
        return True

    def seat_or_line(self, group: Sequence[Change]) -> set[int]:
        """Grant what was planned; whoever ends without a seat joins the line. Returns the seated learners."""
        grants = [Grant(_learner(change), change.lot) for change in group if change.lot is not None]
        missed = seats.grant(self.connection, grants, self.run, self.now) if self.seats_left else grants
        seated = {entry.learner for entry in grants}.difference([entry.learner for entry in missed])
        waiting = [
            Waiter(_learner(change), self.now, int(change.data.get("priority", 0)), change.key)
            for change in group
            if change.learner not in seated and "priority" in change.data
        ]
        seats.put_in_line(self.connection, waiting, self.recorder.license_type)
        waited = [_learner(c) for c in group if "profile" not in c.data and c.learner in seated]
        seats.leave_line(self.connection, waited)
        return seated

    def set_account(self, ids: Sequence[int], account: Account) -> None:
        learner_rows.set_account(self.connection, ids, account, self.now)

    def change_priority(self, group: Sequence[Change]) -> None:
        rows = [(change.data["priority"], change.learner) for change in group if "priority" in change.data]
        bulk.execute(self.connection, "UPDATE waiting SET priority = ? WHERE learner_id = ?", rows)


def _create(work: _Work, group: list[Change]) -> Refusals:
    """New learners with their seat; and those who waited for an account and now have a seat."""
    new = [change for change in group if "profile" in change.data]
    account = Account.PLANNED if work.recorder.remote else Account.ACTIVE
    refused = learner_rows.insert(work.connection, work.run, new, account, work.now)
    group = _without(group, refused)
    seated = work.seat_or_line(group)
    if not work.recorder.remote:
        waited = [_learner(change) for change in group if "profile" not in change.data]
        work.set_account([number for number in waited if number in seated], Account.ACTIVE)
    missed = [change for change in group if change.lot is not None and change.learner not in seated]
    work.set_account([_learner(change) for change in missed], Account.PLANNED)
    return refused + [(change, _NO_SEAT) for change in missed]


def _wait(work: _Work, group: list[Change]) -> Refusals:
    """Newcomers who wait for account and license; and learners who wait for the renewal of theirs."""
    new = [change for change in group if "profile" in change.data]
    refused = learner_rows.insert(work.connection, work.run, new, Account.PLANNED, work.now)
    work.seat_or_line(_without(group, refused))
    return refused


def _link(work: _Work, group: list[Change]) -> Refusals:
    """A second identity for a learner there is; also those created in this very plan."""
    there = learner_rows.among(work.connection, [_learner(change) for change in group])
    known = identity_rows.known(work.connection, group)
    refused = [
        (change, "is linked already" if change.key in known else "the learner to link to was not created")
        for change in group
        if change.learner not in there or change.key in known
    ]
    refuse(work.connection, work.run, refused)
    insert_identities(work.connection, Stretch.of(work.run, group), work.now)
    learner_rows.set_left(work.connection, _without(group, refused))
    return refused


def _update(work: _Work, group: list[Change]) -> Refusals:
    """New values. Who is refused is not remembered as seen, so that the next run tries again."""
    refused = learner_rows.set_values(work.connection, work.run, group, work.now)
    identity_rows.refresh(work.connection, _without(group, refused), work.now)
    identity_rows.doubt(work.connection, [change.learner for change, _ in refused])
    work.change_priority(group)
    return refused


def _suspend(work: _Work, group: list[Change]) -> Refusals:
    seats.leave_line(work.connection, [_learner(change) for change in group])
    learner_rows.suspend(work.connection, [change for change in group if "by_hand" not in change.data])
    shut_out = [_learner(change) for change in group if "by_hand" in change.data]
    learner_rows.suspend_by_hand(work.connection, shut_out)
    return []


def _expire(work: _Work, group: list[Change]) -> Refusals:
    seats.expire(work.connection, [_learner(change) for change in group], work.now)
    suspended = [_learner(change) for change in group if "suspends" in change.data]
    learner_rows.expire(work.connection, suspended)
    return []


def _release(work: _Work, group: list[Change]) -> Refusals:
    for (lot, why), entries in groupby(sorted(group, key=_released), key=_released):
        members = [_learner(change) for change in entries]
        seats.release(work.connection, members, lot, why, work.now)
    return []


def _released(change: Change) -> tuple[int, str]:
    """From which lot, and why, in a word or two."""
    return change.lot or 0, "by hand" if "by_hand" in change.data else "has left"


def _delete(work: _Work, group: list[Change]) -> Refusals:
    deleted = [_learner(change) for change in group]
    forget(work.connection, deleted, work.now, remote=work.recorder.remote)
    return []


def _reactivate(work: _Work, group: list[Change]) -> Refusals:
    """Back with an account; those who never had one and find no seat now wait for it again.

    Whose license has ended is back without it, and waits for nothing.
    """
    identity_rows.refresh(work.connection, group, work.now)
    learner_rows.come_back_lapsed(work.connection, [_learner(c) for c in group if "lapsed" in c.data])
    group = [change for change in group if "lapsed" not in change.data]
    ids = [_learner(change) for change in group]
    seated = work.seat_or_line(group)
    unseat(work.connection, work.run, [change for change in group if change.learner not in seated])
    active = seated | learner_rows.among(work.connection, ids, ever_active=True)
    work.set_account([number for number in ids if number in active], Account.ACTIVE)
    work.set_account([number for number in ids if number not in active], Account.PLANNED)
    return []


def _renew(work: _Work, group: list[Change]) -> Refusals:
    """A new license after the old one, which lets those log in again whom its end had suspended."""
    wanted = [
        Renewal(_learner(c), c.lot or 0, int(c.data["renews"]), int(c.data.get("starts_at", 0)))
        for c in group
    ]
    missed = wanted if not work.seats_left else seats.renew(work.connection, wanted, work.run, work.now)
    without = {entry.learner for entry in missed}
    renewed = [entry.learner for entry in wanted if entry.learner not in without]
    seats.leave_line(work.connection, renewed)
    learner_rows.lift_expiry(work.connection, renewed, work.now)
    return [(change, _NONE_LEFT) for change in group if change.learner in without]


def _allocate(work: _Work, group: list[Change]) -> Refusals:
    seated = work.seat_or_line(group)
    return [(change, _NO_SEAT) for change in group if change.learner not in seated]


def _merge(work: _Work, group: list[Change]) -> Refusals:
    return merge(work.connection, group, work.now)


def _note(work: _Work, group: list[Change]) -> Refusals:
    identity_rows.refresh(work.connection, group, work.now)
    learner_rows.set_left(work.connection, group)
    work.change_priority(group)
    seats.leave_line(work.connection, [_learner(c) for c in group if c.data.get("leaves_line")])
    return []


def _skip(_work: _Work, _group: list[Change]) -> Refusals:
    return []


def _without(group: list[Change], refused: Refusals) -> list[Change]:
    gone = {change.key for change, _ in refused}
    return [change for change in group if change.key not in gone] if gone else group


def _repair(_work: _Work, _group: list[Change]) -> Refusals:
    """Nothing is new to the register: the platform is told again."""
    return []


def _learner(change: Change) -> int:
    assert change.learner is not None
    return change.learner


_DO: dict[Kind, Callable[[_Work, list[Change]], Refusals]] = {
    Kind.SUSPEND: _suspend,
    Kind.EXPIRE: _expire,
    Kind.RELEASE: _release,
    Kind.DELETE: _delete,
    Kind.LINK: _link,
    Kind.UPDATE: _update,
    Kind.REPAIR: _repair,
    Kind.REACTIVATE: _reactivate,
    Kind.RENEW: _renew,
    Kind.CREATE: _create,
    Kind.JOIN: _link,
    Kind.ALLOCATE: _allocate,
    Kind.WAIT: _wait,
    Kind.MERGE: _merge,
    Kind.NOTE: _note,
    Kind.SKIP: _skip,
}
