"""CSV rows as sightings: sealed with a fingerprint as they stream by, decoded only when opened."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from operator import itemgetter
from typing import NamedTuple

from connectors.directories.files.first_lines import FirstLines
from connectors.directories.files.options import FileOptions
from connectors.directories.files.references import References
from connectors.directories.files.translate import AskedGroups, disabled_because, require_columns
from syncd.errors import ConfigError, Skipped
from syncd.model import DirectoryUser, Identity
from syncd.ports import ReadRequest
from syncd.text.csv_rows import CsvRows
from syncd.text.text_file import TextFile


class CsvSighting(NamedTuple):
    """One row: the cells that matter, in the order `CsvPeople` picks them, and where they were."""

    fingerprint: bytes
    cells: tuple[str, ...]
    line: int
    people: CsvPeople

    def open(self) -> DirectoryUser:
        return self.people.describe(self)


class CsvPeople:
    """The people of one CSV file, for one read."""

    def __init__(self, name: str, options: FileOptions, request: ReadRequest, file: TextFile) -> None:
        """Reads the header. Raises `ConfigError` for columns that are not there."""
        self._name = name
        self._options = options
        self._file = file
        self._request = request
        self._id = options.id or ""
        self._rows = CsvRows(file, options.delimiter)
        self.columns = self._rows.columns
        require_columns(options, request.attributes, self.columns)
        self._groups = AskedGroups(request.groups, options.groups.separator if options.groups else ";")
        self._group_column = self._column_of_groups()
        self._followed = sorted(name for name in request.attributes - self.columns.keys() if "." in name)
        self._names = self._names_that_matter()

    def sightings(self) -> Iterator[CsvSighting]:
        """Everybody, each id once. Raises `ConfigError` for a second id, or a group nobody is in."""
        pick = itemgetter(*(self.columns[name] for name in self._names))
        id_place, group_place = self.columns[self._id], self.columns.get(self._group_column, -1)
        references = References(self._rows, self._id, self._followed)
        if self._followed:
            references.collect()
        sealed, lines, note_groups = self._seal(), FirstLines(self._file), self._groups.of_cell
        for line, row in self._rows.rows():
            lines.note(row[id_place].strip(), line)
            if group_place >= 0:
                note_groups(row[group_place])
            cells: tuple[str, ...] = pick(row)
            if self._followed:
                cells += references.follow(row)
            seal = sealed.copy()
            seal.update("\0".join(cells).encode("utf-8", "surrogatepass"))
            yield CsvSighting(seal.digest(), cells, line, self)
        if lines.people:
            self._groups.require_met(self._file.path)

    def describe(self, sighting: CsvSighting) -> DirectoryUser:
        """The person of a row. Raises `Skipped` for one without an id."""
        names = (*self._names, *self._followed)
        stripped = {name: cell.strip() for name, cell in zip(names, sighting.cells, strict=True)}
        values = {name: (cell,) for name, cell in stripped.items() if cell}
        id = stripped[self._id]
        if not id:
            raise Skipped(
                f"{self._file.at(sighting.line)}: {self._id} is empty: nobody can tell who this is",
                next_step=f"fill in {self._id}, or remove the row",
            )
        because = disabled_because(values, self._options.disabled_when)
        return DirectoryUser(
            identity=Identity(self._name, id),
            where=f"{self._file.path.name}, {self._id} {id}",
            enabled=not because,
            disabled_because=because,
            links=tuple(f"value:{value.lower()}" for value in values.get(self._options.link or "", ())),
            groups=self._groups.of_cell(stripped.get(self._group_column, "")),
            attributes={name: values[name] for name in sorted(self._request.attributes & values.keys())},
        )

    def _column_of_groups(self) -> str:
        """The column that answers for the groups asked; empty when none are. Raises `ConfigError`."""
        asked = sorted(group.name for group in self._request.groups)
        if asked and self._options.groups is None:
            raise ConfigError(
                f"{self._name}: the configuration names the group {asked[0]!r}, and this file has no groups",
                next_step="set groups: { column: … } in the options of this directory",
            )
        return self._options.groups.column if asked and self._options.groups else ""

    def _names_that_matter(self) -> tuple[str, ...]:
        """The columns that take part in the description, and so in the fingerprint; the id is first."""
        rule = self._options.disabled_when
        named = {rule.column if rule else "", self._options.link or "", self._group_column}
        others = ((self._request.attributes & self.columns.keys()) | named) - {"", self._id}
        return (self._id, *sorted(others)) if others else (self._id, self._id)

    def _seal(self) -> blake2b:
        """A hash of all that `describe` depends on besides the cells; each row continues a copy of it."""
        meaning = self._options.model_dump_json(include={"id", "disabled_when", "groups", "link"})
        groups = sorted(self._request.groups) if self._group_column else []
        facts = (self._name, self._file.path.name, self._names, self._followed, groups, meaning)
        return blake2b(repr(facts).encode(), digest_size=16, key=self._request.salt)
