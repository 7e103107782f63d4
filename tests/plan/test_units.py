"""Units and DNs: two ways of writing one place are one place, and what looks like a unit may be a name."""

from __future__ import annotations

import pytest

from syncd.plan.scope import below


@pytest.mark.parametrize(
    ("dn", "ou"),
    [
        ("CN=Ann,OU=Staff,DC=example,DC=com", "OU=Staff,DC=example,DC=com"),
        ("OU=Staff,DC=example,DC=com", "OU=Staff,DC=example,DC=com"),
        ("cn=ann,ou=STAFF,dc=Example,dc=com", "OU=Staff,DC=example,DC=com"),
        ("CN=Ann , OU = Staff , DC=example", "OU=Staff,DC=example"),
        ("CN=Ann,OU=Staff,DC=example", "  OU=Staff ,  DC=example "),
        (r"CN=Ann,OU=R\, D,DC=example", r"OU=R\2C D,DC=example"),
        (r"CN=Ann,OU=C\C3\A9line,DC=example", "OU=Céline,DC=example"),
        (r"CN=Ann,OU=Back\\,DC=example", r"OU=Back\5C,DC=example"),
        (r"CN=Doe\, Ann,OU=Staff,DC=example", "OU=Staff,DC=example"),
        (r"CN=Ann,OU=end\ ,DC=example", r"OU=end\20,DC=example"),
    ],
)
def test_a_dn_is_below_a_unit_however_either_is_written(dn: str, ou: str) -> None:
    assert below(dn, ou)


@pytest.mark.parametrize(
    ("dn", "ou"),
    [
        ("CN=Ann,OU=Staff,DC=example", "OU=Other,DC=example"),
        ("CN=Ann,OU=NoStaff,DC=example", "OU=Staff,DC=example"),
        ("DC=example", "OU=Staff,DC=example"),
        (r"CN=Mallory\,OU=Staff,DC=example", "OU=Staff,DC=example"),
        (r"CN=Mallory\2COU=Staff,DC=example", "OU=Staff,DC=example"),
        (r"CN=Ann,OU=end\ ,DC=example", "OU=end,DC=example"),
        ("people.csv:3", "OU=Staff,DC=example"),
    ],
)
def test_a_dn_is_not_below_a_unit_it_only_looks_like(dn: str, ou: str) -> None:
    assert not below(dn, ou)
