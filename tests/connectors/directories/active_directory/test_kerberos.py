"""Binding to Active Directory with a Kerberos ticket instead of a password."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from syncd.errors import ConfigError, Unavailable
from tests.connectors.directories.ldap_reading import active_directory, everybody
from tests.servers.samba import Samba

REALM = "CONTOSO.TEST"
PRINCIPAL = f"svc-syncd@{REALM}"


@pytest.fixture
def realm(samba: Samba, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A Kerberos configuration that knows the domain, an empty cache; gives the server's own name."""
    configuration = tmp_path / "krb5.conf"
    configuration.write_text(
        f"[libdefaults]\n default_realm = {REALM}\n dns_lookup_kdc = false\n dns_lookup_realm = false\n"
        " dns_canonicalize_hostname = false\n rdns = false\n"
        f"[realms]\n {REALM} = {{\n  kdc = {samba.address}:88\n }}\n"
        f"[domain_realm]\n .contoso.test = {REALM}\n"
    )
    monkeypatch.setenv("KRB5_CONFIG", str(configuration))
    monkeypatch.setenv("KRB5CCNAME", f"FILE:{tmp_path}/tickets")
    monkeypatch.setenv("KRB5_CLIENT_KTNAME", f"FILE:{tmp_path}/none")
    return samba.host


def run(*command: str, lines: str) -> None:
    subprocess.run(command, input=lines, text=True, check=True, stdout=subprocess.DEVNULL)


@pytest.mark.usefixtures("kerberos")
def test_a_ticket_binds(samba: Samba, realm: str) -> None:
    run("kinit", PRINCIPAL, lines=samba.sync_account.password)
    bind = {"method": "kerberos", "service_host": realm}
    assert len(everybody(active_directory(samba, bind=bind))) == 40


@pytest.mark.usefixtures("kerberos")
def test_a_keytab_binds(samba: Samba, realm: str, tmp_path: Path) -> None:
    keytab = tmp_path / "reader.keytab"
    add = f"addent -password -p {PRINCIPAL} -k 1 -f -e aes256-cts\n{samba.sync_account.password}\n"
    run("ktutil", lines=f"{add}wkt {keytab}\n")
    bind = {"method": "kerberos", "service_host": realm, "principal": PRINCIPAL, "keytab": keytab}
    assert len(everybody(active_directory(samba, bind=bind))) == 40


@pytest.mark.usefixtures("kerberos")
def test_without_a_ticket_it_says_so(samba: Samba, realm: str) -> None:
    with pytest.raises(Unavailable, match="no Kerberos") as caught:
        everybody(active_directory(samba, bind={"method": "kerberos", "service_host": realm}))
    assert "ticket" in caught.value.next_step


def test_without_the_package_it_says_what_to_install(samba: Samba, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gssapi", None)
    monkeypatch.setitem(sys.modules, "winkerberos", None)
    monkeypatch.delitem(sys.modules, "ldap3.protocol.sasl.kerberos", raising=False)
    with pytest.raises(ConfigError, match="gssapi") as caught:
        everybody(active_directory(samba, bind={"method": "kerberos"}))
    assert "syncd[kerberos]" in caught.value.next_step
