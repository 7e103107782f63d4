"""The options say at once, before anything connects, what cannot work."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.directories.active_directory.options import ActiveDirectoryOptions
from connectors.directories.ldap.options import LdapOptions
from connectors.directories.ldap_wire.options import KerberosBind

GOOD = {
    "servers": "ldaps://dc1.example.com",
    "base_dn": "OU=Staff,DC=example,DC=com",
    "bind": {"user": "reader@example.com", "password": {"env": "AD_PASSWORD"}},
}


def options(**changes: Any) -> ActiveDirectoryOptions:
    return ActiveDirectoryOptions.model_validate(GOOD | changes)


def test_one_server_and_one_base_need_no_list() -> None:
    assert options().servers == ("ldaps://dc1.example.com",)
    assert options(base_dn=["OU=A,DC=x", "OU=B,DC=x"]).base_dn == ("OU=A,DC=x", "OU=B,DC=x")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"servers": []}, "servers"),
        ({"servers": "dc1.example.com"}, "not of the form ldaps://host"),
        ({"servers": "ldaps://"}, "not of the form"),
        ({"servers": "ldaps://dc1:x"}, "servers"),
        ({"servers": "http://dc1"}, "not of the form"),
        ({"base_dn": "Staff"}, "not a distinguished name"),
        ({"base_dn": ["DC=x", "ou=staff, dc=X"]}, "overlap"),
        ({"filter": "(cn=a"}, "needs a )"),
        ({"page_size": 1001}, "page_size"),
        ({"receive_timeout": 0}, "at least 1s"),
        ({"servers": "ldap://dc1"}, "would travel readable"),
        ({"tls": {"start": True}}, "tls.start is for ldap://"),
        ({"bind": {"user": "x", "password": "secret"}}, "must not be written here"),
        ({"bind": {"method": "anonymous"}}, "bind"),
        ({"bind": {"method": "ntlm"}}, "bind"),
        ({"bind": {"method": "kerberos", "keytab": "/etc/krb5.keytab"}}, "keytab needs principal"),
        ({"tls": {"verifi": True}}, "verifi"),
    ],
)
def test_what_cannot_work_is_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError) as caught:
        options(**changes)
    assert says in str(caught.value)


def test_kerberos_sends_no_password_and_needs_no_tls_to_hide_it() -> None:
    assert isinstance(options(servers="ldap://dc1", bind={"method": "kerberos"}).bind, KerberosBind)


def test_what_is_unwise_is_said() -> None:
    unwise = options(servers="ldap://dc1", allow_clear_text_password=True, tls={"verify": False})
    assert [path for path, _ in unwise.warnings()] == ["tls.verify", "allow_clear_text_password"]
    assert list(options().warnings()) == []


@pytest.mark.parametrize("kind", [ActiveDirectoryOptions, LdapOptions])
def test_every_option_is_described(kind: type[LdapOptions]) -> None:
    schema = kind.model_json_schema()
    sections = [schema, *schema["$defs"].values()]
    for section in sections:
        for name, described in section.get("properties", {}).items():
            assert described.get("description"), name


def test_secrets_never_show() -> None:
    assert "AD_PASSWORD" in repr(options())


def test_options_load_without_ldap3() -> None:
    modules = "connectors.directories.active_directory.options, connectors.directories.ldap.options"
    code = f"import sys, {modules}; sys.exit('ldap3' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
