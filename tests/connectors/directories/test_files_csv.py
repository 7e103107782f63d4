"""What a CSV file may look like, and what its rows come to mean."""

from __future__ import annotations

import csv
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.directories.files.options import FileOptions
from syncd.errors import ConfigError, Skipped
from syncd.model import GroupRef
from tests.connectors.directories.csv_folder import EMAIL, Folder


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
    assert folder.sightings("id,email\n", EMAIL, "Staff", groups={"column": "email"}) == []


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


def test_a_default_of_the_mapping_may_be_absent(folder: Folder) -> None:
    names = frozenset(FileOptions.mapping_defaults.values())
    (user,) = folder.people("id,email\n1,a@example.com\n", names)
    assert set(user.attributes) == {"email"}


def test_a_group_nobody_is_in_is_named_with_its_nearest(folder: Folder) -> None:
    text = "id,email,groups\n1,a@example.com,Staff; Company Managers\n"
    error = folder.error(text, EMAIL, "Company Manager", groups={"column": "groups"})
    assert isinstance(error, ConfigError)
    assert error.message == (
        "people.csv: nobody is in the group 'Company Manager' (did you mean 'Company Managers'?)"
    )


def test_a_group_is_asked_for_and_the_file_has_none(folder: Folder) -> None:
    error = folder.error("id,email\n1,a@example.com\n", EMAIL, "Staff")
    assert isinstance(error, ConfigError)
    assert "groups: { column: … }" in error.next_step


def test_groups_match_in_any_case(folder: Folder) -> None:
    text = "id,email,teams\n1,a@example.com,STAFF|Other\n"
    (sighting,) = folder.sightings(text, EMAIL, "staff", groups={"column": "teams", "separator": "|"})
    assert sighting.open().groups == {GroupRef("staff")}


@pytest.mark.parametrize("manager", ["", "9", "1"])
def test_a_manager_who_is_not_there_is_no_manager(folder: Folder, manager: str) -> None:
    text = f"id,email,manager\n1,,\n2,b@example.com,{manager}\n"
    _, user = folder.people(text, frozenset({"email", "manager.email"}))
    assert "manager.email" not in user.attributes


_CELLS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(cells=st.lists(_CELLS, max_size=5), delimiter=st.sampled_from(",;\t"))
def test_whatever_a_spreadsheet_writes_is_read_back(folder: Folder, cells: list[str], delimiter: str) -> None:
    written = StringIO()
    rows = [("id", "email"), *((number, cell) for number, cell in enumerate(cells))]
    csv.writer(written, delimiter=delimiter).writerows(rows)
    users = folder.people(written.getvalue(), delimiter=delimiter)
    assert [user.attributes.get("email", ("",))[0] for user in users] == [cell.strip() for cell in cells]
