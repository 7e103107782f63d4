"""IncrementalContract: what a directory promises that says it can tell what has changed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import pytest

from syncd.errors import ConfigError, CursorLost
from syncd.model import GroupRef
from syncd.ports import Changed, Incremental, ReadRequest
from tests.contracts.reading import ALICE, BRUNO, CHIDI, ask, sightings
from tests.contracts.town import Person, Town

DORA = Person("dora", "dora@example.com", "Dora", "Dias", "Sales")
STAFF = GroupRef("Staff", nested=False)


class Follower:
    """Somebody who read a town whole once and believes what its directory says of changes since."""

    def __init__(self, town: Town, request: ReadRequest) -> None:
        self.town, self.request = town, request
        directory = town.directory()
        assert isinstance(directory, Incremental)
        self.directory = directory
        self.known: dict[str, bytes] = {}
        self.cursor = directory.mark(request)
        self.read()

    def read(self) -> None:
        self.known = {s.open().identity.id: s.fingerprint for s in sightings(self.directory, self.request)}

    def follow(self, cursor: str = "") -> list[Changed]:
        """Ask what has changed, and believe it."""
        pages = list(self.directory.changes(self.request, cursor or self.cursor))
        assert [bool(page.cursor) for page in pages] == [False] * (len(pages) - 1) + [True]
        self.take(pages)
        self.cursor = pages[-1].cursor
        return pages

    def follow_or_lose(self, *, told: bool) -> None:
        """As `follow`; where such a change is not `told`, the cursor is lost, and the whole is read."""
        if told:
            self.follow()
        else:
            with pytest.raises(CursorLost):
                self.follow()
            self.cursor = self.directory.mark(self.request)
            self.read()

    def ask_again(self, *ids: str) -> None:
        pages = list(self.directory.again(self.request, ids))
        assert {page.cursor for page in pages} <= {""}
        told = {id for page in pages for id in (*page.gone, *page.people)}
        assert told == set(ids), "each is there or gone, and nobody else is told of"
        self.take(pages)

    def take(self, pages: Iterable[Changed]) -> None:
        for page in pages:
            for id in page.gone:
                self.known.pop(id, None)
            for id, sighting in page.people.items():
                assert sighting.open().identity.id == id
                self.known[id] = sighting.fingerprint

    def check(self) -> None:
        """What is known is what a whole read shows, fingerprint by fingerprint."""
        known = dict(self.known)
        self.read()
        assert known == self.known


class IncrementalContract:
    """Subclass it beside `DirectoryContract`, with the same fixture `town`."""

    groups_nest: ClassVar[bool] = True
    tells_groups: ClassVar[bool] = True  # who joined or left one; else the cursor is lost
    tells_nesting: ClassVar[bool] = True  # whom a group brings that joins or leaves another; else lost
    tells_references: ClassVar[bool] = True  # else there is no cursor where references are followed
    tells_reports_of_the_deleted: ClassVar[bool] = True  # else lost

    @pytest.fixture
    def town(self) -> Town:
        raise NotImplementedError("the subclass provides an empty town")

    def test_a_newcomer_a_change_and_a_leaver_are_told(self, town: Town) -> None:
        town.add(ALICE, BRUNO, CHIDI)
        follower = Follower(town, ask(town))
        town.add(DORA)
        town.change("alice", department="Legal")
        town.delete("bruno")
        follower.follow()
        follower.check()
        assert len(follower.known) == 3

    def test_renames_moves_and_the_disabled_are_told(self, town: Town) -> None:
        town.add(ALICE, BRUNO, CHIDI)
        follower = Follower(town, ask(town))
        town.rename("alice", last_name="Brown", email="alice.brown@example.com")
        town.move("bruno")
        town.disable("chidi")
        follower.follow()
        follower.check()

    def test_what_changes_while_it_is_read_whole_is_told_afterwards(self, town: Town) -> None:
        """The mark comes before the read: whoever the read was too early for is in the changes."""
        town.add(ALICE, BRUNO, CHIDI)
        follower = Follower(town, ask(town))
        mark = follower.directory.mark(follower.request)
        town.change("alice", department="Legal")
        follower.read()
        town.add(DORA)
        town.delete("bruno")
        follower.follow(mark)
        follower.check()

    def test_from_cursor_to_cursor(self, town: Town) -> None:
        town.add(ALICE)
        follower = Follower(town, ask(town))
        for person, department in ((BRUNO, "one"), (CHIDI, "two"), (DORA, "three")):
            town.add(person)
            town.change("alice", department=department)
            follower.follow()
            follower.check()

    def test_the_same_changes_can_be_asked_for_again(self, town: Town) -> None:
        town.add(ALICE, BRUNO)
        follower = Follower(town, ask(town))
        first = follower.cursor
        town.add(CHIDI)
        town.delete("bruno")
        follower.follow(first)
        town.change("chidi", department="Legal")
        follower.follow(first)
        follower.check()

    def test_somebody_who_comes_and_goes_unseen(self, town: Town) -> None:
        town.add(ALICE)
        follower = Follower(town, ask(town))
        town.add(BRUNO, CHIDI)
        town.delete("bruno")
        follower.follow()
        follower.check()

    def test_only_the_few_that_changed_are_told(self, town: Town) -> None:
        town.add(*(Person(f"p{n}", f"p{n}@example.com", "Per", f"Son{n}", "Sales") for n in range(120)))
        follower = Follower(town, ask(town))
        follower.follow()
        town.change("p7", department="Legal")
        pages = follower.follow()
        follower.check()
        assert sum(len(page.people) + len(page.gone) for page in pages) < 60

    def test_joining_and_leaving_a_group_are_told(self, town: Town) -> None:
        town.add(ALICE, BRUNO, CHIDI)
        town.join("bruno", "Staff")
        follower = Follower(town, ask(town, groups=(STAFF,)))
        town.join("alice", "Staff")
        town.leave("bruno", "Staff")
        follower.follow_or_lose(told=self.tells_groups)
        follower.check()
        town.change("alice", department="Legal")
        follower.follow()
        follower.check()

    def test_a_group_that_joins_or_leaves_another_brings_its_members(self, town: Town) -> None:
        if not self.groups_nest:
            pytest.skip("groups do not nest here")
        town.add(ALICE, BRUNO, CHIDI)
        town.join("alice", "Company")
        town.join("bruno", "Team")
        town.join("chidi", "Department")
        follower = Follower(town, ask(town, groups=(GroupRef("Company"), GroupRef("Company", nested=False))))
        town.nest("Department", "Company")
        follower.follow_or_lose(told=self.tells_nesting)
        follower.check()
        town.nest("Team", "Department")
        follower.follow_or_lose(told=self.tells_nesting)
        follower.check()
        town.leave("bruno", "Team")
        follower.follow_or_lose(told=self.tells_groups)
        follower.check()

    def test_somebody_deleted_leaves_their_groups_and_those_who_report_to_them(self, town: Town) -> None:
        follows = "manager_email" in town.attributes and self.tells_references
        town.add(ALICE, BRUNO, CHIDI)
        town.join("alice", "Staff")
        town.join("bruno", "Staff")
        if follows:
            town.report("bruno", to="alice")
        fields = ("email", "manager_email") if follows else ("email",)
        follower = Follower(town, ask(town, *fields, groups=(STAFF,)))
        town.delete("alice")
        follower.follow_or_lose(told=self.tells_groups and (not follows or self.tells_reports_of_the_deleted))
        follower.check()

    def test_a_managers_new_address_is_told_of_the_team(self, town: Town) -> None:
        if "manager_email" not in town.attributes:
            pytest.skip("managers are not followed here")
        town.add(ALICE, BRUNO, CHIDI)
        town.report("bruno", to="alice")
        request = ask(town, "email", "manager_email")
        if not self.tells_references:
            directory = town.directory()
            assert isinstance(directory, Incremental)
            assert directory.mark(request) == ""
            return
        follower = Follower(town, request)
        town.rename("alice", last_name="Brown", email="alice.brown@example.com")
        town.report("chidi", to="bruno")
        follower.follow()
        follower.check()

    def test_whoever_is_asked_for_again_is_there_or_gone(self, town: Town) -> None:
        town.add(ALICE, BRUNO, CHIDI)
        town.join("alice", "Staff")
        town.join("bruno", "Staff")
        follower = Follower(town, ask(town, groups=(STAFF,)))
        ids = sorted(follower.known)
        town.change("alice", department="Legal")
        town.leave("bruno", "Staff")
        town.delete("chidi")
        follower.ask_again(*ids)
        follower.check()

    def test_an_id_that_never_was_is_gone(self, town: Town) -> None:
        town.add(ALICE)
        follower = Follower(town, ask(town))
        (alice,) = follower.known
        follower.ask_again(alice, "nobody", "")
        follower.check()

    @pytest.mark.parametrize("cursor", ["garbage", "{}", "1", "\0"])
    def test_a_cursor_that_is_none_is_lost(self, town: Town, cursor: str) -> None:
        town.add(ALICE)
        follower = Follower(town, ask(town))
        with pytest.raises(CursorLost) as caught:
            list(follower.directory.changes(follower.request, cursor))
        assert caught.value.message

    def test_a_cursor_is_short(self, town: Town) -> None:
        town.add(*(Person(f"p{n}", f"p{n}@example.com", "Per", f"Son{n}") for n in range(120)))
        assert 0 < len(Follower(town, ask(town)).cursor) < 4096

    def test_changes_for_an_unknown_group_are_the_configuration_that_is_wrong(self, town: Town) -> None:
        town.add(ALICE)
        town.join("alice", "Staff")
        cursor = Follower(town, ask(town)).cursor
        directory = town.directory()
        assert isinstance(directory, Incremental)
        with pytest.raises(ConfigError, match="Stuff"):
            list(directory.changes(ask(town, groups=(GroupRef("Stuff"),)), cursor))
