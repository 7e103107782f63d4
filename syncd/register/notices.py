"""Notices and their postings: what was decided, on its way to whom, and what became of it.

pending ─┬─> sent
         ├─> refused    the recipient or the service will never take it
         └─> given_up   tried for days
A posting that may have been sent although nobody knows keeps its message, and goes out under it again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, RowMapping, Select, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from syncd.licensing.notices import LONGEST_WAIT, Address, Decision, Event, Key, Notice, Posting, PostingState
from syncd.register import bulk
from syncd.register.bulk import is_any_of
from syncd.register.database import writing
from syncd.register.locking import lock
from syncd.register.notice_tables import notices, postings

KEEP = 400 * 86_400
_CHUNK = 500  # notices inserted at once
_COLUMNS = ("notice_id", "channel", "recipient", "personal", "language", "next_try_at")


class Notices:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writer = writing(engine)

    @contextmanager
    def one_at_a_time(self) -> Iterator[None]:
        """Hold the outbox of this register, or raise `Busy`: who holds it sends."""
        with lock(self._engine, "notices"):
            yield

    def open(self) -> set[Key]:
        """What has been told, or decided not to need telling, and is not over."""
        chosen = select(notices.c.event, notices.c.subject, notices.c.threshold)
        with self._engine.connect() as connection:
            rows = connection.execute(chosen.where(notices.c.over_at.is_(None)))
            return {Key(Event(event), subject, threshold) for event, subject, threshold in rows}

    def record(
        self, decision: Decision, addresses: Callable[[Notice], Sequence[Address]], now: int
    ) -> list[Notice]:
        """Write a decision down, with a posting for everybody it concerns. Returns what nobody had before.

        The database decides: of two who find the same thing at once, one writes it and posts it.
        """
        with self._writer.begin() as connection:
            _close(connection, decision.over, now)
            fresh = _add(connection, decision.new, now)
            rows = [
                (number, address.channel, address.recipient, int(address.personal), address.language, now)
                for number, notice in fresh
                if notice.told
                for address in addresses(notice)
            ]
            bulk.insert(connection, "postings", _COLUMNS, rows)
            _forget(connection, now - KEEP)
        return [notice for _, notice in fresh]

    def due(self, now: int, *, personal: int) -> list[Posting]:
        """What is to be tried now, of each recipient all that waits; of learners, so many messages."""
        waits = _POSTINGS.where(postings.c.state == PostingState.PENDING)
        ripe = or_(postings.c.next_try_at <= now, postings.c.next_try_at > now + LONGEST_WAIT)
        with self._engine.connect() as connection:
            shared = _read(connection, waits.where(postings.c.personal == 0).order_by(postings.c.id))
            line = waits.where(postings.c.personal == 1, ripe).order_by(postings.c.next_try_at, postings.c.id)
            own = _read(connection, line.limit(personal))
        ready = {posting.address for posting in shared if _is_ripe(posting, now)}
        return own + [
            posting
            for posting in shared
            if _is_ripe(posting, now) or (posting.address in ready and not posting.message)
        ]

    def begin(self, ids: Collection[int], message: str, next_try_at: int) -> None:
        """They are about to be sent as `message`; if nobody ever says how it went, again at `next_try_at`."""
        self._set(ids, message=message, next_try_at=next_try_at, attempts=postings.c.attempts + 1, error="")

    def sent(self, ids: Collection[int], now: int) -> None:
        self._set(ids, state=PostingState.SENT, sent_at=now)

    def failed(self, ids: Collection[int], state: PostingState, why: str, *, unknown: bool = False) -> None:
        """They were not sent; or it is `unknown` whether they were, and they stay together."""
        kept = {} if unknown else {"message": ""}
        self._set(ids, state=state, error=why, **kept)

    def hurry(self, now: int) -> None:
        """Whatever waits for another try is tried now."""
        waits = postings.c.state == PostingState.PENDING, postings.c.next_try_at > now
        with self._writer.begin() as connection:
            connection.execute(update(postings).where(*waits).values(next_try_at=now))

    def again(self, now: int) -> int:
        """Everything refused or given up is tried once more. Returns how many postings."""
        lost = postings.c.state.in_((PostingState.REFUSED, PostingState.GIVEN_UP))
        with self._writer.begin() as connection:
            return connection.execute(
                update(postings).where(lost).values(state="pending", attempts=0, next_try_at=now)
            ).rowcount

    def list(self, limit: int, state: str = "") -> list[Posting]:
        """The newest postings, newest first."""
        chosen = _POSTINGS.order_by(postings.c.id.desc()).limit(limit)
        with self._engine.connect() as connection:
            return _read(connection, chosen.where(postings.c.state == state) if state else chosen)

    def counts(self) -> dict[PostingState, int]:
        with self._engine.connect() as connection:
            rows = connection.execute(select(postings.c.state, func.count()).group_by(postings.c.state))
            return {PostingState(state): many for state, many in rows}

    def _set(self, ids: Collection[int], **values: Any) -> None:
        with self._writer.begin() as connection:
            mine = is_any_of(postings.c.id, sorted(ids))
            pending = postings.c.state == PostingState.PENDING
            connection.execute(update(postings).where(mine, pending).values(values))


def _is_ripe(posting: Posting, now: int) -> bool:
    return not now < posting.next_try_at <= now + LONGEST_WAIT


def _add(connection: Connection, new: Sequence[Notice], now: int) -> list[tuple[int, Notice]]:
    """Insert notices, and return those that nobody had, each with its number."""
    by_key = {notice.key: notice for notice in new}
    added: list[tuple[int, Notice]] = []
    rows = [_row(notice, now) for notice in by_key.values()]
    for start in range(0, len(rows), _CHUNK):
        statement = _insert(connection).values(rows[start : start + _CHUNK]).on_conflict_do_nothing()
        columns = (notices.c.id, notices.c.event, notices.c.subject, notices.c.threshold)
        for number, event, subject, threshold in connection.execute(statement.returning(*columns)):
            added.append((number, by_key[Key(Event(event), subject, threshold)]))
    return sorted(added, key=lambda entry: entry[0])


def _insert(connection: Connection) -> postgresql.Insert | sqlite.Insert:
    if connection.dialect.name == "postgresql":
        return postgresql.insert(notices)
    return sqlite.insert(notices)


def _row(notice: Notice, now: int) -> dict[str, Any]:
    facts = orjson.dumps(notice.facts, default=list).decode()
    return {**notice.key._asdict(), "event": str(notice.key.event), "facts": facts, "found_at": now}


def _close(connection: Connection, over: Sequence[Key], now: int) -> None:
    statement = (
        "UPDATE notices SET over_at = ? WHERE event = ? AND subject = ? AND threshold = ? AND over_at IS NULL"
    )
    rows = [(now, str(key.event), key.subject, key.threshold) for key in over]
    bulk.execute(connection, statement, rows)


def _forget(connection: Connection, before: int) -> None:
    old = select(notices.c.id).where(notices.c.over_at < before)
    connection.execute(delete(postings).where(postings.c.notice_id.in_(old)))
    connection.execute(delete(notices).where(notices.c.over_at < before))


_POSTINGS = select(
    postings, notices.c.event, notices.c.subject, notices.c.threshold, notices.c.facts, notices.c.found_at
).join(notices, notices.c.id == postings.c.notice_id)


def _read(connection: Connection, chosen: Select[Any]) -> list[Posting]:
    return [_posting(row) for row in connection.execute(chosen).mappings()]


def _posting(row: RowMapping) -> Posting:
    return Posting(
        id=row["id"],
        key=Key(Event(row["event"]), row["subject"], row["threshold"]),
        facts=orjson.loads(row["facts"]),
        found_at=row["found_at"],
        address=Address(row["channel"], row["recipient"], bool(row["personal"]), row["language"]),
        state=PostingState(row["state"]),
        attempts=row["attempts"],
        next_try_at=row["next_try_at"],
        message=row["message"],
        sent_at=row["sent_at"],
        error=row["error"],
    )
