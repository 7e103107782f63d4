"""Builds Entra directories over the test server, and reads them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from connectors.directories.entra_id.face import EntraId
from connectors.directories.entra_id.options import EntraOptions
from syncd.model import DirectoryUser, GroupRef
from syncd.ports import UNHEARD, Calls, Changed, Directory, ReadRequest, Sighting
from tests.servers.entra import EntraServer

NOW = 1_760_000_000  # 2025-10-09
SECRET = "SYNCD_TEST_ENTRA_SECRET"
NAMES = ("mail", "givenname", "surname", "department")


class Pauses(list[float]):
    """In place of `time.sleep`: remembers instead of waiting."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


def options(server: EntraServer, **changes: Any) -> EntraOptions:
    os.environ[SECRET] = server.secret
    values = {
        "tenant_id": server.tenant_id,
        "client_id": server.client_id,
        "credential": {"secret": {"env": SECRET}},
        "authority": server.host_url,
        "graph_endpoint": server.host_url,
        "ca_file": server.ca_file,
    }
    return EntraOptions.model_validate(values | changes)


def entra(
    server: EntraServer, *, sleep: Pauses | None = None, calls: Calls = UNHEARD, **changes: Any
) -> EntraId:
    pauses = Pauses() if sleep is None else sleep
    return EntraId("cloud", options(server, **changes), calls=calls, sleep=pauses)


def request(*attributes: str, groups: tuple[GroupRef, ...] = (), now: int = NOW) -> ReadRequest:
    return ReadRequest(frozenset(attributes or NAMES), frozenset(groups), b"salt", now)


def sightings(directory: Directory, wanted: ReadRequest | None = None) -> dict[str, Sighting]:
    """Everybody, by id."""
    every = [sighting for page in directory.read(wanted or request()) for sighting in page]
    found = {sighting.open().identity.id: sighting for sighting in every}
    assert len(found) == len(every), "each identity once"
    return found


def everybody(directory: Directory, wanted: ReadRequest | None = None) -> dict[str, DirectoryUser]:
    """All people, opened, by id."""
    return {id_: sighting.open() for id_, sighting in sightings(directory, wanted).items()}


class Follower:
    """Follows a directory as the engine does: a mark, a whole read, then changes upon changes.

    `known` is what it believes, by id; `gone` whom the last round took away.
    """

    def __init__(self, directory: EntraId, wanted: ReadRequest | None = None) -> None:
        self.directory = directory
        self.wanted = wanted or request()
        self.cursor = directory.mark(self.wanted)
        self.known: dict[str, Sighting] = sightings(directory, self.wanted)
        self.changed: set[str] = set()
        self.gone: set[str] = set()

    def follow(self, cursor: str = "") -> None:
        """One round; from an older cursor, a replay."""
        self.changed, self.gone = set(), set()
        pages = list(self.directory.changes(self.wanted, cursor or self.cursor))
        assert [bool(page.cursor) for page in pages] == [False] * (len(pages) - 1) + [True]
        for page in pages:
            self._take(page)
        self.cursor = pages[-1].cursor

    def fingerprints(self) -> Mapping[str, bytes]:
        return {id_: sighting.fingerprint for id_, sighting in self.known.items()}

    def assert_true(self) -> None:
        """What is believed is what a whole read shows, to the last bit."""
        now = sightings(self.directory, self.wanted)
        assert self.fingerprints() == {id_: sighting.fingerprint for id_, sighting in now.items()}
        assert {i: s.open() for i, s in self.known.items()} == {i: s.open() for i, s in now.items()}

    def _take(self, page: Changed) -> None:
        for id_, sighting in page.people.items():
            assert sighting.open().identity.id == id_
            self.known[id_] = sighting
            self.changed.add(id_)
            self.gone.discard(id_)
        for id_ in page.gone:
            self.known.pop(id_, None)
            self.gone.add(id_)
            self.changed.discard(id_)
