"""Whose word counts, as the configuration says it; and what it says of directories there are not."""

from __future__ import annotations

import pytest

from tests.settings.conftest import Loaded, Wrong

TWO = """\
company: Contoso
directories:
  - { name: head-office, type: file, path: a.csv, id: nr, link: badge }
  - { name: cloud, type: file, path: b.csv, id: nr, link: badge }
"""


def test_directories_are_named_field_by_field_one_or_several(loaded: Loaded) -> None:
    policy = loaded(TWO + "match: { precedence: { job_title: [cloud, head-office], email: cloud } }").policy
    assert policy.matching.precedence == {"email": ("cloud",), "job_title": ("cloud", "head-office")}


def test_what_there_is_not_is_named_with_its_line_and_what_was_meant(wrong: Wrong) -> None:
    assert wrong(
        TWO
        + """\
match:
  precedence:
    job_titel: [cloud]
    email: claud
    department:
      - cloud
      - headoffice
"""
    ) == [
        "syncd.yaml:7: match.precedence.job_titel is not a known key; did you mean job_title?",
        "syncd.yaml:8: match.precedence.email is not the name of a directory; did you mean cloud?",
        "syncd.yaml:11: match.precedence.department[1] is not the name of a directory; "
        "did you mean head-office?",
    ]


@pytest.mark.parametrize(
    "text", ["match: { precedence: cloud }", "match: { precedence: { email: [1] } }", "match: []"]
)
def test_anything_else_is_a_problem_and_no_crash(wrong: Wrong, text: str) -> None:
    assert all(line.startswith("syncd.yaml:5: match") for line in wrong(TWO + text))


def test_another_precedence_or_order_looks_at_everybody_again(loaded: Loaded) -> None:
    before = loaded(TWO).salts
    lines = TWO.splitlines()
    swapped = loaded("\n".join([*lines[:2], lines[3], lines[2]])).salts
    preferred = loaded(TWO + "match: { precedence: { email: cloud } }").salts
    for name in ("head-office", "cloud"):
        assert before[name] != swapped[name]
        assert before[name] != preferred[name]


@pytest.mark.parametrize(
    ("by", "known"),
    [
        ("", "by their e-mail address alone"),
        ("match: { by: [link] }", "by nothing, since match.by has no email"),
    ],
)
def test_a_directory_without_links_is_worth_a_warning(loaded: Loaded, by: str, known: str) -> None:
    (warning,) = loaded(TWO.replace("id: nr, link: badge }\n", "id: nr }\n", 1) + by).warnings
    assert (warning.line, warning.where) == (3, "directories[0]")
    assert warning.message == (
        f"has no link attribute: its people are recognised in the other directories {known}"
    )


def test_one_directory_alone_needs_no_links(also: Loaded) -> None:
    assert also("").warnings == ()
