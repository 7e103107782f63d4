"""`syncd licenses renew`: whom its options mean, what is shown of them, and what cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Travel
from tests.office import Office, person


def of_license(office: Office, state: str) -> list[str]:
    found = office.json("learners", "list", "--license", state)
    return [entry["profile"]["email"].partition("@")[0] for entry in found]


@pytest.mark.parametrize(
    ("words", "renewed"),
    [
        (["--all"], ["ann", "bob", "cem"]),
        (["ann@example.com", "cem"], ["ann", "cem"]),
        (["--department", "sales"], ["bob"]),
        (["--group", "hq"], ["ann", "bob"]),
        (["--group", "HQ", "--department", "Sales", "cem"], ["ann", "bob", "cem"]),
    ],
)
def test_who_is_meant(ended: Office, words: list[str], renewed: list[str]) -> None:
    shown = ended.say("licenses", "renew", *words, code=0).stdout
    assert f"renew     {len(renewed):>6}" in shown
    assert of_license(ended, "live") == renewed


def test_a_file_is_shown_before_it_is_applied(ended: Office, tmp_path: Path) -> None:
    ended.say("licenses", "renew", "cem", code=0)
    file = tmp_path / "renew.csv"
    file.write_text("Email\nANN@example.com\n\ncem@example.com\nnobody@example.com\n", encoding="utf-8-sig")
    shown = ended.say("licenses", "renew", "--from", str(file), "--dry-run", code=0).stdout
    lines = [" ".join(line.split()) for line in shown.splitlines()]
    assert "Renew: 1 person" in lines
    assert f"{file}, line 5 nobody@example.com no learner has this address" in lines
    assert any("cem@example.com has not expired" in line for line in lines)
    assert of_license(ended, "live") == ["cem"], "nothing has happened"
    number = next(line for line in lines if line.startswith("Plan ")).split()[1]
    ended.say("apply", number, code=0)
    assert of_license(ended, "live") == ["ann", "cem"]


def test_too_few_licenses_end_with_5_and_say_how_to_get_more(ended: Office) -> None:
    ended.employ(person("ann"), person("bob"), person("cem"), *(person(f"new{n}") for n in range(4)))
    ended.say("sync", code=0)
    found = ended.say("licenses", "renew", "--all", code=5)
    assert "2 people are not renewed: 2 licenses are missing" in found.stdout
    assert "licenses request 2`" in found.stdout
    assert "bob@example.com" in found.stdout
    found = ended.say("licenses", "renew", "--all", "--wait", code=5)
    assert "Waiting for a license: 2 people" in found.stdout
    assert "a renewal" in found.stdout


def test_ahead_of_the_end(office: Office, travel: Travel) -> None:
    office.order(3)
    office.say("sync", code=0)
    travel(340)
    office.order(2)
    assert "has not expired" in office.say("licenses", "renew", "ann", code=0).stdout
    office.say("licenses", "renew", "ann", "--expiring", "60d", code=0)
    assert "renewed until" in office.say("learners", "show", "ann", code=0).stdout
    office.say("licenses", "renew", "bob", "--expiring", "60d", "--start", "now", code=0)
    assert "superseded" in office.say("learners", "show", "bob", code=0).stdout
    assert "renewed until" in office.say("explain", "ann", code=0).stdout


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([], "say whose license: WHO, --from, --group, --department or --all"),
        (["nobody"], "there is no learner nobody"),
        (["--group", "Hq2"], "no learner is in the group Hq2\n→ there are HQ"),
        (["--all", "--expiring", "60"], "must be a duration with its unit"),
        (["--from", "nowhere.csv"], "nowhere.csv cannot be read"),
    ],
)
def test_what_cannot_be_ends_with_2(ended: Office, words: list[str], complaint: str) -> None:
    assert complaint in ended.say("licenses", "renew", *words, code=2).stderr


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (b"Name\nann\n", "has no column Email"),
        (b"", "is empty: it has no header line"),
        (b"Email\n\xff\xfe\xff\n", "renew.csv:2: byte 1 of the line (0xff) is not utf-8 text"),
        (b"Email\nann\xe9@example.com\n", "say --encoding cp1252 if the file comes from Excel on Windows"),
        (b'Email\n"ann@example.com\n', "renew.csv:2: a quoted value begins here and never ends"),
        (b"Email;Email\nann;ann\n", "renew.csv:1: the header has the column 'email' twice"),
    ],
)
def test_a_file_that_is_none_ends_with_2(ended: Office, tmp_path: Path, text: bytes, complaint: str) -> None:
    file = tmp_path / "renew.csv"
    file.write_bytes(text)
    assert complaint in ended.say("licenses", "renew", "--from", str(file), code=2).stderr


@pytest.mark.parametrize(
    "text", [b"Name;E-Mail\r\nAnn;ann@example.com\r\n", "Email\nann@example.com".encode("utf-16")]
)
def test_a_file_as_a_spreadsheet_saves_it(ended: Office, tmp_path: Path, text: bytes) -> None:
    file = tmp_path / "renew.csv"
    file.write_bytes(text)
    ended.say("licenses", "renew", "--from", str(file), code=0)
    assert of_license(ended, "live") == ["ann"]


def test_a_file_in_another_encoding_or_on_standard_input(ended: Office, tmp_path: Path) -> None:
    file = tmp_path / "renew.csv"
    file.write_bytes("Name;Email\nAnné;ann@example.com\n".encode("cp1252"))
    ended.say("licenses", "renew", "--from", str(file), "--encoding", "cp1252", code=0)
    shown = ended.say(
        "licenses", "renew", "--from", "-", input="Email\nbob@example.com\nnobody@example.com\n", code=0
    ).stdout
    assert "standard input, line 3" in " ".join(shown.split())
    assert of_license(ended, "live") == ["ann", "bob"]
    found = ended.say("licenses", "renew", "--from", str(file), "--encoding", "latin-99", code=2)
    assert "there is no encoding 'latin-99'" in found.stderr


def test_automatic_where_the_admin_chose_so(ended: Office) -> None:
    ended.configure(ended.config.read_text() + "licenses: { renew: automatic }\n")
    ended.say("sync", code=0)
    assert of_license(ended, "live") == ["ann", "bob", "cem"]
