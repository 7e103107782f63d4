"""Follows references between rows: `manager.email` is the e-mail of the row that `manager` names by id."""

from __future__ import annotations

from collections.abc import Sequence

from syncd.text.csv_rows import CsvRows


class References:
    """What the people referred to have in the columns asked for. Holds those people only, not everybody."""

    def __init__(self, rows: CsvRows, id_column: str, followed: Sequence[str]) -> None:
        """Stores. `followed` are names such as `manager.email`."""
        self._rows = rows
        self._id = rows.columns[id_column]
        pairs = [name.partition(".") for name in followed]
        self._steps = [(rows.columns[source], rows.columns[target]) for source, _, target in pairs]
        self._found: dict[str, list[str]] = {}

    def collect(self) -> None:
        """Two passes over the file: who is referred to, and what they have."""
        sources = {source for source, _ in self._steps}
        referred = {row[source].strip() for _, row in self._rows.rows() for source in sources}
        for _, row in self._rows.rows():
            id = row[self._id].strip()
            if id in referred:
                self._found[id] = [row[target] for _, target in self._steps]

    def follow(self, row: Sequence[str]) -> tuple[str, ...]:
        """For this row, what each of `followed` leads to; empty where it leads nowhere."""
        reached = (self._found.get(row[source].strip()) for source, _ in self._steps)
        return tuple(found[step] if found else "" for step, found in enumerate(reached))
