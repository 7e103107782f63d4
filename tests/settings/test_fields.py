"""The mapping of a directory: what its connector brings, under the common one, under its own."""

from __future__ import annotations

import pytest

from syncd.model import PROFILE_FIELDS
from syncd.plan.mapping import FieldRule
from syncd.settings.fields import MappingSection
from tests.settings.conftest import Loaded, Wrong


def test_every_profile_field_but_the_role_can_be_mapped() -> None:
    assert [*MappingSection.model_fields, "role"] == [*PROFILE_FIELDS]


def test_each_layer_replaces_the_fields_it_names(loaded: Loaded) -> None:
    mapping = loaded(
        """\
        company: x
        directories:
          - { name: a, type: file, path: x.csv, id: nr, mapping: { department: Abteilung, language: } }
          - { name: b, type: file, path: y.csv, id: nr }
        mapping:
          department: division
          job_title: Rolle
        """
    ).policy.mapping
    assert mapping["a"]["department"] == FieldRule(first_of=("abteilung",))
    assert mapping["b"]["department"] == FieldRule(first_of=("division",))
    assert mapping["a"]["job_title"] == mapping["b"]["job_title"] == FieldRule(first_of=("rolle",))
    assert mapping["a"]["email"] == FieldRule(first_of=("email",))
    assert "language" not in mapping["a"]
    assert "language" in mapping["b"]


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        ("Title", FieldRule(first_of=("title",))),
        ("{ attribute: Title }", FieldRule(first_of=("title",))),
        ("{ first_of: [Title, RANK] }", FieldRule(first_of=("title", "rank"))),
        ("{ template: '{givenName}.{SN}' }", FieldRule(template="{givenName}.{SN}")),
        ("{ default: en }", FieldRule(default="en")),
        (
            "{ first_of: [a], template: 'x {b}', default: d, case: upper, max_length: 9 }",
            FieldRule(("a",), "x {b}", "d", "upper", 9),
        ),
    ],
)
def test_a_field_can_be_filled_in_many_ways(also: Loaded, written: str, rule: FieldRule) -> None:
    assert also(f"mapping: {{ job_title: {written} }}").policy.mapping["hr"]["job_title"] == rule


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("{ }", " must have one of attribute, first_of, template or default"),
        ("{ case: lower }", " must have one of attribute, first_of, template or default"),
        ("{ attribute: a, first_of: [b] }", " must have either attribute or first_of, not both"),
        ("{ template: nobody }", ".template must contain attribute names in braces, as in {givenName}.{sn}"),
        ("{ template: '{a' }", ".template must contain attribute names in braces, as in {givenName}.{sn}"),
        ("{ template: '{a}{}' }", ".template must contain attribute names in braces, as in {givenName}.{sn}"),
        ("{ first_of: [' '] }", ".first_of must be a list of attribute names"),
        ("{ first_of: a }", ".first_of must be a list"),
        ("{ atribute: a }", ".atribute is not a known key; did you mean attribute?"),
        ("{ attribute: a, case: title }", ".case must be one of lower, upper"),
        ("{ attribute: a, max_length: 0 }", ".max_length must be at least 1"),
        ("[a, b]", " must be a section of `key: value` lines"),
        ("5", " must be a section of `key: value` lines"),
        ("''", ".attribute must not be empty"),
    ],
)
def test_a_field_without_a_source_is_refused(also_wrong: Wrong, written: str, problem: str) -> None:
    (found,) = also_wrong(f"mapping:\n  job_title: {written}\n")
    assert found.replace("job_title must not", "job_title.attribute must not") == (
        f"syncd.yaml:5: mapping.job_title{problem}"
    )


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("manager", "; did you mean manager_email?"),
        ("Email", "; did you mean email?"),
        ("firstname", "; did you mean first_name?"),
    ],
)
def test_an_unknown_profile_field_gets_a_suggestion(also_wrong: Wrong, key: str, hint: str) -> None:
    assert also_wrong(f"mapping:\n  {key}: x\n") == [f"syncd.yaml:5: mapping.{key} is not a known key{hint}"]


def test_without_a_likely_one_all_fields_are_named(also_wrong: Wrong) -> None:
    (found,) = also_wrong("mapping: { xyz: x }")
    assert found.endswith("there are " + ", ".join(MappingSection.model_fields))
