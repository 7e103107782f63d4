"""A folder that files are handed off into, and somebody who reads them as an importer does."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from connectors.platforms.csv_handoff.face import CsvHandoff
from connectors.platforms.csv_handoff.options import CsvOptions
from syncd.model import Outcome, Verdict
from syncd.ports import Delivery

NOON = 1_795_953_600  # 2026-11-29 12:00 UTC


@dataclass
class Site:
    folder: Path
    options: dict[str, Any] = field(default_factory=dict)
    now: int = NOON

    @property
    def platform(self) -> CsvHandoff:
        """As a new process makes it."""
        options = CsvOptions.model_validate({"folder": self.folder, **self.options})
        return CsvHandoff("csv_handoff", options, clock=lambda: self.now)

    def send(self, *deliveries: Delivery) -> list[Outcome]:
        return list(self.platform.deliver(deliveries))

    def verdicts(self, *deliveries: Delivery) -> list[Verdict]:
        return [outcome.verdict for outcome in self.send(*deliveries)]

    def names(self) -> list[str]:
        """Of everything that is there, hidden or not."""
        return sorted(path.name for path in self.folder.iterdir())

    def titles(self) -> list[str]:
        """What the files are, in the order of their import: "add"."""
        return [name.rsplit("-", 2)[1] for name in self.names() if name.endswith(".csv")]

    def rows(self, title: str, **how: Any) -> list[dict[str, str]]:
        """The people of all files of this kind."""
        found = []
        for path in sorted(self.folder.glob(f"*-{title}-*.csv")):
            with path.open(encoding=self.options.get("encoding", "utf-8"), newline="") as file:
                found += list(csv.DictReader(file, strict=True, **how))
        return found

    def column(self, title: str, header: str) -> Sequence[str]:
        return [row[header] for row in self.rows(title)]
