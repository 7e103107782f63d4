"""Locks: what one process at a time may do with a database, across machines."""

from __future__ import annotations

import fcntl
import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from syncd.errors import Busy, DatabaseDown


@contextmanager
def lock(engine: Engine, name: str, *, wait: bool = False) -> Iterator[Callable[[], None]]:
    """Hold `name` for this database across processes and machines, or raise `Busy`.

    The operating system (SQLite) or the server (PostgreSQL) lets go of it when the holder dies,
    however it dies: there is no stale lock to clear by hand. Yields what raises `DatabaseDown` once the
    lock may be somebody else's, because the connection that holds it is gone.
    """
    holder = (
        _file_lock(engine, name, wait)
        if engine.dialect.name == "sqlite"
        else _advisory_lock(engine, name, wait)
    )
    with holder as still_ours:
        yield still_ours


@contextmanager
def _file_lock(engine: Engine, name: str, wait: bool) -> Iterator[Callable[[], None]]:
    path = engine.url.database
    if not path or path == ":memory:":
        yield _for_good
        return
    try:
        handle = os.open(f"{path}.{name}.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError as exc:
        raise DatabaseDown(
            f"the database's lock file {path}.{name}.lock cannot be opened: {exc.strerror}",
            next_step="give the user that runs syncd write access to the folder",
            brief="the database's lock file cannot be opened",
        ) from exc
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError as exc:
        os.close(handle)
        raise _busy() from exc
    try:
        yield _for_good
    finally:
        os.close(handle)


def _for_good() -> None:
    """A file's lock ends with its process, and with nothing else."""


@contextmanager
def _advisory_lock(engine: Engine, name: str, wait: bool) -> Iterator[Callable[[], None]]:
    key = zlib.crc32(f"syncd {name}".encode())
    function = "pg_advisory_lock" if wait else "pg_try_advisory_lock"
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.detach()  # closed with the lock, also where its pool has been closed meanwhile
        if connection.execute(text(f"SELECT {function}(:key)"), {"key": key}).scalar() is False:
            raise _busy()
        try:
            yield lambda: _ask(connection, name)
        finally:
            if not connection.invalidated:
                with suppress(SQLAlchemyError):  # a connection that is gone holds nothing any more
                    connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": key})


def _ask(connection: Connection, name: str) -> None:
    try:
        connection.execute(text("SELECT 1"))
    except SQLAlchemyError as exc:
        gone = f"the connection that holds the {name} lock is gone"
        raise DatabaseDown(
            f"{gone}: another machine may have taken over",
            next_step="check that the database is running; the next run finishes what this one left",
            brief=gone,
        ) from exc


def _busy() -> Busy:
    return Busy("another run of this sync is in progress", next_step="wait for it, or see `syncd runs list`")
