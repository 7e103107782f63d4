"""Groups: named, nested, circular, enormous, oddly called. Never half a group."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from connectors.directories.ldap_wire.dialect import GroupKind
from connectors.directories.ldap_wire.dn import digest
from connectors.directories.ldap_wire.groups import Groups
from connectors.directories.ldap_wire.session import open_session
from syncd.errors import ConfigError, Incomplete
from syncd.model import GroupRef
from syncd.ports import Directory
from tests.connectors.directories.ldap_reading import (
    active_directory,
    everybody,
    ldap_directory,
    ldap_options,
    request,
)
from tests.servers.ds389 import Ds389
from tests.servers.ldap_limits import Limits
from tests.servers.ldap_proxy import Kind, LdapProxy, Trouble
from tests.servers.samba import Samba
from tests.servers.slapd import Slapd

ProxyMaker = Callable[..., LdapProxy]
ODD = "Sales (*) \\ #1, Łódź"


@pytest.fixture(params=["samba", "slapd", "ds389"])
def company(request: pytest.FixtureRequest) -> Samba | Slapd | Ds389:
    """Each server with the same forty people in the same groups."""
    server: Samba | Slapd | Ds389 = request.getfixturevalue(request.param)
    return server


def directory(server: Samba | Slapd | Ds389) -> Directory:
    return active_directory(server) if isinstance(server, Samba) else ldap_directory(server)


def members(server: Samba | Slapd | Ds389, name: str, *, nested: bool = True) -> set[str]:
    group = GroupRef(name, nested)
    users = everybody(directory(server), request(groups=(group,)))
    return {dn for dn, user in users.items() if user.groups == {group}}


def people(server: Samba | Slapd | Ds389, *numbers: int) -> set[str]:
    return {server.person_dn(number) for number in numbers}


def test_a_chain_of_groups_is_walked_to_its_end(company: Samba | Slapd | Ds389) -> None:
    assert members(company, "chain-4") == people(company, *range(10), 10, 11, 12, 13)
    assert members(company, "chain-4", nested=False) == people(company, 13)


def test_a_circle_of_groups_holds_everybody_in_it(company: Samba | Slapd | Ds389) -> None:
    assert members(company, "circle-b") == people(company, 20, 21, 22)


def test_a_group_without_members_is_nobody(company: Samba | Slapd | Ds389) -> None:
    assert members(company, "nobody") == set()


def test_a_group_may_be_named_by_its_dn_in_any_spelling(company: Samba | Slapd | Ds389) -> None:
    dn = company.group_dn("team-03").upper().replace(",", " , ")
    assert members(company, dn) == people(company, 3, 23)


def test_every_missing_group_is_named_with_where_was_looked(company: Samba | Slapd | Ds389) -> None:
    groups = (GroupRef("Stuff"), GroupRef("team-03"), GroupRef("*"))
    with pytest.raises(
        ConfigError, match=r"no group '\*', 'Stuff'; looked below (?i:dc=contoso,dc=test) at cn"
    ) as found:
        everybody(directory(company), request(groups=groups))
    assert "group_base_dn" in found.value.next_step


def test_a_group_by_a_dn_that_does_not_exist_is_missing(company: Samba | Slapd | Ds389) -> None:
    with pytest.raises(ConfigError, match="no group"):
        members(company, company.group_dn("nowhere"))


def test_a_name_full_of_filter_syntax_is_only_a_name(samba: Samba, samba_ou: str) -> None:
    ann = samba.add_person("Ann Lee", ou=samba_ou)
    samba.admin.add(
        f"CN=Odd,{samba_ou}",
        {"objectClass": "group", "sAMAccountName": "odd (x)&(y)", "groupType": "-2147483640", "member": ann},
    )
    wanted = GroupRef("odd (x)&(y)")
    users = everybody(active_directory(samba, base_dn=samba_ou), request(groups=(wanted,)))
    assert users[ann].groups == {wanted}


def test_an_odd_name_is_found_in_openldap(slapd: Slapd, slapd_ou: str) -> None:
    ann = slapd.add_person("Ann Lee", ou=slapd_ou, uid="ann")
    rdn = "cn=" + "".join(f"\\{byte:02x}" for byte in ODD.encode())
    slapd.admin.add(f"{rdn},{slapd_ou}", {"objectClass": "groupOfNames", "member": ann})
    wanted = GroupRef(ODD)
    (user,) = everybody(ldap_directory(slapd, base_dn=slapd_ou), request(groups=(wanted,))).values()
    assert user.groups == {wanted}


def test_a_name_of_two_groups_is_refused_with_both(slapd: Slapd, slapd_ou: str) -> None:
    other = slapd.admin.add(f"ou=other,{slapd_ou}", {"objectClass": "organizationalUnit"})
    for place in (slapd_ou, other):
        slapd.add_group("Twins", ou=place)
    with pytest.raises(
        ConfigError, match=r"'Twins' could be any of cn=Twins,ou=other,.*; cn=Twins,ou=scratch"
    ) as found:
        everybody(ldap_directory(slapd), request(groups=(GroupRef("Twins"),)))
    assert "DN" in found.value.next_step


def test_a_primary_group_counts_though_it_lists_nobody(samba: Samba) -> None:
    assert members(samba, "Domain Users", nested=False) == people(samba, *range(40))
    assert members(samba, "Domain Users") == people(samba, *range(40))


def test_members_of_a_nested_primary_group_count(samba: Samba, samba_ou: str) -> None:
    samba.add_group("Outer", [f"CN=Domain Users,CN=Users,{samba.base}"], ou=samba_ou)
    assert members(samba, "Outer") == people(samba, *range(40))
    assert members(samba, "Outer", nested=False) == set()


def test_login_names_count_in_a_posix_group(slapd: Slapd) -> None:
    assert members(slapd, "unix-staff") == people(slapd, *range(0, 40, 2))


def test_unique_members_count_with_and_without_their_bits(slapd: Slapd, slapd_ou: str) -> None:
    plain, marked = (slapd.person_dn(number) for number in (4, 5))
    slapd.admin.add(
        f"cn=Unique,{slapd_ou}",
        {"objectClass": "groupOfUniqueNames", "uniqueMember": [plain, f"{marked}#'0101'B"]},
    )
    assert members(slapd, "Unique") == {plain, marked}


def test_members_come_range_by_range_when_the_server_gives_few(samba: Samba, ldap_proxy: ProxyMaker) -> None:
    proxy = ldap_proxy(samba, limits=Limits(page=7, values=6))
    group = GroupRef("everyone")
    users = everybody(active_directory(samba, servers=proxy.url), request(groups=(group,)))
    assert sum(user.groups == {group} for user in users.values()) == 40


def test_a_group_that_breaks_off_between_ranges_is_incomplete(samba: Samba, ldap_proxy: ProxyMaker) -> None:
    proxy = ldap_proxy(samba, limits=Limits(page=1000, values=6))
    proxy.arm(Trouble(Kind.CUT, after_entries=3, reads=True))
    with pytest.raises(Incomplete):
        everybody(active_directory(samba, servers=proxy.url), request(groups=(GroupRef("everyone"),)))


@pytest.fixture(scope="module")
def town_of_15000() -> Iterator[Slapd]:
    with TemporaryDirectory(prefix="syncd-") as folder, Slapd.start(Path(folder), people=15_000) as server:
        yield server


def test_15000_members_are_15000(town_of_15000: Slapd) -> None:
    group = GroupRef("everyone")
    pages = ldap_directory(town_of_15000).read(request(groups=(group,)))
    assert sum(sighting.open().groups == {group} for page in pages for sighting in page) == 15_000


def test_15000_members_come_through_microsofts_limit_of_1500(
    town_of_15000: Slapd, ldap_proxy: ProxyMaker
) -> None:
    kind = GroupKind("(objectClass=groupOfNames)", ("cn",), ("member",), ranged=True)
    proxy = ldap_proxy(town_of_15000)
    with open_session(ldap_options(town_of_15000, servers=proxy.url)) as session:
        groups = Groups(session, kind, town_of_15000.base, b"key")
        (membership,) = groups.memberships([GroupRef("everyone")])
    assert len(membership.dns) == 15_000
    assert all(digest(town_of_15000.person_dn(n).encode(), b"key") in membership.dns for n in range(15_000))
    assert digest(town_of_15000.person_dn(15_000).encode(), b"key") not in membership.dns
