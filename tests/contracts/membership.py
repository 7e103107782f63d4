"""MembershipContract: the part of `DirectoryContract` about groups and managers."""

from __future__ import annotations

from typing import ClassVar

import pytest

from syncd.errors import ConfigError
from syncd.model import GroupRef
from tests.contracts.reading import ALICE, BRUNO, CHIDI, ask, sightings, users
from tests.contracts.town import Town


class MembershipContract:
    """Groups asked for are answered, and references to managers followed."""

    groups_nest: ClassVar[bool] = True

    def test_membership_is_answered_for_the_groups_asked(self, town: Town) -> None:
        staff, vip = GroupRef("Staff", nested=False), GroupRef("VIP", nested=False)
        town.add(ALICE, BRUNO, CHIDI)
        for handle, group in (("alice", "Staff"), ("bruno", "Staff"), ("bruno", "VIP"), ("chidi", "Other")):
            town.join(handle, group)
        seen = users(town, ask(town, groups=(staff, vip)))
        assert {email: user.groups for email, user in seen.items()} == {
            "alice@example.com": {staff},
            "bruno@example.com": {staff, vip},
            "chidi@example.com": set(),
        }
        assert users(town)["bruno@example.com"].groups == frozenset()

    def test_joining_and_leaving_a_group_change_the_fingerprint(self, town: Town) -> None:
        staff = GroupRef("Staff", nested=False)
        town.add(ALICE, BRUNO)
        town.join("bruno", "Staff")

        def fingerprint() -> bytes:
            seen = sightings(town.directory(), ask(town, groups=(staff,)))
            by_email = {s.open().attributes[town.attributes["email"]][0]: s.fingerprint for s in seen}
            return by_email["alice@example.com"]

        outside = fingerprint()
        town.join("alice", "Staff")
        inside = fingerprint()
        town.leave("alice", "Staff")
        assert outside != inside
        assert inside != fingerprint()

    def test_a_nested_group_counts_the_members_of_its_members(self, town: Town) -> None:
        if not self.groups_nest:
            pytest.skip("groups do not nest here")
        deep, flat = GroupRef("Company", nested=True), GroupRef("Company", nested=False)
        town.add(ALICE, BRUNO)
        town.join("alice", "Company")
        town.join("bruno", "Team")
        town.nest("Team", "Department")
        town.nest("Department", "Company")
        seen = users(town, ask(town, groups=(deep, flat)))
        assert seen["alice@example.com"].groups == {deep, flat}
        assert seen["bruno@example.com"].groups == {deep}

    def test_groups_that_contain_each_other_end(self, town: Town) -> None:
        if not self.groups_nest:
            pytest.skip("groups do not nest here")
        hen = GroupRef("Hen", nested=True)
        town.add(ALICE)
        town.join("alice", "Egg")
        town.nest("Egg", "Hen")
        town.nest("Hen", "Egg")
        assert users(town, ask(town, groups=(hen,)))["alice@example.com"].groups == {hen}

    def test_an_unknown_group_is_the_configuration_that_is_wrong(self, town: Town) -> None:
        town.add(ALICE)
        town.join("alice", "Staff")
        with pytest.raises(ConfigError, match="Stuff"):
            sightings(town.directory(), ask(town, groups=(GroupRef("Stuff"),)))

    def test_a_manager_is_followed_to_their_email(self, town: Town) -> None:
        if "manager_email" not in town.attributes:
            pytest.skip("managers are not followed here")
        town.add(ALICE, BRUNO)
        town.report("bruno", to="alice")
        request = ask(town, "email", "manager_email")
        manager_email = town.attributes["manager_email"]
        seen = users(town, request)
        assert seen["bruno@example.com"].attributes[manager_email] == ("alice@example.com",)
        assert manager_email not in seen["alice@example.com"].attributes

    def test_a_managers_new_email_changes_the_fingerprint_of_the_team(self, town: Town) -> None:
        if "manager_email" not in town.attributes:
            pytest.skip("managers are not followed here")
        town.add(ALICE, BRUNO)
        town.report("bruno", to="alice")
        request = ask(town, "email", "manager_email")
        before = {s.fingerprint for s in sightings(town.directory(), request)}
        town.rename("alice", last_name="Brown", email="alice.brown@example.com")
        assert not before & {s.fingerprint for s in sightings(town.directory(), request)}
