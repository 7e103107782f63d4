"""`syncd learners add` and `import`: what is shown, what is asked, and what cannot be."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from syncd.app import opened
from syncd.settings import load
from tests.office import Office

HEADER = "First name,Last name,Email address,Department\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "new.csv"
    path.write_text(f"{HEADER}Yan,Roe,yan@example.com,Sales\nZoe,Poe,zoe@example.com,\n", encoding="utf-8")
    return path


def lines(shown: str) -> list[str]:
    return [" ".join(line.split()) for line in shown.splitlines()]


def test_one_is_added_and_told_until_when(office: Office) -> None:
    office.order(1)
    shown = office.say("learners", "add", "--email", "Zoe@Example.com", "--role", "manager", code=0).stdout
    ends = office.json("licenses", "status")["lots"][0]["ends_at"][:10]
    assert lines(shown)[0] == f"zoe@example.com is learner 1 and has a license until {ends}"
    found = office.json("learners", "show", "zoe@example.com")
    assert (found["profile"]["role"], found["account"], found["identities"]) == ("manager", "active", [])
    why = " ".join(office.say("explain", "zoe@example.com", code=0).stdout.split())
    assert "added by hand, so that no sync changes or suspends them; in none of them" in why
    (entry,) = [entry for entry in office.json("audit") if entry["action"] == "create"]
    assert "@" in entry["actor"], "who did it is recorded"


def test_without_a_license_they_wait_and_it_is_said_how_to_get_one(office: Office) -> None:
    shown = office.say("learners", "add", "--email", "zoe@example.com", "--first-name", "Zoe", code=5).stdout
    assert lines(shown)[0] == "zoe@example.com is learner 1 and waits for a license"
    assert "licenses request 1`" in shown


def test_one_may_look_first(office: Office) -> None:
    shown = office.say("learners", "add", "--email", "zoe@example.com", "--dry-run", code=5).stdout
    assert "Wait: 1 person" in lines(shown)
    assert office.json("learners", "list") == []
    office.say("apply", "1", code=5)
    assert len(office.json("learners", "list")) == 1


@pytest.mark.parametrize(
    ("address", "complaint"),
    [
        ("nobody", "'nobody' is not an e-mail address"),
        ("", "has no e-mail address"),
        ("=1+1@example.com", "is a formula to a spreadsheet"),
        ("ANN@example.com", "ann@example.com is a learner already: number 1, Ann Doe"),
    ],
)
def test_who_cannot_be_added_is_refused_with_2(office: Office, address: str, complaint: str) -> None:
    office.order(3)
    office.say("sync", code=0)
    runs = office.json("runs", "list")
    found = office.say("learners", "add", "--email", address, code=2)
    assert complaint in found.stderr
    assert "→ " in found.stderr
    assert office.json("runs", "list") == runs


def test_a_file_is_shown_row_by_row_and_applied_by_its_number(office: Office, file: Path) -> None:
    office.order(1)
    with file.open("a", encoding="utf-8") as more:
        more.write("\nXia,Joe,YAN@example.com,HQ\nWes,Foe\nVal,Loe,val@example.com,=1+1\n")
    shown = office.say("learners", "import", str(file), code=5).stdout
    ends = office.json("licenses", "status")["lots"][0]["ends_at"][:10]
    assert f"Yan Roe yan@example.com new.csv, line 2 {ends}" in lines(shown)
    assert "Zoe Poe zoe@example.com place 1 in line" in lines(shown)
    assert "new.csv, line 5 YAN@example.com the same address as new.csv, line 2" in lines(shown)
    assert "new.csv, line 6 2 values where the header has 4 columns" in lines(shown)
    assert any("new.csv, line 7 val@example.com the department '=1+1'" in line for line in lines(shown))
    assert office.json("learners", "list") == [], "nothing has happened"
    office.say("apply", "1", code=5)
    assert [entry["license"] for entry in office.json("learners", "list")] == ["live", "waiting"]


def test_the_report_is_there_as_json_and_csv(office: Office, file: Path, tmp_path: Path) -> None:
    office.order(1)
    shown = json.loads(office.say("learners", "import", str(file), "--json", code=5).stdout)
    assert [(entry["kind"], entry["where"]) for entry in shown["changes"]] == [
        ("create", "new.csv, line 2"),
        ("wait", "new.csv, line 3"),
    ]
    words = ["learners", "import", str(file), "--apply", "--format", "csv"]
    rows = [*csv.DictReader(io.StringIO(office.say(*words, code=5).stdout))]
    assert [(row["kind"], row["state"], row["where"]) for row in rows] == [
        ("create", "delivered", "new.csv, line 2"),
        ("wait", "delivered", "new.csv, line 3"),
    ]
    report = tmp_path / "report.csv"
    office.say(*words, "--output", str(report), code=0)
    assert report.read_text().count("is a learner already") == 2


def test_in_a_terminal_it_asks(office: Office, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    office.order(5)
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda _: True, raising=False)
    words = ["learners", "import", str(file)]
    assert "Add 2 people now? [y/N]" in office.say(*words, input="n\n", code=0).stdout
    assert office.json("learners", "list") == []
    assert "done in" in office.say(*words, input="y\n", code=0).stdout
    assert len(office.json("learners", "list")) == 2


def test_a_held_file_names_the_way_on(office: Office, tmp_path: Path) -> None:
    office.configure(office.config.read_text().replace("max_creations: none", "max_creations: 20%"))
    office.order(20)
    file = tmp_path / "new.csv"
    file.write_text("Email\n" + "".join(f"p{n}@example.com\n" for n in range(12)), encoding="utf-8")
    found = office.say("learners", "import", str(file), "--apply", code=3)
    assert "would add 12 people" in found.stdout
    assert "sync --allow" not in found.stdout, "no sync would do this"
    office.say("apply", "1", code=0)
    assert len(office.json("learners", "list")) == 12


@pytest.mark.parametrize(
    ("header", "options"),
    [
        ("First Name;Surname;E-Mail;Dept", []),
        ("given_name\tfamily_name\tmail\tdepartment", []),
        ("Vorname;Nachname;E-Mail-Adresse;Abteilung", []),
        ("A,B,C,D", ["first_name=A", "last-name=b", "Email=C", "department=D"]),
        ("Email,Last name,Login,Dept", ["email=Login", "first name=Email"]),
    ],
)
def test_columns_are_found_by_their_headings_or_as_said(
    office: Office, tmp_path: Path, header: str, options: list[str]
) -> None:
    sign = next(sign for sign in ";\t," if sign in header)
    file = tmp_path / "new.csv"
    file.write_text(f"{header}\n{sign.join(('Zoë', 'Poe', 'zoe@example.com', 'Bücher'))}\n", "cp1252")
    told = [word for option in options for word in ("--column", option)]
    office.say("learners", "import", str(file), *told, "--encoding", "cp1252", "--apply", code=5)
    profile = office.json("learners", "show", "zoe@example.com")["profile"]
    found = [profile[name] for name in ("first_name", "last_name", "department")]
    assert found == ["Zoë", "Poe", "Bücher"]


def test_what_is_not_used_is_said(office: Office, tmp_path: Path) -> None:
    file = tmp_path / "new.csv"
    file.write_text("Email,Shoe size\nzoe@example.com,40\n", encoding="utf-8")
    found = office.say("learners", "import", str(file), code=5)
    assert f"{file}: nothing is taken from the column shoe size" in found.stderr


@pytest.mark.parametrize(
    ("content", "options", "complaint"),
    [
        (b"Name\nZoe\n", [], "has no column with e-mail addresses\n→ say which it is: --column email="),
        (b"Email\n", ["--column", "mail=Email"], "there is no field 'mail'"),
        (b"Email\n", ["--column", "e_mail=Email"], 'did you mean --column email="Email"?'),
        (b"Email\n", ["--column", "email"], "--column email names no column"),
        (b"Email\n", ["--column", "email=Mail"], "has no column Mail\n→ it has: email"),
        (b"Email\nz\xf6e@example.com\n", [], "say --encoding cp1252 if the file comes from Excel"),
        (b'Email\n"zoe@example.com\n', [], "a quoted value begins here and never ends"),
        (b"Email\nzoe@example.com\n", ["--encoding", "latin-99"], "there is no encoding 'latin-99'"),
        (b"Email,Email\n", [], "has the column 'email' twice"),
        (b"", [], "is empty: it has no header line"),
    ],
)
def test_a_file_that_cannot_be_used_ends_with_2(
    office: Office, tmp_path: Path, content: bytes, options: list[str], complaint: str
) -> None:
    file = tmp_path / "new.csv"
    file.write_bytes(content)
    found = office.say("learners", "import", str(file), *options, "--apply", code=2)
    assert complaint in found.stderr
    assert office.json("learners", "list") == []


def test_a_look_is_not_what_somebody_has_to_decide_about(office: Office, file: Path) -> None:
    guard = "guard: { max_creations: 0, floor: 0"
    office.configure(office.config.read_text().replace("guard: { max_creations: none", guard))
    office.say("learners", "import", str(file), code=3)
    office.say("learners", "add", "--email", "zoe@example.com", "--dry-run", code=3)
    with opened(load(office.config)) as app:
        assert app.register.runs.held(app.clock()) == []
    office.say("learners", "import", str(file), "--apply", "--allow", "creations", code=5)


def test_a_file_may_come_on_standard_input(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody can be asked any more: it is shown, and applied by its number."""
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda _: True, raising=False)
    shown = office.say("learners", "import", "-", input="Email\nzoe@example.com\nnobody\n", code=5).stdout
    assert "Add 1 person now?" not in shown
    assert "standard input, line 3" in " ".join(shown.split())
    office.say("apply", "1", code=5)
    assert len(office.json("learners", "list")) == 1
    found = office.say("learners", "import", "-", input="Name\nZoe\n", code=2)
    assert "standard input has no column with e-mail addresses" in found.stderr
    office.say("learners", "import", "-", "--apply", input="Email\nyan@example.com\n", code=5)
    assert len(office.json("learners", "list")) == 2


def test_a_reviewed_file_that_no_longer_holds_names_the_way_to_a_new_look(office: Office, file: Path) -> None:
    office.say("learners", "import", str(file), code=5)
    office.say("learners", "add", "--email", "zoe@example.com", code=5)
    assert "`syncd learners import FILE`" in office.say("apply", "1", code=3).stderr
    assert "`syncd learners import FILE`" in office.say("apply", "1", code=2).stderr, "and again"


def test_no_file_ends_with_2(office: Office) -> None:
    office.say("learners", "import", "nowhere.csv", code=2)
