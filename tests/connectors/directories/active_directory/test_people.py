"""What Active Directory says of a person: who they are, whether they may work, who their manager is."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from connectors.directories.active_directory.dialect import ActiveDirectoryDialect
from connectors.directories.ldap_wire.dialect import Entry
from syncd.errors import Skipped, Unavailable
from syncd.model import DirectoryUser, GroupRef
from tests.connectors.directories.ldap_reading import NOW, active_directory, everybody, request
from tests.servers.samba import Samba

DAY = 86_400


def only(samba: Samba, unit: str, *attributes: str, now: int = NOW, link: str | None = None) -> DirectoryUser:
    directory = active_directory(samba, base_dn=unit, link_attribute=link)
    (user,) = everybody(directory, request(*attributes, now=now)).values()
    return user


def test_the_id_is_the_guid_as_windows_writes_it(samba: Samba, samba_ou: str) -> None:
    dn = samba.add_person("Ann Lee", ou=samba_ou)
    (raw,) = samba.admin.search(dn, attributes=["objectGUID", "objectSid"])
    guid = str(UUID(bytes_le=raw["raw_attributes"]["objectGUID"][0]))
    user = only(samba, samba_ou)
    assert user.identity == ("head-office", guid)
    assert user.links[0] == f"guid:{guid}"
    assert user.links[1].startswith("sid:S-1-5-21-")


def test_the_anchor_of_entra_connect_is_a_link_when_it_differs(samba: Samba, samba_ou: str) -> None:
    anchor = UUID("12345678-9abc-def0-1234-56789abcdef0")
    dn = samba.add_person("Ann Lee", ou=samba_ou)
    samba.admin.replace(dn, {"mS-DS-ConsistencyGuid": anchor.bytes_le})
    user = only(samba, samba_ou)
    assert user.links[:2] == (f"guid:{user.identity.id}", f"guid:{anchor}")
    samba.admin.replace(dn, {"mS-DS-ConsistencyGuid": UUID(user.identity.id).bytes_le})
    assert only(samba, samba_ou).links[:1] == (f"guid:{user.identity.id}",)


def test_the_link_attribute_links_in_any_case(samba: Samba, samba_ou: str) -> None:
    samba.add_person("Ann Lee", ou=samba_ou, employeeID="E-42a")
    assert "value:e-42a" in only(samba, samba_ou, link="employeeID").links


@pytest.mark.parametrize(
    ("days", "enabled"),
    [(-400, False), (-1, False), (1, True), (400, True)],
    ids=["long ago", "past", "soon", "later"],
)
def test_an_account_ends_at_its_moment(samba: Samba, samba_ou: str, days: int, enabled: bool) -> None:
    end = NOW + days * DAY
    samba.expire(samba.add_person("Ann Lee", ou=samba_ou), datetime.fromtimestamp(end, UTC))
    user = only(samba, samba_ou)
    assert user.enabled is enabled
    assert user.changes_at == (end if enabled else None)
    assert bool(user.disabled_because) is not enabled


def test_the_last_moment_is_too_late(samba: Samba, samba_ou: str) -> None:
    samba.expire(samba.add_person("Ann Lee", ou=samba_ou), datetime.fromtimestamp(NOW, UTC))
    assert only(samba, samba_ou, now=NOW - 1).enabled
    assert not only(samba, samba_ou, now=NOW).enabled


def test_computers_and_contacts_are_nobody(samba: Samba, samba_ou: str) -> None:
    samba.admin.add(f"CN=Card,{samba_ou}", {"objectClass": "contact", "mail": "card@example.com"})
    samba.admin.add(
        f"CN=PC1,{samba_ou}",
        {"objectClass": "computer", "sAMAccountName": "PC1$", "userAccountControl": "4096"},
    )
    dn = samba.add_person("Ann Lee", ou=samba_ou)
    assert list(everybody(active_directory(samba, base_dn=samba_ou))) == [dn]


def test_a_manager_outside_the_base_is_followed(samba: Samba, samba_ou: str) -> None:
    samba.add_person("Ann Lee", ou=samba_ou, manager=samba.person_dn(0))
    user = only(samba, samba_ou, "manager.mail", "manager.title")
    assert user.attributes["manager.mail"] == ("u000000@contoso.test",)
    assert "manager.title" in user.attributes


def test_guids_and_sids_are_text_when_mapped(samba: Samba, samba_ou: str) -> None:
    samba.add_person("Ann Lee", ou=samba_ou)
    user = only(samba, samba_ou, "objectguid", "objectsid")
    assert user.attributes["objectguid"] == (user.identity.id,)
    assert user.attributes["objectsid"][0].startswith("S-1-5-21-")


def test_without_user_account_control_nobody_is_judged() -> None:
    dialect = ActiveDirectoryDialect(None)
    with pytest.raises(Skipped, match="userAccountControl"):
        dialect.standing(Entry("CN=x", {}), NOW)
    with pytest.raises(Skipped, match="not a number"):
        dialect.standing(Entry("CN=x", {"useraccountcontrol": [b"x"]}), NOW)


def test_without_a_guid_the_read_fails() -> None:
    with pytest.raises(Unavailable, match="objectGUID"):
        ActiveDirectoryDialect(None).identify(Entry("CN=x", {}))


def test_check_counts_people_groups_and_attributes(samba: Samba) -> None:
    groups = (GroupRef("everyone"), GroupRef("nobody"), GroupRef("Stuff"))
    findings = {
        finding.part: finding
        for finding in active_directory(samba).check(request("mail", "carlicense", groups=groups))
    }
    assert "bound as svc-syncd@contoso.test" in findings[samba.url].message
    assert "TLSv1" in findings[f"{samba.url} TLS"].message
    assert findings[samba.staff].message == "40 people"
    assert findings["people"].message == "40 people, 38 of them enabled"
    assert findings["attribute mail"].message == "40 people have it"
    assert findings["attribute carlicense"].next_step
    assert findings["group everyone"].message == "40 members visible, 40 people here are in it"
    assert (findings["group nobody"].ok, findings["group Stuff"].ok) == (False, False)


def test_check_reports_what_does_not_work_and_goes_on(samba: Samba) -> None:
    servers = ["ldaps://dc.invalid", samba.url]
    findings = list(active_directory(samba, servers=servers).check(request()))
    assert [finding.part for finding in findings if not finding.ok] == ["ldaps://dc.invalid"]
    assert any(finding.part == samba.staff for finding in findings)


def test_check_says_nothing_of_attributes_where_nobody_is(samba: Samba, samba_ou: str) -> None:
    findings = list(active_directory(samba, base_dn=[samba_ou]).check(request("mail")))
    assert [(finding.part, finding.message) for finding in findings if not finding.ok] == [
        (samba_ou, "nobody visible")
    ]
    assert not any(finding.part.startswith("attribute") for finding in findings)
