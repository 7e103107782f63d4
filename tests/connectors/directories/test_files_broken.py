"""What is said of a CSV file that nobody should act upon: broken, changing, in another encoding."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from syncd.errors import ConfigError, Incomplete, SyncdError, Unavailable
from syncd.ports import ReadRequest
from tests.connectors.directories.csv_folder import EMAIL, Folder


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("", ConfigError, "people.csv is empty: it has no header line"),
        ("\n\n", ConfigError, "people.csv is empty: it has no header line"),
        ("id,email,Email \n", ConfigError, "people.csv:1: the header has the column 'email' twice"),
        ("id,email\n1,a@x\n2\n", Incomplete, "people.csv:3: 1 values where the header has 2 columns"),
        ("id,email\n1,a@x,b\n", Incomplete, "people.csv:2: 3 values where the header has 2 columns"),
        (
            'id,email\n1,"a\nb"\n2,"c@x\n3,d@x\n',
            Incomplete,
            "people.csv:4: a quoted value begins here and never ends",
        ),
        ('id,email\n1,"a"b\n', Incomplete, "people.csv:2: not CSV: ',' expected after '\"'"),
        ("id,email\n1,a\0b\n", ConfigError, "people.csv:2: character 4 is NUL: this is not utf-8 text"),
        (
            "id,email\n1,a\n2,b\n1,c\n",
            ConfigError,
            "people.csv:4: '1' identifies the person of line 2 already",
        ),
        (
            f"id,email\n1,{'x' * 65_537}\n",
            ConfigError,
            "people.csv:2: the value in column email has more than 65,536 characters",
        ),
        (
            f"id,email\n1,a\n2,{'x' * 10_000_000}\n",
            ConfigError,
            "people.csv:3: the value in column email has more than 65,536 characters",
        ),
        (
            'id,email\n1,"a\n' + "2,b\n" * 50_000,
            ConfigError,
            "people.csv:2: the value in column email has more than 65,536 characters",
        ),
    ],
)
def test_a_broken_file_is_no_truth(folder: Folder, text: str, kind: type[SyncdError], message: str) -> None:
    error = folder.error(text)
    assert (type(error), error.message) == (kind, message)
    assert error.next_step


@pytest.mark.parametrize(
    ("raw", "encoding", "message", "advice"),
    [
        (
            b"id,email\n1,a\n2,zo\xeb@x\n",
            "utf-8",
            "people.csv:3: byte 5 of the line (0xeb) is not utf-8 text",
            "encoding: cp1252",
        ),
        ("id,é\n".encode("utf-16"), "utf-8", "people.csv:1: byte 1 of the line (0xff)", "encoding: utf-16"),
        ("id,email\n".encode("utf-16-le"), "utf-8", "people.csv:1: character 2 is NUL", "encoding: utf-16"),
        (b"id,email\n1,\x81\n", "cp1252", "people.csv:2: byte 3 of the line (0x81)", "was saved in"),
        ("id,email\n1,a\n".encode("utf-16")[:-1], "utf-16", "people.csv is not utf-16 text", "was saved in"),
    ],
)
def test_the_wrong_encoding_is_named_with_the_byte(
    folder: Folder, raw: bytes, encoding: str, message: str, advice: str
) -> None:
    error = folder.error(raw, encoding=encoding)
    assert isinstance(error, ConfigError)
    assert error.message.startswith(message)
    assert advice in error.next_step


def test_every_missing_column_is_named_at_once_with_what_it_may_have_been(folder: Folder) -> None:
    error = folder.error(
        "Staff ID,e-mail,state\n1,a@example.com,here\n",
        frozenset({"email", "department", "cost_center"}),
        id="staff_id",
        disabled_when={"column": "status", "equals": ["left"]},
    )
    assert error.message == (
        "people.csv has no column id: staff_id (did you mean 'staff id'?), "
        "disabled_when: status (did you mean 'state'?), cost_center, email (did you mean 'e-mail'?). "
        "It has: staff id, e-mail, state"
    )
    assert isinstance(error, ConfigError)


def test_another_delimiter_is_recognised_in_the_advice(folder: Folder) -> None:
    assert "delimiter: auto" in folder.error("id;email\n1;a@example.com\n").next_step


def test_a_missing_file_cannot_be_read(folder: Folder) -> None:
    with pytest.raises(Unavailable, match=r"people.csv cannot be read: No such file") as raised:
        list(folder.directory().read(ReadRequest(EMAIL)))
    assert not isinstance(raised.value, Incomplete)
    assert raised.value.next_step


def test_a_folder_is_no_file(folder: Folder) -> None:
    folder.path.mkdir()
    with pytest.raises(Unavailable, match="Is a directory"):
        list(folder.directory().read(ReadRequest(EMAIL)))


def test_a_file_that_changes_while_it_is_read_is_no_truth(folder: Folder) -> None:
    folder.write("id,email\n" + "".join(f"{n},p{n}@example.com\n" for n in range(2500)))
    pages = folder.directory().read(ReadRequest(EMAIL))
    assert len(next(pages)) == 1000
    with folder.path.open("a") as file:
        file.write("2500,late@example.com\n")
    with pytest.raises(Incomplete, match="changed while it was being read"):
        list(pages)


def test_a_file_replaced_by_a_rename_is_read_to_its_old_end(folder: Folder) -> None:
    folder.write("id,email\n" + "".join(f"{n},p{n}@example.com\n" for n in range(2500)))
    pages = folder.directory().read(ReadRequest(EMAIL))
    next(pages)
    fresh = folder.path.with_suffix(".new")
    fresh.write_text("id,email\n1,only@example.com\n")
    fresh.replace(folder.path)
    assert sum(map(len, pages)) == 1500


def test_check_says_what_is_in_the_file_and_how_old_it_is(folder: Folder) -> None:
    folder.write("id,email,status\n1,a@example.com,\n2,,left\n,c@example.com,\n")
    os.utime(folder.path, (1000, 1000))
    directory = folder.directory(disabled_when={"column": "status", "equals": ["left"]})
    findings = list(directory.check(ReadRequest(EMAIL, now=1000 + 8 * 86_400)))
    assert [
        (finding.ok, finding.message.replace(str(folder.path), "people.csv")) for finding in findings
    ] == [
        (True, "people.csv can be read: CSV, utf-8, written 8d ago"),
        (True, "3 people, 1 enabled"),
        (False, "1 row without an id, to be skipped"),
    ]
    assert "still running" in findings[0].next_step


def test_check_reports_what_read_would_raise(folder: Folder) -> None:
    (finding,) = folder.directory().check(ReadRequest(EMAIL))
    assert not finding.ok
    assert "cannot be read" in finding.message
    assert finding.next_step
