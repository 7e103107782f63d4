"""Locking: one holder across processes, and no lock that outlives its holder."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, text

from syncd.errors import Busy, Unavailable
from syncd.register import database
from syncd.register.locking import lock
from tests.servers.postgresql import Postgresql

HOLD = """
import sys
from syncd.register import database
from syncd.register.locking import lock
with lock(database.connect(sys.argv[1]), "sync"):
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


def test_the_lock_has_one_holder_and_dies_with_it(engine: Engine, database_url: str) -> None:
    database.migrate(engine)
    with another_process_holding(database_url) as process:
        with (
            pytest.raises(Busy, match="another run of this sync is in progress"),
            lock(engine, "sync"),
        ):
            pass
        process.send_signal(signal.SIGKILL)
        process.wait()
        _wait_for_the_servers_notice(engine)
        with lock(engine, "sync"):
            pass


def test_the_lock_can_be_had_again_and_again(engine: Engine) -> None:
    database.migrate(engine)
    for _ in range(3):
        with lock(engine, "sync"), pytest.raises(Busy), lock(engine, "sync"):
            pass


def test_two_locks_of_one_database_do_not_meet(engine: Engine) -> None:
    database.migrate(engine)
    with lock(engine, "sync"), lock(engine, "migration"):
        pass


def test_a_lock_leaves_no_connection_behind_although_all_others_were_closed_meanwhile(
    postgresql_url: str,
) -> None:
    """By itself a connection goes back to the pool it came from, which nobody looks at any more."""
    engine = database.connect(postgresql_url)
    with lock(engine, "daemon"):
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
    with lock(engine, "sync") as still_ours:
        still_ours()
        postgresql.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
        )
        with pytest.raises(Unavailable, match="the sync lock is gone") as caught:
            still_ours()
    engine.dispose()
    assert "next run finishes" in caught.value.next_step


def _wait_for_the_servers_notice(engine: Engine) -> None:
    """PostgreSQL learns of a dead client when it next reads from it; the lock waits for that, we with it."""
    with lock(engine, "sync", wait=True):
        pass
