"""Nights on call: what goes wrong between us and the directory, the words for it, and that nobody is lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.e2e.conftest import PASSWORD, DirectoryOffice
from tests.servers.certificates import Authority
from tests.servers.ldap_admin import Account
from tests.servers.ldap_proxy import Kind, LdapProxy, Trouble
from tests.servers.samba import Samba
from tests.servers.slapd import Slapd
from tests.servers.tcp import tls_server

AD = "active_directory"


def reader(account: Account) -> str:
    """`bind:` for another account than the usual one."""
    return f'{{ user: "{account.user}", password: {{ env: {PASSWORD} }} }}'


def goes_wrong(office: DirectoryOffice, code: int, *words: str) -> None:
    """A sync ends with this code and these words; nobody is suspended; the password is nowhere."""
    result = office.run("sync", "--allow", "creations")
    told = result.stdout + result.stderr
    assert result.returncode == code, told
    for word in words:
        assert word in told
    assert "Traceback" not in told
    assert office.json("learners", "list", "--account", "suspended") == []
    stored = b"".join(path.read_bytes() for path in office.folder.glob("syncd.db*"))
    for secret in ("Wrong-Pass1", Samba.sync_account.password):
        assert secret not in told
        assert secret.encode() not in stored


def test_a_wrong_password(office: DirectoryOffice, samba: Samba, monkeypatch: pytest.MonkeyPatch) -> None:
    office.read_from(AD, samba)
    monkeypatch.setenv(PASSWORD, "Wrong-Pass1")
    goes_wrong(office, 4, "bind as svc-syncd@contoso.test refused", "the account or its password is wrong")


def test_a_certificate_of_an_authority_nobody_trusts(
    office: DirectoryOffice, samba: Samba, certificates: Authority
) -> None:
    office.read_from(AD, samba, tls=f"{{ ca_file: {certificates.ca} }}")
    goes_wrong(office, 4, "certificate", "ca_file")


def test_an_expired_certificate(office: DirectoryOffice, samba: Samba, certificates: Authority) -> None:
    with tls_server(certificates.expired("127.0.0.1")) as server:
        url = f"ldaps://127.0.0.1:{server.port}"
        office.read_from(AD, samba, servers=f"[{url}]", tls=f"{{ ca_file: {certificates.ca} }}")
        goes_wrong(office, 4, url, "has expired")


def test_a_password_over_a_clear_connection(office: DirectoryOffice, samba: Samba) -> None:
    office.read_from(AD, samba, servers=f"[{samba.plain_url}]", tls="{}")
    result = office.run("sync")
    assert result.returncode == 2
    assert "allow_clear_text_password" in result.stderr


def test_the_first_server_is_down_and_the_second_serves(
    office: DirectoryOffice, samba: Samba, samba_ou: str
) -> None:
    samba.add_person("Ann Archer", ou=samba_ou)
    servers = f"[ldaps://{samba.dead_address}, {samba.url}]"
    office.read_from(AD, samba, base=samba_ou, servers=servers)
    office.order(1)
    assert office.json("sync")["counts"] == {"create": 1}


def test_every_server_is_down(office: DirectoryOffice, samba: Samba) -> None:
    dead = f"ldaps://{samba.dead_address}"
    office.read_from(AD, samba, servers=f"[{dead}, '{dead}:3269']")
    goes_wrong(office, 4, dead, f"{dead}:3269")


def test_a_base_that_does_not_exist(office: DirectoryOffice, samba: Samba) -> None:
    office.read_from(AD, samba, base=f"OU=Nowhere,{samba.base}")
    goes_wrong(office, 2, f"OU=Nowhere,{samba.base}")


@pytest.mark.parametrize("name", ["No Such Group", r"(*)\\", "every*"])
def test_a_group_that_does_not_exist(office: DirectoryOffice, samba: Samba, name: str) -> None:
    office.read_from(AD, samba, more=f"scope: {{ include: [ {{ group: '{name}' }} ] }}\n")
    goes_wrong(office, 2, name)


@pytest.mark.parametrize("kind", [Kind.CUT, Kind.CUT_INSIDE, Kind.NOTICE, Kind.RESULT])
def test_a_read_that_breaks_off_suspends_nobody(
    office: DirectoryOffice, slapd: Slapd, ldap_proxy: Callable[..., LdapProxy], kind: Kind
) -> None:
    proxy = ldap_proxy(slapd, tls=True)
    office.read_from("ldap", slapd, servers=f"[{proxy.url}]", more="guard: { max_creations: none }\n")
    office.order(40)
    office.json("sync")
    proxy.arm(Trouble(kind, after_entries=20, times=9))
    goes_wrong(office, 4, proxy.url)
    proxy.heal()
    assert office.json("sync")["counts"] == {}


def test_an_account_with_a_size_limit(office: DirectoryOffice, slapd: Slapd) -> None:
    office.read_from("ldap", slapd, bind=reader(slapd.capped_account))
    goes_wrong(office, 4, "size limit exceeded", "raise the size limit")


def test_people_whom_another_domain_holds(
    office: DirectoryOffice, slapd: Slapd, ldap_proxy: Callable[..., LdapProxy]
) -> None:
    proxy = ldap_proxy(slapd, tls=True, referral=f"ldap://asia.contoso.test/ou=asia,{slapd.staff}??sub")
    office.read_from("ldap", slapd, servers=f"[{proxy.url}]")
    goes_wrong(office, 4, "ou=asia", "add a directory")


def test_an_account_that_may_see_nobody_any_more(office: DirectoryOffice, slapd: Slapd) -> None:
    office.read_from("ldap", slapd, more="guard: { max_creations: none }\n")
    office.order(40)
    office.json("sync")
    office.read_from("ldap", slapd, bind=reader(slapd.blind_account))
    goes_wrong(office, 3, "has nobody in it", "--allow directory_size")
    check = office.run("check")
    assert check.returncode == 4
    assert slapd.staff in check.stdout


def test_a_mistyped_key_is_guessed_and_an_unreadable_secret_is_named(
    office: DirectoryOffice, samba: Samba
) -> None:
    office.read_from(AD, samba, bas_dn="x")
    result = office.run("config", "check")
    assert result.returncode == 2
    assert "did you mean base_dn?" in result.stdout + result.stderr
    secret = office.folder / "missing"
    office.read_from(AD, samba, bind=f"{{ user: someone, password: {{ file: {secret} }} }}")
    result = office.run("sync")
    assert result.returncode == 2
    assert str(secret) in result.stderr
