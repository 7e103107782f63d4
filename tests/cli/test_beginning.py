"""`syncd init`, `config` and `check`: from nothing to something that works, each mistake named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from syncd.cli.program import program
from syncd.settings import load
from tests.office import CONFIG, Office, person

FILE = ["init", "--yes", "--company", "Müller & Söhne", "--directory", "file", "--timezone", "Europe/Berlin"]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SYNCD_CONFIG", raising=False)


def test_init_writes_what_loads_and_says_what_is_next(tmp_path: Path) -> None:
    found = CliRunner().invoke(program, FILE)
    assert found.exit_code == 0, found.output
    assert load(tmp_path / "syncd.yaml").company == "Müller & Söhne"
    assert "syncd config check" in found.stdout
    assert "put your people into people.csv" in found.stdout


LDIF = """\
dn: uid=ann,ou=people,dc=c,dc=example
entryUUID: 6f1f4a0e-0b3c-4b0e-9d52-0d1f5b3f9c11
givenName: Ann
sn: Lee
mail: ann@example.com
memberOf: cn=Staff,ou=groups,dc=c,dc=example
"""


def test_init_for_an_ldif_file_leaves_identity_and_groups_to_it(tmp_path: Path) -> None:
    found = CliRunner().invoke(program, [*FILE, "--csv", "people.ldif", "--group", "Staff"])
    assert "→ put your people into people.ldif\n" in found.stdout
    (tmp_path / "people.ldif").write_text(LDIF)
    found = CliRunner().invoke(program, ["check"])
    assert "Everything works; 1 person in scope." in found.stdout, found.output


def test_init_never_overwrites_unless_forced(tmp_path: Path) -> None:
    (tmp_path / "syncd.yaml").write_text("mine")
    found = CliRunner().invoke(program, FILE)
    assert found.exit_code == 2
    assert "is there already" in found.stderr
    assert (tmp_path / "syncd.yaml").read_text() == "mine"
    assert CliRunner().invoke(program, [*FILE, "--force"]).exit_code == 0


def test_init_names_every_answer_it_misses() -> None:
    found = CliRunner().invoke(program, ["init", "--yes", "--directory", "ldap"])
    assert found.exit_code == 2
    assert "init needs --company --server --base-dn" in found.stderr


def test_init_trusts_the_authority_it_is_told(tmp_path: Path) -> None:
    words = ["init", "ad.yaml", "--company", "C", "--directory", "active_directory", "--server", "ldaps://dc"]
    words += ["--base-dn", "DC=c,DC=example", "--bind-user", "svc", "--ca-file", "/etc/ssl/own: ca.pem", "-y"]
    assert CliRunner().invoke(program, words).exit_code == 0
    (directory,) = load(tmp_path / "ad.yaml").directories
    assert directory.options.tls.ca_file == Path("/etc/ssl/own: ca.pem")


def test_init_for_entra_id_asks_for_the_two_ids_and_says_where_the_secret_goes(tmp_path: Path) -> None:
    words = ["init", "entra.yaml", "--yes", "--company", "C", "--directory", "entra_id"]
    found = CliRunner().invoke(program, words)
    assert found.exit_code == 2
    assert "init needs --tenant-id --client-id" in found.stderr
    ids = ["--tenant-id", "contoso.onmicrosoft.com", "--client-id", "00001111-aaaa-2222-bbbb-3333cccc4444"]
    found = CliRunner().invoke(program, [*words, *ids])
    assert found.exit_code == 0, found.output
    assert "set SYNCD_CLIENT_SECRET to the app's client secret: its Value, not its ID" in found.stdout
    (directory,) = load(tmp_path / "entra.yaml").directories
    assert directory.options.tenant_id == "contoso.onmicrosoft.com"
    found = CliRunner().invoke(program, [*words, *ids, "--password-file", "/run/secrets/entra", "--force"])
    assert "SYNCD_CLIENT_SECRET" not in found.stdout
    (directory,) = load(tmp_path / "entra.yaml").directories
    assert str(directory.options.credential.secret.file) == "/run/secrets/entra"


def test_init_for_active_directory_says_where_the_password_goes(tmp_path: Path) -> None:
    words = ["init", "ad.yaml", "--company", "C", "--directory", "active_directory", "--server", "ldaps://dc"]
    more = ["--base-dn", "DC=c,DC=com", "--bind-user", "svc@c.com", "--password-env", "AD_PASSWORD"]
    found = CliRunner().invoke(program, [*words, *more])
    assert found.exit_code == 0, found.output
    assert "set AD_PASSWORD to the password of svc@c.com" in found.stdout
    assert "syncd -c ad.yaml check" in found.stdout
    assert load(tmp_path / "ad.yaml").directories[0].type == "active_directory"


def test_every_mistake_is_told_at_once_by_its_line(office: Office) -> None:
    office.configure(CONFIG.replace("timezone: Europe/London", "timezone: Europe/Londn") + "gard: 1\n")
    found = office.say("config", "check", code=2)
    assert f"{office.config}:2: timezone must be a time zone; did you mean Europe/London?" in found.stderr
    assert "gard is not a known key; did you mean guard?" in found.stderr
    assert len(office.json("config", "check", code=2)["problems"]) == 2
    office.say("sync", code=2)


def test_a_good_configuration_says_so(office: Office) -> None:
    assert "✓" in office.say("config", "check", code=0).stdout
    assert office.json("config", "check")["ok"] is True


def test_the_schema_is_json(office: Office) -> None:
    assert json.loads(office.say("config", "schema", code=0).stdout)["title"] == "syncd configuration"


def test_check_counts_who_is_in_scope(office: Office) -> None:
    office.employ(
        person("ann"), person("bob", status="left"), person("svc", status="service"), person("cem", email="")
    )
    facts = office.json("check")
    assert facts["ok"]
    counts = {"read": 4, "in_scope": 1, "disabled": 1, "out_of_scope": 1, "skipped": 1, "unnamed": 0}
    assert facts["people"] == [{"directory": "people", **counts}]
    found = office.say("check", code=0).stdout
    assert "Everything works; 1 person in scope." in found
    assert "without a first or last name" not in found


def test_check_says_who_would_have_no_name(office: Office) -> None:
    nobody = {"first_name": "", "last_name": ""}
    office.employ(person("ann"), person("bob", **nobody), person("cem", first_name=""))
    assert "→ people: 1 person in scope without a first or last name; where" in office.say("check").stdout
    assert office.json("check")["people"][0]["unnamed"] == 1
    assert office.json("check")["people"][0]["in_scope"] == 3


def test_check_names_the_part_that_does_not_work(office: Office) -> None:
    (office.folder / "people.csv").unlink()
    found = office.say("check", code=4)
    assert "✓ database" in found.stdout
    assert "✗ people" in found.stdout
    assert "→ check the path" in found.stdout
    assert not office.json("check", code=4)["ok"]


def test_check_ends_as_a_plan_does_when_the_configuration_is_wrong(office: Office) -> None:
    office.configure(CONFIG.replace("id: id", "id: number"))
    office.employ(person("ann"))
    office.say("plan", code=2)
    found = office.say("check", code=2).stdout
    assert "✗ people" in found
    assert set(office.json("check", code=2)["findings"][-1]) == {"part", "ok", "message", "next_step"}


def test_check_goes_on_to_the_directories_when_the_database_fails(office: Office) -> None:
    office.database.write_text("no database at all, and too long to be taken for an empty file\n" * 20)
    found = office.say("check", code=4)
    assert "✗ database" in found.stdout
    assert "✓ people" in found.stdout


def test_the_configuration_may_be_named_by_the_environment(office: Office) -> None:
    found = CliRunner().invoke(program, ["config", "check"], env={"SYNCD_CONFIG": str(office.config)})
    assert found.exit_code == 0
    assert "`syncd check`" in found.stdout


def test_the_version_is_told() -> None:
    assert CliRunner().invoke(program, ["--version"]).stdout.startswith("syncd ")
