"""Identities as changes carry them, written to and compared with their table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, select

from syncd.model import Change, Presence
from syncd.register import bulk
from syncd.register.bulk import is_any_of
from syncd.register.schema import identities


def refresh(connection: Connection, changes: Sequence[Change], now: int) -> None:
    """What this run saw of identities the register has."""
    seen = [(_identity(change), change.learner) for change in changes if "identity" in change.data]
    full = 'UPDATE identities SET fingerprint = ?, fresh_until = ?, "where" = ? WHERE id = ?'
    bulk.execute(
        connection,
        full,
        [
            (bytes.fromhex(entry["fingerprint"]), entry.get("fresh_until"), entry["where"], entry["number"])
            for entry, _ in seen
            if "fingerprint" in entry
        ],
    )
    said = [(_packed(entry["said"]), entry["number"]) for entry, _ in seen if "said" in entry]
    bulk.execute(connection, "UPDATE identities SET said = ? WHERE id = ?", said)
    doubted = "UPDATE identities SET fingerprint = NULL WHERE id = ?"
    bulk.execute(connection, doubted, [(entry["number"],) for entry, _ in seen if entry.get("doubted")])
    moved = "UPDATE identities SET presence = ?, since = ? WHERE id = ? AND presence <> ?"
    rows = [(entry.get("presence", str(Presence.PRESENT)), entry["number"]) for entry, _ in seen]
    bulk.execute(connection, moved, [(presence, now, number, presence) for presence, number in rows])
    _link(connection, [(value, learner) for entry, learner in seen for value in entry.get("links", ())])


def doubt(connection: Connection, learners: Sequence[int | None]) -> None:
    """Nothing vouches for these learners' identities: the next run looks at them again."""
    statement = "UPDATE identities SET fingerprint = NULL WHERE learner_id = ?"
    bulk.execute(connection, statement, [(learner,) for learner in learners])


def known(connection: Connection, changes: Sequence[Change]) -> set[str]:
    """The keys of those changes whose identity the register has already."""
    found: set[str] = set()
    by_directory: dict[str, list[str]] = {}
    for change in changes:
        seen = _identity(change)
        by_directory.setdefault(seen["directory"], []).append(seen["key"])
    for directory, keys in by_directory.items():
        statement = select(identities.c.key).where(
            identities.c.directory == directory, is_any_of(identities.c.key, keys)
        )
        found |= {f"{directory}/{key}" for key in connection.execute(statement).scalars()}
    return found


def _link(connection: Connection, values: Sequence[tuple[str, int | None]]) -> None:
    bulk.execute(
        connection, "INSERT INTO links (value, learner_id) VALUES (?, ?) ON CONFLICT DO NOTHING", values
    )


def _packed(said: object) -> str | None:
    return None if said is None else orjson.dumps(said).decode()


def _identity(change: Change) -> Mapping[str, Any]:
    seen: Any = change.data["identity"]
    return seen  # type: ignore[no-any-return]
