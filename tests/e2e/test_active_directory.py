"""A first month with a real Active Directory, as an admin lives it."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.e2e.conftest import DirectoryOffice
from tests.office import environment
from tests.servers.samba import Samba

PEAK = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:], stdout=sys.stderr)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)
"""  # a small parent: a child's peak counts from the fork on, and ours is large
PREVIEW_TOLD = ("Ann Archer", "Bob Brown", "waits", "1 missing")


def test_from_an_empty_register_to_licensed_learners(
    office: DirectoryOffice, samba: Samba, samba_ou: str
) -> None:
    ann = samba.add_person("Ann Archer", ou=samba_ou, mail="ann@contoso.test")
    bob = samba.add_person("Bob Brown", ou=samba_ou, mail="bob@contoso.test")
    samba.add_person("Nobody Mail", ou=samba_ou, mail="")
    office.read_from("active_directory", samba, base=samba_ou)
    office.say("config", "check", code=0)
    checked = office.say("check", code=0).stdout
    assert "corp" in checked
    office.order(1)

    preview = office.say("plan", code=5).stdout
    assert all(word in preview for word in PREVIEW_TOLD)
    assert "has no e-mail address (looked in: mail)" in preview
    office.say("apply", "1", code=5)
    assert office.json("sync", code=5)["counts"] == {"skip": 1}

    office.order(1)
    assert office.json("sync")["counts"] == {"create": 1, "skip": 1}, "the line drains by itself"
    before = office.json("learners", "show", "ann@contoso.test")
    samba.admin.replace(ann, {"mail": "archer@contoso.test"})
    samba.admin.rename(ann, "CN=Ann Renamed")
    assert office.json("sync")["counts"] == {"update": 1, "skip": 1}
    after = office.json("learners", "show", "archer@contoso.test")
    assert (after["id"], after["ends_at"]) == (before["id"], before["ends_at"])

    samba.disable(bob)
    assert office.json("sync")["counts"] == {"suspend": 1, "note": 1, "skip": 1}
    assert "disabled" in office.say("explain", "bob@contoso.test", code=0).stdout
    samba.enable(bob)
    assert office.json("sync")["counts"] == {"reactivate": 1, "skip": 1}
    samba.expire(bob, datetime(2020, 1, 1, tzinfo=UTC))
    assert office.json("sync")["counts"]["suspend"] == 1
    samba.admin.delete(bob)
    office.say("sync", code=0)
    assert office.json("sync")["counts"] == {"skip": 1}


@pytest.mark.parametrize(("group", "size"), [("chain-4", 13), ("circle-a", 3), ("everyone", 38)])
def test_only_members_of_a_group_are_in_scope(
    office: DirectoryOffice, samba: Samba, group: str, size: int
) -> None:
    """Of the forty people two are disabled, one of them in the chain."""
    rules = f"scope: {{ include: [ {{ group: {group} }} ] }}\nguard: {{ max_creations: none }}\n"
    office.read_from("active_directory", samba, more=rules)
    assert office.json("plan", code=5)["counts"] == {"wait": size}


def test_start_tls_and_every_form_of_the_user_name(
    office: DirectoryOffice, samba: Samba, samba_ou: str
) -> None:
    dn = samba.add_person("Reader Only", ou=samba_ou, sAMAccountName="reader", password="Reader-Pass1")
    office.read_from(
        "active_directory",
        samba,
        base=samba_ou,
        servers=f"[{samba.plain_url}]",
        tls=f"{{ start: true, ca_file: {samba.ca} }}",
    )
    office.say("check", code=0)
    password = office.folder / "password"
    password.write_text("Reader-Pass1\n", encoding="utf-8")
    for user in (dn, r"CONTOSO\reader"):
        office.read_from(
            "active_directory",
            samba,
            base=samba_ou,
            bind=f"{{ user: '{user}', password: {{ file: {password} }} }}",
        )
        office.say("check", code=0)


def test_twenty_thousand_people_and_a_group_of_fifteen_thousand(
    office: DirectoryOffice, tmp_path: Path
) -> None:
    folder = tmp_path / "samba"
    folder.mkdir()
    with Samba.start(folder, people=20_000) as samba:
        office.read_from("active_directory", samba, more="scope: { include: [ { group: everyone } ] }\n")
        office.order(14_000)
        command = [sys.executable, "-m", "syncd", "-c", str(office.config), "sync", "--allow", "creations"]
        measured = [sys.executable, "-c", PEAK, *command]
        result = subprocess.run(measured, env=environment(), capture_output=True, text=True, check=False)
        assert result.returncode == 5, result.stderr
        assert int(result.stdout.splitlines()[-1]) < 200 * 1024, "kilobytes"
        facts = office.json("runs", "show", "1")
        assert facts["sizes"] == {"corp": 20_000}
        assert facts["counts"] == {"create": 14_000, "wait": 250}, "one in twenty is disabled"
        assert office.json("sync", code=5)["counts"] == {}
