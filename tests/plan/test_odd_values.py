"""What directories really hold: control characters, every script, templates that try, and odd addresses."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.errors import Skipped
from syncd.model import DirectoryUser, Identity
from syncd.plan.mapping import FieldRule, apply, fill


@pytest.mark.parametrize(
    ("template", "value"),
    [
        *(("{x.__class__}", ""), ("{0}", ""), ("{x[0]}", ""), ("{x!r}", ""), ("{x:>99}", "")),
        *(("{}", "{}"), ("%s", "%s"), ("%(x)s", "%(x)s"), ("$(id)", "$(id)"), ("\\1", "\\1"), ("{x", "{x")),
        *(("${x}", "${y} \\1 %s"), ("{{x}}", "{{y} \\1 %s}"), ("{x}{x}", "{y} \\1 %s{y} \\1 %s")),
    ],
)
def test_a_template_is_filled_in_once_and_never_executed(template: str, value: str) -> None:
    assert fill(FieldRule(template=template), {"x": ("{y} \\1 %s",), "y": ("secret",)}) == value


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("  Ann \t Marie\r\n", "Ann Marie"),
        ("A\x00n\x07n\x7f\x9b", "Ann"),
        ("\x00", ""),
        ("\x01 Ann \x02", "Ann"),
        ("Cafe\u0301", "Café"),
        ("Ann\u00a0Doe", "Ann Doe"),
        ("👩‍👩‍👧 Ann", "👩‍👩‍👧 Ann"),
        ("می‌خواهم", "می‌خواهم"),
        ("שלום", "שלום"),
        ("x" * 300, "x" * 300),
        ("O'Brien-d’Árc", "O'Brien-d’Árc"),
    ],
)
def test_values_are_cleaned_and_names_of_every_script_are_kept(raw: str, clean: str) -> None:
    assert fill(FieldRule(first_of=("name",)), {"name": (raw,)}) == clean


@given(st.text(max_size=40), st.integers(0, 20))
def test_whatever_a_directory_holds_can_be_shown_and_stored(raw: str, longest: int) -> None:
    value = fill(FieldRule(first_of=("name",), max_length=longest), {"name": (raw,)})
    assert value == value.strip()
    assert not any(unicodedata.category(char) in ("Cc", "Zl", "Zp") for char in value)
    assert unicodedata.is_normalized("NFC", value)
    assert not longest or len(value) <= longest


def address(raw: str) -> str:
    user = DirectoryUser(Identity("ad", "1"), "here", enabled=True, attributes={"mail": (raw,)})
    return apply({"email": FieldRule(first_of=("mail",))}, user).email


@pytest.mark.parametrize(
    "good",
    [
        *("ann@example.com", "a@b.co", "ann.marie+news@mail.example.co.uk", "o'brien@example.com"),
        *("ann_doe-1@ex-ample.com", "1@1.example", "ann@xn--bcher-kva.example", "ann@bücher.example"),
        *("jörg@example.com", "用户@例子.广告", "!#$%&*/=?^`{|}~@example.com", "a@example.xn--p1ai"),
        *(f"{'a' * 64}@example.com", f"ann@{'b' * 63}.com", f"a@{'.'.join(['b' * 49] * 5)}.de"),
    ],
)
def test_these_are_email_addresses(good: str) -> None:
    assert address(good) == good


@pytest.mark.parametrize(
    "bad",
    [
        *("ann", "@example.com", "ann@", "ann@example", "ann@@example.com", "ann@b@example.com"),
        *("ann doe@example.com", '"ann doe"@example.com', "ann@exam ple.com", "Ann <ann@example.com>"),
        *(".ann@example.com", "ann.@example.com", "a..b@example.com", "ann@.com", "ann@example..com"),
        *("ann@-example.com", "ann@example-.com", "ann@example.c-", "ann@127.0.0.1", "ann@[127.0.0.1]"),
        *(
            "ann@exam_ple.com.",
            "ann@example.com,bob@example.com",
            "ann@example.com;",
            "mailto:ann@example.com",
        ),
        *("ann\u200b@example.com", "ann\u202e@example.com", "ann@example\u200d.com", "ann\\@example.com"),
        *(f"{'a' * 65}@example.com", f"ann@{'b' * 64}.com", f"a@{'.'.join(['b' * 60] * 5)}.com", "-"),
    ],
)
def test_these_are_no_email_addresses_and_the_person_is_skipped(bad: str) -> None:
    with pytest.raises(Skipped, match="is not an e-mail address"):
        address(bad)
