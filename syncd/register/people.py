"""What the register knows of people: fingerprints for the sweep, learners by every way of finding them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, Row, RowMapping, Select, bindparam, func, or_, select, text

from syncd.model import PROFILE_FIELDS, Account, Identity, Presence, Profile
from syncd.plan.roster import KnownIdentity, KnownLearner, Recorded, Roster, Said, Scheduled
from syncd.plan.sight import Sight
from syncd.register.bulk import is_any_of
from syncd.register.columns import Time
from syncd.register.database import drafting
from syncd.register.schema import LAPSED, LIVE, SCHEDULED, allocations, identities, learners, links, waiting
from syncd.register.standing import is_over, last, live, scheduled, with_licenses

_LEARNER = [
    *(learners.c[name] for name in ("id", "account", "suspended_by", "activated_at", "left_at", "refused")),
    waiting.c.priority,
]
_PROFILE = [func.coalesce(learners.c[name], "").label(name) for name in PROFILE_FIELDS]
_IDENTITY = [
    identities.c[name] for name in ("id", "directory", "key", "learner_id", "presence", "since", "said")
]
_HELD = (
    *(live.c[name] for name in ("id", "lot_id", "ends_at")),
    *(scheduled.c[name] for name in ("id", "lot_id", "starts_at", "ends_at")),
    last.c.id,
)
_PAGE = 1000
_DIRECTORIES = text(  # from one to the next in the index: looking at everybody would cost a look at everybody
    "WITH RECURSIVE known (name) AS ("
    " SELECT min(directory) FROM identities UNION ALL"
    " SELECT (SELECT min(directory) FROM identities WHERE directory > name) FROM known WHERE name IS NOT NULL"
    ") SELECT name FROM known WHERE name IS NOT NULL"
)


_KNOWN = (
    select(*_LEARNER, *_HELD, is_over(bindparam("now", type_=Time)), *_PROFILE)
    .select_from(with_licenses(learners.outerjoin(waiting, waiting.c.learner_id == learners.c.id)))
    .where(learners.c.deleted_at.is_(None), is_any_of(learners.c.id, "ids"))
)
_OWNED = select(*_IDENTITY).where(is_any_of(identities.c.learner_id, "ids")).order_by(identities.c.id)
_NAMED = (identities.c.directory == bindparam("directory")) & is_any_of(identities.c.key, "keys")
_BY_IDENTITY = select(identities.c.key, identities.c.learner_id).where(_NAMED)
_BY_EMAIL = select(learners.c.email, learners.c.id).where(is_any_of(learners.c.email, "values"))
_BY_LINK = select(links.c.value, links.c.learner_id).where(is_any_of(links.c.value, "values"))
_RECORDED = (
    select(*(identities.c[name] for name in ("id", "key", "presence", "fingerprint", "fresh_until")))
    .where(_NAMED)
    .order_by(identities.c.id)
)
_WIDEST = select(func.max(identities.c.id))
_ANYBODY = select(learners.c.id).limit(1)
_THEIRS = select(allocations.c.id).where(allocations.c.learner_id == learners.c.id)
_LEAVING = select(learners.c.id).where(
    learners.c.left_at.is_not(None),
    learners.c.deleted_at.is_(None),
    or_(
        learners.c.account != Account.SUSPENDED,
        *(_THEIRS.where(held).exists() for held in (LIVE, SCHEDULED)),  # each has an index
        learners.c.left_at <= bindparam("since"),
    ),
)
_UNVOUCHED = [
    select(identities.c.id, identities.c.key).where(
        identities.c.directory == bindparam("directory"), identities.c.presence != Presence.MISSING, unproven
    )
    for unproven in (identities.c.fresh_until <= bindparam("now"), identities.c.fingerprint.is_(None))
]  # an index each


class People:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def new_sight(self) -> Sight:
        """Sight of nobody yet, wide enough for every identity there is."""
        with self._engine.connect() as connection:
            return Sight(connection.execute(_WIDEST).scalar() or 0)

    def fingerprints(self, directory: str, now: int) -> dict[bytes, int]:
        """Identity numbers by fingerprint: those whose description still holds at `now`."""
        with self._engine.connect() as connection:
            statement = select(identities.c.fingerprint, identities.c.id).where(
                identities.c.directory == directory,
                identities.c.presence != Presence.MISSING,
                or_(identities.c.fresh_until.is_(None), identities.c.fresh_until > now),
                identities.c.fingerprint.is_not(None),
            )
            return dict(connection.execute(statement).all())

    def count(self, *, at_most: int | None = None) -> int:
        """Learners who have not left, those who wait for an account and whose license has ended included.

        With `at_most` no more than so many are looked at: it costs no more, however many there are.
        """
        present = or_(learners.c.account != Account.SUSPENDED, LAPSED)
        with self._engine.connect() as connection:
            chosen = select(learners.c.id).where(present).limit(at_most)
            return connection.execute(select(func.count()).select_from(chosen.subquery())).scalar() or 0

    def roster(
        self, ids: Collection[Identity], emails: Collection[str], link_values: Collection[str], now: int
    ) -> Roster:
        """Everybody these identities, addresses and link values may mean."""
        with self._engine.connect() as connection:
            by_identity = self._by_identity(connection, ids)
            by_email = dict(self._pairs(connection, _BY_EMAIL, emails))
            by_link = self._pairs(connection, _BY_LINK, link_values)
            wanted = {*by_identity.values(), *by_email.values(), *(learner for _, learner in by_link)}
            known = {entry.id: entry for entry in _learners(connection, wanted, now)}
        linked: dict[str, list[KnownLearner]] = defaultdict(list)
        for value, learner in sorted(by_link):
            linked[value].append(known[learner])
        return Roster(
            by_identity={key: known[learner] for key, learner in by_identity.items()},
            by_email={key: known[learner] for key, learner in by_email.items()},
            by_link=linked,
        )

    def learners(self, ids: Collection[int], now: int) -> list[KnownLearner]:
        """These learners, by id."""
        with self._engine.connect() as connection:
            return sorted(_learners(connection, ids, now), key=lambda learner: learner.id)

    def unvouched(self, directory: str, now: int) -> dict[int, str]:
        """Who was there last time and has no fingerprint that vouches for them at `now`: ids by number."""
        found: dict[int, str] = {}
        asked = {"directory": directory, "now": now}
        with self._engine.connect() as connection:
            for statement in _UNVOUCHED:
                found.update({row[0]: row[1] for row in connection.execute(statement, asked)})
        return found

    def recorded(self, directory: str, ids: Collection[str], now: int) -> list[Recorded]:
        """What is remembered of those of `ids` that are known, by number."""
        with self._engine.connect() as connection:
            asked = {"directory": directory, "keys": ids}
            return [_recorded(row, now) for row in connection.execute(_RECORDED, asked).mappings()]

    def of_other_directories(self, names: Collection[str]) -> list[tuple[str, int]]:
        """Identities that were there last time in directories other than these: directory and number."""
        with self._engine.connect() as connection:
            others = set(connection.execute(_DIRECTORIES).scalars()).difference(names)
            if not others:
                return []
            statement = select(identities.c.directory, identities.c.id).where(
                identities.c.directory.in_(sorted(others)), identities.c.presence != Presence.MISSING
            )
            return [(row[0], row[1]) for row in connection.execute(statement)]

    def owners(self, numbers: Collection[int]) -> set[int]:
        """The learners these identities belong to."""
        with self._engine.connect() as connection:
            chosen = is_any_of(identities.c.id, numbers)
            return set(connection.execute(select(identities.c.learner_id).where(chosen)).scalars())

    def leaving(self, gone_since: int | None) -> list[int]:
        """Learners who have left and are not both suspended and without a seat, or are gone for so long."""
        asked = {"since": gone_since if gone_since is not None else -1}  # before anybody
        with self._engine.connect() as connection:
            return list(connection.execute(_LEAVING, asked).scalars())

    def is_empty(self) -> bool:
        """Whether the register has no learner at all, so that nobody need be looked up."""
        with self._engine.connect() as connection:
            return connection.execute(_ANYBODY).first() is None

    def reserve_ids(self, many: int) -> range:
        """Numbers for learners to come. Those of a plan that is never applied are never used again."""
        with drafting(self._engine).begin() as connection:
            statement = text(
                "UPDATE counters SET value = value + :many WHERE name = 'learner' RETURNING value"
            )
            last: int = connection.execute(statement, {"many": many}).scalar_one()
        return range(last - many + 1, last + 1)

    @staticmethod
    def _pairs(
        connection: Connection, statement: Select[Any], wanted: Collection[str]
    ) -> list[tuple[str, int]]:
        if not wanted:
            return []
        return [(row[0], row[1]) for row in connection.execute(statement, {"values": wanted})]

    @staticmethod
    def _by_identity(connection: Connection, ids: Collection[Identity]) -> dict[Identity, int]:
        found: dict[Identity, int] = {}
        for directory in sorted({identity.directory for identity in ids}):
            keys = [identity.id for identity in ids if identity.directory == directory]
            rows = connection.execute(_BY_IDENTITY, {"directory": directory, "keys": keys})
            found.update({Identity(directory, row[0]): row[1] for row in rows})
        return found


def _learners(connection: Connection, ids: Collection[int], now: int) -> Iterator[KnownLearner]:
    if not ids:
        return
    owned: dict[int, list[KnownIdentity]] = defaultdict(list)
    for row in connection.execute(_OWNED, {"ids": ids}):
        identity = _identity(row)
        owned[identity.learner].append(identity)
    for row in connection.execute(_KNOWN, {"ids": ids, "now": now}):
        yield _learner(row, owned[row[0]], now)


def _recorded(row: RowMapping, now: int) -> Recorded:
    missing = row["presence"] == Presence.MISSING
    vouches = not missing and (row["fresh_until"] is None or row["fresh_until"] > now)
    return Recorded(row["id"], row["key"], missing, row["fingerprint"] if vouches else None)


def _identity(row: Row[Any]) -> KnownIdentity:
    """A row of `_IDENTITY`. Looked up by place, like a learner: a changed rule means everybody."""
    number, directory, key, learner, presence, since, said = tuple(row)
    known = Said.unpacked(orjson.loads(said)) if said else None
    return KnownIdentity(number, Identity(directory, key), learner, Presence(presence), since, known)


def _learner(row: Row[Any], owned: Sequence[KnownIdentity], now: int) -> KnownLearner:
    """A row of `_LEARNER`, `_HELD`, whether the license is over, and `_PROFILE`."""
    values: tuple[Any, ...] = tuple(row)
    number, account, suspended_by, activated_at, left_at, refused, priority = values[:7]
    held, lot, ends_at, next_, next_lot, next_starts, next_ends, latest, over = values[7:16]
    then = Scheduled(next_, next_lot, next_starts, next_ends) if next_ else None
    begun = then is not None and then.starts_at <= now
    return KnownLearner(
        id=number,
        profile=Profile._make(values[16:]),
        account=Account(account),
        suspended_by=suspended_by,
        activated=activated_at is not None,
        left_at=left_at,
        identities=tuple(owned),
        lot=lot,
        seat_ends_at=ends_at or 0,
        scheduled=then,
        license_over=bool(over),
        last=then.allocation if then and begun else held or (latest if over else None),
        waiting_priority=priority,
        refused=refused,
    )
