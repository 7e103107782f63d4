"""Every server starts, answers, restarts and ends, and leaves no process."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
import sqlalchemy

from tests.servers.ds389 import Ds389
from tests.servers.ldap_admin import LdapAdmin
from tests.servers.postgresql import Postgresql
from tests.servers.samba import Samba
from tests.servers.slapd import Slapd


def test_samba_holds_the_company(samba: Samba) -> None:
    assert len(samba.admin.search(samba.staff, "(objectClass=user)", ["cn"])) == samba.people
    (chain,) = samba.admin.search(samba.group_dn("chain-4"), attributes=["member"])
    assert samba.group_dn("chain-3") in chain["attributes"]["member"]


def test_samba_lets_the_sync_account_read_at_both_controllers(samba: Samba) -> None:
    with samba.second_controller() as address:
        for where in (samba.address, address):
            reader = LdapAdmin(f"ldaps://{where}", samba.sync_account, ca=samba.ca, base=samba.base)
            assert len(reader.search(samba.staff, "(objectClass=user)", ["cn"])) == samba.people


def test_samba_comes_back(samba: Samba) -> None:
    samba.kill()
    samba.resume()
    assert samba.admin.search(samba.staff, "(sAMAccountName=u000001)", ["cn"])


def test_samba_people_change(samba: Samba, samba_ou: str) -> None:
    alice = samba.add_person("Alice Ångström", ou=samba_ou, department="Finance")
    samba.disable(alice)
    (entry,) = samba.admin.search(samba_ou, "(userAccountControl:1.2.840.113556.1.4.803:=2)", ["department"])
    assert entry["attributes"]["department"] == ["Finance"]


def test_slapd_holds_the_company(slapd: Slapd) -> None:
    assert len(slapd.admin.search(slapd.staff, "(objectClass=inetOrgPerson)", ["cn"])) == slapd.people
    (person,) = slapd.admin.search(slapd.person_dn(3), attributes=["memberOf"])
    assert slapd.group_dn("chain-0") in person["attributes"]["memberOf"]


@pytest.mark.parametrize(
    ("account", "seen"), [("sync_account", 40), ("capped_account", Slapd.cap), ("blind_account", 0)]
)
def test_slapd_accounts_see_what_they_may(slapd: Slapd, account: str, seen: int) -> None:
    reader = LdapAdmin(slapd.url, getattr(slapd, account), ca=slapd.ca, base=slapd.base)
    assert len(reader.search(slapd.staff, "(objectClass=inetOrgPerson)", ["cn"])) == seen


def test_slapd_groups_follow_their_people(slapd: Slapd, slapd_ou: str) -> None:
    alice = slapd.add_person("Alice Ångström", ou=slapd_ou)
    group = slapd.add_group("readers", [alice], ou=slapd_ou)
    renamed = slapd.admin.rename(alice, "uid=alice")
    (entry,) = slapd.admin.search(group, attributes=["member"])
    assert [dn.lower() for dn in entry["attributes"]["member"]] == [renamed.lower()]


def test_ds389_holds_the_company(ds389: Ds389) -> None:
    reader = LdapAdmin(ds389.url, ds389.sync_account, ca=ds389.ca, base=ds389.base)
    assert len(reader.search(ds389.staff, "(objectClass=inetOrgPerson)", ["cn"])) == ds389.people
    assert len(reader.search(ds389.staff, "(nsAccountLock=true)", ["cn"])) == 2


def test_ds389_people_change(ds389: Ds389, ds389_ou: str) -> None:
    alice = ds389.add_person("Alice Ångström", ou=ds389_ou)
    group = ds389.add_group("readers", [alice], ou=ds389_ou)
    (entry,) = ds389.admin.search(alice, attributes=["memberOf", "nsUniqueId"])
    assert entry["attributes"]["memberOf"] == [group]
    assert entry["attributes"]["nsUniqueId"]


def test_a_database_is_fresh(database_url: str) -> None:
    engine = sqlalchemy.create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("CREATE TABLE only_once (id integer)"))
    engine.dispose()


def test_postgresql_keeps_what_was_committed(postgresql: Postgresql, postgresql_url: str) -> None:
    database = postgresql_url.rpartition("/")[2]
    postgresql.execute("CREATE TABLE kept (id integer)", database=database)
    postgresql.kill()
    with pytest.raises(psycopg.OperationalError):
        postgresql.execute("SELECT 1")
    postgresql.resume()
    postgresql.execute("SELECT * FROM kept", database=database)


@pytest.mark.parametrize(
    ("fixture", "server"),
    [("samba", Samba), ("slapd", Slapd), ("ds389", Ds389), ("postgresql", Postgresql)],
)
def test_a_server_that_ended_leaves_nothing(
    request: pytest.FixtureRequest, fixture: str, server: type[Samba | Slapd | Ds389 | Postgresql]
) -> None:
    request.getfixturevalue(fixture)  # is it to be had here?
    with TemporaryDirectory(prefix="syncd-") as directory, server.start(Path(directory)) as running:
        pid = running.pid
        assert _session_of(pid)
    assert not _session_of(pid)


def _session_of(leader: int) -> list[int]:
    """The processes of the session `leader` began."""
    found = []
    for status in Path("/proc").glob("[0-9]*"):
        try:
            if os.getsid(int(status.name)) == leader:
                found.append(int(status.name))
        except ProcessLookupError:
            continue
    return found
