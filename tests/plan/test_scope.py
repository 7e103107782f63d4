"""Who belongs to the sync: the parts of a rule, and how rules come together."""

from __future__ import annotations

import re

import pytest

from syncd.model import DirectoryUser, GroupRef, Identity
from syncd.plan.scope import Rule, Scope, below, judge

STAFF = GroupRef("Staff")


def user(where: str = "", *, groups: frozenset[GroupRef] = frozenset(), **attributes: str) -> DirectoryUser:
    values = {name: tuple(value.split("|")) for name, value in attributes.items()}
    return DirectoryUser(Identity("ad", "1"), where, enabled=True, groups=groups, attributes=values)


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


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        (Rule("", attribute="type", equals=frozenset({"staff"})), True),
        (Rule("", attribute="type", equals=frozenset({"staff", "x"})), True),
        (Rule("", attribute="type", equals=frozenset({"sta"})), False),
        (Rule("", attribute="type", matches=re.compile("^ST")), True),
        (Rule("", attribute="type", matches=re.compile("^aff")), False),
        (Rule("", attribute="type", present=True), True),
        (Rule("", attribute="type", present=False), False),
        (Rule("", attribute="pager", present=False), True),
        (Rule("", attribute="pager", equals=frozenset({""})), False),
        (Rule("", attribute="kind", equals=frozenset({"strasse"})), True),
        (Rule("", attribute="kind", matches=re.compile("second")), True),
    ],
)
def test_a_rule_on_an_attribute(rule: Rule, holds: bool) -> None:
    assert rule.holds(user(type="STaff", kind="Straße|second")) is holds


def test_a_rule_holds_only_where_all_its_parts_do() -> None:
    rule = Rule("", directory="ad", group=STAFF, ou="OU=A", attribute="type", equals=frozenset({"x"}))
    assert rule.holds(user("CN=1,OU=A", groups=frozenset({STAFF}), type="X"))
    assert not rule.holds(user("CN=1,OU=A", groups=frozenset({STAFF}), type="Y"))
    assert not rule.holds(user("CN=1,OU=B", groups=frozenset({STAFF}), type="X"))
    assert not rule.holds(user("CN=1,OU=A", type="X"))
    assert not Rule("", directory="cloud").holds(user())


def test_direct_and_nested_membership_are_two_groups() -> None:
    direct = GroupRef("Staff", nested=False)
    assert not Rule("", group=direct).holds(user(groups=frozenset({STAFF})))


def test_everybody_is_in_scope_without_include_rules() -> None:
    assert judge(Scope(), user()).included


def test_who_no_include_rule_matches_is_out() -> None:
    verdict = judge(Scope(include=(Rule("group Staff", group=STAFF),)), user())
    assert (verdict.included, verdict.why) == (False, "no include rule matches")


def test_an_exclude_rule_wins_and_is_named() -> None:
    scope = Scope(include=(Rule("all", directory="ad"),), exclude=(Rule("type is svc", attribute="type"),))
    assert judge(scope, user()).why == "excluded by: type is svc"
    only_svc = Rule("type is svc", attribute="type", equals=frozenset({"svc"}))
    scope = Scope(include=scope.include, exclude=(only_svc,))
    assert not judge(scope, user(type="svc")).included
    assert judge(scope, user(type="staff")).why == "included by: all"
