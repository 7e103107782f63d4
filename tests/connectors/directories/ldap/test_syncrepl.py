"""What OpenLDAP tells of its past, and how it is told that it cannot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connectors.directories.ldap.face import LdapDirectory
from connectors.directories.ldap_wire import sync_messages
from connectors.directories.ldap_wire.ber import BerError
from syncd.errors import CursorLost, Unavailable
from syncd.model import GroupRef
from syncd.ports import Changed, ReadRequest
from tests.connectors.directories.ldap_reading import MAIL, NOW, bind, ldap_directory
from tests.servers.slapd import Slapd

REQUEST = ReadRequest(MAIL, salt=b"s", now=NOW)


def followed(slapd: Slapd, unit: str, **changes: Any) -> tuple[LdapDirectory, str]:
    directory = ldap_directory(slapd, base_dn=unit, group_base_dn=unit, **changes)
    return directory, directory.mark(REQUEST)


def people(pages: list[Changed]) -> list[str]:
    return sorted(s.open().where.partition(",")[0] for page in pages for s in page.people.values())


def test_only_who_has_changed_is_told_in_a_large_directory(slapd: Slapd, slapd_ou: str) -> None:
    ann = slapd.add_person("Ann Lee", ou=slapd_ou, uid="ann")
    with slapd.admin.scratch() as elsewhere:
        directory, cursor = followed(slapd, slapd_ou)
        slapd.admin.replace(ann, {"mail": "lee@contoso.test"})
        slapd.add_person("Bob Lee", ou=elsewhere, uid="bob")
        assert people(list(directory.changes(REQUEST, cursor))) == ["uid=ann"]


def test_a_renamed_unit_is_a_lost_cursor(slapd: Slapd, slapd_ou: str) -> None:
    """Everybody below has another DN, and none of them has changed."""
    unit = slapd.admin.add(f"ou=old,{slapd_ou}", {"objectClass": "organizationalUnit"})
    slapd.add_person("Ann Lee", ou=unit)
    directory, cursor = followed(slapd, slapd_ou)
    slapd.admin.rename(unit, "ou=new")
    with pytest.raises(CursorLost, match=r"ou=new.* has changed, and with it perhaps the DN of everybody"):
        list(directory.changes(REQUEST, cursor))


def test_a_changed_group_is_a_lost_cursor_only_if_it_was_asked_for(slapd: Slapd, slapd_ou: str) -> None:
    ann = slapd.add_person("Ann Lee", ou=slapd_ou, uid="ann")
    bob = slapd.add_person("Bob Lee", ou=slapd_ou, uid="bob")
    staff = slapd.add_group("Staff", [ann], ou=slapd_ou)
    other = slapd.add_group("Other", [ann], ou=slapd_ou)
    request = REQUEST.__class__(MAIL, frozenset([GroupRef("Staff")]), b"s", NOW)
    directory = ldap_directory(slapd, base_dn=slapd_ou, group_base_dn=slapd_ou)
    cursor = directory.mark(request)
    slapd.admin.add_values(other, {"member": bob})
    list(directory.changes(request, cursor))
    slapd.admin.add_values(staff, {"member": bob})
    with pytest.raises(CursorLost, match="one of the groups in the configuration has changed"):
        list(directory.changes(request, cursor))


def test_a_server_that_starts_anew_has_lost_its_log(tmp_path: Path) -> None:
    with Slapd.start(tmp_path, people=40) as slapd:
        directory, cursor = followed(slapd, slapd.staff)
        assert people(list(directory.changes(REQUEST, cursor))) == []
        slapd.stop()
        slapd.resume()
        slapd.admin.replace(slapd.person_dn(1), {"mail": "new@contoso.test"})
        (ann,) = people(list(directory.changes(REQUEST, cursor)))
        assert slapd.person_dn(1).startswith(ann), "it knows what has happened since it began"
        slapd.stop()
        slapd.resume()
        with pytest.raises(CursorLost, match="keeps no log of who is gone"):
            list(directory.changes(REQUEST, cursor))


def test_a_server_that_is_behind_or_was_restored_does_not_know_the_cursor(
    slapd: Slapd, slapd_ou: str
) -> None:
    directory, cursor = followed(slapd, slapd_ou)
    with pytest.raises(CursorLost):
        list(directory.changes(REQUEST, cursor.replace("csn=20", "csn=29")))


def test_more_changes_than_the_account_may_read_at_once(slapd: Slapd, slapd_ou: str) -> None:
    directory, cursor = followed(slapd, slapd_ou, bind=bind(slapd.capped_account))
    for number in range(slapd.cap + 5):
        slapd.add_person(f"Per Son{number}", ou=slapd_ou)
    with pytest.raises(CursorLost, match="more has changed than the server gives"):
        list(directory.changes(REQUEST, cursor))


def test_a_cursor_of_another_directory_is_lost(slapd: Slapd, slapd_ou: str) -> None:
    directory, cursor = followed(slapd, slapd_ou)
    with pytest.raises(CursorLost, match="another server or naming context"):
        list(directory.changes(REQUEST, cursor.replace("dc=contoso", "dc=fabrikam")))


def test_people_known_by_another_attribute_are_read_whole(slapd: Slapd, slapd_ou: str) -> None:
    assert followed(slapd, slapd_ou, id_attribute="uid")[1] == ""


def test_a_server_that_is_down_is_no_lost_cursor(slapd: Slapd, slapd_ou: str) -> None:
    _, cursor = followed(slapd, slapd_ou)
    directory = ldap_directory(slapd, base_dn=slapd_ou, servers=["ldaps://127.0.0.1:1"])
    with pytest.raises(Unavailable) as caught:
        list(directory.changes(REQUEST, cursor))
    assert not isinstance(caught.value, CursorLost)


@pytest.mark.parametrize("value", [b"", b"\x30\x00", b"\x30\x03\x0a\x01\x01", b"\x04\x01a"])
def test_what_is_no_sync_state_is_refused(value: bytes) -> None:
    with pytest.raises(BerError):
        sync_messages.decode_state(value)


def test_info_messages() -> None:
    def info(value: str) -> sync_messages.Info | None:
        name = bytes([0x80, len(sync_messages.INFO)]) + sync_messages.INFO
        raw = bytes.fromhex(value)
        content = name + bytes([0x81, len(raw)]) + raw
        return sync_messages.decode_info(bytes([0x79, len(content)]) + content)

    ids = "0410" + "11" * 16
    assert info("800163") == (b"c", False, ())
    assert info("a10304 0163".replace(" ", "")) == (b"c", False, ())
    assert info("a2030101ff") == (b"", True, ())
    assert info("a3190101ff31" + "12" + ids + "0000") is not None
