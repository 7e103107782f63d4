"""Filters: sound ones pass, others are refused with the place, and values never become syntax."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ldap3.operation.search import compile_filter, parse_filter

from connectors.directories.ldap_wire.filters import all_of, checked, escaped


@pytest.mark.parametrize(
    "text",
    [
        "(cn=*)",
        "(&(objectClass=user)(!(cn=a*b*c)))",
        "(|(a=1)(b>=2)(c<=3)(d~=4))",
        "(userAccountControl:1.2.840.113556.1.4.803:=2)",
        "(cn=\\28a\\29)",
        "(employeeType=)",
        "(cn=Zoë Ł)",
    ],
)
def test_a_sound_filter_passes_and_ldap3_reads_it(text: str) -> None:
    assert checked(f"  {text} ") == text
    compile_filter(parse_filter(text, None, False, False, None, False).elements[0])


def test_missing_parentheses_around_it_are_added() -> None:
    assert checked("mail=*@example.com") == "(mail=*@example.com)"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "needs a ("),
        ("(", "no attribute"),
        ("(cn=a", "needs a )"),
        ("(cn=a))", "follows"),
        ("(&)", "needs a ("),
        ("(&(cn=a)", "needs a )"),
        ("(!(cn=a)(cn=b))", "needs a )"),
        ("(cn)", "no attribute"),
        ("(=a)", "no attribute"),
        ("(cn=a)(cn=b)", "follows"),
        ("(cn=\\zz)", "needs a )"),
        ("(" + "!(" * 60 + "cn=a" + ")" * 61, "nests deeper"),
    ],
)
def test_an_unsound_filter_is_refused_with_its_place(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says.replace("(", "\\(").replace(")", "\\)")):
        checked(text)


@given(st.text(min_size=1, max_size=40))
def test_a_value_stays_a_value(value: str) -> None:
    text = f"(cn={escaped(value)})"
    assert checked(text) == text
    compiled = compile_filter(parse_filter(text, None, False, False, None, False).elements[0])
    assert bytes(compiled["equalityMatch"]["assertionValue"]) == value.encode()


def test_one_filter_needs_no_and() -> None:
    assert all_of("", "(a=1)", "") == "(a=1)"
    assert all_of("(a=1)", "(b=2)") == "(&(a=1)(b=2))"
