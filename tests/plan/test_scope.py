"""Who belongs to the sync: rules, groups, units and attributes."""

from __future__ import annotations

import re

import pytest

from syncd.model import DirectoryUser, GroupRef, Identity
from syncd.plan.scope import InScope, Rule, Scope, below, judge

USER = DirectoryUser(
    Identity("ad", "1"),
    "CN=Ann Doe,OU=Sales,OU=Staff,DC=example,DC=com",
    enabled=True,
    groups=frozenset({GroupRef("Learners")}),
    attributes={"department": ("Vertrieb", "Sales"), "employeetype": ("STAFF",)},
)
HOLDS = [
    Rule("r", directory="ad"),
    Rule("r", group=GroupRef("Learners")),
    Rule("r", ou="ou=staff,dc=example,dc=com"),
    Rule("r", attribute="department", matches=re.compile("^Sa")),
    Rule("r", attribute="employeetype", equals=frozenset({"staff", "intern"})),
    Rule("r", attribute="department", present=True),
    Rule("r", attribute="mail", present=False),
]
HOLDS_NOT = [
    Rule("r", directory="cloud"),
    Rule("r", group=GroupRef("Managers")),
    Rule("r", group=GroupRef("Learners", nested=False)),
    Rule("r", ou="OU=Interns,DC=example,DC=com"),
    Rule("r", attribute="department", matches=re.compile("^ales")),
    Rule("r", attribute="employeetype", equals=frozenset({"intern"})),
    Rule("r", attribute="department", present=False),
    Rule("r", attribute="mail", present=True),
    Rule("r", attribute="mail", matches=re.compile("")),
]


@pytest.mark.parametrize("rule", HOLDS)
def test_a_rule_that_holds(rule: Rule) -> None:
    assert rule.holds(USER)


@pytest.mark.parametrize("rule", HOLDS_NOT)
def test_a_rule_that_does_not(rule: Rule) -> None:
    assert not rule.holds(USER)


def test_all_parts_of_a_rule_must_hold() -> None:
    assert Rule("r", directory="ad", group=GroupRef("Learners"), attribute="mail", present=False).holds(USER)
    assert not Rule("r", directory="ad", group=GroupRef("Managers")).holds(USER)


def test_without_rules_everybody_is_in() -> None:
    assert judge(Scope(), USER) == InScope(included=True, why="everybody is in scope")


def test_an_exclude_rule_wins_and_is_named() -> None:
    here, staff = Rule("directory is ad", directory="ad"), Rule("staff", ou="OU=Staff,DC=example,DC=com")
    assert judge(Scope(include=(here,), exclude=(staff,)), USER) == InScope(
        included=False, why="excluded by: staff"
    )
    assert judge(Scope(exclude=(Rule("elsewhere", directory="cloud"),)), USER).included


def test_the_first_include_rule_that_holds_is_named() -> None:
    rules = (Rule("cloud", directory="cloud"), Rule("ad", directory="ad"), Rule("all"))
    assert judge(Scope(include=rules), USER) == InScope(included=True, why="included by: ad")
    assert judge(Scope(include=rules[:1]), USER) == InScope(included=False, why="no include rule matches")


@pytest.mark.parametrize(
    ("dn", "ou", "is_below"),
    [
        pytest.param("OU=Staff,DC=x", "ou=staff,dc=x", True, id="itself"),
        pytest.param("CN=A,OU=Staff,DC=x", "OU=Staff, DC=x", True, id="a space after the comma"),
        pytest.param("CN = A , OU = STAFF,DC=x", "ou=staff,dc=x", True, id="spaces everywhere"),
        pytest.param("CN=A,OU=BigStaff,DC=x", "OU=Staff,DC=x", False, id="the end of a longer name"),
        pytest.param("DC=x", "OU=Staff,DC=x", False, id="above"),
        pytest.param("CN=A\\,OU=Staff,DC=x", "OU=Staff,DC=x", False, id="a comma that is escaped"),
        pytest.param("CN=Straße,OU=STRASSE,DC=x", "OU=straße,DC=x", True, id="letters that fold"),
        pytest.param("", "OU=Staff,DC=x", False, id="no place at all"),
    ],
)
def test_below_compares_parts_of_names(dn: str, ou: str, is_below: bool) -> None:
    assert below(dn, ou) is is_below
