"""Connecting and migrating: one schema on both databases."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, Engine, inspect, text

from syncd.errors import ConfigError, Unavailable
from syncd.register import database
from syncd.register.schema import metadata

MIGRATIONS = Path(database.__file__).parent / "migrations"


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
