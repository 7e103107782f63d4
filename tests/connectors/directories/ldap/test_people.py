"""What OpenLDAP says of a person, by its several ways to say that an account has ended."""

from __future__ import annotations

import pytest

from connectors.directories.ldap.dialect import LdapDialect
from connectors.directories.ldap.options import LdapOptions
from connectors.directories.ldap_wire.dialect import Entry
from syncd.errors import Unavailable
from syncd.model import DirectoryUser
from tests.connectors.directories.ldap_reading import NOW, everybody, ldap_directory, request
from tests.servers.ds389 import Ds389
from tests.servers.slapd import Slapd

DAY = 86_400
OPTIONS = LdapOptions.model_validate(
    {"servers": "ldaps://x", "bind": {"method": "anonymous"}, "base_dn": "dc=x"}
)


def only(slapd: Slapd, unit: str, **options: object) -> DirectoryUser:
    (user,) = everybody(ldap_directory(slapd, base_dn=unit, **options), request()).values()
    return user


def test_the_id_is_the_entry_uuid(slapd: Slapd, slapd_ou: str) -> None:
    dn = slapd.add_person("Ann Lee", ou=slapd_ou)
    (raw,) = slapd.admin.search(dn, attributes=["entryUUID"])
    assert only(slapd, slapd_ou).identity == ("campus", raw["raw_attributes"]["entryUUID"][0].decode())


def test_389_is_known_by_its_name_and_options_by_theirs() -> None:
    named = OPTIONS.model_copy(update={"id_attribute": "GUID"})
    assert LdapDialect(OPTIONS, "389 Project 389-Directory/2.3.1").identity == "nsuniqueid"
    assert LdapDialect(OPTIONS, "").identity == "entryuuid"
    assert LdapDialect(named, "389 Project").identity == "guid"
    assert LdapDialect(named, "").identify(Entry("cn=x", {"guid": [b"\xff\x01"]})) == "ff01"


def test_a_lasting_lock_disables(slapd: Slapd) -> None:
    disabled = {dn for dn, user in everybody(ldap_directory(slapd)).items() if not user.enabled}
    assert disabled == {slapd.person_dn(7), slapd.person_dn(27)}


def test_a_lock_that_ends_by_itself_does_not_disable() -> None:
    locked = Entry("uid=x", {"pwdaccountlockedtime": [b"20250101120000Z"]})
    assert LdapDialect(OPTIONS, "").standing(locked, NOW).enabled


@pytest.mark.parametrize(("value", "enabled"), [(b"TRUE", False), (b"true", False), (b"false", True)])
def test_ns_account_lock_disables(value: bytes, enabled: bool) -> None:
    assert (
        LdapDialect(OPTIONS, "").standing(Entry("uid=x", {"nsaccountlock": [value]}), NOW).enabled is enabled
    )


@pytest.mark.parametrize(("days", "enabled"), [("-1", True), ("1", False), ("20370", False), ("20371", True)])
def test_shadow_expire_ends_the_account_on_its_day(
    slapd: Slapd, slapd_ou: str, days: str, enabled: bool
) -> None:
    slapd.add_person("Ann Lee", ou=slapd_ou, shadowExpire=days)
    user = only(slapd, slapd_ou)
    assert NOW // DAY == 20370
    assert user.enabled is enabled
    assert user.changes_at == (20371 * DAY if days == "20371" else None)


def test_the_companys_own_sign_disables_in_any_case(slapd: Slapd, slapd_ou: str) -> None:
    slapd.add_person("Ann Lee", ou=slapd_ou, employeeType=["contractor", "GONE"])
    sign = [{"attribute": "employeetype", "equals": ["gone"]}]
    assert only(slapd, slapd_ou).enabled
    assert only(slapd, slapd_ou, disabled_when=sign).disabled_because == "employeetype is gone"


def test_the_link_attribute_links(slapd: Slapd, slapd_ou: str) -> None:
    slapd.add_person("Ann Lee", ou=slapd_ou, employeeNumber="E7")
    assert only(slapd, slapd_ou).links == ()
    assert only(slapd, slapd_ou, link_attribute="employeeNumber").links == ("value:e7",)


def test_without_an_identity_the_read_fails() -> None:
    with pytest.raises(Unavailable, match="entryuuid"):
        LdapDialect(OPTIONS, "").identify(Entry("uid=x", {}))


def test_389_people_have_their_ns_unique_id_and_are_locked_by_it(ds389: Ds389) -> None:
    users = everybody(ldap_directory(ds389))
    (raw,) = ds389.admin.search(ds389.person_dn(3), attributes=["nsUniqueId"])
    (identity,) = raw["raw_attributes"]["nsUniqueId"]
    assert users[ds389.person_dn(3)].identity.id == identity.decode()
    disabled = {dn for dn, user in users.items() if not user.enabled}
    assert disabled == {ds389.person_dn(7), ds389.person_dn(27)}
