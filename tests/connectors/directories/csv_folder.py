"""A folder with one people.csv, for the tests of what may be in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connectors.directories.files.face import FileDirectory
from connectors.directories.files.options import FileOptions
from syncd.errors import SyncdError
from syncd.model import DirectoryUser, GroupRef
from syncd.ports import ReadRequest, Sighting

EMAIL = frozenset({"email"})


class Folder:
    """Writes people.csv and reads it back through the connector."""

    def __init__(self, path: Path) -> None:
        self.path = path / "people.csv"

    def write(self, text: str | bytes) -> None:
        self.path.write_bytes(text.encode() if isinstance(text, str) else text)

    def directory(self, **options: Any) -> FileDirectory:
        return FileDirectory("hr", FileOptions.model_validate({"path": self.path, "id": "id", **options}))

    def sightings(
        self, text: str | bytes, attributes: frozenset[str] = EMAIL, *groups: str, **options: Any
    ) -> list[Sighting]:
        self.write(text)
        request = ReadRequest(attributes, frozenset(map(GroupRef, groups)))
        return [sighting for page in self.directory(**options).read(request) for sighting in page]

    def people(
        self, text: str | bytes, attributes: frozenset[str] = EMAIL, **options: Any
    ) -> list[DirectoryUser]:
        return [sighting.open() for sighting in self.sightings(text, attributes, **options)]

    def error(
        self, text: str | bytes, attributes: frozenset[str] = EMAIL, *groups: str, **options: Any
    ) -> SyncdError:
        """The error that reading this gives, without the folder in its message."""
        with pytest.raises(SyncdError) as raised:
            self.sightings(text, attributes, *groups, **options)
        raised.value.message = raised.value.message.replace(f"{self.path.parent}/", "")
        return raised.value
