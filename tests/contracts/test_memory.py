"""The in-memory implementations keep the promises of their ports; else the engine's tests prove nothing."""

from __future__ import annotations

import pytest

from syncd.errors import Incomplete, Skipped, Unavailable
from syncd.ports import ReadRequest
from tests.contracts.directory import DirectoryContract
from tests.contracts.incremental import IncrementalContract
from tests.contracts.memory import MemoryDirectory, MemoryTown

EMAIL = ReadRequest(attributes=frozenset({"email"}))


class TestMemoryDirectory(DirectoryContract, IncrementalContract):
    @pytest.fixture
    def town(self) -> MemoryTown:
        return MemoryTown()


def test_a_broken_read_gives_some_people_and_raises() -> None:
    directory = MemoryDirectory(page_size=2)
    for n in range(5):
        directory.add(f"e{n}", email=f"e{n}@example.com")
    directory.break_after(3)
    pages = directory.read(EMAIL)
    assert [len(next(pages)), len(next(pages))] == [2, 1]
    with pytest.raises(Incomplete, match="after 3 people"):
        next(pages)
    directory.mend()
    assert sum(len(page) for page in directory.read(EMAIL)) == 5


def test_a_refused_read_raises_before_the_first_page() -> None:
    directory = MemoryDirectory()
    directory.refuse(Unavailable("no route to host"))
    with pytest.raises(Unavailable, match="no route"):
        next(directory.read(EMAIL))


@pytest.mark.parametrize(("nameless", "identity"), [(False, ("memory", "e1")), (True, None)])
def test_a_spoiled_person_is_seen_and_skipped(nameless: bool, identity: tuple[str, str] | None) -> None:
    directory = MemoryDirectory()
    directory.add("e1", email="e1@example.com")
    directory.spoil("e1", "no such time zone", nameless=nameless)
    ((sighting,),) = directory.read(EMAIL)
    with pytest.raises(Skipped, match="no such time zone") as skipped:
        sighting.open()
    assert skipped.value.identity == identity


def test_an_account_that_expires_is_disabled_by_the_clock_alone() -> None:
    directory = MemoryDirectory()
    directory.add("e1", email="e1@example.com")
    directory.expire("e1", at=100)
    ((before,),) = directory.read(ReadRequest(frozenset({"email"}), now=99))
    ((after,),) = directory.read(ReadRequest(frozenset({"email"}), now=100))
    assert before.fingerprint == after.fingerprint
    assert (before.open().enabled, before.open().changes_at) == (True, 100)
    assert (after.open().enabled, after.open().changes_at) == (False, None)
