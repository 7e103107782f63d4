"""Learners as changes carry them, written to their table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, func, select, update
from sqlalchemy.exc import IntegrityError

from syncd.model import Account, Change, ChangeState, Kind
from syncd.register import bulk, identity_rows
from syncd.register.bulk import is_any_of
from syncd.register.journal import Refusals, refuse
from syncd.register.newcomers import insert_learners
from syncd.register.schema import changes as journal
from syncd.register.schema import learners
from syncd.register.stretch import Stretch

_VACATE = "UPDATE learners SET email = '~' || id WHERE id = ?"


def insert(connection: Connection, run: int, new: Sequence[Change], account: Account, now: int) -> Refusals:
    """Newcomers and their identities. The constraints decide; who they refuse is looked for only then."""
    if not new:
        return []
    stretch = Stretch.of(run, new)
    try:
        with connection.begin_nested():
            insert_learners(connection, stretch, account, now)
    except IntegrityError:
        refused = _taken(connection, new)
        if not refused:
            raise
        refuse(connection, run, refused)
        insert_learners(connection, stretch, account, now)
        return refused
    return []


def _taken(connection: Connection, new: Sequence[Change]) -> Refusals:
    """Of these newcomers, those whose address or identity somebody has meanwhile."""
    addresses = _held(connection, [change.email for change in new])
    known = identity_rows.known(connection, new)
    return [
        (
            change,
            "is a learner already" if change.key in known else f"{change.email} belongs to another learner",
        )
        for change in new
        if change.email in addresses or change.key in known
    ]


def _insert_groups(connection: Connection, names: Iterable[str], now: int) -> None:
    rows = [(name, now) for name in sorted({*names} - {""})]
    statement = "INSERT INTO groups (name, first_seen_at) VALUES (?, ?) ON CONFLICT (name) DO NOTHING"
    bulk.execute(connection, statement, rows)


def set_values(connection: Connection, run: int, group: Sequence[Change], now: int) -> Refusals:
    """New values. Addresses may move within a batch, so all are vacated before any is taken."""
    wanted = {_values(change)["email"]: change for change in group if "email" in _values(change)}
    bulk.execute(connection, _VACATE, [(change.learner,) for change in wanted.values()])
    refused = _still_held(connection, run, wanted) if wanted else []
    gone = {change.key for change, _ in refused}
    lost = _held(connection, [change.data["was"]["email"] for change, _ in refused])
    _insert_groups(connection, {_values(change).get("group", "") for change in group}, now)
    rows: dict[tuple[str, ...], list[tuple[Any, ...]]] = {}
    for change in group:
        values: dict[str, Any] = dict(_values(change))
        if change.key in gone:
            was = change.data["was"]["email"]
            if was in lost:  # passed on in an earlier batch: they stay without until the next run
                continue
            values = {"email": was}
        if "group" in values:
            values["group"] = values["group"] or None
        rows.setdefault(tuple(values), []).append((*values.values(), change.learner))
    for names, found in rows.items():
        assignments = ", ".join(f'"{name}" = ?' for name in names)
        bulk.execute(connection, f"UPDATE learners SET {assignments} WHERE id = ?", found)
    return refused


def _still_held(connection: Connection, run: int, wanted: dict[str, Change]) -> Refusals:
    """Addresses somebody holds whose own update comes in a later batch are vacated; others are refused."""
    held = is_any_of(learners.c.email, list(wanted))
    rows = connection.execute(select(learners.c.id, learners.c.email).where(held)).all()
    if not rows:
        return []
    later = select(journal.c.learner_id).where(
        journal.c.run_id == run,
        journal.c.kind == int(Kind.UPDATE),
        journal.c.state == ChangeState.PLANNED.value,
        is_any_of(journal.c.learner_id, [row[0] for row in rows]),
    )
    moving = set(connection.execute(later).scalars())
    bulk.execute(connection, _VACATE, [(number,) for number in sorted(moving)])
    refused = [
        (wanted[email], f"{email} belongs to learner {number}")
        for number, email in rows
        if number not in moving
    ]
    for change, _ in refused:  # grows on the way: who keeps an address keeps it from who wanted it
        kept = change.data["was"]["email"]
        if kept in wanted:
            refused.append((wanted[kept], f"{kept} belongs to learner {change.learner}"))
    return refused


def _held(connection: Connection, addresses: Sequence[str]) -> set[str]:
    """Those of `addresses` that are somebody's."""
    if not addresses:
        return set()
    held = is_any_of(learners.c.email, addresses)
    return set(connection.execute(select(learners.c.email).where(held)).scalars())


def suspend(connection: Connection, group: Sequence[Change]) -> None:
    statement = (
        "UPDATE learners SET account = 'suspended', suspended_by = 'sync', left_at = ?"
        " WHERE id = ? AND account <> 'suspended'"
    )
    bulk.execute(connection, statement, [(change.data["left_at"], change.learner) for change in group])


def suspend_by_hand(connection: Connection, ids: Sequence[int]) -> None:
    """Whatever else had suspended them: what lifts that does not let them in again."""
    statement = "UPDATE learners SET account = 'suspended', suspended_by = 'hand' WHERE id = ?"
    bulk.execute(connection, statement, [(number,) for number in ids])


def expire(connection: Connection, ids: Sequence[int]) -> None:
    """Suspend those whose license has ended, unless somebody suspended them before."""
    statement = (
        "UPDATE learners SET account = 'suspended', suspended_by = 'expiry'"
        " WHERE id = ? AND account <> 'suspended'"
    )
    bulk.execute(connection, statement, [(number,) for number in ids])


def lift_expiry(connection: Connection, ids: Sequence[int], now: int) -> None:
    """Whom the end of a license had suspended has one again; who has left since stays suspended for that."""
    here = (
        "UPDATE learners SET account = 'active', suspended_by = '', activated_at = coalesce(activated_at, ?)"
        " WHERE id = ? AND suspended_by = 'expiry' AND left_at IS NULL"
    )
    bulk.execute(connection, here, [(now, number) for number in ids])
    left = "UPDATE learners SET suspended_by = 'sync' WHERE id = ? AND suspended_by = 'expiry'"
    bulk.execute(connection, left, [(number,) for number in ids])


def come_back_lapsed(connection: Connection, ids: Sequence[int]) -> None:
    """Back in a directory, without a license: what suspends them now is that."""
    statement = "UPDATE learners SET left_at = NULL, suspended_by = 'expiry' WHERE id = ?"
    bulk.execute(connection, statement, [(number,) for number in ids])


def set_account(connection: Connection, ids: Sequence[int], account: Account, now: int) -> None:
    """Lift a suspension, or what leaving had begun, and set the account."""
    if not ids:
        return
    values: dict[str, Any] = {"account": account.value, "suspended_by": "", "left_at": None}
    if account is Account.ACTIVE:
        values |= {"activated_at": func.coalesce(learners.c.activated_at, now), "refused": ""}
    connection.execute(update(learners).where(is_any_of(learners.c.id, ids)).values(values))


def set_left(connection: Connection, group: Sequence[Change]) -> None:
    """Since when they have left, or that they are back."""
    rows: list[tuple[Any, ...]] = [
        (change.data["left_at"], change.learner) for change in group if "left_at" in change.data
    ]
    rows += [(None, change.learner) for change in group if change.data.get("back")]
    bulk.execute(connection, "UPDATE learners SET left_at = ? WHERE id = ?", rows)


def among(connection: Connection, ids: Sequence[int], *, ever_active: bool = False) -> set[int]:
    """Those of `ids` that are learners; with `ever_active`, that ever had an account."""
    statement = select(learners.c.id).where(is_any_of(learners.c.id, ids))
    if ever_active:
        statement = statement.where(learners.c.activated_at.is_not(None))
    return set(connection.execute(statement).scalars())


def _values(change: Change) -> dict[str, str]:
    values: dict[str, str] = change.data.get("set", {})
    return values
