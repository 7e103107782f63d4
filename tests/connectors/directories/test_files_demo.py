"""The people of the demonstration show what a first run has to deal with."""

from __future__ import annotations

from pathlib import Path

from connectors.directories.files.face import FileDirectory
from connectors.directories.files.options import FileOptions
from syncd.model import DirectoryUser, GroupRef
from syncd.ports import ReadRequest

_FILE = Path(__file__).parents[3] / "config" / "people.csv"
_MANAGERS = GroupRef("Company managers")


def _people() -> list[DirectoryUser]:
    options = FileOptions.model_validate(
        {
            "path": _FILE,
            "id": "employee_id",
            "disabled_when": {"column": "status", "equals": ["left"]},
            "groups": {"column": "groups"},
        }
    )
    names = frozenset({"email", "first_name", "department", "manager.email", "employee_type"})
    request = ReadRequest(names, frozenset({_MANAGERS}))
    return [sighting.open() for page in FileDirectory("people", options).read(request) for sighting in page]


def test_the_demonstration_has_one_of_every_trouble() -> None:
    people = _people()
    emails = [user.attributes["email"][0] for user in people if "email" in user.attributes]
    assert len(people) == 32
    assert sum(not user.enabled for user in people) == 2
    assert len(people) - len(emails) == 1
    assert len(emails) - len({email.lower() for email in emails}) == 1
    assert sum(_MANAGERS in user.groups for user in people) == 5
    assert sum(user.attributes["employee_type"] == ("contractor",) for user in people) == 1
    assert all(email.lower().endswith("@example.com") for email in emails)


def test_everybody_but_the_chief_has_a_manager_who_is_there() -> None:
    assert sum("manager.email" not in user.attributes for user in _people()) == 1
