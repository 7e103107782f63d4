"""What a forecast costs, against the one query it rests on: who holds the seats of which lot.

    python -m benchmarks.forecast [--people 1000000] [--rounds 5]

The register is filled once: everybody holds a license, of twelve lots; some have left. Each way is a
process of its own, in turns. Of the first two its start is left out of the time; the commands are timed as a
whole. Peak memory is that of the process.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from datetime import UTC
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.read_ldap import Measure, measure
from syncd.licensing.terms import ends_at
from syncd.model import LicenseType
from syncd.register import bulk, database
from syncd.register.schema import learners
from syncd.register.stock import Stocktaking

DAY = 86_400
NOW = int(time.time()) // DAY * DAY  # the same in every process of a day
LOTS = 12
CONFIGURATION = """
company: Contoso
timezone: Europe/London
database: sqlite:///syncd.db
directories: [{ name: people, type: file, path: people.csv, id: id }]
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--once", nargs=2, metavar=("FOLDER", "WHAT"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.once:
        once(Path(chosen.once[0]), chosen.once[1])
        return
    with TemporaryDirectory(prefix="syncd-") as folder:
        fill(Path(folder), chosen.people)
        this = [sys.executable, "-m", "benchmarks.forecast", "--once", folder]
        syncd = f"exec {sys.executable} -m syncd -c {folder}/syncd.yaml licenses forecast"
        ways = {
            "the query": [*this, "the query"],
            "the whole forecast": [*this, "the whole forecast"],
            "the command": ["sh", "-c", f"{syncd} > /dev/null"],
            "… with everybody's name": ["sh", "-c", f"{syncd} --all --json > /dev/null"],
        }
        results: dict[str, list[Measure]] = {way: [] for way in ways}
        for _ in range(chosen.rounds):
            for way, command in ways.items():
                results[way].append(measure(command, {}))
    print(f"{chosen.people:,} allocations, {chosen.rounds} rounds in turns, {os.cpu_count()} cores; SQLite\n")
    print(f"{'':24}{'best s':>8}{'median s':>10}{'ratio':>7}{'peak MB':>9}")
    for way, measured in results.items():
        ratios = [one.read / base.read for one, base in zip(measured, results["the query"], strict=True)]
        print(
            f"{way:24}{min(m.read for m in measured):8.2f}{median(m.read for m in measured):10.2f}"
            f"{median(ratios):7.2f}{max(m.peak_mb for m in measured):9.0f}"
        )


def fill(folder: Path, people: int) -> None:
    """A register in which everybody came in over three years, and one in twenty has left."""
    (folder / "syncd.yaml").write_text(CONFIGURATION, encoding="utf-8")
    engine = database.connect(f"sqlite:///{folder}/syncd.db")
    database.migrate(engine)
    size = people // LOTS + 1
    with engine.execution_options(writes=True).begin() as connection:
        for lot in range(1, LOTS + 1):
            start = NOW - lot * 25 * DAY
            asked = (lot, "premium", size, "assigned", start)
            columns = ("id", "type", "quantity", "state", "requested_at")
            bulk.insert(connection, "orders", columns, [asked])
            term = (start, ends_at(LicenseType.PREMIUM, start, UTC))
            columns = ("id", "order_id", "type", "quantity", "starts_at", "ends_at")
            bulk.insert(connection, "lots", columns, [(lot, lot, "premium", size, *term)])
        for first in range(0, people, 50_000):
            numbers = range(first, min(first + 50_000, people))
            columns = ("id", "email", "first_name", "last_name", "account", "created_at", "left_at")
            rows = [_learner(number, people) for number in numbers]
            bulk.insert(connection, learners.name, columns, rows)
            columns = ("learner_id", "lot_id", "type", "lot_quantity", "ends_at", "seat", "allocated_at")
            seats = [_seat(number, size) for number in numbers]
            bulk.insert(connection, "allocations", columns, seats)
    engine.dispose()


def _learner(number: int, people: int) -> tuple[object, ...]:
    created = NOW - 1100 * DAY if number < people // 2 else NOW - DAY * (1000 - number * 1000 // people)
    left = NOW - DAY * (number // 20 % 200) if number % 20 == 7 else None
    account = "active" if left is None else "suspended"
    return (number + 1, f"p{number}@example.com", "Given", f"Name{number}", account, created, left)


def _seat(number: int, size: int) -> tuple[object, ...]:
    lot = number % LOTS + 1
    start = NOW - lot * 25 * DAY
    return (
        number + 1,
        lot,
        "premium",
        size,
        ends_at(LicenseType.PREMIUM, start, UTC),
        number // LOTS + 1,
        NOW,
    )


def once(folder: Path, what: str) -> None:
    """In the measured process."""
    from syncd import settings
    from syncd.app import opened

    if what == "the query":
        engine = database.connect(f"sqlite:///{folder}/syncd.db")
        start = time.monotonic()
        Stocktaking(engine).stock(LicenseType.PREMIUM, NOW)
    else:
        with opened(settings.load(folder / "syncd.yaml"), lambda: NOW) as app:
            start = time.monotonic()
            app.forecast()
    print(time.monotonic() - start)


if __name__ == "__main__":
    main()
