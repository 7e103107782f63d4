"""The directory of `type: file`: reads everybody in one go, or raises; says in `check` what it found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice

from connectors.directories.files.csv_people import CsvPeople
from connectors.directories.files.ldif_people import LdifPeople
from connectors.directories.files.options import FileOptions
from syncd.errors import Skipped, SyncdError
from syncd.model import Finding
from syncd.ports import UNHEARD, Calls, ReadRequest, Sighting
from syncd.settings.types import duration_text
from syncd.text.text_file import TextFile, opened

_PAGE = 1000
_STALE = 7 * 86_400


class FileDirectory:
    """One file of people: nobody is called for it."""

    def __init__(self, name: str, options: FileOptions, *, calls: Calls = UNHEARD) -> None:  # noqa: ARG002
        self.name = name
        self._options = options

    def read(self, request: ReadRequest) -> Iterator[Sequence[Sighting]]:
        """As `Directory.read`: `Incomplete` too when the file changed before its end was reached."""
        with opened(self._options.path, self._options.encoding) as file:
            people = self._sightings(request, file)
            while page := list(islice(people, _PAGE)):
                yield page
            file.verify()

    def check(self, request: ReadRequest) -> Iterator[Finding]:
        """As `Directory.check`: reads the whole file, as a run would."""
        try:
            with opened(self._options.path, self._options.encoding) as file:
                yield self._described(file, request)
                counts = _count(self._sightings(request, file))
                file.verify()
            yield from self._counted(counts)
        except SyncdError as error:
            yield Finding(self.name, False, error.message, error.next_step, error.exit_code)

    def _sightings(self, request: ReadRequest, file: TextFile) -> Iterator[Sighting]:
        people = LdifPeople if self._options.is_ldif else CsvPeople
        return people(self.name, self._options, request, file).sightings()

    def _described(self, file: TextFile, request: ReadRequest) -> Finding:
        kind = "LDIF" if self._options.is_ldif else "CSV"
        age = max(0, request.now - file.modified_at) if request.now else 0
        written = f", written {duration_text(age - age % 60)} ago" if age >= 60 else ""
        message = f"{file.path} can be read: {kind}, {self._options.encoding}{written}"
        if age > _STALE:
            return Finding(self.name, True, message, "is the export that writes this file still running?")
        return Finding(self.name, True, message)

    def _counted(self, counts: Counter[str]) -> Iterator[Finding]:
        people, skipped = counts["people"], counts["skipped"]
        yield Finding(
            self.name,
            people > 0,
            f"{people} {'person' if people == 1 else 'people'}, {counts['enabled']} enabled",
            "" if people else "put somebody into the file: an empty directory is held, not obeyed",
        )
        if skipped:
            rows = "1 row" if skipped == 1 else f"{skipped} rows"
            yield Finding(self.name, False, f"{rows} without an id, to be skipped", "fill in the id")


def _count(people: Iterator[Sighting]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for sighting in people:
        counts["people"] += 1
        counts["skipped"] += 1
        with suppress(Skipped):
            counts["enabled"] += sighting.open().enabled
            counts["skipped"] -= 1
    return counts
