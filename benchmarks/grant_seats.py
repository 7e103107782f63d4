"""What granting seats costs, against the driver inserting the same rows; and many writers on one lot.

    python -m benchmarks.grant_seats [--seats 100000] [--lots 50] [--rounds 3] [--writers 16] [--turns 7]

`grant` is what a run calls for every batch of 2,000: it locks the lot, picks free numbers, inserts. Bare is
the driver alone, executemany or COPY, with rows made beforehand, into the same tables with the same
constraints, in the same transactions. In turns, each into a database of its own.

Writers on one lot are processes, ten seats a transaction; one and many of them go in turns, which is
what `--turns` counts. They want more than there is. PostgreSQL runs as the tests have it, without fsync.
"""

from __future__ import annotations

import argparse
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, text

from syncd.model import LicenseType
from syncd.register import bulk, database, seats
from syncd.register.register import Register
from syncd.register.seats import Grant
from tests.servers.postgresql import Postgresql

START = 1_800_000_000
BATCH = 2000
COLUMNS = ("learner_id", "lot_id", "type", "lot_quantity", "ends_at", "seat", "allocated_at", "run_id")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seats", type=int, default=100_000)
    parser.add_argument("--lots", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--writers", type=int, default=16)
    parser.add_argument("--turns", type=int, default=7)
    chosen = parser.parse_args()
    with TemporaryDirectory(prefix="syncd-") as folder, Postgresql.start(Path(folder)) as server:
        print(f"{chosen.seats:,} seats from {chosen.lots} lots, {chosen.rounds} rounds in turns; medians\n")
        print(f"{'':12}{'bare s':>8}{'grant s':>9}{'ratio':>7}")
        with TemporaryDirectory(prefix="syncd-") as files:
            names = iter(range(1000))
            compare("SQLite", lambda: _file(f"{files}/{next(names)}.db"), chosen)
        compare("PostgreSQL", server.database, chosen)
        for many in (chosen.seats // 10, chosen.seats // 5):
            contend(server.database, many, chosen)


def compare(name: str, new: Callable[[], AbstractContextManager[str]], chosen: argparse.Namespace) -> None:
    bare, granted = [], []
    for _ in range(chosen.rounds):
        for measured, how in ((bare, _bare), (granted, _granted)):
            with new() as url:
                measured.append(timed(url, how, chosen.seats, chosen.lots))
    ratio = median(one / other for one, other in zip(granted, bare, strict=True))
    print(f"{name:12}{median(bare):8.2f}{median(granted):9.2f}{ratio:7.2f}")


def contend(new: Callable[[], AbstractContextManager[str]], many: int, chosen: argparse.Namespace) -> None:
    """So many seats of one lot, for one writer and for all of them; who begins takes turns as well."""
    rates: dict[int, list[float]] = {1: [], chosen.writers: []}
    for turn in range(chosen.turns):
        for writers in sorted(rates, reverse=turn % 2 == 1):
            with new() as url:
                rates[writers].append(throughput(url, writers, many))
    alone, together = rates[1], rates[chosen.writers]
    ratios = [many_of_them / one for one, many_of_them in zip(alone, together, strict=True)]
    print(
        f"\n{many:,} seats of one lot: one writer {median(alone):,.0f} seats/s,"
        f" {chosen.writers} writers {median(together):,.0f};"
        f" ratio {median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
    )


def timed(url: str, how: Callable[[Engine, int, int], float], many: int, lots: int) -> float:
    engine = prepared(url, many, lots, people=many)
    try:
        taken = how(engine, many, lots)
        with engine.connect() as connection:
            assert connection.execute(text("SELECT count(*) FROM allocations")).scalar() == many
    finally:
        engine.dispose()
    return taken


def prepared(url: str, many: int, lots: int, people: int) -> Engine:
    """A register with so many people, and so many seats in equal lots."""
    engine = database.connect(url)
    register = Register(engine)
    register.open()
    for _ in range(lots):
        order = register.licenses.request(LicenseType.PREMIUM, many // lots, by="bench", now=START)
        register.licenses.assign(order.id, by="bench", now=START, zone=ZoneInfo("UTC"))
    with engine.execution_options(writes=True).begin() as connection:
        rows = [(number, f"p{number}@example.com", START) for number in range(1, people + 1)]
        bulk.insert(connection, "learners", ("id", "email", "created_at"), rows)
    return engine


def _granted(engine: Engine, many: int, lots: int) -> float:
    size = many // lots
    grants = [Grant(number, 1 + (number - 1) // size) for number in range(1, many + 1)]
    start = perf_counter()
    for first in range(0, many, BATCH):
        with engine.execution_options(writes=True).begin() as connection:
            assert seats.grant(connection, grants[first : first + BATCH], None, START) == []
    return perf_counter() - start


def _bare(engine: Engine, many: int, lots: int) -> float:
    size = many // lots
    with engine.connect() as asking:
        ends_at = asking.execute(text("SELECT ends_at FROM lots")).scalar()
    rows = [
        (n, 1 + (n - 1) // size, "premium", size, ends_at, 1 + (n - 1) % size, START, None)
        for n in range(1, many + 1)
    ]
    connection = engine.raw_connection()
    driver: Any = connection.driver_connection
    start = perf_counter()
    insert = _copied if engine.dialect.name == "postgresql" else _executed
    for first in range(0, many, BATCH):
        insert(driver, rows[first : first + BATCH])
    taken = perf_counter() - start
    connection.close()
    return taken


def _executed(driver: Any, rows: Sequence[tuple[object, ...]]) -> None:
    execute = driver.execute
    execute("BEGIN IMMEDIATE")
    statement = f"INSERT INTO allocations ({', '.join(COLUMNS)}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    driver.executemany(statement, rows)
    execute("COMMIT")


def _copied(driver: Any, rows: Sequence[tuple[object, ...]]) -> None:
    statement = f"COPY allocations ({', '.join(COLUMNS)}) FROM STDIN"
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)
    driver.commit()


def throughput(url: str, writers: int, many: int) -> float:
    """Seats given a second by so many processes on one lot, until it is empty; nobody gets one too many."""
    share = many // writers + 1  # together they want more than there are
    prepared(url, many, 1, people=share * writers).dispose()
    barrier = multiprocessing.Barrier(writers + 1)
    found: multiprocessing.Queue[int] = multiprocessing.Queue()
    processes = [
        multiprocessing.Process(target=_write, args=(url, 1 + writer * share, share, barrier, found))
        for writer in range(writers)
    ]
    for process in processes:
        process.start()
    barrier.wait()
    start = perf_counter()
    given = sum(found.get() for _ in processes)
    taken = perf_counter() - start
    for process in processes:
        process.join()
    engine = database.connect(url)
    with engine.connect() as connection:
        live = connection.execute(text("SELECT count(*) FROM allocations")).scalar()
    engine.dispose()
    assert given == live == many, f"{given} were given, {live} are there, of {many}"
    return given / taken


def _write(url: str, first: int, share: int, barrier: Any, found: Any) -> None:
    """One writer: ten seats in a transaction. The first, which is taken back, costs what every start does."""
    engine = database.connect(url)
    with engine.execution_options(writes=True).connect() as connection:
        seats.grant(connection, [Grant(first, 1)], None, START)
        connection.rollback()
        barrier.wait()
    given = 0
    for start in range(first, first + share, 10):
        grants = [Grant(number, 1) for number in range(start, min(start + 10, first + share))]
        with engine.execution_options(writes=True).begin() as connection:
            given += len(grants) - len(seats.grant(connection, grants, None, START))
    found.put(given)
    engine.dispose()


@contextmanager
def _file(path: str) -> Iterator[str]:
    yield f"sqlite:///{path}"


if __name__ == "__main__":
    main()
