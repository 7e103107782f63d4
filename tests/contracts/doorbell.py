"""DoorbellContract: what a directory promises that says it rings when something has changed."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager

import pytest

from syncd.model import GroupRef
from syncd.ports import Doorbell, Line, ReadRequest
from tests.contracts.reading import ALICE, BRUNO, ask
from tests.contracts.town import Town

PATIENCE = 30.0
QUIET = 0.3
STAFF = GroupRef("Staff", nested=False)


def listen(town: Town, request: ReadRequest) -> AbstractContextManager[Line]:
    directory = town.directory()
    assert isinstance(directory, Doorbell)
    return directory.listen(request)


def rings(line: Line) -> bool:
    """Whether it does before a busy machine would have had its turn."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if line.wait(1.0):
            return True
    return False


def hush(line: Line) -> None:
    """Hear out whatever else rings for what was done."""
    until = time.monotonic() + PATIENCE
    while line.wait(QUIET):
        assert time.monotonic() < until, "it never stops"


class DoorbellContract:
    """Subclass it beside `IncrementalContract`, with the same fixture `town`."""

    @pytest.fixture
    def town(self) -> Town:
        raise NotImplementedError("the subclass provides an empty town")

    def test_a_newcomer_a_change_and_a_leaver_ring(self, town: Town) -> None:
        town.add(ALICE)
        with listen(town, ask(town)) as line:
            town.add(BRUNO)
            assert rings(line)
            hush(line)
            town.change("alice", department="Legal")
            assert rings(line)
            hush(line)
            town.rename("alice", last_name="Brown", email="alice.brown@example.com")
            assert rings(line)
            hush(line)
            town.delete("bruno")
            assert rings(line)

    def test_who_joins_and_who_leaves_a_group_rings(self, town: Town) -> None:
        town.add(ALICE)
        town.join("alice", "Staff")
        with listen(town, ask(town, groups=(STAFF,))) as line:
            town.leave("alice", "Staff")
            assert rings(line)
            hush(line)
            town.join("alice", "Staff")
            assert rings(line)

    def test_what_was_before_does_not_ring(self, town: Town) -> None:
        town.add(ALICE, BRUNO)
        town.change("alice", department="Legal")
        with listen(town, ask(town)) as line:
            assert not line.wait(QUIET)

    def test_nothing_is_waited_for_longer_than_asked(self, town: Town) -> None:
        town.add(ALICE)
        with listen(town, ask(town)) as line:
            assert not line.wait(0)
            begun = time.monotonic()
            assert not line.wait(QUIET)
            assert QUIET <= time.monotonic() - begun < PATIENCE

    def test_everybody_who_listens_hears_it(self, town: Town) -> None:
        town.add(ALICE)
        with listen(town, ask(town)) as one, listen(town, ask(town)) as other:
            town.change("alice", department="Legal")
            assert rings(one)
            assert rings(other)
