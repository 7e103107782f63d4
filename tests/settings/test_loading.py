"""Every problem of a configuration is reported at once, each by its line and in plain words."""

from __future__ import annotations

import pytest

from syncd.settings.platform import TYPES
from tests.settings.conftest import Loaded, Wrong


def test_all_problems_come_at_once_in_the_order_of_the_file(wrong: Wrong) -> None:
    assert wrong(
        """\
        compny: Contoso
        timezone: Europe/Lodnon
        directories:
          - name: head-office
            type: ldap
            servers: [ldaps://dc1]
            bind: { password: { env: X } }
            bse_dn: DC=x
          - name: head-office
            type: file
            path: x.csv
            id: nr
          - { name: third, type: ldpa }
          - third
        scope:
          include:
            - { group: Staff, directory: headoffice }
        licenses: { on_shortfall: fil }
        """
    ) == [
        "syncd.yaml:1: company is required (whose learners these are)",
        "syncd.yaml:1: compny is not a known key; did you mean company?",
        "syncd.yaml:2: timezone must be a time zone; did you mean Europe/London?",
        "syncd.yaml:4: directories[0].base_dn is required (the entry, or the entries, "
        "below which people are read)",
        "syncd.yaml:7: directories[0].bind.user is required (DN, or for Active Directory also name@domain or "
        "DOMAIN\\name, of the reading account)",
        "syncd.yaml:8: directories[0].bse_dn is not a known key; did you mean base_dn?",
        "syncd.yaml:9: directories[1].name is the name of another directory already (line 4); choose another",
        "syncd.yaml:13: directories[2].type must be one of active_directory, ldap, entra_id, file; "
        "did you mean ldap?",
        "syncd.yaml:14: directories[3] must be a section that begins with `name:` and `type:`",
        "syncd.yaml:17: scope.include[0].directory is not the name of a directory; did you mean head-office?",
        "syncd.yaml:18: licenses.on_shortfall must be one of fill, hold, create_unlicensed; "
        "did you mean fill?",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("timezone: ../etc", "timezone must be a time zone, such as Europe/London"),
        ("timezone: 5", "timezone must be text; put the value in quotes"),
        ("log: info", "log must be a section of `key: value` lines"),
        ("log: { level: loud }", "log.level must be one of debug, info, warning, error"),
        ("platform: { type: abacus }", f"platform.type must be one of {', '.join(TYPES)}"),
        ("managers: { group: x }", "managers must be a list"),
        ("managers: [ Staff ]", "managers[0] must be a section of `key: value` lines"),
        ("match: { by: [phone] }", "match.by[0] must be one of link, email"),
        ("match: { adopt_by_email: maybe }", "match.adopt_by_email must be true or false"),
        (
            "leavers: { suspend_after: 14 }",
            "leavers.suspend_after must be a duration with its unit, such as 90s, 15m, 2h or 14d",
        ),
        ("leavers: { suspend_after: 9999w }", "leavers.suspend_after must be shorter than a hundred years"),
        (
            "guard: { max_updates: many }",
            "guard.max_updates must be a percentage such as 5%, a number of people such as 200, or none",
        ),
        (
            "guard: { max_updates: 101% }",
            "guard.max_updates must be a percentage from 0% to 100%, such as 5%",
        ),
        ("guard: { max_updates: -1 }", "guard.max_updates must be at least 0"),
        ("guard: { floor: 1.5 }", "guard.floor must be a whole number"),
        ("licenses: { type: gold }", "licenses.type must be one of premium, managed, trial"),
    ],
)
def test_wrong_values_are_told_in_words(also_wrong: Wrong, text: str, problem: str) -> None:
    assert also_wrong(text) == [f"syncd.yaml:4: {problem}"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "company: x",
            "syncd.yaml:1: directories is required (where the people are read from, at least one)",
        ),
        ("company: x\ndirectories: []", "syncd.yaml:2: directories must have at least one entry"),
        ("company: x\ndirectories: hr", "syncd.yaml:2: directories must be a list"),
        ("company: x\ndirectories:\n", "syncd.yaml:2: directories is required"),
    ],
)
def test_a_sync_needs_a_directory(wrong: Wrong, text: str, problem: str) -> None:
    (found,) = wrong(text)
    assert found.startswith(problem)


@pytest.mark.parametrize("name", ["head office", "-x", "a/b", "ü", "x" * 65])
def test_a_directory_name_is_short_and_plain(wrong: Wrong, name: str) -> None:
    (found,) = wrong(f"company: x\ndirectories:\n- name: {name}\n  type: file\n  path: x.csv\n  id: n\n")
    assert found.startswith("syncd.yaml:3: directories[0].name must ")


def test_names_that_differ_only_in_case_are_the_same(wrong: Wrong) -> None:
    (found,) = wrong(
        "company: x\ndirectories:\n- {name: hr, type: file, path: x, id: n}\n"
        "- {name: HR, type: file, path: x, id: n}"
    )
    assert found == (
        "syncd.yaml:4: directories[1].name is the name of another directory already (line 3); choose another"
    )


def test_a_section_with_nothing_but_comments_is_left_out(also: Loaded) -> None:
    settings = also("scope:\n  # include: []\nguard:\nmanagers:\nlog:\n")
    assert settings.log.level == "info"
    assert settings.policy.managers == ()


def test_what_a_connector_finds_wrong_is_shown_at_its_directory(wrong: Wrong) -> None:
    (found,) = wrong("company: x\ndirectories:\n  - name: a\n    type: file\n    path: people.csv\n")
    assert found.startswith("syncd.yaml:3: directories[0]")
    assert "id is required for a CSV file" in found


def test_a_mapping_without_email_is_refused(wrong: Wrong) -> None:
    assert wrong(
        """\
        company: x
        directories:
          - name: hr
            type: file
            path: people.csv
            id: nr
            mapping:
              email:
        """
    ) == [
        "syncd.yaml:7: directories[0].mapping leaves email empty, and without it nobody can be a learner; "
        "map it to an attribute"
    ]


def test_contradictions_are_told_although_another_section_is_wrong(wrong: Wrong) -> None:
    text = """\
    compny: Contoso
    directories:
      - { name: hr, type: file, path: people.csv, id: employee_id, mapping: { email: ~ } }
      - { name: hq, type: nothing }
    log: { level: loud }
    schedule: { deadline: 1h, stop_within: 2h }
    notify: { to: [{ mail: it@contoso.com }] }
    """
    found = wrong(text)
    assert len(found) == 7, found
    assert "syncd.yaml:6: schedule.stop_within is longer than deadline (1h)" in " ".join(found)
    assert "notify needs smtp" in " ".join(found)


def test_nothing_is_told_of_a_section_that_is_wrong_but_why(also_wrong: Wrong) -> None:
    text = "schedule: { deadline: 1h, stop_within: 2h, every: often }\nnotify: { to: 7 }\n"
    assert len(also_wrong(text)) == 2


def test_warnings_do_not_stop_anything(also: Loaded) -> None:
    settings = also(
        """\
        leavers: { suspend_after: 7d, release_after: 1d, delete_after: 365d }
        guard: { max_suspensions: none, min_directory_size: none, max_deletions: none }
        match: { adopt_by_email: true }
        log: { level: debug }
        """
    )
    found = [(warning.line, warning.where) for warning in settings.warnings]
    assert found == [
        (4, "leavers.delete_after"),
        (4, "leavers.release_after"),
        (5, "guard.max_deletions"),
        (5, "guard.max_suspensions"),
        (5, "guard.min_directory_size"),
        (6, "match.adopt_by_email"),
        (7, "log.level"),
    ]


def test_a_connector_warns_through_the_settings(loaded: Loaded) -> None:
    settings = loaded(
        """\
        company: x
        directories:
          - name: ad
            type: active_directory
            servers: [ldap://dc1]
            allow_clear_text_password: true
            tls:
              verify: false
            bind: { user: u, password: { env: X } }
            base_dn: [DC=x]
        """
    )
    found = [(warning.line, warning.where) for warning in settings.warnings]
    assert found == [(6, "directories[0].allow_clear_text_password"), (8, "directories[0].tls.verify")]
