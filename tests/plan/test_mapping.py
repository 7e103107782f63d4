"""What a profile is made of: sources, templates, defaults, and an e-mail address that is one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.errors import Skipped
from syncd.model import DirectoryUser, Identity
from syncd.plan.mapping import FieldRule, apply, fill

MAIL = {"email": FieldRule(first_of=("mail", "upn"))}
ATTRIBUTES = {"sn": ("Doe",), "givenname": ("Ann",), "title": ("", "  ", "Head of  Sales\n")}


def user(**attributes: str) -> DirectoryUser:
    values = {name: (value,) for name, value in attributes.items()}
    return DirectoryUser(Identity("ad", "1"), "CN=Ann", enabled=True, attributes=values)


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        pytest.param(FieldRule(first_of=("sn", "givenname")), "Doe", id="the first source"),
        pytest.param(FieldRule(first_of=("mail", "givenname")), "Ann", id="the first that has a value"),
        pytest.param(FieldRule(first_of=("title",)), "Head of Sales", id="blank values are no values"),
        pytest.param(FieldRule(template="{givenName} {sn}"), "Ann Doe", id="a template"),
        pytest.param(FieldRule(template="{sn}, {mail}", default="-"), "-", id="a template with a hole"),
        pytest.param(FieldRule(first_of=("sn",), template="{givenname}"), "Doe", id="sources come first"),
        pytest.param(FieldRule(first_of=("mail",), default="en"), "en", id="a default"),
        pytest.param(FieldRule(first_of=("mail",)), "", id="nothing at all"),
        pytest.param(FieldRule(first_of=("sn",), case="upper"), "DOE", id="upper case"),
        pytest.param(FieldRule(first_of=("sn",), case="lower"), "doe", id="lower case"),
        pytest.param(FieldRule(first_of=("title",), max_length=5), "Head", id="cut, and no blank end"),
    ],
)
def test_a_field_is_filled_from(rule: FieldRule, value: str) -> None:
    assert fill(rule, ATTRIBUTES) == value


def test_a_template_is_filled_in_and_never_executed() -> None:
    nasty = {"sn": ("{givenname.__class__} %s {0}",), "givenname": ("Ann",)}
    assert fill(FieldRule(template="{sn}"), nasty) == "{givenname.__class__} %s {0}"
    assert fill(FieldRule(template="{sn.__class__}", default="-"), nasty) == "-"


def test_letters_written_in_two_ways_are_one_value() -> None:
    rule = FieldRule(first_of=("sn",))
    assert fill(rule, {"sn": ("Mu\u0308ller",)}) == fill(rule, {"sn": ("M\u00fcller",)})


def test_every_attribute_a_rule_reads_is_named() -> None:
    rule = FieldRule(first_of=("mail",), template="{givenName}.{SN}@example.com")
    assert rule.attributes == {"mail", "givenname", "sn"}


@given(st.text(), st.integers(0, 20), st.sampled_from(["", "lower", "upper"]))
def test_a_value_has_no_line_breaks_no_double_spaces_and_no_blank_ends(
    value: str, length: int, case: str
) -> None:
    rule = FieldRule(first_of=("sn",), max_length=length, case=case)
    filled = fill(rule, {"sn": (value,)})
    assert filled == " ".join(filled.split())
    assert not length or len(filled) <= length
    assert case or fill(rule, {"sn": (filled,)}) == filled, "what is clean stays as it is"


@pytest.mark.parametrize(
    "address",
    ["ann@example.com", "Ann.Doe+x@Sub.Example.COM", "o'neil@example.com", "jürgen@bücher.example"],
)
def test_an_address_is_kept_in_lower_case(address: str) -> None:
    assert apply(MAIL, user(mail=address)).email == address.lower()


@pytest.mark.parametrize(
    "address",
    [
        *("ann", "@example.com", "ann@", "ann@localhost", "a b@example.com", "a@b@example.com"),
        *("a..b@example.com", ".a@example.com", "a.@example.com", "ann@-x.com", "ann@x-.com", "ann@x.1"),
        *("Ann <ann@example.com>", "ann@example.com,bob@example.com", f"{'a' * 65}@example.com"),
        f"a@{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 60}.{'f' * 60}.com",
    ],
)
def test_what_is_no_address_is_skipped(address: str) -> None:
    with pytest.raises(Skipped, match="is not an e-mail address"):
        apply(MAIL, user(mail=address))


def test_no_address_is_skipped_and_says_where_it_looked() -> None:
    with pytest.raises(Skipped, match=r"has no e-mail address \(looked in: mail, upn\)"):
        apply(MAIL, user(sn="Doe"))
    with pytest.raises(Skipped, match="nothing is mapped to it"):
        apply({}, user(mail="ann@example.com"))


def test_a_profile_has_what_is_mapped_and_its_role() -> None:
    profile = apply(
        {**MAIL, "last_name": FieldRule(first_of=("sn",))}, user(upn="a@x.org", sn="Doe"), role="manager"
    )
    assert (profile.email, profile.last_name, profile.first_name, profile.role) == (
        "a@x.org",
        "Doe",
        "",
        "manager",
    )
