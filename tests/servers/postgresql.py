"""A PostgreSQL cluster of our own on loopback, quick: killed it loses nothing, a power cut would."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg

from tests.servers.hosts import Host
from tests.servers.process import Child, ServerError, find_program, run
from tests.servers.tcp import free_port, wait_until_listening

_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "max_wal_size": "4GB",
    "max_connections": "60",
    "autovacuum_naptime": "10s",
}


class Postgresql:
    """One cluster with the superuser `syncd`; `database()` lends an empty database.

    On a `host` it listens to that machine's network; we ourselves reach it by its socket.
    """

    def __init__(self, directory: Path, host: Host | None = None) -> None:
        self.directory = directory
        self.port = free_port()
        self.address = host.address if host else "127.0.0.1"
        self._way_in = str(directory) if host else self.address
        self._numbers = count(1)
        settings = {**_SETTINGS, "listen_addresses": self.address}
        options = [f"--{name}={value}" for name, value in settings.items()]
        self._child = Child(
            [
                *(find_program("postgres") or "postgres", "-D", f"{directory}/data", "-p", str(self.port)),
                *("-k", str(directory), *options),
            ],
            log=directory / "postgresql.log",
            user="postgres",
            stop_with=signal.SIGQUIT,
            inside=host.inside if host else (),
        )

    @classmethod
    @contextmanager
    def start(cls, directory: Path, host: Host | None = None) -> Iterator[Postgresql]:
        """Run one in `directory`, which then belongs to the user postgres when we are root."""
        server = cls(directory, host)
        server._initialise()
        server.resume()
        try:
            yield server
        finally:
            server.stop()

    @property
    def pid(self) -> int:
        return self._child.pid

    def url(self, database: str = "postgres") -> str:
        """As SQLAlchemy wants it."""
        return f"postgresql+psycopg://syncd@{self.address}:{self.port}/{database}"

    def near_url(self, database: str) -> str:
        """By its socket, from wherever its directory can be seen."""
        return f"postgresql+psycopg://syncd@/{database}?host={self.directory}&port={self.port}"

    @contextmanager
    def database(self) -> Iterator[str]:
        """The URL of a fresh database; it is dropped afterwards, whoever is still connected."""
        name = f"syncd_{os.getpid()}_{next(self._numbers)}"
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
        try:
            yield self.url(name)
        finally:
            if not self._child.alive:
                self.resume()
            self.execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    def execute(self, statement: str, *, database: str = "postgres") -> None:
        """Run one statement as superuser, outside any transaction."""
        where = f"host={self._way_in} port={self.port} user=syncd dbname={database} connect_timeout=10"
        with psycopg.connect(where, autocommit=True) as connection:
            connection.execute(statement.encode())

    def resume(self) -> None:
        """Start, or start again after `stop` or `kill`; databases keep what was committed."""
        self._child.start()
        if self._way_in == self.address:
            wait_until_listening(self.address, self.port, self._child)
        self._wait_until_ready()

    def stop(self) -> None:
        """Shut down at once: connections break, as when the machine is restarted."""
        self._child.stop()

    def kill(self) -> None:
        self._child.kill()

    def _wait_until_ready(self, *, timeout: float = 20) -> None:
        """It listens before it has recovered, and refuses everybody until then."""
        deadline = time.monotonic() + timeout
        while True:
            try:
                return self.execute("SELECT 1")
            except psycopg.OperationalError as exc:
                if time.monotonic() > deadline:
                    raise ServerError(f"{exc}\n{self._child.last_words()}") from exc
                time.sleep(0.02)

    def _initialise(self) -> None:
        if os.geteuid() == 0:
            shutil.chown(self.directory, "postgres", "postgres")
        run(
            [
                *(find_program("initdb") or "initdb", "-D", f"{self.directory}/data", "--username=syncd"),
                *("--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8"),
            ],
            user="postgres",
        )
        with (self.directory / "data/pg_hba.conf").open("a") as access:
            access.write("host all all samenet trust\n")
