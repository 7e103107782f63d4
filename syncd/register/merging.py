"""Merging: a learner becomes part of another one, in the transaction of the run that says so."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, insert, literal, select, update

from syncd.model import Change
from syncd.register import identity_rows, seats
from syncd.register.bulk import is_any_of
from syncd.register.journal import Refusals
from syncd.register.schema import identities, learners, links


def merge(connection: Connection, group: Sequence[Change], now: int) -> Refusals:
    """Returns those where one of the two is no learner any more."""
    refused: Refusals = []
    for change in group:
        gone, keep = change.learner or 0, int(change.data["into"])
        if _are_there(connection, gone, keep):
            _merge(connection, gone, keep, now)
        else:
            refused.append((change, "one of the two is no learner any more"))
    return refused


def _are_there(connection: Connection, *two: int) -> bool:
    there = is_any_of(learners.c.id, two), learners.c.deleted_at.is_(None)
    return len(connection.execute(select(learners.c.id).where(*there)).all()) == len(two)


def _merge(connection: Connection, gone: int, keep: int, now: int) -> None:
    seats.expire(connection, [gone], now)
    seats.release(connection, [gone], None, f"merged into learner {keep}", now)
    seats.leave_line(connection, [gone])
    connection.execute(update(identities).where(identities.c.learner_id == gone).values(learner_id=keep))
    identity_rows.doubt(connection, [keep])  # what they come to together, the next run finds out
    has = select(links.c.value).where(links.c.learner_id == keep)
    theirs = links.c.learner_id == gone
    new = select(links.c.value, literal(keep)).where(theirs, links.c.value.not_in(has))
    connection.execute(insert(links).from_select(["value", "learner_id"], new))
    connection.execute(delete(links).where(theirs))
    shut = {"account": "suspended", "suspended_by": "sync", "left_at": None, "refused": ""}
    connection.execute(
        update(learners).where(learners.c.id == gone).values(**shut, email=f"merged-{gone}", deleted_at=now)
    )
