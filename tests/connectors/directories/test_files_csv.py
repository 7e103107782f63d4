"""What a CSV file may look like, and what is said of one that nobody should act upon."""

from __future__ import annotations

import csv
import os
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.directories.files.face import FileDirectory
from connectors.directories.files.options import FileOptions
from syncd.errors import ConfigError, Incomplete, Skipped, SyncdError, Unavailable
from syncd.model import DirectoryUser, GroupRef
from syncd.ports import ReadRequest, Sighting

_EMAIL = frozenset({"email"})


class Folder:
    """Writes people.csv and reads it back through the connector."""

    def __init__(self, path: Path) -> None:
        self.path = path / "people.csv"

    def write(self, text: str | bytes) -> None:
        self.path.write_bytes(text.encode() if isinstance(text, str) else text)

    def directory(self, **options: Any) -> FileDirectory:
        return FileDirectory("hr", FileOptions.model_validate({"path": self.path, "id": "id", **options}))

    def sightings(
        self, text: str | bytes, attributes: frozenset[str] = _EMAIL, *groups: str, **options: Any
    ) -> list[Sighting]:
        self.write(text)
        request = ReadRequest(attributes, frozenset(map(GroupRef, groups)))
        return [sighting for page in self.directory(**options).read(request) for sighting in page]

    def people(
        self, text: str | bytes, attributes: frozenset[str] = _EMAIL, **options: Any
    ) -> list[DirectoryUser]:
        return [sighting.open() for sighting in self.sightings(text, attributes, **options)]

    def error(
        self, text: str | bytes, attributes: frozenset[str] = _EMAIL, *groups: str, **options: Any
    ) -> SyncdError:
        """The error that reading this gives, without the folder in its message."""
        with pytest.raises(SyncdError) as raised:
            self.sightings(text, attributes, *groups, **options)
        raised.value.message = raised.value.message.replace(f"{self.path.parent}/", "")
        return raised.value


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("id,email\n1,zoë@example.com\n", {}),
        ("id,email\n1,zoë@example.com", {}),
        ("\ufeffid,email\r\n1,zoë@example.com\r\n", {}),
        ("ID , E-Mail,Email\n1,x,zoë@example.com\n", {}),
        ("id;email\n1;zoë@example.com\n", {"delimiter": "auto"}),
        ("id\temail\n1\tzoë@example.com\n", {"delimiter": "auto"}),
        ("\n\nid,email\n\n1, zoë@example.com \n,\n\n", {}),
        ('"id","email"\n"1","zoë@example.com"\n', {}),
        ("id,email,\n1,zoë@example.com,\n", {}),
        ("id,email\n1,zoë@example.com\n".encode("utf-16"), {"encoding": "utf-16"}),
        ("\ufeffid,email\n1,zoë@example.com\n".encode("utf-16-le"), {"encoding": "utf-16-le"}),
        ("id,email\n1,zoë@example.com\n".encode("cp1252"), {"encoding": "cp1252"}),
    ],
)
def test_the_files_people_really_have_are_read(
    folder: Folder, text: str | bytes, options: dict[str, Any]
) -> None:
    (user,) = folder.people(text, **options)
    assert (user.identity, user.attributes) == (("hr", "1"), {"email": ("zoë@example.com",)})


def test_a_header_alone_is_nobody(folder: Folder) -> None:
    assert folder.sightings("id,email\n", _EMAIL, "Staff", groups={"column": "email"}) == []


def test_values_are_text_and_nothing_else(folder: Folder) -> None:
    """A formula is data here; only what we write for spreadsheets is ever escaped."""
    name = "N" * 300
    text = (
        f'id,email,name\n007,=HYPERLINK("x")@example.com,"line one\nline ""two"""\n8,+1@example.com,{name}\n'
    )
    first, second = folder.people(text, frozenset({"email", "name"}))
    assert first.identity.id == "007"
    assert first.attributes["email"] == ('=HYPERLINK("x")@example.com',)
    assert first.attributes["name"] == ('line one\nline "two"',)
    assert second.attributes["name"] == (name,)


def test_the_link_is_the_same_in_any_case(folder: Folder) -> None:
    (user,) = folder.people("id,email,upn\n1,a@example.com,Alice@Example.com\n", link="upn")
    assert user.links == ("value:alice@example.com",)


def test_disabled_is_told_with_the_value_that_says_so(folder: Folder) -> None:
    left = {"column": "status", "equals": ["left", "0"]}
    text = "id,email,status\n1,a@example.com, LEFT \n2,b@example.com,active\n3,c@example.com,0\n"
    users = folder.people(text, disabled_when=left)
    assert [(user.enabled, user.disabled_because) for user in users] == [
        (False, "status is LEFT"),
        (True, ""),
        (False, "status is 0"),
    ]


def test_a_place_in_the_file_is_not_part_of_the_description(folder: Folder) -> None:
    """Else one row on top of the file would change everybody below it."""
    ((before),) = folder.sightings("id,email\n1,a@example.com\n")
    _, after = folder.sightings("id,email\n2,b@example.com\n1,a@example.com\n")
    assert before.fingerprint == after.fingerprint
    assert before.open() == after.open()
    assert after.open().where == "people.csv, id 1"


def test_a_column_nobody_asked_for_changes_no_fingerprint(folder: Folder) -> None:
    ((before),) = folder.sightings("id,email,last_login\n1,a@example.com,monday\n")
    ((after),) = folder.sightings("id,last_login,email\n1,tuesday,a@example.com\n")
    assert before.fingerprint == after.fingerprint


def test_options_that_change_the_meaning_change_the_fingerprint(folder: Folder) -> None:
    text = "id,email,status\n1,a@example.com,left\n"
    rules = ({"column": "status", "equals": [value]} for value in ("left", "gone"))
    before, after = (folder.sightings(text, disabled_when=rule)[0].fingerprint for rule in rules)
    assert before != after


def test_somebody_without_id_is_skipped_with_the_line(folder: Folder) -> None:
    alice, nobody = folder.sightings("id,email\n1,a@example.com\n  ,b@example.com\n")
    assert alice.open().identity.id == "1"
    with pytest.raises(Skipped, match=r"people.csv:3: id is empty") as skipped:
        nobody.open()
    assert skipped.value.identity is None


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


def test_a_default_of_the_mapping_may_be_absent(folder: Folder) -> None:
    names = frozenset(FileOptions.mapping_defaults.values())
    (user,) = folder.people("id,email\n1,a@example.com\n", names)
    assert set(user.attributes) == {"email"}


def test_a_group_nobody_is_in_is_named_with_its_nearest(folder: Folder) -> None:
    text = "id,email,groups\n1,a@example.com,Staff; Company Managers\n"
    error = folder.error(text, _EMAIL, "Company Manager", groups={"column": "groups"})
    assert isinstance(error, ConfigError)
    assert error.message == (
        "people.csv: nobody is in the group 'Company Manager' (did you mean 'Company Managers'?)"
    )


def test_a_group_is_asked_for_and_the_file_has_none(folder: Folder) -> None:
    error = folder.error("id,email\n1,a@example.com\n", _EMAIL, "Staff")
    assert isinstance(error, ConfigError)
    assert "groups: { column: … }" in error.next_step


def test_groups_match_in_any_case(folder: Folder) -> None:
    text = "id,email,teams\n1,a@example.com,STAFF|Other\n"
    (sighting,) = folder.sightings(text, _EMAIL, "staff", groups={"column": "teams", "separator": "|"})
    assert sighting.open().groups == {GroupRef("staff")}


@pytest.mark.parametrize("manager", ["", "9", "1"])
def test_a_manager_who_is_not_there_is_no_manager(folder: Folder, manager: str) -> None:
    text = f"id,email,manager\n1,,\n2,b@example.com,{manager}\n"
    _, user = folder.people(text, frozenset({"email", "manager.email"}))
    assert "manager.email" not in user.attributes


def test_a_missing_file_cannot_be_read(folder: Folder) -> None:
    with pytest.raises(Unavailable, match=r"people.csv cannot be read: No such file") as raised:
        list(folder.directory().read(ReadRequest(_EMAIL)))
    assert not isinstance(raised.value, Incomplete)
    assert raised.value.next_step


def test_a_folder_is_no_file(folder: Folder) -> None:
    folder.path.mkdir()
    with pytest.raises(Unavailable, match="Is a directory"):
        list(folder.directory().read(ReadRequest(_EMAIL)))


def test_a_file_that_changes_while_it_is_read_is_no_truth(folder: Folder) -> None:
    folder.write("id,email\n" + "".join(f"{n},p{n}@example.com\n" for n in range(2500)))
    pages = folder.directory().read(ReadRequest(_EMAIL))
    assert len(next(pages)) == 1000
    with folder.path.open("a") as file:
        file.write("2500,late@example.com\n")
    with pytest.raises(Incomplete, match="changed while it was being read"):
        list(pages)


def test_a_file_replaced_by_a_rename_is_read_to_its_old_end(folder: Folder) -> None:
    folder.write("id,email\n" + "".join(f"{n},p{n}@example.com\n" for n in range(2500)))
    pages = folder.directory().read(ReadRequest(_EMAIL))
    next(pages)
    fresh = folder.path.with_suffix(".new")
    fresh.write_text("id,email\n1,only@example.com\n")
    fresh.replace(folder.path)
    assert sum(map(len, pages)) == 1500


def test_check_says_what_is_in_the_file_and_how_old_it_is(folder: Folder) -> None:
    folder.write("id,email,status\n1,a@example.com,\n2,,left\n,c@example.com,\n")
    os.utime(folder.path, (1000, 1000))
    directory = folder.directory(disabled_when={"column": "status", "equals": ["left"]})
    findings = list(directory.check(ReadRequest(_EMAIL, now=1000 + 8 * 86_400)))
    assert [
        (finding.ok, finding.message.replace(str(folder.path), "people.csv")) for finding in findings
    ] == [
        (True, "people.csv can be read: CSV, utf-8, written 8d ago"),
        (True, "3 people, 1 enabled, 1 with an e-mail address"),
        (False, "1 rows without an id are skipped"),
    ]
    assert "still running" in findings[0].next_step


def test_check_reports_what_read_would_raise(folder: Folder) -> None:
    (finding,) = folder.directory().check(ReadRequest(_EMAIL))
    assert not finding.ok
    assert "cannot be read" in finding.message
    assert finding.next_step


_CELLS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(cells=st.lists(_CELLS, max_size=5), delimiter=st.sampled_from(",;\t"))
def test_whatever_a_spreadsheet_writes_is_read_back(folder: Folder, cells: list[str], delimiter: str) -> None:
    written = StringIO()
    rows = [("id", "email"), *((number, cell) for number, cell in enumerate(cells))]
    csv.writer(written, delimiter=delimiter).writerows(rows)
    users = folder.people(written.getvalue(), delimiter=delimiter)
    assert [user.attributes.get("email", ("",))[0] for user in users] == [cell.strip() for cell in cells]
