"""Files keep the promises of every directory."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import pytest

from connectors.directories.files.face import FileDirectory
from connectors.directories.files.options import FileOptions
from tests.contracts.directory import DirectoryContract
from tests.contracts.town import Person

_HEADER = ("Employee_ID", "Email", "First_Name", "Last_Name", "Department", "Manager", "Status", "Groups")


class CsvTown:
    """A CSV file, written anew at every change, as an HR export is."""

    attributes: Mapping[str, str] = {
        "email": "email",
        "first_name": "first_name",
        "last_name": "last_name",
        "department": "department",
        "manager_email": "manager.email",
    }

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rows: dict[str, list[str]] = {}
        self._write()

    def directory(self) -> FileDirectory:
        options = {
            "path": self._path,
            "id": "employee_id",
            "disabled_when": {"column": "status", "equals": ["left"]},
            "groups": {"column": "groups"},
        }
        return FileDirectory("hr", FileOptions.model_validate(options))

    def add(self, *people: Person) -> None:
        for one in people:
            facts = [one.email, one.first_name, one.last_name, one.department]
            self._rows[one.handle] = [f"id-{one.handle}", *facts, "", "active", ""]
        self._write()

    def rename(self, handle: str, *, last_name: str, email: str) -> None:
        self._set(handle, Last_Name=last_name, Email=email)

    def change(self, handle: str, *, department: str) -> None:
        self._set(handle, Department=department)

    def move(self, handle: str) -> None:
        self._rows[handle] = self._rows.pop(handle)
        self._write()

    def disable(self, handle: str) -> None:
        self._set(handle, Status="Left")

    def delete(self, handle: str) -> None:
        del self._rows[handle]
        self._write()

    def join(self, handle: str, group: str) -> None:
        self._set(handle, Groups=";".join([*self._groups(handle), group]))

    def leave(self, handle: str, group: str) -> None:
        self._set(handle, Groups=";".join(name for name in self._groups(handle) if name != group))

    def nest(self, inner: str, outer: str) -> None:
        raise NotImplementedError("groups of a file do not nest")

    def report(self, handle: str, *, to: str) -> None:
        self._set(handle, Manager=f"id-{to}")

    def _groups(self, handle: str) -> list[str]:
        return [name for name in self._rows[handle][-1].split(";") if name]

    def _set(self, handle: str, **columns: str) -> None:
        for column, value in columns.items():
            self._rows[handle][_HEADER.index(column)] = value
        self._write()

    def _write(self) -> None:
        with self._path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([_HEADER, *self._rows.values()])


class TestCsv(DirectoryContract):
    groups_nest = False

    @pytest.fixture
    def town(self, tmp_path: Path) -> CsvTown:
        return CsvTown(tmp_path / "people.csv")
