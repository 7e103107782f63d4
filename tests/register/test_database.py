"""Connecting, migrating and locking: one schema on both databases, and no lock that outlives its holder."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, Engine, inspect, text

from syncd.errors import Busy, ConfigError, Unavailable
from syncd.register import database
from syncd.register.schema import metadata
from tests.servers.postgresql import Postgresql

MIGRATIONS = Path(database.__file__).parent / "migrations"
HOLD = """
import sys
from syncd.register import database
with database.lock(database.connect(sys.argv[1]), "sync"):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_process_holding(url: str) -> Iterator[subprocess.Popen[str]]:
    """A process that has the sync lock of the database at `url`."""
    command = [sys.executable, "-c", HOLD, url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def test_the_migrated_schema_is_the_one_in_the_code(engine: Engine) -> None:
    database.migrate(engine)
    with engine.connect() as connection:
        # Alembic takes every empty text that is a default for a difference on SQLite.
        options = {"compare_type": True, "compare_server_default": engine.dialect.name != "sqlite"}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []


def test_the_migrated_schema_has_every_check_of_the_code(engine: Engine) -> None:
    """Alembic compares no CHECK constraints; their names tell."""
    database.migrate(engine)
    inspector = inspect(engine)
    for table in metadata.tables.values():
        wanted = {str(each.name) for each in table.constraints if isinstance(each, CheckConstraint)}
        assert {str(check["name"]) for check in inspector.get_check_constraints(table.name)} == wanted


def test_what_was_there_before_is_there_after_and_told_in_the_trail(engine: Engine) -> None:
    _migrate_to(engine, "0001")
    with engine.begin() as connection:
        for statement in _BEFORE:
            connection.execute(text(statement))
    database.migrate(engine)
    with engine.connect() as connection:
        columns = "learner_id, seat, state, ended_at, renews, starts_at"
        rows = connection.execute(text(f"SELECT {columns} FROM allocations ORDER BY id")).all()
        told = connection.execute(
            text("SELECT at, actor, action, number, after FROM events ORDER BY id")
        ).all()
    assert [tuple(row) for row in rows] == [
        (7, 1, "released", 20, None, None),
        (7, 1, "live", None, None, None),
    ]
    assert [(*row[:4], json.loads(row[4]).get("lot")) for row in told] == [
        (1, "manager", "requested", 1, None),
        (5, "seller", "assigned", 1, 1),
        (6, "manager", "requested", 2, None),
    ]


def test_head_is_the_newest_migration() -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_current_head() == database.HEAD


def test_migrating_again_changes_nothing(engine: Engine) -> None:
    database.migrate(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE counters SET value = 7"))
    database.migrate(engine)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT name, value FROM counters")).all() == [("learner", 7)]


def test_a_database_of_a_newer_syncd_is_left_alone(engine: Engine) -> None:
    database.migrate(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ConfigError, match=r"is from a newer syncd \(schema 9999\)") as caught:
        database.migrate(engine)
    assert caught.value.next_step == "upgrade syncd on this machine; nothing was touched"


def test_a_file_that_is_no_database_is_told_in_words(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("id,email\n" * 500)
    engine = database.connect(f"sqlite:///{path}")
    with pytest.raises(Unavailable, match=r"people\.csv is not a database"):
        database.migrate(engine)
    engine.dispose()
    assert path.read_text() == "id,email\n" * 500


def test_a_folder_that_is_not_there_is_told_in_words(tmp_path: Path) -> None:
    engine = database.connect(f"sqlite:///{tmp_path}/nowhere/syncd.db")
    with pytest.raises(Unavailable, match="cannot be opened") as caught:
        database.migrate(engine)
    assert "folder" in caught.value.next_step


@pytest.mark.parametrize("url", ["", "syncd.db", "mysql-ish://x"])
def test_a_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="is not a database URL"):
        database.connect(url)


def test_a_password_is_never_shown(postgresql_url: str) -> None:
    url = postgresql_url.replace("//syncd@", "//nobody:hunter2@")
    assert "hunter2" in url
    engine = database.connect(url)
    with pytest.raises(Unavailable) as caught:
        database.migrate(engine)
    engine.dispose()
    assert "hunter2" not in f"{caught.value.message}{caught.value.next_step}"


def test_the_lock_has_one_holder_and_dies_with_it(engine: Engine, database_url: str) -> None:
    database.migrate(engine)
    with another_process_holding(database_url) as process:
        with (
            pytest.raises(Busy, match="another run of this sync is in progress"),
            database.lock(engine, "sync"),
        ):
            pass
        process.send_signal(signal.SIGKILL)
        process.wait()
        _wait_for_the_servers_notice(engine)
        with database.lock(engine, "sync"):
            pass


def test_the_lock_can_be_had_again_and_again(engine: Engine) -> None:
    database.migrate(engine)
    for _ in range(3):
        with database.lock(engine, "sync"), pytest.raises(Busy), database.lock(engine, "sync"):
            pass


def test_two_locks_of_one_database_do_not_meet(engine: Engine) -> None:
    database.migrate(engine)
    with database.lock(engine, "sync"), database.lock(engine, "migration"):
        pass


def test_a_lock_leaves_no_connection_behind_although_all_others_were_closed_meanwhile(
    postgresql_url: str,
) -> None:
    """By itself a connection goes back to the pool it came from, which nobody looks at any more."""
    engine = database.connect(postgresql_url)
    with database.lock(engine, "daemon"):
        (held,) = _connections(postgresql_url)
        engine.dispose()
        assert held in _connections(postgresql_url)
    deadline = time.monotonic() + 30
    while held in _connections(postgresql_url):  # the server takes a moment to notice
        assert time.monotonic() < deadline
    engine.dispose()


def _connections(url: str) -> set[int]:
    """The server's processes for this database, but the one that answers."""
    asking = database.connect(url)
    with asking.connect() as connection:
        query = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
        found = set(connection.execute(text(f"{query} AND pid <> pg_backend_pid()")).scalars())
    asking.dispose()
    return found


def test_a_lock_whose_connection_is_gone_is_not_ours_any_more(
    postgresql: Postgresql, postgresql_url: str
) -> None:
    engine = database.connect(postgresql_url)
    with database.lock(engine, "sync") as still_ours:
        still_ours()
        postgresql.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
        )
        with pytest.raises(Unavailable, match="the sync lock is gone") as caught:
            still_ours()
    engine.dispose()
    assert "next run finishes" in caught.value.next_step


_BEFORE = (
    "INSERT INTO learners (id, email, created_at) VALUES (7, 'ann@example.com', 1)",
    "INSERT INTO orders (type, quantity, state, requested_by, requested_at, decided_by, decided_at)"
    " VALUES ('premium', 2, 'assigned', 'manager', 1, 'seller', 5)",
    "INSERT INTO orders (type, quantity, requested_by, requested_at) VALUES ('premium', 2, 'manager', 6)",
    "INSERT INTO lots (order_id, type, quantity, starts_at, ends_at) VALUES (1, 'premium', 2, 5, 99)",
    "INSERT INTO allocations (learner_id, lot_id, type, lot_quantity, ends_at, seat, state, allocated_at,"
    " ended_at) VALUES (7, 1, 'premium', 2, 99, 1, 'released', 10, 20)",
    "INSERT INTO allocations (learner_id, lot_id, type, lot_quantity, ends_at, seat, allocated_at)"
    " VALUES (7, 1, 'premium', 2, 99, 1, 30)",
)


def _migrate_to(engine: Engine, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.execution_options(writes=True).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def _wait_for_the_servers_notice(engine: Engine) -> None:
    """PostgreSQL learns of a dead client when it next reads from it; the lock waits for that, we with it."""
    with database.lock(engine, "sync", wait=True):
        pass
