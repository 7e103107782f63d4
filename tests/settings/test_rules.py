"""Rules arrive at the plan as they were meant, and carry their own words."""

from __future__ import annotations

import pytest

from syncd.model import DirectoryUser, GroupRef, Identity
from tests.settings.conftest import Loaded, Wrong


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("{ group: Staff }", "group Staff"),
        ("{ group: Staff, nested: false }", "group Staff, direct"),
        ("{ ou: 'OU=A,DC=x' }", "below OU=A,DC=x"),
        ("{ attribute: Title, matches: ^Dr }", "Title matches ^Dr"),
        ("{ attribute: Title, equals: [Dr, Prof] }", "Title is Dr or Prof"),
        ("{ attribute: Title, present: false }", "Title is absent"),
        ("{ directory: hr, group: Staff }", "group Staff and directory hr"),
    ],
)
def test_a_rule_says_what_it_is(also: Loaded, written: str, text: str) -> None:
    (rule,) = also(f"managers: [ {written} ]").policy.managers
    assert rule.text == text


def test_the_parts_of_a_rule_reach_the_plan(also: Loaded) -> None:
    (rule,) = also(
        "managers: [{ directory: hr, group: Staff, nested: no, ou: OU=x, attribute: Type, equals: SVC }]"
    ).policy.managers
    assert rule.directory == "hr"
    assert rule.group == GroupRef("Staff", nested=False)
    assert rule.ou == "OU=x"
    assert rule.attribute == "type"
    assert rule.equals == {"svc"}


@pytest.mark.parametrize(
    ("written", "value", "holds"),
    [
        ("{ attribute: a, matches: ^svc }", "SVC-1", True),
        ("{ attribute: a, matches: '(?-i:^svc)' }", "SVC-1", False),
        ("{ attribute: a, equals: 1042 }", "1042", True),
        ("{ attribute: a, equals: 007 }", "007", True),
        ("{ attribute: a, equals: TRUE }", "TRUE", True),
        ("{ attribute: a, equals: [no, yes] }", "No", True),
        ("{ attribute: a, present: yes }", "x", True),
    ],
)
def test_a_rule_holds_for_what_an_admin_means(also: Loaded, written: str, value: str, *, holds: bool) -> None:
    (rule,) = also(f"managers: [ {written} ]").policy.managers
    user = DirectoryUser(Identity("hr", "1"), "line 1", enabled=True, attributes={"a": (value,)})
    assert rule.holds(user) is holds


def test_lists_of_rules_keep_their_order(also: Loaded) -> None:
    policy = also("licenses: { priority: [{ group: B }, { group: A }] }").policy
    assert [rule.text for rule in policy.priority] == ["group B", "group A"]


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("{ }", "managers[0] must have at least one of group, ou, attribute or directory"),
        ("{ nested: true }", "managers[0] must name the group that nested is about"),
        ("{ matches: x }", "managers[0] must name the attribute that matches is about"),
        (
            "{ attribute: x }",
            "managers[0] must say exactly one of matches, equals or present of its attribute",
        ),
        (
            "{ attribute: x, equals: a, present: true }",
            "managers[0] must say exactly one of matches, equals or present of its attribute",
        ),
        (
            "{ attribute: x, matches: '(a' }",
            "managers[0].matches must be a valid regular expression (at its character 1)",
        ),
        (
            "{ attribute: x, equals: 1.5 }",
            "managers[0].equals must be text or a list of texts; put each in quotes",
        ),
        (
            "{ attribute: x, equals: [] }",
            "managers[0].equals must be text or a list of texts; put each in quotes",
        ),
        ("{ ou: Staff }", "managers[0].ou must be a DN, such as OU=Staff,DC=contoso,DC=com"),
        ("{ group: [a, b] }", "managers[0].group must be text; put the value in quotes"),
        ("{ group: '' }", "managers[0].group must not be empty"),
        ("{ grop: Staff }", "managers[0].grop is not a known key; did you mean group?"),
        ("{ directory: hq }", "managers[0].directory is not the name of a directory; there are hr"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(also_wrong: Wrong, written: str, problem: str) -> None:
    assert also_wrong(f"managers:\n  - {written}\n") == [f"syncd.yaml:5: {problem}"]


@pytest.mark.parametrize(
    "place", ["scope: { include: [RULE] }", "scope: { exclude: [RULE] }", "managers: [RULE]"]
)
def test_every_list_of_rules_knows_the_directories(also_wrong: Wrong, place: str) -> None:
    (found,) = also_wrong(place.replace("RULE", "{ directory: HR2 }"))
    assert found.endswith("directory is not the name of a directory; did you mean hr?")
