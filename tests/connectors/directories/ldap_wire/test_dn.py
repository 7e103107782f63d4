"""Distinguished names: every spelling of one is equal, and nothing else is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.directories.ldap_wire.dn import canonical, digest, is_below, looks_like_dn


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("CN=Ann,DC=x", "cn=ann,dc=X"),
        ("CN=Ann,DC=x", "CN = Ann , DC = x"),
        ("CN=Ann  Lee,DC=x", "CN=Ann Lee,DC=x"),
        ("CN=Doe\\, Jo,DC=x", "CN=Doe\\2c Jo,DC=x"),
        ("CN=Doe\\, Jo,DC=x", 'CN="Doe, Jo",DC=x'),
        ("CN=O'Neil (x),DC=x", "CN=o\\'neil (X),DC=x"),
        ("CN=Zo\\c3\\ab,DC=x", "CN=ZOË,DC=x"),
        ("uid=a+cn=b,dc=x", "cn=b + uid=a,dc=x"),
        ("CN=a\\ ,DC=x", "CN=a,DC=x"),
        ("CN=a=b,DC=x", "CN=a\\=b,DC=x"),
        ("CN=\\#1,DC=x", "CN=\\231,DC=x"),
    ],
)
def test_spellings_of_one_name_are_equal(one: str, other: str) -> None:
    assert canonical(one) == canonical(other)
    assert digest(one.encode()) == digest(other.encode())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("CN=Ann,DC=x", "CN=Ann,DC=y"),
        ("CN=a\\,DC=b,DC=x", "CN=a,DC=b,DC=x"),
        ("CN=a\\+cn=b,DC=x", "CN=a+cn=b,DC=x"),
        ("CN=ab,DC=x", "CN=a b,DC=x"),
        ("CN=ß,DC=x", "CN=ss,DC=x"),
    ],
)
def test_different_names_differ(one: str, other: str) -> None:
    assert canonical(one) != canonical(other)
    assert digest(one.encode()) != digest(other.encode())


@given(st.text(max_size=60))
def test_any_value_is_the_same_by_hex_and_by_backslash(text: str) -> None:
    by_hex = "".join(f"\\{byte:02x}" for byte in text.encode("utf-8"))
    by_backslash = "".join(f"\\{c}" if c in ' \\",+;<>#=' else c for c in text)
    assert canonical(f"cn={by_hex},dc=x") == canonical(f"CN={by_backslash} , DC=x")


@given(st.binary(max_size=60))
def test_any_bytes_have_a_digest(dn: bytes) -> None:
    assert digest(dn) == digest(dn) < 2**64


def test_the_key_changes_every_digest() -> None:
    assert digest(b"cn=a", b"one") != digest(b"cn=a", b"two")


def test_below_is_decided_by_parts_and_not_by_letters() -> None:
    assert is_below("CN=a,OU=Staff,DC=x", "ou=staff, dc=x")
    assert is_below("OU=Staff,DC=x", "OU=Staff,DC=x")
    assert is_below("DC=x", "")
    assert not is_below("CN=a,OU=BigStaff,DC=x", "Staff,DC=x")
    assert not is_below("CN=a\\,OU=Staff,DC=x", "OU=Staff,DC=x")


def test_a_name_without_types_is_no_dn() -> None:
    assert looks_like_dn("CN=Doe\\, Jo,DC=x")
    assert not looks_like_dn("Doe, Jo")
    assert not looks_like_dn("")
