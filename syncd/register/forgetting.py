"""Forgetting: the personal data of deleted learners, wherever the register has them.

What stays is anonymous: the number, the licenses they had and when, that a run did something to them, and
that a notice was sent.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, Select, Text, delete, func, or_, select, update

from syncd.licensing.notices import TO_LEARNERS, Event
from syncd.model import PROFILE_FIELDS, ChangeState, Kind
from syncd.register import bulk
from syncd.register.bulk import is_any_of
from syncd.register.notice_tables import notices, postings
from syncd.register.schema import changes, identities, learners, links, waiting

_NAMES = [name for name in PROFILE_FIELDS if name not in ("email", "group", "role")]
_NAMING = (Event.SHORTFALL, Event.EXPIRY, Event.RENEWAL_GAP)  # to managers, with names in them


def forget(connection: Connection, ids: Sequence[int], now: int, *, remote: bool) -> None:
    """Remove everything that tells who these learners were. Their address is free for others.

    `remote`: a platform has yet to be told, by the account they have there; until then that is kept.
    """
    parts = _merged_into(connection, ids)
    settled = parts if remote else [*ids, *parts]
    ids = [*ids, *parts]
    theirs = is_any_of(learners.c.id, ids)
    emails = dict(_pairs(connection, select(learners.c.email, learners.c.id).where(theirs)))
    for table in (identities, links, waiting):
        connection.execute(delete(table).where(is_any_of(table.c.learner_id, ids)))
    _forget_in_notices(connection, ids, _addresses(connection, ids, emails))
    _forget_in_journal(connection, ids, emails)
    blank = {**dict.fromkeys(_NAMES, ""), "group": None, "role": "learner", "refused": ""}
    connection.execute(update(learners).where(theirs).values(**blank, account="suspended", deleted_at=now))
    nowhere = update(learners).where(is_any_of(learners.c.id, settled))
    connection.execute(nowhere.values(platform_account=None))
    bulk.execute(
        connection,
        "UPDATE learners SET email = ? WHERE id = ?",
        [(f"deleted-{number}", number) for number in ids],
    )


def _merged_into(connection: Connection, ids: Sequence[int]) -> list[int]:
    """Who became part of these learners, and of those in turn."""
    done = changes.c.state.in_((ChangeState.RECORDED, ChangeState.DELIVERED))
    merges = select(changes.c.data, changes.c.learner_id).where(changes.c.kind == int(Kind.MERGE), done)
    parts: dict[int, list[int]] = defaultdict(list)
    for data, gone in connection.execute(merges):
        parts[orjson.loads(data).get("into", 0)].append(gone)
    found = [gone for number in ids for gone in parts[number]]
    return found + (_merged_into(connection, found) if found else [])


def _forget_in_journal(connection: Connection, ids: Sequence[int], emails: Collection[str]) -> None:
    """The keys of changes are identities in a directory; those of deletions have never been.

    What a platform has yet to be told of them is told by their deletion.
    """
    theirs = or_(is_any_of(changes.c.learner_id, ids), is_any_of(changes.c.email, emails))
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


def _addresses(connection: Connection, ids: Sequence[int], emails: Mapping[str, int]) -> dict[str, int]:
    """Whose every address was that these learners have had and nobody else has now."""
    theirs = is_any_of(changes.c.learner_id, ids), changes.c.email != ""
    found = dict(_pairs(connection, select(changes.c.email, changes.c.learner_id).where(*theirs)))
    taken = is_any_of(learners.c.email, found), ~is_any_of(learners.c.id, ids)
    for email in connection.execute(select(learners.c.email).where(*taken)).scalars():
        del found[email]
    return {**found, **emails}


def _forget_in_notices(connection: Connection, ids: Sequence[int], addresses: dict[str, int]) -> None:
    """What was sent stays on record, to nobody by name; what has not been sent to them never is."""
    own = (
        notices.c.event.in_(TO_LEARNERS),
        is_any_of(_learner_in_subject(connection), [f"learner {number}" for number in ids]),
    )
    mine = {
        number: orjson.loads(facts)
        for number, facts in connection.execute(select(notices.c.id, notices.c.facts).where(*own))
    }
    blank = [(_json({**facts, "name": "", "email": ""}), number) for number, facts in mine.items()]
    naming = select(notices.c.id, notices.c.facts).where(notices.c.event.in_(_NAMING))
    for number, facts in connection.execute(naming):
        blank += [(left, number) for left in _without(facts, addresses)]
    bulk.execute(connection, "UPDATE notices SET facts = ? WHERE id = ?", blank)
    _forget_recipients(connection, {number: facts["id"] for number, facts in mine.items()}, addresses)


def _forget_recipients(connection: Connection, own: dict[int, int], addresses: dict[str, int]) -> None:
    """`own`: whose notice it was that went to themselves, under whatever address."""
    theirs = or_(
        is_any_of(postings.c.notice_id, own),
        (postings.c.channel == "mail") & is_any_of(postings.c.recipient, addresses),
    )
    connection.execute(delete(postings).where(theirs, postings.c.state != "sent"))
    sent = select(postings.c.id, postings.c.notice_id, postings.c.recipient).where(theirs)
    rows = [
        (f"deleted-{own.get(notice) or addresses[recipient]}", number)
        for number, notice, recipient in connection.execute(sent)
    ]
    bulk.execute(connection, "UPDATE postings SET recipient = ? WHERE id = ?", rows)


def _learner_in_subject(connection: Connection) -> ColumnElement[str]:
    """ "learner 7" of "learner 7, 2027-03-01"."""
    if connection.dialect.name == "postgresql":
        return func.split_part(notices.c.subject, ",", 1, type_=Text)
    subject = notices.c.subject + ","
    return func.substr(subject, 1, func.instr(subject, ",") - 1, type_=Text)


def _without(facts: str, addresses: Collection[str]) -> Iterator[str]:
    """These facts without the people who have one of `addresses`, if they name any."""
    told: dict[str, Any] = orjson.loads(facts)
    named = told.get("people", ())
    left = [person for person in named if person[1] not in addresses]
    if len(left) < len(named):
        yield _json({**told, "people": left})


def _pairs(connection: Connection, chosen: Select[Any]) -> Iterator[tuple[str, int]]:
    return ((row[0], row[1]) for row in connection.execute(chosen))


def _json(facts: dict[str, Any]) -> str:
    return orjson.dumps(facts).decode()
