"""DirectoryContract: what every directory promises, by one suite for AD, LDAP, files and memory."""

from __future__ import annotations

from contextlib import suppress
from typing import ClassVar

import pytest

from syncd.errors import Skipped
from tests.contracts.membership import MembershipContract
from tests.contracts.reading import ALICE, BRUNO, CHIDI, FIELDS, NOW, ask, only, sightings, users
from tests.contracts.town import Person, Town


class DirectoryContract(MembershipContract):
    """Subclass it, and provide the fixture `town`: a fresh, empty `Town` for each test."""

    crowd: ClassVar[int] = 1_100  # more than a page

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
