"""What the daemon costs while there is nothing to do: memory, processor, and how often it wakes.

    python -m benchmarks.idle [--minutes 5] [--people 1000]

Daemons with and without HTTP, on SQLite and PostgreSQL, idle side by side after their first sync; one of
them is asked for its metrics every fifteen seconds, as a Prometheus does. What the kernel has counted is
read at the beginning and at the end.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import httpx

from tests.daemon.serving import serving
from tests.office import CONFIG, Office
from tests.servers.postgresql import Postgresql
from tests.servers.tcp import free_port
from tests.usage import Usage, usage

_SCRAPED_EVERY = 15.0


class Way(NamedTuple):
    name: str
    http: bool = False
    scraped: bool = False
    postgresql: bool = False


WAYS = (
    Way("SQLite"),
    Way("SQLite, HTTP", http=True),
    Way("SQLite, HTTP, asked for its metrics", http=True, scraped=True),
    Way("PostgreSQL", postgresql=True),
    Way("PostgreSQL, HTTP", http=True, postgresql=True),
)


class Idler(NamedTuple):
    way: Way
    pid: int
    metrics: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--people", type=int, default=1000)
    chosen = parser.parse_args()
    with (
        TemporaryDirectory(prefix="syncd-") as folder,
        Postgresql.start(Path(folder)) as server,
        ExitStack() as stack,
    ):
        idlers = [stack.enter_context(idling(way, server, chosen.people)) for way in WAYS]
        time.sleep(15)  # whatever follows a start is over
        before = [usage(idler.pid) for idler in idlers]
        wait(chosen.minutes * 60, [idler.metrics for idler in idlers if idler.way.scraped])
        report(idlers, before, [usage(idler.pid) for idler in idlers])


@contextmanager
def idling(way: Way, server: Postgresql, people: int) -> Iterator[Idler]:
    """A daemon that has synced these people and has nothing to do for the next hours."""
    with TemporaryDirectory(prefix="syncd-") as folder, ExitStack() as stack:
        office, address = Office(Path(folder)), f"127.0.0.1:{free_port()}"
        database = stack.enter_context(server.database()) if way.postgresql else "sqlite:///syncd.db"
        http = f"http: {{ listen: '{address}' }}\n" if way.http else ""
        office.configure(f"database: {{ url: '{database}' }}\n{http}schedule: {{ every: 1d }}\n{CONFIG}")
        office.crowd(people)
        office.order(people)
        daemon = stack.enter_context(serving(office))
        daemon.until("run_finished", state="done")
        yield Idler(way, daemon.process.pid, f"http://{address}/metrics")


def wait(seconds: float, scraped: list[str]) -> None:
    end = time.monotonic() + seconds
    with httpx.Client(trust_env=False) as client:
        while (left := end - time.monotonic()) > 0:
            for url in scraped:
                client.get(url).raise_for_status()
            time.sleep(min(_SCRAPED_EVERY, left))


def report(idlers: list[Idler], before: list[Usage], after: list[Usage]) -> None:
    seconds = after[0].at - before[0].at
    print(f"idle for {seconds:.0f} s, {os.cpu_count()} cores\n")
    print(f"{'':38}{'% of a core':>12}{'wakes a second':>16}{'resident MB':>13}{'threads':>9}{'files':>7}")
    for idler, one, other in zip(idlers, before, after, strict=True):
        took = other.at - one.at
        print(
            f"{idler.way.name:38}{100 * (other.cpu - one.cpu) / took:12.3f}"
            f"{(other.wakes - one.wakes) / took:16.1f}{other.resident_mb:13.1f}"
            f"{other.threads:9}{other.files:7}"
        )


if __name__ == "__main__":
    main()
