"""CSV to rows of cells: a header, rows as wide as it, and the line of whatever is wrong."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence

from syncd.errors import ConfigError, SyncdError
from syncd.text.text_file import LONGEST_LINE, TextFile

LONGEST_CELL = 1 << 16
_DELIMITERS = (",", ";", "\t")


class CsvRows:
    """The rows of one CSV file. `columns` gives the place of each, by its lower-case name."""

    def __init__(self, file: TextFile, delimiter: str) -> None:
        """Reads the header. Raises `ConfigError` when there is none, or a column twice."""
        self._file = file
        self._delimiter = _sniffed(file) if delimiter == "auto" else delimiter
        self._pending: list[str] = []
        self._header: list[str] = []
        self._header_line, self._header = next(self._parsed(), (1, []))
        self.columns = self._columns()

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """The line each row begins on, and its cells. Blank rows, as spreadsheets leave them, are nobody.

        Raises `Incomplete` for a row unlike the header, `ConfigError` for an oversized cell.
        """
        for line, cells in self.ragged():
            if wrong := self.unlike_header(cells):
                raise self._file.cut_off(line, wrong)
            yield line, cells

    def ragged(self) -> Iterator[tuple[int, list[str]]]:
        """As `rows`, with rows that are wider or narrower than the header among them."""
        rows = self._parsed()
        next(rows, None)
        yield from rows

    def unlike_header(self, cells: Sequence[str]) -> str:
        """What is wrong with the width of a row; empty when nothing is."""
        width = len(self._header)
        return "" if len(cells) == width else f"{len(cells)} values where the header has {width} columns"

    def _parsed(self) -> Iterator[tuple[int, list[str]]]:
        """Every record that is not blank, with the line it begins on."""
        reader = csv.reader(self._watched(), delimiter=self._delimiter, strict=True)
        pending, line = self._pending, 1
        pending.clear()
        try:
            for cells in reader:
                if sum(map(len, pending)) > LONGEST_CELL:
                    self._check_sizes(line, cells)
                if any(cells):
                    yield line, cells
                pending.clear()
                line = reader.line_num + 1
        except csv.Error as exc:
            raise self._malformed(line, exc) from exc

    def _watched(self) -> Iterator[str]:
        """The lines, with those of the record being read kept for the error that may come."""
        keep = self._pending.append
        for line in self._file.lines():
            keep(line)
            if len(line) >= LONGEST_LINE:
                raise csv.Error("field larger than a line may be")
            yield line

    def _columns(self) -> dict[str, int]:
        names = [name.strip().strip("\ufeff").lower() for name in self._header]
        if not any(names):
            raise ConfigError(
                f"{self._file.path} is empty: it has no header line",
                next_step="the first line names the columns; a header alone means nobody",
            )
        columns: dict[str, int] = {}
        for place, name in enumerate(names):
            if name in columns:
                raise ConfigError(
                    f"{self._file.at(self._header_line)}: the header has the column {name!r} twice",
                    next_step="rename or remove one of them",
                )
            if name:
                columns[name] = place
        return columns

    def _check_sizes(self, line: int, cells: list[str]) -> None:
        for place, cell in enumerate(cells):
            if len(cell) > LONGEST_CELL:
                raise self._oversized(line, place)

    def _malformed(self, line: int, exc: csv.Error) -> SyncdError:
        if "field larger" in str(exc):
            return self._oversized(line, self._place_reached())
        if "end of data" in str(exc):
            return self._file.cut_off(line, "a quoted value begins here and never ends")
        return self._file.cut_off(line, f"not CSV: {exc}")

    def _place_reached(self) -> int:
        """The column the reader was in when it gave up: the last one of as much as it can take."""
        start = "".join(self._pending)[: csv.field_size_limit() - 1]
        cells: list[str] = next(csv.reader([start], delimiter=self._delimiter), [])
        return max(0, len(cells) - 1)

    def _oversized(self, line: int, place: int) -> ConfigError:
        name = self._header[place] if place < len(self._header) else f"number {place + 1}"
        return ConfigError(
            f"{self._file.at(line)}: the value in column {name} has more than {LONGEST_CELL:,} characters",
            next_step="is a quotation mark missing? Otherwise shorten the value",
        )


def _sniffed(file: TextFile) -> str:
    """The delimiter there is most of in the header line."""
    header = next(file.lines(), "")
    return max(_DELIMITERS, key=header.count)
