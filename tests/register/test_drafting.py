"""Drafting: on SQLite a plan in the making is worth no wait for the disk; whatever acts upon it is."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, event, text

from syncd.register.database import drafting, writing
from tests.company import Company

_SYNC = {"sqlite": ("PRAGMA synchronous", "2", "1"), "postgresql": ("SHOW synchronous_commit", "on", "on")}


def test_a_draft_does_not_wait_for_the_disk_and_what_follows_it_does(engine: Engine) -> None:
    ask, kept, draft = _SYNC[engine.dialect.name]
    for writes, wanted in ((writing, kept), (drafting, draft), (writing, kept)):
        with writes(engine).begin() as connection:
            assert str(connection.execute(text(ask)).scalar()) == wanted


def test_what_a_run_grants_and_how_it_ends_are_no_drafts(company: Company) -> None:
    company.order(2)
    company.hire("ann", "bob")
    written: list[bool] = []

    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if "writes" in options:
            written.append("drafts" in options)

    event.listen(Engine, "begin", begin)
    company.sync()
    event.remove(Engine, "begin", begin)
    begun, *planned, recorded, ended = written
    assert (begun, {*planned}, recorded, ended) == (True, {True}, False, False)
