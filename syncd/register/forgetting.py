"""Forgetting: the personal data of deleted learners, wherever the register has them.

What stays is anonymous: the number, the licenses they had and when, and that a run did something to them.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, or_, select, update

from syncd.model import PROFILE_FIELDS, ChangeState, Kind
from syncd.register import bulk
from syncd.register.bulk import is_any_of
from syncd.register.schema import changes, identities, learners, links, waiting

_NAMES = [name for name in PROFILE_FIELDS if name not in ("email", "group", "role")]


def forget(connection: Connection, ids: Sequence[int], now: int) -> None:
    """Remove everything that tells who these learners were. Their address is free for others."""
    theirs = is_any_of(connection, learners.c.id, ids)
    emails = list(connection.execute(select(learners.c.email).where(theirs)).scalars())
    for table in (identities, links, waiting):
        connection.execute(delete(table).where(is_any_of(connection, table.c.learner_id, ids)))
    _forget_in_journal(connection, ids, emails)
    blank = {**dict.fromkeys(_NAMES, ""), "group": None, "role": "learner", "refused": ""}
    connection.execute(update(learners).where(theirs).values(**blank, account="suspended", deleted_at=now))
    bulk.execute(
        connection,
        "UPDATE learners SET email = ? WHERE id = ?",
        [(f"deleted-{number}", number) for number in ids],
    )


def _forget_in_journal(connection: Connection, ids: Sequence[int], emails: Sequence[str]) -> None:
    """The keys of changes are identities in a directory; those of deletions have never been.

    What a platform has yet to be told of them is told by their deletion.
    """
    theirs = or_(
        is_any_of(connection, changes.c.learner_id, ids), is_any_of(connection, changes.c.email, emails)
    )
    places = select(changes.c.run_id, changes.c.kind, changes.c.key).where(
        theirs, changes.c.kind != int(Kind.DELETE)
    )
    found = connection.execute(places.order_by(changes.c.run_id, changes.c.kind, changes.c.key)).all()
    blank = {"email": "", "name": "", "why": "", "data": "{}"}
    connection.execute(update(changes).where(theirs).values(**blank))
    untold = theirs, changes.c.state == ChangeState.RECORDED, changes.c.kind != int(Kind.DELETE)
    connection.execute(update(changes).where(*untold).values(state=ChangeState.DELIVERED))
    renamed = 'UPDATE changes SET "key" = ? WHERE run_id = ? AND kind = ? AND "key" = ?'
    rows = [(f"deleted/{ids[0]}/{number}", *place) for number, place in enumerate(found)]
    bulk.execute(connection, renamed, rows)
