"""Recording: a batch of planned changes becomes true in the register, in one transaction.

Each kind of change has one function below. What the world has overtaken since the plan was made (an
address taken, a lot emptied) is refused or waits, by name, and never stops the others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Engine, func, select, update

from syncd.model import PROFILE_FIELDS, Account, Change, ChangeState, Entry, Kind, Profile
from syncd.register import bulk, identity_rows, seats
from syncd.register.bulk import is_any_of
from syncd.register.journal import mark, mark_through
from syncd.register.schema import changes as journal
from syncd.register.schema import learners
from syncd.register.seats import Grant, Waiter

_QUIET = (Kind.LINK, Kind.JOIN, Kind.WAIT, Kind.NOTE, Kind.SKIP)
_LEARNER = ("id", *PROFILE_FIELDS, "account", "created_at", "activated_at")
_NO_SEAT = "no license was left when it came to it; they wait in line"
Refusals = list[tuple[Change, str]]


@dataclass(frozen=True, slots=True)
class Recorder:
    """`remote`: a platform of its own has yet to be told. `license_type`: what people wait for."""

    engine: Engine
    remote: bool
    license_type: str

    def record(self, run: int, batch: Sequence[Entry], now: int, *, seats_left: bool = True) -> Refusals:
        """Make `batch` true; return the changes that could not be made, each with the reason.

        `seats_left` is False once the platform said it has none: whoever wants one waits.
        """
        refused: Refusals = []
        with self.engine.execution_options(writes=True).begin() as connection:
            work = _Work(connection, self, run, now, seats_left)
            for kind, entries in groupby(batch, key=lambda entry: entry.change.kind):
                group = [entry.change for entry in entries]
                state = ChangeState.RECORDED if self.remote and kind not in _QUIET else ChangeState.DELIVERED
                mark_through(connection, run, group[0], group[-1], state)
                refused += _DO[kind](work, group)
            for change, why in refused:
                mark(connection, run, [(change.kind, change.key)], ChangeState.REFUSED, why)
        return refused


@dataclass(frozen=True, slots=True)
class _Work:
    connection: Connection
    recorder: Recorder
    run: int
    now: int
    seats_left: bool

    def seat_or_line(self, group: Sequence[Change]) -> list[Change]:
        """Grant what was planned; whoever ends without a seat joins the line. Returns the seated."""
        grants = [Grant(_learner(change), change.lot) for change in group if change.lot is not None]
        missed = seats.grant(self.connection, grants, self.run, self.now) if self.seats_left else grants
        without = {entry.learner for entry in missed}
        seated = [change for change in group if change.lot is not None and _learner(change) not in without]
        waiting = [
            Waiter(_learner(change), self.now, int(change.data.get("priority", 0)), change.key)
            for change in group
            if "priority" in change.data and (change.lot is None or _learner(change) in without)
        ]
        seats.put_in_line(self.connection, waiting, self.recorder.license_type)
        seats.leave_line(
            self.connection, [_learner(change) for change in seated if "profile" not in change.data]
        )
        return seated

    def set_account(self, ids: Sequence[int], account: Account) -> None:
        if not ids:
            return
        values: dict[str, Any] = {"account": str(account), "suspended_by": "", "left_at": None}
        if account is Account.ACTIVE:
            values |= {"activated_at": func.coalesce(learners.c.activated_at, self.now), "refused": ""}
        self.connection.execute(
            update(learners).where(is_any_of(self.connection, learners.c.id, ids)).values(values)
        )


def _create(work: _Work, group: list[Change]) -> Refusals:
    """New learners with their seat; and those who waited for an account and now have a seat."""
    new = [change for change in group if "profile" in change.data]
    refused = _taken(work.connection, new)
    if refused:
        gone = {change.key for change, _ in refused}
        group = [change for change in group if change.key not in gone]
        new = [change for change in new if change.key not in gone]
    _insert_learners(work, new, Account.PLANNED if work.recorder.remote else Account.ACTIVE)
    seated = {_learner(change) for change in work.seat_or_line(group)}
    old = [_learner(change) for change in group if "profile" not in change.data]
    if not work.recorder.remote:
        work.set_account([number for number in old if number in seated], Account.ACTIVE)
    missed = [change for change in group if change.lot is not None and _learner(change) not in seated]
    work.set_account([_learner(change) for change in missed], Account.PLANNED)
    return refused + [(change, _NO_SEAT) for change in missed]


def _wait(work: _Work, group: list[Change]) -> Refusals:
    refused = _taken(work.connection, group)
    gone = {change.key for change, _ in refused}
    kept = [change for change in group if change.key not in gone]
    _insert_learners(work, kept, Account.PLANNED)
    work.seat_or_line(kept)
    return refused


def _taken(connection: Connection, new: Sequence[Change]) -> Refusals:
    """Of these newcomers, those whose address or identity somebody has meanwhile."""
    if not new:
        return []
    addresses = connection.execute(
        select(learners.c.email).where(
            is_any_of(connection, learners.c.email, [change.email for change in new])
        )
    )
    taken = set(addresses.scalars())
    known = identity_rows.known(connection, new)
    return [
        (
            change,
            "is a learner already" if change.key in known else f"{change.email} belongs to another learner",
        )
        for change in new
        if change.email in taken or change.key in known
    ]


def _insert_learners(work: _Work, new: Sequence[Change], account: Account) -> None:
    if not new:
        return
    profiles: list[Profile] = [change.data["profile"] for change in new]
    _insert_groups(work, {profile.group for profile in profiles})
    activated = work.now if account is Account.ACTIVE else None
    rows = [
        (change.learner, *profile[:8], profile.group or None, profile.role, str(account), work.now, activated)
        for change, profile in zip(new, profiles, strict=True)
    ]
    bulk.insert(work.connection, "learners", _LEARNER, rows)
    identity_rows.insert(work.connection, new, work.now)


def _insert_groups(work: _Work, names: set[str]) -> None:
    rows = [(name, work.now) for name in sorted(names - {""})]
    statement = "INSERT INTO groups (name, first_seen_at) VALUES (?, ?) ON CONFLICT (name) DO NOTHING"
    bulk.execute(work.connection, statement, rows)


def _link(work: _Work, group: list[Change]) -> Refusals:
    """A second identity for a learner there is; also those created in this very plan."""
    ids = [_learner(change) for change in group]
    there = set(
        work.connection.execute(
            select(learners.c.id).where(is_any_of(work.connection, learners.c.id, ids))
        ).scalars()
    )
    known = identity_rows.known(work.connection, group)
    kept = [change for change in group if change.learner in there and change.key not in known]
    identity_rows.insert(work.connection, kept, work.now)
    back = [_learner(change) for change in kept if change.data.get("back")]
    _no_longer_left(work, back)
    return [
        (change, "is linked already" if change.key in known else "the learner to link to was not created")
        for change in group
        if change not in kept
    ]


def _update(work: _Work, group: list[Change]) -> Refusals:
    """New values. Addresses may move within a batch, so all are vacated before any is taken."""
    identity_rows.refresh(work.connection, group, work.now)
    wanted: dict[str, Change] = {_set(change)["email"]: change for change in group if "email" in _set(change)}
    refused: Refusals = []
    if wanted:
        vacate = "UPDATE learners SET email = '~' || id WHERE id = ?"
        bulk.execute(work.connection, vacate, [(change.learner,) for change in wanted.values()])
        refused = _still_held(work, wanted)
    gone = {change.key for change, _ in refused}
    _insert_groups(work, {_set(change).get("group", "") for change in group})
    for change in group:
        values: dict[str, Any] = dict(_set(change))
        if change.key in gone:
            values = {"email": change.data["was"]["email"]}
        if "group" in values:
            values["group"] = values["group"] or None
        work.connection.execute(update(learners).where(learners.c.id == change.learner).values(values))
    _change_priority(work, group)
    return refused


def _still_held(work: _Work, wanted: dict[str, Change]) -> Refusals:
    """Addresses somebody holds whose own update comes in a later batch are vacated; others are refused."""
    connection = work.connection
    rows = connection.execute(
        select(learners.c.id, learners.c.email).where(is_any_of(connection, learners.c.email, list(wanted)))
    ).all()
    if not rows:
        return []
    moving = set(
        connection.execute(
            select(journal.c.learner_id).where(
                journal.c.run_id == work.run,
                journal.c.kind == int(Kind.UPDATE),
                journal.c.state == str(ChangeState.PLANNED),
                is_any_of(connection, journal.c.learner_id, [row[0] for row in rows]),
            )
        ).scalars()
    )
    bulk.execute(
        connection,
        "UPDATE learners SET email = '~' || id WHERE id = ?",
        [(number,) for number in sorted(moving)],
    )
    return [
        (wanted[email], f"{email} belongs to learner {number}")
        for number, email in rows
        if number not in moving
    ]


def _suspend(work: _Work, group: list[Change]) -> Refusals:
    ids = [_learner(change) for change in group]
    seats.leave_line(work.connection, ids)
    statement = (
        "UPDATE learners SET account = 'suspended', suspended_by = 'sync', left_at = ?"
        " WHERE id = ? AND account <> 'suspended'"
    )
    bulk.execute(work.connection, statement, [(change.data["left_at"], change.learner) for change in group])
    return []


def _release(work: _Work, group: list[Change]) -> Refusals:
    for lot, entries in groupby(
        sorted(group, key=lambda change: change.lot or 0), key=lambda change: change.lot
    ):
        members = [_learner(change) for change in entries]
        seats.release(work.connection, members, lot or 0, "has left", work.now)
    return []


def _reactivate(work: _Work, group: list[Change]) -> Refusals:
    identity_rows.refresh(work.connection, group, work.now)
    seated = {_learner(change) for change in work.seat_or_line(group)}
    ids = [_learner(change) for change in group]
    chosen = is_any_of(work.connection, learners.c.id, ids)
    ever = set(
        work.connection.execute(
            select(learners.c.id).where(chosen, learners.c.activated_at.is_not(None))
        ).scalars()
    )
    planned = [number for number in ids if number not in seated and number not in ever]
    work.set_account([number for number in ids if number not in planned], Account.ACTIVE)
    work.set_account(planned, Account.PLANNED)
    return []


def _allocate(work: _Work, group: list[Change]) -> Refusals:
    seated = work.seat_or_line(group)
    kept = {change.key for change in seated}
    return [(change, _NO_SEAT) for change in group if change.key not in kept]


def _note(work: _Work, group: list[Change]) -> Refusals:
    identity_rows.refresh(work.connection, group, work.now)
    _no_longer_left(work, [_learner(change) for change in group if change.data.get("back")])
    left = [(change.data["left_at"], change.learner) for change in group if "left_at" in change.data]
    bulk.execute(work.connection, "UPDATE learners SET left_at = ? WHERE id = ?", left)
    _change_priority(work, group)
    return []


def _skip(_work: _Work, _group: list[Change]) -> Refusals:
    return []


def _no_longer_left(work: _Work, ids: Sequence[int]) -> None:
    bulk.execute(
        work.connection, "UPDATE learners SET left_at = NULL WHERE id = ?", [(number,) for number in ids]
    )


def _change_priority(work: _Work, group: Sequence[Change]) -> None:
    rows = [(change.data["priority"], change.learner) for change in group if "priority" in change.data]
    bulk.execute(work.connection, "UPDATE waiting SET priority = ? WHERE learner_id = ?", rows)


def _learner(change: Change) -> int:
    assert change.learner is not None
    return change.learner


def _set(change: Change) -> dict[str, str]:
    values: dict[str, str] = change.data.get("set", {})
    return values


_DO: dict[Kind, Callable[[_Work, list[Change]], Refusals]] = {
    Kind.SUSPEND: _suspend,
    Kind.RELEASE: _release,
    Kind.LINK: _link,
    Kind.UPDATE: _update,
    Kind.REACTIVATE: _reactivate,
    Kind.CREATE: _create,
    Kind.JOIN: _link,
    Kind.ALLOCATE: _allocate,
    Kind.WAIT: _wait,
    Kind.NOTE: _note,
    Kind.SKIP: _skip,
}
