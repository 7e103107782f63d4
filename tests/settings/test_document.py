"""YAML that cannot be read is reported by its line, with what to do about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncd.settings import ConfigProblems, load
from syncd.settings.document import read_document
from tests.settings.conftest import MINIMAL, Loaded, Wrong

FIRST_LINE = [
    ('company: "CONTOSO\\svc"', "has a backslash inside \"…\"; write the value in single quotes: '…'"),
    ("company: a: b", "has a second ':' or is indented too far; quote the value or align the line"),
    ("company: *name", "uses an anchor (*name) that is not defined above; quote the text if none is meant"),
    ("company: 'x", "opens a quote that is never closed"),
    ("company: @home", "begins with a character that has a meaning in YAML; put the value in quotes"),
    ("company: - x", "starts a list inside a value; put '- ' on a line of its own"),
    ("company: [x, y", "is missing a comma, or the closing bracket of a list or section"),
    ("company: a\x01b", "contains a control character; delete it"),
    ("- company", "the file must consist of `key: value` lines; `syncd init` writes one to start from"),
]


@pytest.mark.parametrize(("text", "message"), FIRST_LINE)
def test_what_yaml_cannot_read_is_explained(wrong: Wrong, text: str, message: str) -> None:
    assert wrong(text) == [f"syncd.yaml:1: {message}"]


def test_a_tab_is_named_as_such(wrong: Wrong) -> None:
    assert wrong("company: x\nlog:\n\tlevel: info\n") == [
        "syncd.yaml:3: is indented with a tab; YAML wants spaces"
    ]


def test_bad_indentation_names_the_line(wrong: Wrong) -> None:
    assert wrong("log:\n  level: info\n format: json\n") == [
        "syncd.yaml:3: is not aligned with the lines before it; give keys of one section the same indent"
    ]


def test_a_second_document_is_refused(wrong: Wrong) -> None:
    assert wrong("company: x\n---\ncompany: y\n") == [
        "syncd.yaml:2: starts a second document; remove the line '---'"
    ]


@pytest.mark.parametrize("text", ["", "# nothing but a comment\n", "---\n"])
def test_an_empty_file_is_called_empty(wrong: Wrong, text: str) -> None:
    found = wrong(text)
    assert len(found) == 1
    assert "the file is empty" in found[0] or "must consist of" in found[0]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigProblems, match=r"none\.yaml: cannot be read: No such file or directory"):
        load(tmp_path / "none.yaml")


def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigProblems, match="cannot be read: Is a directory"):
        load(tmp_path)


def test_another_encoding_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "syncd.yaml"
    path.write_bytes("log: {}\ncompany: Müller\n".encode("cp1252"))
    with pytest.raises(ConfigProblems, match=r"syncd\.yaml:2: is not UTF-8 text"):
        load(path)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_the_encodings_of_notepad_are_read(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "syncd.yaml"
    path.write_bytes(MINIMAL.replace("Contoso", "Müller").encode(encoding))
    assert load(path).company == "Müller"


def test_a_key_given_twice_is_a_problem_at_its_second_line(also_wrong: Wrong) -> None:
    assert also_wrong("log:\n  level: info\n  level: debug\ncompany: y\n") == [
        "syncd.yaml:6: log.level is given twice; keep one of them",
        "syncd.yaml:7: company is given twice; keep one of them",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("log: !!python/object:os.system {}", "log has a YAML tag"),
        ("log: !secret x", "log has a YAML tag"),
        ("managers: &all [*all]", "managers[0] refers to itself"),
        ("? [a]\n: b", "has a key that is not text"),
        (f"guard: {{ floor: {'9' * 5000} }}", "guard.floor is too long for a number"),
        ('company2: "\\ud800"', "company2 contains a character that is none"),
    ],
)
def test_yaml_that_is_no_plain_data_is_refused(also_wrong: Wrong, text: str, message: str) -> None:
    assert also_wrong(text)[0].startswith(f"syncd.yaml:4: {message}")


def test_a_file_nested_without_end_is_refused(wrong: Wrong) -> None:
    assert wrong("[" * 5000) == ["syncd.yaml: the file is nested too deeply"]


def test_anchors_and_merges_work(also: Loaded) -> None:
    settings = also(
        """\
        leavers: &grace { suspend_after: 1d }
        scope:
          include: [ &staff { group: Staff } ]
          exclude: [ { <<: *staff, nested: false } ]
        managers: [ *staff ]
        """
    )
    assert settings.policy.grace.suspend_after == 86_400
    assert settings.policy.managers == settings.policy.scope.include
    assert settings.policy.scope.exclude[0].text == "group Staff, direct"


def test_words_and_numbers_mean_what_they_look_like(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("a: no\nb: 007\nc: 12:30\nd: 2024-01-01\ne: true\nf: -5\ng: 1.5\nh:\n")
    assert list(read_document(path).data.values()) == [
        "no",
        "007",
        "12:30",
        "2024-01-01",
        True,
        -5,
        1.5,
        None,
    ]


def test_a_problem_behind_an_anchor_is_shown_where_it_is_written(also_wrong: Wrong) -> None:
    found = also_wrong("managers:\n  - &x\n    gruop: Staff\nscope:\n  include: [ *x ]\n")
    assert found == [
        "syncd.yaml:6: managers[0].gruop is not a known key; did you mean group?",
        "syncd.yaml:6: scope.include[0].gruop is not a known key; did you mean group?",
    ]
