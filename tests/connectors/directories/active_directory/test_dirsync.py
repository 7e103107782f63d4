"""What Active Directory tells of its past, to whom, and how it is told that it cannot."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.directories.active_directory.face import ActiveDirectory
from syncd.errors import CursorLost
from syncd.model import GroupRef
from syncd.ports import Changed, ReadRequest
from tests.connectors.directories.ldap_reading import MAIL, NOW, active_directory, bind
from tests.servers.samba import Samba

REQUEST = ReadRequest(MAIL, salt=b"s", now=NOW)
STAFF = ReadRequest(MAIL, frozenset([GroupRef("Staff-of-Test")]), b"s", NOW)


def followed(samba: Samba, unit: str, **changes: Any) -> ActiveDirectory:
    account = bind(samba.following_account)
    return active_directory(samba, **{"base_dn": unit, "group_base_dn": unit, "bind": account, **changes})


def people(pages: list[Changed]) -> list[str]:
    return sorted({s.open().where.partition(",")[0] for page in pages for s in page.people.values()})


def test_an_account_that_sees_nothing_deleted_reads_everybody(samba: Samba, samba_ou: str) -> None:
    """It would never be told that somebody has left."""
    assert followed(samba, samba_ou, bind=bind(samba.sync_account)).mark(REQUEST) == ""


def test_attributes_that_are_made_up_or_kept_by_one_controller_read_everybody(
    samba: Samba, samba_ou: str
) -> None:
    for name in ("memberof", "lastlogon"):
        request = ReadRequest(frozenset({"mail", name}), salt=b"s", now=NOW)
        assert followed(samba, samba_ou).mark(request) == ""


def test_a_cursor_holds_at_every_domain_controller(samba: Samba, samba_ou: str) -> None:
    cursor = followed(samba, samba_ou).mark(REQUEST)
    samba.add_person("Ann Lee", ou=samba_ou)
    with samba.second_controller() as address:
        other = followed(samba, samba_ou, servers=[f"ldaps://{address}"])
        assert people(list(other.changes(REQUEST, cursor))) == ["CN=Ann Lee"]


def test_only_who_joined_or_left_a_group_is_told(samba: Samba, samba_ou: str) -> None:
    names = ("Ann Lee", "Bob Lee", "Cem Lee")
    ann, bob, cem = (samba.add_person(name, ou=samba_ou) for name in names)
    group = samba.add_group("Staff-of-Test", [ann, bob], ou=samba_ou)
    directory = followed(samba, samba_ou)
    cursor = directory.mark(STAFF)
    samba.admin.add_values(group, {"member": cem})
    samba.admin.remove_values(group, {"member": ann})
    assert people(list(directory.changes(STAFF, cursor))) == ["CN=Ann Lee", "CN=Cem Lee"]


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ("rename unit", "OU=New.* was renamed or moved"),
        ("nest group", "CN=Inner.* joined or left another group"),
        ("delete group", "a group or unit was deleted"),
        ("rename group", "CN=Outer.* was renamed or moved"),
    ],
)
def test_what_moves_people_it_does_not_name_is_a_lost_cursor(
    samba: Samba, samba_ou: str, what: str, why: str
) -> None:
    unit = samba.admin.add(f"OU=Old,{samba_ou}", {"objectClass": "organizationalUnit"})
    samba.add_person("Ann Lee", ou=unit)
    groups = {
        name: samba.add_group(name, ou=samba_ou) for name in ("Staff-of-Test", "Inner", "Outer-of-Test")
    }
    directory = followed(samba, samba_ou)
    cursor = directory.mark(STAFF)
    match what:
        case "rename unit":
            samba.admin.rename(unit, "OU=New")
        case "nest group":
            samba.admin.add_values(groups["Staff-of-Test"], {"member": groups["Inner"]})
        case "delete group":
            samba.admin.delete(groups["Inner"])
        case "rename group":
            samba.admin.rename(groups["Inner"], "CN=Outer")
    with pytest.raises(CursorLost, match=why):
        list(directory.changes(STAFF, cursor))


def test_a_new_unit_and_a_new_group_lose_nothing(samba: Samba, samba_ou: str) -> None:
    samba.add_group("Staff-of-Test", ou=samba_ou)
    directory = followed(samba, samba_ou)
    cursor = directory.mark(STAFF)
    unit = samba.admin.add(f"OU=Later,{samba_ou}", {"objectClass": "organizationalUnit"})
    samba.add_group("Others-of-Test", [samba.add_person("Ann Lee", ou=unit)], ou=unit)
    assert people(list(directory.changes(STAFF, cursor))) == ["CN=Ann Lee"]


@pytest.mark.parametrize("position", ["", "AAAA", "!"])
def test_a_position_the_server_does_not_know_is_lost(samba: Samba, samba_ou: str, position: str) -> None:
    directory = followed(samba, samba_ou)
    head, _, tail = directory.mark(REQUEST).partition('"TVN')
    with pytest.raises(CursorLost):
        list(directory.changes(REQUEST, f'{head}"{position}"{tail.partition(chr(34))[2]}'))
