"""Newcomers: from the plan into the register by SQL alone, so that a hundred thousand of them cost no loop.

Constraints decide about a statement as a whole, as they do about rows that are sent one by one.
"""

from __future__ import annotations

from sqlalchemy import Connection

from syncd.model import Account
from syncd.register.stretch import Stretch, execute


def insert_learners(connection: Connection, stretch: Stretch, account: Account, now: int) -> int:
    """The learners a stretch brings, with their identities; how many learners.

    Who waited for an account is a learner already, and brings nothing.
    """
    activated = now if account is Account.ACTIVE else None
    execute(connection, _GROUPS, stretch, now=now)
    who = execute(connection, _LEARNERS, stretch, now=now, account=account.value, activated=activated)
    insert_identities(connection, stretch, now)
    return who.rowcount


def insert_identities(connection: Connection, stretch: Stretch, now: int) -> None:
    """The identities a stretch brings, present as of `now`, and their link values."""
    execute(connection, _IDENTITIES, stretch, now=now)
    execute(connection, _LINKS, stretch)


_GROUPS = """
    INSERT INTO groups (name, first_seen_at) SELECT DISTINCT {group}, CAST(:now AS bigint) FROM {plan}
    WHERE {group} <> '' ON CONFLICT (name) DO NOTHING"""
_LEARNERS = """
    INSERT INTO learners (id, email, first_name, last_name, department, job_title, manager_email, employee_id,
        language, "group", role, account, created_at, activated_at)
    SELECT learner_id, {email}, {first_name}, {last_name}, {department}, {job_title}, {manager_email},
        {employee_id}, {language}, nullif({group}, ''), {role}, :account, :now, CAST(:activated AS bigint)
    FROM {plan} WHERE {email} IS NOT NULL"""
_IDENTITIES = """
    INSERT INTO identities (directory, "key", learner_id, fingerprint, fresh_until, since, "where")
    SELECT {directory}, {key}, learner_id, {fingerprint}, CAST({fresh_until} AS bigint), :now, {where}
    FROM {plan} WHERE {directory} IS NOT NULL"""
_LINKS = """
    INSERT INTO links (value, learner_id) SELECT link.value, learner_id FROM {plan}, {links} AS link
    WHERE {linked} ON CONFLICT DO NOTHING"""
