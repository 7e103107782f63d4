"""Entra ID keeps the promises of every directory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

import pytest

from connectors.directories.entra_id.face import EntraId
from syncd.errors import CursorLost
from syncd.ports import CredentialWatch
from tests.connectors.directories.entra_reading import entra
from tests.contracts.directory import DirectoryContract
from tests.contracts.incremental import STAFF, Follower, IncrementalContract
from tests.contracts.reading import ALICE, BRUNO, ask
from tests.contracts.town import Person, Town
from tests.servers.entra import EntraServer, Tenant


class EntraTown:
    """A tenant of its own."""

    attributes: Mapping[str, str] = {
        "email": "mail",
        "first_name": "givenname",
        "last_name": "surname",
        "department": "department",
        "manager_email": "manager.mail",
    }

    def __init__(self, server: EntraServer) -> None:
        self._server = server
        self._tenant = server.tenant
        self._ids: dict[str, str] = {}
        self._groups: dict[str, str] = {}

    def directory(self) -> EntraId:
        return entra(self._server, page_size=10)

    def add(self, *people: Person) -> None:
        for one in people:
            given = {
                "displayName": one.handle,
                "mail": one.email,
                "givenName": one.first_name,
                "surname": one.last_name,
                "department": one.department,
            }
            login = f"{one.handle}@{self._tenant.domain}"
            kept = {name: value for name, value in given.items() if value}
            self._ids[one.handle] = self._tenant.add_user(userPrincipalName=login, **kept)

    def rename(self, handle: str, *, last_name: str, email: str) -> None:
        self._tenant.update_user(self._ids[handle], surname=last_name, mail=email, userPrincipalName=email)

    def change(self, handle: str, *, department: str) -> None:
        self._tenant.update_user(self._ids[handle], department=department)

    def move(self, handle: str) -> None:
        """There are no units; a new login is the nearest to a new place."""
        self._tenant.update_user(self._ids[handle], userPrincipalName=f"{handle}@sub.{self._tenant.domain}")

    def disable(self, handle: str) -> None:
        self._tenant.update_user(self._ids[handle], accountEnabled=False)

    def delete(self, handle: str) -> None:
        self._tenant.delete_user(self._ids[handle])

    def join(self, handle: str, group: str) -> None:
        self._tenant.add_member(self._group(group), self._ids[handle])

    def leave(self, handle: str, group: str) -> None:
        self._tenant.remove_member(self._group(group), self._ids[handle])

    def nest(self, inner: str, outer: str) -> None:
        self._tenant.add_member(self._group(outer), self._group(inner))

    def report(self, handle: str, *, to: str) -> None:
        self._tenant.set_manager(self._ids[handle], self._ids[to])

    def _group(self, name: str) -> str:
        if name not in self._groups:
            self._groups[name] = self._tenant.add_group(name)
        return self._groups[name]


class TestEntraIdContract(DirectoryContract, IncrementalContract):
    crowd: ClassVar[int] = 25  # more than two of the pages of 10 asked for here
    groups_nest: ClassVar[bool] = True

    @pytest.fixture
    def town(self, tmp_path: Path) -> Iterator[EntraTown]:
        with EntraServer(Tenant(), tmp_path) as server:
            yield EntraTown(server)

    def test_it_tells_when_its_credential_ends(self, town: EntraTown) -> None:
        assert isinstance(town.directory(), CredentialWatch)

    def test_somebody_deleted_leaves_their_groups_and_those_who_report_to_them(self, town: Town) -> None:
        """Graph does not say who reported to somebody who is gone: then the whole is read."""
        town.add(ALICE, BRUNO)
        town.join("alice", "Staff")
        town.join("bruno", "Staff")
        follower = Follower(town, ask(town, groups=(STAFF,)))
        town.delete("alice")
        follower.follow()
        follower.check()
        town.report("bruno", to="bruno")
        follower = Follower(town, ask(town, "email", "manager_email"))
        town.delete("bruno")
        with pytest.raises(CursorLost, match="who reported to them"):
            follower.follow()
