"""Sightings of entries nobody sends on purpose."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from connectors.directories.active_directory.dialect import ActiveDirectoryDialect
from connectors.directories.digests import Digests
from connectors.directories.ldap_wire.ber import OCTETS, SEQUENCE, SET, BerError, encode
from connectors.directories.ldap_wire.membership import Membership
from connectors.directories.ldap_wire.messages import ENTRY
from connectors.directories.ldap_wire.sighting import Sealer
from syncd.errors import Incomplete, Skipped, Unavailable
from syncd.model import GroupRef

GUID = bytes(range(16))
MEMBERSHIP = Membership(GroupRef("Staff"), Digests(), Digests(), frozenset({b"513"}))


def entry(**attributes: bytes) -> bytes:
    values = {"objectGUID": GUID, "userAccountControl": b"512"} | attributes
    lists = [
        encode(SEQUENCE, encode(OCTETS, name.encode()), encode(SET, encode(OCTETS, value)))
        for name, value in values.items()
        if value
    ]
    return encode(ENTRY, encode(OCTETS, b"CN=Ann,DC=x"), encode(SEQUENCE, *lists))


def sealer(memberships: Sequence[Membership] = (), *, salt: bytes = b"") -> Sealer:
    return Sealer(
        directory="ad",
        dialect=ActiveDirectoryDialect(None),
        attributes=frozenset({"mail", "memberof"}),
        memberships=memberships,
        references=(),
        key=b"key",
        salt=salt,
        now=0,
        related=frozenset({b"primarygroupid"}),
    )


def test_a_missing_identity_fails_the_page_and_names_the_entry() -> None:
    with pytest.raises(Unavailable, match="CN=Ann,DC=x shows no objectGUID"):
        sealer().seal([entry(objectGUID=b"")])


def test_an_attribute_name_in_another_case_is_the_same() -> None:
    (sighting,) = sealer().seal([entry(objectGUID=b"", OBJECTGUID=GUID, MAIL=b"ann@x")])
    assert sighting.open().attributes == {"mail": ("ann@x",)}


def test_the_damaged_inside_of_an_entry_is_not_a_person() -> None:
    damaged = entry(mail=b"ann@example.com").replace(b"\x04\x04mail", b"\x04\x7fmail")
    (sighting,) = sealer().seal([damaged])
    with pytest.raises(Incomplete, match="not LDAP"):
        sighting.open()
    with pytest.raises(BerError):
        sealer([MEMBERSHIP]).seal([damaged])


def test_a_hidden_primary_group_skips_the_person_with_their_identity() -> None:
    (sighting,) = sealer([MEMBERSHIP]).seal([entry()])
    with pytest.raises(Skipped, match="primaryGroupID") as caught:
        sighting.open()
    assert caught.value.identity == ("ad", "03020100-0504-0706-0809-0a0b0c0d0e0f")
    (sighting,) = sealer([MEMBERSHIP]).seal([entry(primaryGroupID=b"513")])
    assert sighting.open().groups == {GroupRef("Staff")}


def test_values_cut_off_by_the_server_skip_the_person() -> None:
    (sighting,) = sealer().seal([entry(**{"memberOf;range=0-1499": b"CN=a"})])
    with pytest.raises(Skipped, match="too many values"):
        sighting.open()


def test_the_longest_salt_is_taken() -> None:
    (one,), (other,) = (sealer(salt=salt * 64).seal([entry()]) for salt in (b"a", b"b"))
    assert len(one.fingerprint) == 16
    assert one.fingerprint != other.fingerprint
