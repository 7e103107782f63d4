"""One database: connecting, what it refuses in words, and the schema it must have."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError, OperationalError, SQLAlchemyError

from syncd.errors import ConfigError, DatabaseDown, SyncdError, Unavailable
from syncd.register.locking import lock

HEAD = "0009"  # the newest migration; a test keeps it true


# A cut cable is noticed within half a minute, on our side by libpq and on the server's by `_NOTICED`, so that
# whoever is cut off stops and another may take over: of every connection, since one that is lost within a
# transaction holds rows, too. https://www.postgresql.org/docs/current/libpq-connect.html
_NOTICES = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 20_000,
}
_NOTICED = (
    "SET tcp_keepalives_idle = 10",
    "SET tcp_keepalives_interval = 5",
    "SET tcp_keepalives_count = 2",
    "SET tcp_user_timeout = 20000",
)


def writing(engine: Engine) -> Engine:
    """For transactions that write: what is committed outlives the loss of power."""
    return engine.execution_options(writes=True)


def drafting(engine: Engine) -> Engine:
    """For a plan in the making, which on SQLite is worth no wait for the disk: a loss of power may take back
    the last of what is committed. Whatever is written by `writing` after it makes it as safe as that is.

    On PostgreSQL it waits: the server may die without us, and we would go on with half a plan.
    """
    return engine.execution_options(writes=True, drafts=True)


def connect(url: str) -> Engine:
    """An engine for `url`. Connects to nothing yet. Raises `ConfigError` for a URL that is none."""
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            return _sqlite(url)
        engine = create_engine(
            parsed.set(drivername="postgresql+psycopg"),
            pool_pre_ping=True,
            pool_size=2,
            hide_parameters=True,
            connect_args={name: value for name, value in _NOTICES.items() if name not in parsed.query},
        )
        event.listen(engine, "connect", _configure_postgresql)
        return engine
    except (ArgumentError, NoSuchModuleError) as exc:
        raise ConfigError(
            "database is not a database URL", next_step="use sqlite:///path or postgresql://user@host/name"
        ) from exc
    except ModuleNotFoundError as exc:
        raise ConfigError(
            f"the database needs the Python package {exc.name}", next_step="pip install 'syncd[postgresql]'"
        ) from exc


def _configure_postgresql(connection: Any, _record: object) -> None:
    connection.autocommit = True  # or the settings would go with the first transaction that is rolled back
    connection.execute("; ".join(_NOTICED))
    connection.autocommit = False


def _sqlite(url: str) -> Engine:
    # The last one used comes first: what a connection keeps of the file, another's writing makes worthless.
    engine = create_engine(url, connect_args={"timeout": 10}, hide_parameters=True, pool_use_lifo=True)
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _configure_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN; the driver must not
    # SQLite's own knows the letters of ASCII only.
    connection.create_function("lower", 1, lambda text: text and text.lower(), deterministic=True)
    connection.create_function("unhex", 1, bytes.fromhex, deterministic=True)  # SQLite has it since 3.41
    for pragma in (
        "journal_mode=WAL",
        "foreign_keys=ON",
        "temp_store=MEMORY",
        "cache_size=-16384",
        "wal_autocheckpoint=8000",  # 32 MB: a first sync writes the same pages again and again
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads and later writes cannot be promoted when another has written in
    # between (SQLITE_BUSY without waiting); the ones that will write take the lock at once.
    options = connection.get_execution_options()
    if not options.get("writes"):
        connection.exec_driver_sql("BEGIN")
        return
    # With a WAL, a commit that is not synchronised is made so by the next one that is.
    # https://www.sqlite.org/pragma.html#pragma_synchronous
    connection.exec_driver_sql(f"PRAGMA synchronous = {'NORMAL' if options.get('drafts') else 'FULL'}")
    connection.exec_driver_sql("BEGIN IMMEDIATE")


@contextmanager
def database_errors(engine: Engine) -> Iterator[None]:
    """Tell what the database refuses in words. Only here do SQLAlchemy's exceptions become ours."""
    try:
        yield
    except SQLAlchemyError as exc:
        raise _in_words(engine, exc) from exc


_WORDS = (
    (
        "database is locked",
        "is locked by another program for more than 10 seconds",
        "find out which process holds it",
    ),
    ("readonly database", "is read-only for this user", "give the user that runs syncd write access to it"),
    ("unable to open", "cannot be opened", "check that its folder exists and may be written to"),
    (
        "disk is full",
        "cannot grow: the disk is full",
        "free some space; the next run carries on where this one stopped",
    ),
    ("disk I/O error", "cannot be written: disk I/O error", "check the disk"),
    ("file is not a database", "is not a database", "check `database:`; restore the file from a backup"),
    ("malformed", "is damaged", "restore it from a backup"),
    (
        "password authentication failed",
        "refused the user name or password",
        "check the credentials in `database:`",
    ),
    ("could not translate host name", "is on a host that cannot be found", "check the host in `database:`"),
    ("failed to resolve host", "is on a host that cannot be found", "check the host in `database:`"),
)
_LITTLE_SPACE = 1_000_000  # bytes
_DISK_FULL = "53100"  # https://www.postgresql.org/docs/current/errcodes-appendix.html


def _in_words(engine: Engine, exc: SQLAlchemyError) -> SyncdError:
    where = f"the database {engine.url.render_as_string(hide_password=True)}"
    raw = str(exc.orig) if isinstance(exc, DatabaseError) and exc.orig is not None else str(exc)
    if _no_space(engine, raw, getattr(getattr(exc, "orig", None), "sqlstate", "")):
        raw = "disk is full"
    for sign, words, next_step in _WORDS:
        if sign in raw:
            return DatabaseDown(f"{where} {words}", next_step=next_step, brief=f"the database {words}")
    first_line = raw.strip().splitlines()[0] if raw.strip() else type(exc).__name__
    if (isinstance(exc, DatabaseError) and exc.connection_invalidated) or "connection" in first_line.lower():
        return DatabaseDown(
            f"{where} cannot be reached: {first_line}",
            next_step="check that it is running",
            brief="the database cannot be reached",
        )
    kind = DatabaseDown if isinstance(exc, OperationalError) else Unavailable
    return kind(f"{where} failed: {first_line}", brief="the database failed")


def _no_space(engine: Engine, raw: str, code: str) -> bool:
    """PostgreSQL has many words for it, in many languages, and one code, but no code while it lets us in.

    SQLite calls it an I/O error, too, when there is no room for the files beside the database.
    """
    if "disk I/O error" not in raw:
        return code == _DISK_FULL or "No space left" in raw
    with suppress(OSError):
        found = os.statvfs(Path(engine.url.database or "").parent)
        return found.f_bavail * found.f_frsize < _LITTLE_SPACE
    return False


def migrate(engine: Engine) -> None:
    """Bring the schema to `HEAD`, under a lock. Costs one small query when it is there already."""
    _create_private(engine)
    with database_errors(engine):
        if _version(engine) == HEAD:
            return
        with lock(engine, "migration", wait=True):
            _upgrade(engine)


def _create_private(engine: Engine) -> None:
    """A new SQLite file holds people's data: only its owner may read it, whatever the umask says."""
    if engine.dialect.name == "sqlite" and (path := engine.url.database):
        with suppress(OSError):  # it is there already; or SQLite will say what is wrong with the place
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))


def _version(engine: Engine) -> str | None:
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _upgrade(engine: Engine) -> None:
    from alembic import command  # a schema that is up to date never pays for this import
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    version = _version(engine)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if version is not None and version not in known:
        where = engine.url.render_as_string(hide_password=True)
        raise ConfigError(
            f"the database {where} is from a newer syncd (schema {version})",
            next_step="upgrade syncd on this machine; nothing was touched",
            brief="the database is from a newer syncd",
        )
    with writing(engine).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
