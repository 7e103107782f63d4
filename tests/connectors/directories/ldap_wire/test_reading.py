"""Reading through bad weather: everybody, or an error that says why not. Never a part taken for the whole."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from connectors.directories.ldap_wire.ber import decode_entry
from connectors.directories.ldap_wire.search import Search, pages
from connectors.directories.ldap_wire.session import open_session
from syncd.errors import ConfigError, Incomplete, Retriable, Skipped, Unavailable
from tests.connectors.directories.ldap_reading import (
    active_directory,
    ad_options,
    bind,
    everybody,
    ldap_directory,
    ldap_options,
    request,
)
from tests.servers.ds389 import Ds389
from tests.servers.ldap_proxy import Kind, LdapProxy, Trouble
from tests.servers.samba import Samba
from tests.servers.slapd import Slapd

ProxyMaker = Callable[..., LdapProxy]


def read_through(proxy: LdapProxy, slapd: Slapd, **changes: Any) -> list[int]:
    """The sizes of the pages that came through."""
    directory = ldap_directory(slapd, servers=proxy.url, page_size=10, **changes)
    return [len(page) for page in directory.read(request())]


@pytest.mark.parametrize(
    ("kind", "after"),
    [*product((Kind.CUT, Kind.CUT_INSIDE, Kind.NOTICE), (0, 5, 20, 25)), (Kind.STALL, 25)],
)
def test_a_read_that_breaks_off_is_incomplete(
    slapd: Slapd, ldap_proxy: ProxyMaker, kind: Kind, after: int
) -> None:
    proxy = ldap_proxy(slapd)
    proxy.arm(Trouble(kind, after_entries=after))
    with pytest.raises(Incomplete) as caught:
        read_through(proxy, slapd, receive_timeout="1s")
    assert caught.value.message.startswith(proxy.url)
    assert caught.value.next_step
    assert not isinstance(caught.value, Retriable)


def test_a_connection_cut_anywhere_is_never_a_short_read(slapd: Slapd, ldap_proxy: ProxyMaker) -> None:
    proxy = ldap_proxy(slapd)
    proxy.arm(Trouble(Kind.CUT, after_bytes=1 << 40))
    read_through(proxy, slapd)
    total = proxy.bytes_passed
    for after_bytes in range(1, total, total // 15):
        proxy.arm(Trouble(Kind.CUT, after_bytes=after_bytes, times=100))
        with pytest.raises(Unavailable):
            read_through(proxy, slapd)
    proxy.heal()
    assert sum(read_through(proxy, slapd)) == 40


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (3, "time limit"),
        (4, "size limit"),
        (11, "administrative limit"),
        (51, "busy"),
        (52, "unavailable"),
        (80, "other"),
    ],
)
def test_a_page_that_ends_in_anything_but_success_is_incomplete(
    slapd: Slapd, ldap_proxy: ProxyMaker, code: int, says: str
) -> None:
    proxy = ldap_proxy(slapd)
    proxy.arm(Trouble(Kind.RESULT, after_entries=20, code=code))
    with pytest.raises(Incomplete, match=says):
        read_through(proxy, slapd)


def test_a_size_limit_of_the_account_is_incomplete(slapd: Slapd) -> None:
    with pytest.raises(Incomplete, match="size limit exceeded") as caught:
        everybody(ldap_directory(slapd, bind=bind(slapd.capped_account)))
    assert "raise the size limit" in caught.value.next_step


def test_people_held_by_another_server_are_not_passed_over(slapd: Slapd, ldap_proxy: ProxyMaker) -> None:
    proxy = ldap_proxy(slapd, referral=f"ldap://asia.contoso.test/ou=asia,{slapd.staff}??sub")
    with pytest.raises(Incomplete, match="ou=asia") as caught:
        read_through(proxy, slapd)
    assert "add a directory" in caught.value.next_step


def test_a_real_referral_entry_below_the_base_is_not_passed_over(slapd: Slapd, slapd_ou: str) -> None:
    slapd.add_person("Ann Lee", ou=slapd_ou)
    child = slapd.admin.add(
        f"ou=asia,{slapd_ou}",
        {
            "objectClass": ["referral", "extensibleObject"],
            "ref": f"ldap://asia.contoso.test/ou=asia,{slapd_ou}",
        },
    )
    try:
        with pytest.raises(Incomplete, match="another server holds it"):
            everybody(ldap_directory(slapd, base_dn=slapd_ou))
    finally:
        with slapd.admin.connection() as connection:
            connection.delete(child, controls=[("2.16.840.1.113730.3.4.2", True, None)])  # ManageDsaIT


def test_references_beyond_the_base_are_nobodys_people(slapd: Slapd, ldap_proxy: ProxyMaker) -> None:
    proxy = ldap_proxy(slapd, referral="ldap://other.test/ou=people,dc=other,dc=test")
    assert sum(read_through(proxy, slapd)) == 40


def test_the_whole_domain_is_read_past_references_to_its_partitions(samba: Samba) -> None:
    users = everybody(active_directory(samba, base_dn=samba.base))
    assert {samba.person_dn(number) for number in range(40)} <= users.keys()


def test_a_child_domain_below_the_base_is_not_passed_over(samba: Samba, ldap_proxy: ProxyMaker) -> None:
    proxy = ldap_proxy(samba, referral="ldap://asia.contoso.test/DC=asia,DC=contoso,DC=test")
    with pytest.raises(Incomplete, match="DC=asia"):
        everybody(active_directory(samba, servers=proxy.url, base_dn=samba.base))


def test_a_base_that_does_not_exist_is_named_with_what_does(slapd: Slapd, samba: Samba) -> None:
    with pytest.raises(
        ConfigError, match=rf"ou=staf,{slapd.base} does not exist.*what exists is {slapd.base}"
    ):
        everybody(ldap_directory(slapd, base_dn=f"ou=staf,{slapd.base}"))
    with pytest.raises(ConfigError, match=f"OU=Staf,{samba.base} does not exist"):
        everybody(active_directory(samba, base_dn=f"OU=Staf,{samba.base}"))


def test_several_bases_are_read_one_after_the_other(slapd: Slapd, slapd_ou: str) -> None:
    slapd.add_person("Ann Lee", ou=slapd_ou, mail="ann@contoso.test")
    users = everybody(ldap_directory(slapd, base_dn=[slapd.staff, slapd_ou]))
    assert len(users) == 41
    assert ("ann@contoso.test",) in [user.attributes.get("mail") for user in users.values()]


def test_the_filter_narrows_the_people(slapd: Slapd) -> None:
    users = everybody(ldap_directory(slapd, filter="(|(uid=u000001)(uid=u000002))"))
    assert set(users) == {slapd.person_dn(1), slapd.person_dn(2)}


def test_a_hidden_identity_fails_the_read(slapd: Slapd) -> None:
    with pytest.raises(Unavailable, match="shows no entryDigest"):
        everybody(ldap_directory(slapd, id_attribute="entryDigest"))


def test_an_account_that_sees_nobody_is_reported_by_check(slapd: Slapd) -> None:
    directory = ldap_directory(slapd, bind=bind(slapd.blind_account))
    failed = [finding for finding in directory.check(request()) if not finding.ok]
    assert failed
    assert failed[0].part == slapd.staff
    assert failed[0].next_step


def test_an_attribute_that_is_not_text_skips_the_person_and_names_it(slapd: Slapd, slapd_ou: str) -> None:
    slapd.add_person("Ann Lee", ou=slapd_ou, uid="ann", audio=b"\xff\xfe\x00")
    (page,) = ldap_directory(slapd, base_dn=slapd_ou).read(request("mail", "audio"))
    with pytest.raises(Skipped, match=r"uid=ann,.*: audio is not text") as caught:
        page[0].open()
    (user,) = everybody(ldap_directory(slapd, base_dn=slapd_ou)).values()
    assert caught.value.identity == user.identity


def test_a_picture_cannot_be_mapped(slapd: Slapd) -> None:
    with pytest.raises(ConfigError, match="jpegphoto is not text"):
        everybody(ldap_directory(slapd), request("mail", "jpegphoto"))


def test_attributes_with_options_are_other_attributes(slapd: Slapd, slapd_ou: str) -> None:
    values = {"cn": "Ann Lee", "cn;lang-fr": "Anne"}
    slapd.add_person("Ann Lee", ou=slapd_ou, **values)
    directory = ldap_directory(slapd, base_dn=slapd_ou)
    (plain,) = everybody(directory, request("cn")).values()
    (french,) = everybody(directory, request("cn;lang-fr")).values()
    assert plain.attributes == {"cn": ("Ann Lee",)}
    assert french.attributes == {"cn;lang-fr": ("Anne",)}


def test_microsofts_lengths_and_page_limits_read_the_same(slapd: Slapd, ldap_proxy: ProxyMaker) -> None:
    proxy = ldap_proxy(slapd, long_lengths=True)
    assert everybody(ldap_directory(slapd, servers=proxy.url, page_size=7)) == everybody(
        ldap_directory(slapd)
    )


def test_a_broken_read_leaves_the_next_one_whole(slapd: Slapd, ldap_proxy: ProxyMaker) -> None:
    proxy = ldap_proxy(slapd)
    directory = ldap_directory(slapd, servers=proxy.url, page_size=10)
    reading = directory.read(request())
    next(reading)
    reading.close()  # type: ignore[attr-defined]
    assert len(everybody(directory)) == 40


def by_ldap3(
    server: Samba | Slapd | Ds389, attributes: list[str]
) -> list[tuple[bytes, list[tuple[bytes, list[bytes]]]]]:
    found = server.admin.search(server.staff, "(objectClass=person)", attributes)
    return sorted(
        (
            entry["dn"].encode(),
            sorted((name.encode(), list(v)) for name, v in entry["raw_attributes"].items() if v),
        )
        for entry in found
    )


@pytest.mark.parametrize("kind", ["samba", "slapd", "ds389"])
def test_every_byte_is_as_ldap3_decodes_it(kind: str, request: pytest.FixtureRequest) -> None:
    server: Samba | Slapd | Ds389 = request.getfixturevalue(kind)
    names = [
        "cn",
        "sn",
        "mail",
        "givenName",
        "title",
        "manager",
        "objectClass",
        "objectGUID",
        "entryUUID",
        "objectSid",
    ]
    options = ad_options(server) if isinstance(server, Samba) else ldap_options(server)
    with open_session(options) as session:
        search = Search(server.staff, "(objectClass=person)", names, page_size=15)
        ours = [decode_entry(raw) for page in pages(session, search) for raw in page.entries]
    assert sorted((dn, sorted(attributes)) for dn, attributes in ours) == by_ldap3(server, names)


def test_thousands_are_byte_for_byte_as_ldap3_decodes_them(tmp_path: Path) -> None:
    with Slapd.start(tmp_path, people=3_000) as server, open_session(ldap_options(server)) as session:
        search = Search(server.staff, "(objectClass=person)", ["*"])
        ours = [decode_entry(raw) for page in pages(session, search) for raw in page.entries]
        assert len(ours) == 3_000
        assert sorted((dn, sorted(attributes)) for dn, attributes in ours) == by_ldap3(server, ["*"])
