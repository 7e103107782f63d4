"""How the contract reads a town: requests by profile field, and everybody opened."""

from __future__ import annotations

from syncd.model import DirectoryUser, GroupRef
from syncd.ports import Directory, ReadRequest, Sighting
from tests.contracts.town import Person, Town

NOW = 1_760_000_000  # 2025-10-09
FIELDS = ("email", "first_name", "last_name", "department")

ALICE = Person("alice", "alice@example.com", "Alice", "Ashby", "Finance")
BRUNO = Person("bruno", "bruno@example.com", "Bruno", "Barbosa", "Sales")
CHIDI = Person("chidi", "chidi@example.com", "Chidi", "Chukwu", "Sales")


def ask(
    town: Town, *fields: str, groups: tuple[GroupRef, ...] = (), salt: bytes = b"s", now: int = NOW
) -> ReadRequest:
    """A request for these profile fields, by the names this kind of directory has for them."""
    names = frozenset(town.attributes[field] for field in fields or FIELDS)
    return ReadRequest(attributes=names, groups=frozenset(groups), salt=salt, now=now)


def sightings(directory: Directory, request: ReadRequest) -> list[Sighting]:
    return [sighting for page in directory.read(request) for sighting in page]


def users(town: Town, request: ReadRequest | None = None) -> dict[str, DirectoryUser]:
    """Everybody, opened, by their e-mail address (or by id, where they have none)."""
    opened = [sighting.open() for sighting in sightings(town.directory(), request or ask(town))]
    return {user.attributes.get(town.attributes["email"], (user.identity.id,))[0]: user for user in opened}


def only(town: Town, request: ReadRequest | None = None) -> tuple[bytes, DirectoryUser]:
    """The fingerprint and description of the one person of the town."""
    (sighting,) = sightings(town.directory(), request or ask(town))
    return sighting.fingerprint, sighting.open()
