"""A day of the daemon in a few minutes: whether memory, threads, files or connections grow.

    python -m benchmarks.soak [--hours 24] [--speed 288] [--people 1000]

Two daemons, on SQLite and PostgreSQL, follow one OpenLDAP by its changes, every five minutes by a clock
that runs 288 times as fast, and read everybody at three in the morning. Meanwhile people join, leave and
are renamed, and both are asked for their metrics and over their API, as a Prometheus and a help desk do.
What the kernel and the server have counted is read every three hours.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import psycopg

from tests.daemon.serving import Serving, serving
from tests.office import Office
from tests.servers.postgresql import Postgresql
from tests.servers.slapd import Slapd
from tests.servers.tcp import free_port
from tests.usage import Usage, usage

PASSWORD = "DIRECTORY_PASSWORD"
TOKEN = "soak"
STEP = 3  # simulated hours between two looks
CONFIGURATION = """
company: Contoso
database: {{ url: "{database}" }}
directories:
  - name: corp
    type: ldap
    servers: [{server.url}]
    tls: {{ ca_file: {server.ca} }}
    bind: {{ user: "{server.sync_account.user}", password: {{ env: {password} }} }}
    base_dn: "{server.staff}"
guard: {{ max_creations: none, max_suspensions: none, max_updates: none }}
schedule: {{ every: 5m, full: "0 3 * * *" }}
http:
  listen: "{address}"
  tokens: [ {{ name: helpdesk, role: viewer, token: {{ env: SOAK_TOKEN }} }} ]
"""
# Both of Python's clocks run faster; what APScheduler waits for comes sooner.
FAST = """
import datetime, time
from apscheduler.schedulers import base
from apscheduler.triggers import cron, interval
speed, began, wall, steady = {speed}, time.monotonic(), time.time(), time.monotonic
time.monotonic = lambda: began + (steady() - began) * speed
time.time = lambda: wall + (steady() - began) * speed
class Fast(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return datetime.datetime.fromtimestamp(time.time(), tz)
base.datetime = interval.datetime = cron.datetime = Fast
process = base.BaseScheduler._process_jobs
def sooner(self):
    seconds = process(self)
    return seconds and seconds / speed
base.BaseScheduler._process_jobs = sooner
"""


class Daemon:
    """One of them, and what has been seen of it."""

    def __init__(self, name: str, serving: Serving, address: str, database: str) -> None:
        self.name = name
        self.serving = serving
        self.seen: list[tuple[int, Usage, int, int]] = []
        self.asked = 0
        self.troubles: list[str] = []
        self._database = database
        # A connection each: one that is kept open is closed after five seconds of the fast clock.
        headers = {"Authorization": f"Bearer {TOKEN}", "Connection": "close"}
        self._client = httpx.Client(base_url=f"http://{address}", headers=headers, trust_env=False)

    def ask(self) -> None:
        """As whoever watches it does."""
        for path in ("/metrics", "/readyz", "/api/v1/runs", "/api/v1/learners?search=a", "/api/v1/forecast"):
            answer = self._client.get(path)
            self.asked += 1
            if answer.is_error:
                self.troubles.append(answer.text)

    def look(self, hour: int) -> None:
        used, runs = usage(self.serving.process.pid), len(self.serving.seen("run_finished"))
        self.seen.append((hour, used, self._connections(used), runs))

    def _connections(self, used: Usage) -> int:
        """Of PostgreSQL, as it says itself; of SQLite, open database files."""
        if self._database.startswith("sqlite"):
            return sum(name.endswith("/syncd.db") for name in used.open)
        with psycopg.connect(self._database.replace("+psycopg", "")) as connection:
            row = connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid()"
            ).fetchone()
        return int(row[0]) if row else 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--hours", type=int, default=24)
    parser.add_argument("--speed", type=int, default=288)
    parser.add_argument("--people", type=int, default=1000)
    chosen = parser.parse_args()
    with ExitStack() as stack:
        folders = [Path(stack.enter_context(TemporaryDirectory(prefix="syncd-"))) for _ in range(4)]
        directory = stack.enter_context(Slapd.start(folders[0], people=chosen.people))
        server = stack.enter_context(Postgresql.start(folders[1]))
        # psycopg's patience goes by the fast clock, too
        postgresql = stack.enter_context(server.database()) + "?connect_timeout=100000"
        daemons = [
            stack.enter_context(daemon("SQLite", folders[2], "sqlite:///syncd.db", directory, chosen)),
            stack.enter_context(daemon("PostgreSQL", folders[3], postgresql, directory, chosen)),
        ]
        live(daemons, directory, chosen.hours, chosen.speed)
        report(daemons, chosen.hours)


@contextmanager
def daemon(
    name: str, folder: Path, database: str, directory: Slapd, chosen: argparse.Namespace
) -> Iterator[Daemon]:
    office, address = Office(folder), f"127.0.0.1:{free_port()}"
    values = {"database": database, "server": directory, "password": PASSWORD, "address": address}
    office.configure(CONFIGURATION.format_map(values))
    os.environ |= {PASSWORD: directory.sync_account.password, "SOAK_TOKEN": TOKEN}
    office.order(2 * chosen.people)
    with serving(office, first=FAST.format(speed=chosen.speed)) as running:
        running.until("run_finished", state="done")
        yield Daemon(name, running, address, database)
        assert running.end() == 0


def live(daemons: list[Daemon], directory: Slapd, hours: int, speed: int) -> None:
    """A look every three hours, the first one after one; something happens all the time."""
    began, joined = time.monotonic(), count(1)
    there: list[str] = []
    for hour in (1, *range(STEP, hours + 1, STEP)):
        while time.monotonic() - began < hour * 3600 / speed:
            there.append(directory.add_person(f"Ann Number{next(joined)}"))
            directory.admin.replace(there[len(there) // 2], {"sn": f"Renamed{next(joined)}"})
            if len(there) > 10:
                directory.admin.delete(there.pop(0))
            for each in daemons:
                each.ask()
            time.sleep(0.5)
        for each in daemons:
            each.look(hour)


def report(daemons: list[Daemon], hours: int) -> None:
    print(f"{hours} hours of the daemon's clock")
    for each in daemons:
        failed = len(each.serving.seen("run_failed"))
        print(f"\n{each.name:10}{'runs':>7}{'resident MB':>13}{'threads':>9}{'files':>7}{'connections':>13}")
        for hour, used, connections, runs in each.seen:
            print(
                f"{hour:>4} h    {runs:7}{used.resident_mb:13.1f}{used.threads:9}{used.files:7}"
                f"{connections:13}"
            )
        wrong = len(each.troubles)
        print(f"{failed} runs failed; {each.asked:,} requests, {wrong} of them failed", *each.troubles)


if __name__ == "__main__":
    main()
