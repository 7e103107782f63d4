"""What 389 Directory Server tells of its past by its retro changelog, to whom, and when it cannot."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from connectors.directories.ldap.face import LdapDirectory
from syncd.errors import CursorLost
from syncd.model import GroupRef
from syncd.ports import Changed, ReadRequest
from tests.connectors.directories.ldap_reading import MAIL, NOW, bind, ldap_directory
from tests.servers.ds389 import Ds389
from tests.servers.inet_company import PASSWORD
from tests.servers.ldap_admin import Account

REQUEST = ReadRequest(MAIL, salt=b"s", now=NOW)


def followed(ds389: Ds389, unit: str, **changes: Any) -> LdapDirectory:
    return ldap_directory(ds389, **{"base_dn": unit, "group_base_dn": unit, **changes})


def people(pages: list[Changed]) -> list[str]:
    return sorted({s.open().where.partition(",")[0] for page in pages for s in page.people.values()})


def at(cursor: str, position: str) -> str:
    """The same cursor at another position."""
    kind, context, _, *rest = json.loads(cursor)
    return json.dumps([kind, context, position, *rest])


def position(cursor: str) -> tuple[int, str]:
    number, _, id_ = json.loads(cursor)[2].partition(" ")
    return int(number), id_


def test_an_account_that_may_not_see_the_changelog_reads_everybody(ds389: Ds389, ds389_ou: str) -> None:
    dn = ds389.add_person("Other Reader", ou=ds389_ou, userPassword=PASSWORD)
    other = followed(ds389, ds389_ou, bind=bind(Account(dn, PASSWORD)))
    assert other.mark(REQUEST) == ""
    *_, last = other.check(REQUEST)
    assert "Retro Changelog" in last.next_step


def test_people_by_another_id_are_read_whole(ds389: Ds389, ds389_ou: str) -> None:
    ds389.add_person("Ann Lee", ou=ds389_ou)
    assert followed(ds389, ds389_ou, id_attribute="entryUUID").mark(REQUEST) == ""
    assert followed(ds389, ds389_ou).mark(REQUEST)


def test_what_was_written_need_not_be_readable(ds389: Ds389, ds389_ou: str) -> None:
    """The tests' reader may not see `changes`, where passwords may stand."""
    dn = ds389.add_person("Ann Lee", ou=ds389_ou)
    directory = followed(ds389, ds389_ou)
    cursor = directory.mark(REQUEST)
    ds389.admin.replace(dn, {"userPassword": "a-secret"})
    assert people(list(directory.changes(REQUEST, cursor))) == ["uid=" + dn[4:].partition(",")[0]]


def test_a_changelog_cut_off_at_its_old_end_is_a_lost_cursor(ds389: Ds389, ds389_ou: str) -> None:
    ds389.add_person("Ann Lee", ou=ds389_ou)
    directory = followed(ds389, ds389_ou)
    cursor = directory.mark(REQUEST)
    number, _ = position(cursor)
    ds389.admin.delete(f"changenumber={number},cn=changelog")
    with pytest.raises(CursorLost, match="does not reach back"):
        list(directory.changes(REQUEST, cursor))
    assert directory.mark(REQUEST) == "", "and where it ends nobody knows"
    ds389.add_person("Bob Lee", ou=ds389_ou)
    assert directory.mark(REQUEST)


def test_a_log_in_which_nothing_stands_yet_is_followed_from_its_beginning(tmp_path: Path) -> None:
    with Ds389.start(tmp_path) as fresh:
        directory = followed(fresh, fresh.staff)
        cursor = directory.mark(REQUEST)
        assert position(cursor)[0] == 0
        assert people(list(directory.changes(REQUEST, cursor))) == []
        fresh.add_person("Ann Lee", uid="ann")
        assert people(list(directory.changes(REQUEST, cursor))) == ["uid=ann"]
        fresh.add_person("Bob Lee", uid="bob")
        fresh.admin.delete("changenumber=1,cn=changelog")
        with pytest.raises(CursorLost, match="does not reach back"):
            list(directory.changes(REQUEST, cursor))


@pytest.mark.parametrize("position_", ["", "x", "1", "999999999 none", "-1 none"])
def test_a_position_it_does_not_know_is_lost(ds389: Ds389, ds389_ou: str, position_: str) -> None:
    ds389.add_person("Ann Lee", ou=ds389_ou)
    directory = followed(ds389, ds389_ou)
    with pytest.raises(CursorLost):
        list(directory.changes(REQUEST, at(directory.mark(REQUEST), position_)))


def test_another_server_with_as_many_changes_is_another_history(ds389: Ds389, ds389_ou: str) -> None:
    ds389.add_person("Ann Lee", ou=ds389_ou)
    directory = followed(ds389, ds389_ou)
    cursor = directory.mark(REQUEST)
    number, _ = position(cursor)
    with pytest.raises(CursorLost, match="is another one"):
        list(directory.changes(REQUEST, at(cursor, f"{number} 00000000-00000000-00000000-00000000")))


@pytest.mark.parametrize("what", ["renamed", "moved"])
def test_a_unit_that_moves_brings_its_people(ds389: Ds389, ds389_ou: str, what: str) -> None:
    unit = {"objectClass": "organizationalUnit"}
    old, other = (ds389.admin.add(f"ou={name},{ds389_ou}", unit) for name in ("old", "other"))
    ds389.add_person("Ann Lee", ou=old)
    directory = followed(ds389, ds389_ou)
    cursor = directory.mark(REQUEST)
    ds389.admin.rename(old, "ou=new", new_parent=other if what == "moved" else None)
    with pytest.raises(CursorLost, match="was renamed or moved"):
        list(directory.changes(REQUEST, cursor))


def test_a_group_by_its_member_of_is_told(ds389: Ds389, ds389_ou: str) -> None:
    """The server's plug-in writes memberOf as it writes anything, so that a rule may use it."""
    ann = ds389.add_person("Ann Lee", ou=ds389_ou)
    request = ReadRequest(frozenset({"mail", "memberof"}), salt=b"s", now=NOW)
    directory = followed(ds389, ds389_ou)
    cursor = directory.mark(request)
    ds389.add_group("Staff", [ann], ou=ds389_ou)
    (told,) = [s.open() for page in directory.changes(request, cursor) for s in page.people.values()]
    assert told.attributes["memberof"] == (f"cn=Staff,{ds389_ou}",)


def test_a_changed_group_that_a_rule_names_is_a_lost_cursor(ds389: Ds389, ds389_ou: str) -> None:
    ann, bob = (ds389.add_person(name, ou=ds389_ou) for name in ("Ann Lee", "Bob Lee"))
    group = ds389.add_group("Staff", [ann], ou=ds389_ou)
    request = ReadRequest(MAIL, frozenset([GroupRef("Staff")]), b"s", NOW)
    directory = followed(ds389, ds389_ou)
    cursor = directory.mark(request)
    ds389.admin.add_values(group, {"member": bob})
    with pytest.raises(CursorLost, match="one of the groups"):
        list(directory.changes(request, cursor))
