"""An LDIF export keeps the promises of every directory."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import NAMESPACE_DNS, uuid5

import pytest

from connectors.directories.files.face import FileDirectory
from connectors.directories.files.options import FileOptions
from tests.contracts.directory import DirectoryContract
from tests.contracts.town import Person

_BASE = "DC=example,DC=com"


@dataclass(frozen=True)
class Account:
    """A person as Active Directory exports them."""

    person: Person
    unit: str = "Staff"
    control: int = 512
    groups: tuple[str, ...] = field(default=())
    manager: str = ""

    @property
    def dn(self) -> str:
        return f"CN={self.person.handle} {self.person.last_name},OU={self.unit},{_BASE}"


def _line(name: str, value: str | bytes) -> str:
    """One attribute, in base64 and folded after 76 characters, as ldifde writes what is not plain ASCII."""
    raw = value.encode() if isinstance(value, str) else value
    plain = isinstance(value, str) and value.isascii() and value.isprintable() and value[0] not in " :<"
    text = f"{name}: {value!s}" if plain else f"{name}:: {b64encode(raw).decode()}"
    folded = [text[:76], *(f" {text[start : start + 75]}" for start in range(76, len(text), 75))]
    return "\r\n".join(folded)


def _group(name: str) -> str:
    return f"CN={name},OU=Groups,{_BASE}"


class LdifTown:
    """An export of Active Directory by ldifde, written anew at every change."""

    attributes: Mapping[str, str] = {
        "email": "mail",
        "first_name": "givenname",
        "last_name": "sn",
        "department": "department",
        "manager_email": "manager.mail",
    }

    def __init__(self, path: Path) -> None:
        self._path = path
        self._people: dict[str, Account] = {}
        self._groups: dict[str, tuple[str, ...]] = {}
        self._write()

    def directory(self) -> FileDirectory:
        return FileDirectory("export", FileOptions.model_validate({"path": self._path}))

    def add(self, *people: Person) -> None:
        self._people |= {one.handle: Account(one) for one in people}
        self._write()

    def rename(self, handle: str, *, last_name: str, email: str) -> None:
        person = replace(self._people[handle].person, last_name=last_name, email=email)
        self._set(handle, person=person)

    def change(self, handle: str, *, department: str) -> None:
        self._set(handle, person=replace(self._people[handle].person, department=department))

    def move(self, handle: str) -> None:
        self._set(handle, unit="Elsewhere")

    def disable(self, handle: str) -> None:
        self._set(handle, control=514)

    def delete(self, handle: str) -> None:
        del self._people[handle]
        self._write()

    def join(self, handle: str, group: str) -> None:
        self._groups.setdefault(group, ())
        self._set(handle, groups=(*self._people[handle].groups, group))

    def leave(self, handle: str, group: str) -> None:
        self._set(handle, groups=tuple(name for name in self._people[handle].groups if name != group))

    def nest(self, inner: str, outer: str) -> None:
        self._groups.setdefault(outer, ())
        self._groups[inner] = (*self._groups.get(inner, ()), outer)
        self._write()

    def report(self, handle: str, *, to: str) -> None:
        self._set(handle, manager=to)

    def _set(self, handle: str, **facts: object) -> None:
        self._people[handle] = replace(self._people[handle], **facts)  # type: ignore[arg-type]
        self._write()

    def _write(self) -> None:
        people = [self._person(account) for account in self._people.values()]
        groups = [
            "\r\n".join(
                [
                    _line("dn", _group(name)),
                    "changetype: add\r\nobjectClass: top\r\nobjectClass: group",
                    *(_line("memberOf", _group(parent)) for parent in parents),
                ]
            )
            for name, parents in self._groups.items()
        ]
        self._path.write_bytes(("\r\n\r\n".join([*groups, *people]) + "\r\n").encode())

    def _person(self, account: Account) -> str:
        one = account.person
        facts: list[tuple[str, str | bytes]] = [
            ("dn", account.dn),
            ("changetype", "add"),
            ("objectClass", "top"),
            ("objectClass", "user"),
            ("objectGUID", uuid5(NAMESPACE_DNS, one.handle).bytes_le),
            ("userAccountControl", str(account.control)),
            ("accountExpires", "9223372036854775807"),
            ("mail", one.email),
            ("givenName", one.first_name),
            ("sn", one.last_name),
            ("department", one.department),
            ("manager", self._people[account.manager].dn if account.manager else ""),
            *(("memberOf", _group(name)) for name in account.groups),
        ]
        return "\r\n".join(_line(name, value) for name, value in facts if value)


class TestLdif(DirectoryContract):
    @pytest.fixture
    def town(self, tmp_path: Path) -> LdifTown:
        return LdifTown(tmp_path / "people.ldf")
