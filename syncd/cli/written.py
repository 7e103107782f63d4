"""Written: changes and orders for programs and spreadsheets: JSON and CSV, one at a time."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Any

from syncd.app import App
from syncd.cli.screen import Screen
from syncd.dates import iso
from syncd.errors import ConfigError
from syncd.facts import RunFacts
from syncd.model import Entry
from syncd.register.licenses import Order

_COLUMNS = (
    "run", "kind", "key", "email", "name", "why", "learner", "license_ends", "state", "outcome", "where",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_json(screen: Screen, app: App, facts: RunFacts) -> None:
    """One object: the facts of the run, and `changes`, which are not held in memory."""
    head = json.dumps({**facts.as_dict(), "exit_code": facts.exit_code}, indent=2)
    screen.write(head.removesuffix("\n}") + ',\n  "changes": [')
    for number, entry in enumerate(app.register.journal.read(facts.run)):
        screen.write((",\n    " if number else "\n    ") + json.dumps(change_facts(entry)))
    screen.write("\n  ]\n}\n")


def as_csv(screen: Screen, app: App, run: int) -> None:
    """A line for each change. No cell can become a formula in a spreadsheet."""
    rows = csv.writer(Lines(screen), lineterminator="\r\n")
    rows.writerow(_COLUMNS)
    for entry in app.register.journal.read(run):
        known = change_facts(entry)
        rows.writerow([harmless(known.get(column)) for column in _COLUMNS])


def change_facts(entry: Entry) -> dict[str, Any]:
    """A change as programs read it."""
    change = entry.change
    identity = change.data.get("identity")
    where = change.data.get("where") or (identity.get("where") if isinstance(identity, dict) else None)
    return {
        "run": entry.run,
        "kind": change.kind.name.lower(),
        "key": change.key,
        "email": change.email,
        "name": change.name,
        "why": change.why,
        "learner": change.learner,
        "license_ends": iso(change.ends_at),
        "state": str(entry.state),
        "outcome": entry.outcome,
        "where": where,
        **{name: change.data[name] for name in ("was", "set") if name in change.data},
    }


def order_facts(order: Order) -> dict[str, Any]:
    """An order as programs read it."""
    names = ("requested_at", "confirmed_at", "decided_at", "ends_at")
    return {**asdict(order), **{name: iso(getattr(order, name)) for name in names}}


@contextmanager
def written_to(path: Path, *, binary: bool = False, option: str = "--output") -> Iterator[IO[Any]]:
    """A file, there in full or not at all, and readable for its owner only: it may name people."""
    mode, encoding, newline = ("wb", None, None) if binary else ("w", "utf-8", "")
    try:
        with NamedTemporaryFile(
            mode, encoding=encoding, newline=newline, dir=path.parent, prefix=f".{path.name}.", delete=False
        ) as file:
            try:
                yield file
                file.flush()
                Path(file.name).replace(path)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise
    except OSError as exc:
        why = exc.strerror or os.strerror(exc.errno or 0)
        raise ConfigError(
            f"{path} cannot be written: {why}", next_step=f"name another file with {option}"
        ) from exc


def harmless(value: object) -> str:
    """A cell that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


class Lines:
    """What `csv` writes to."""

    def __init__(self, screen: Screen) -> None:
        self.write = screen.write
