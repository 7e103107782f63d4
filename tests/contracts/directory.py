"""DirectoryContract: what every directory promises, by one suite for AD, LDAP, files and memory."""

from __future__ import annotations

from contextlib import suppress
from typing import ClassVar

import pytest

from syncd.errors import ConfigError, Skipped
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


class DirectoryContract:
    """Subclass it, and provide the fixture `town`: a fresh, empty `Town` for each test."""

    crowd: ClassVar[int] = 1_100  # more than a page
    groups_nest: ClassVar[bool] = True

    @pytest.fixture
    def town(self) -> Town:
        raise NotImplementedError("the subclass provides an empty town")

    def test_an_empty_directory_is_nobody(self, town: Town) -> None:
        assert sightings(town.directory(), ask(town)) == []

    def test_everybody_is_seen_once(self, town: Town) -> None:
        crowd = [Person(f"p{n}", f"p{n}@example.com", "Per", f"Son{n}") for n in range(self.crowd)]
        town.add(*crowd)
        seen = sightings(town.directory(), ask(town))
        ids = {sighting.open().identity for sighting in seen}
        assert len(seen) == len(ids) == len({sighting.fingerprint for sighting in seen}) == self.crowd

    def test_a_person_is_described_in_full(self, town: Town) -> None:
        town.add(ALICE)
        fingerprint, user = only(town)
        described = {field: user.attributes[town.attributes[field]] for field in FIELDS}
        assert described == {
            "email": ("alice@example.com",),
            "first_name": ("Alice",),
            "last_name": ("Ashby",),
            "department": ("Finance",),
        }
        assert user.identity.directory == town.directory().name
        assert user.identity.id not in ("", "alice@example.com")
        assert user.enabled
        assert user.where
        assert len(fingerprint) == 16

    def test_attributes_have_lower_case_names_and_no_empty_values(self, town: Town) -> None:
        town.add(ALICE, Person("nobody", "", "", "Nobody"))
        for user in users(town).values():
            for name, values in user.attributes.items():
                assert name == name.lower()
                assert isinstance(values, tuple)
                assert values
                assert all(value.strip() for value in values)

    def test_every_sighting_opens_or_says_why_not(self, town: Town) -> None:
        town.add(ALICE, BRUNO, Person("nomail", "", "No", "Mail"))
        directory = town.directory()
        for sighting in sightings(directory, ask(town)):
            with suppress(Skipped):
                assert sighting.open().identity.directory == directory.name

    def test_somebody_without_an_email_is_still_somebody(self, town: Town) -> None:
        town.add(Person("nomail", "", "No", "Mail"))
        _, user = only(town)
        assert town.attributes["email"] not in user.attributes

    def test_reading_twice_gives_the_same(self, town: Town) -> None:
        town.add(ALICE, BRUNO, CHIDI)
        first, second = (sightings(town.directory(), ask(town)) for _ in range(2))
        assert {s.fingerprint: s.open() for s in first} == {s.fingerprint: s.open() for s in second}

    def test_equal_fingerprints_open_to_equal_users(self, town: Town) -> None:
        town.add(ALICE, CHIDI)
        before = {s.fingerprint: s.open() for s in sightings(town.directory(), ask(town))}
        town.add(BRUNO)
        town.delete("alice")
        after = {s.fingerprint: s.open() for s in sightings(town.directory(), ask(town))}
        same = before.keys() & after.keys()
        assert len(same) == 1
        assert all(before[key] == after[key] for key in same)

    def test_time_alone_changes_no_fingerprint(self, town: Town) -> None:
        town.add(ALICE)
        assert only(town, ask(town, now=NOW))[0] == only(town, ask(town, now=NOW + 86_400))[0]

    def test_another_salt_changes_every_fingerprint(self, town: Town) -> None:
        town.add(ALICE, BRUNO)
        first, second = (
            {s.fingerprint for s in sightings(town.directory(), ask(town, salt=salt))}
            for salt in (b"before", b"after")
        )
        assert not first & second

    def test_a_changed_attribute_changes_the_fingerprint(self, town: Town) -> None:
        town.add(ALICE)
        before, _ = only(town)
        town.change("alice", department="Legal")
        after, user = only(town)
        assert user.attributes[town.attributes["department"]] == ("Legal",)
        assert before != after

    def test_identity_survives_a_new_name_and_email(self, town: Town) -> None:
        town.add(ALICE)
        fingerprint, before = only(town)
        town.rename("alice", last_name="Brown", email="alice.brown@example.com")
        renamed, after = only(town)
        assert after.identity == before.identity
        assert after.attributes[town.attributes["email"]] == ("alice.brown@example.com",)
        assert renamed != fingerprint

    def test_identity_survives_a_move(self, town: Town) -> None:
        town.add(ALICE, BRUNO)
        before = users(town)
        town.move("alice")
        after = users(town)
        assert {email: user.identity for email, user in before.items()} == {
            email: user.identity for email, user in after.items()
        }

    def test_the_disabled_are_seen_as_disabled(self, town: Town) -> None:
        town.add(ALICE)
        before, _ = only(town)
        town.disable("alice")
        after, user = only(town)
        assert not user.enabled
        assert user.disabled_because
        assert before != after

    def test_the_deleted_are_gone(self, town: Town) -> None:
        town.add(ALICE, BRUNO)
        town.delete("alice")
        assert list(users(town)) == ["bruno@example.com"]

    def test_people_with_the_same_email_are_two_people(self, town: Town) -> None:
        town.add(ALICE, Person("other", "ALICE@example.com", "Alice", "Ashby", "Finance"))
        seen = sightings(town.directory(), ask(town))
        assert len({sighting.fingerprint for sighting in seen}) == 2

    @pytest.mark.parametrize(
        "name",
        ["Łukasz-Ørjan", "משה כהן", "عبد الرحمن", "山田", "Zoë 🦊", "N" * 60, 'O\'Brien, "Bo" + <x>; #1'],
    )
    def test_names_survive_in_every_script(self, town: Town, name: str) -> None:
        town.add(Person("somebody", "somebody@example.com", name, "Person"))
        _, user = only(town)
        assert user.attributes[town.attributes["first_name"]] == (name,)

    def test_a_long_department_survives(self, town: Town) -> None:
        """64 characters is what Active Directory holds in `department`."""
        town.add(Person("long", "long@example.com", "Long", "Winded", "ü" * 64))
        _, user = only(town)
        assert user.attributes[town.attributes["department"]] == ("ü" * 64,)

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

    def test_a_read_that_was_left_does_not_spoil_the_next(self, town: Town) -> None:
        town.add(ALICE, BRUNO)
        directory = town.directory()
        pages = directory.read(ask(town))
        next(pages)
        del pages
        assert len(sightings(directory, ask(town))) == 2

    def test_check_finds_nothing_wrong(self, town: Town) -> None:
        town.add(ALICE, BRUNO)
        findings = list(town.directory().check(ask(town)))
        assert findings
        assert [finding for finding in findings if not finding.ok] == []
