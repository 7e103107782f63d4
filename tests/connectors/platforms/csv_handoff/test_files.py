"""What stands in the files: who is in which, under which columns, and how hostile values come through."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from syncd.model import Kind, Profile, Verdict
from syncd.ports import Delivery
from tests.connectors.platforms.csv_import import Site
from tests.contracts.platform import delivery


def known(number: int, kind: Kind, **changes: object) -> Delivery:
    """Somebody who was handed off before, under learner<number>@example.com."""
    return delivery(
        number, kind, id=f"{kind.name}-{number}", account=f"learner{number}@example.com", **changes
    )


def test_newcomers_are_imported_with_the_columns_of_an_import_page(site: Site) -> None:
    (outcome,) = site.send(delivery(1))
    (name,) = site.names()
    assert (site.folder / name).read_bytes() == (
        b"First name,Last name,Email address,Department\r\nFirst1,Last1,learner1@example.com,Sales\r\n"
    )
    assert (outcome.verdict, outcome.account) == (Verdict.DONE, "learner1@example.com")
    assert outcome.reason == name
    assert name.startswith("2026-11-29T120000Z-001-add-")


def test_every_kind_is_in_its_file_and_what_frees_comes_first(site: Site) -> None:
    gone = Profile("deleted-6")
    site.send(
        delivery(1),
        known(2, Kind.RENEW),
        known(3, Kind.REACTIVATE),
        known(4, Kind.UPDATE, profile=Profile("new@example.com", "New")),
        known(5, Kind.RELEASE, active=False, ends_at=None),
        known(6, Kind.DELETE, active=False, profile=gone),
        known(7, Kind.EXPIRE, active=False),
        known(8, Kind.SUSPEND, active=False),
        known(9, Kind.MERGE, active=False),
        known(10, Kind.ALLOCATE),
    )
    assert site.titles() == ["suspend", "expire", "release", "remove", "change", "resume", "renew", "add"]
    assert site.column("suspend", "Email address") == ["learner8@example.com", "learner9@example.com"]
    assert site.column("remove", "Email address") == ["learner6@example.com"]
    assert site.rows("renew") == [{"Email": "learner2@example.com"}, {"Email": "learner10@example.com"}]
    (moved,) = site.rows("change")
    assert moved == {
        "Current email address": "learner4@example.com",
        "First name": "New",
        "Last name": "",
        "Email address": "new@example.com",
        "Department": "",
    }


@pytest.mark.parametrize(
    ("kind", "account", "active", "title"),
    [
        (Kind.UPDATE, "", True, "add"),  # handed off for the first time, whatever it is for
        (Kind.REPAIR, "", True, "add"),
        (Kind.SUSPEND, "", False, ""),  # nobody there to be suspended
        (Kind.UPDATE, "", False, ""),
        (Kind.DELETE, "", False, ""),
        (Kind.CREATE, "", False, ""),  # left before anybody was told
        (Kind.SUSPEND, "learner1@example.com", True, "resume"),  # left over, and back since
        (Kind.RENEW, "learner1@example.com", False, "suspend"),  # left over, and gone since
        (Kind.UPDATE, "learner1@example.com", False, "change"),  # suspended, and married
    ],
)
def test_the_file_is_that_of_how_they_shall_be(
    site: Site, kind: Kind, account: str, active: bool, title: str
) -> None:
    (verdict,) = site.verdicts(delivery(1, kind, account=account, active=active))
    assert site.titles() == ([title] if title else [])
    assert verdict is (Verdict.DONE if title else Verdict.ALREADY)


def test_who_has_moved_is_found_by_the_address_they_have_there(site: Site) -> None:
    """Suspending goes by the old one, and leaves it; a renewal cannot say both: a change goes before."""
    moved = Profile("new@example.com")
    suspended, renewed = site.send(
        known(1, Kind.SUSPEND, active=False, profile=moved), known(2, Kind.RENEW, profile=moved)
    )
    assert site.column("suspend", "Email address") == ["learner1@example.com"]
    assert site.column("change", "Current email address") == ["learner2@example.com"]
    assert site.column("renew", "Email") == ["new@example.com"]
    assert (suspended.account, renewed.account) == ("", "new@example.com")


def test_a_person_is_once_in_a_file(site: Site) -> None:
    site.send(known(1, Kind.UPDATE), known(1, Kind.REPAIR), known(1, Kind.REACTIVATE))
    assert site.titles() == ["change", "resume"]
    assert len(site.rows("change")) == 1


def test_what_the_platform_needs_no_file_for_is_done(site: Site) -> None:
    site.options = {"without": ["expire", "release"]}
    expired, added = site.verdicts(known(1, Kind.EXPIRE, active=False), delivery(2))
    assert (expired, added) == (Verdict.ALREADY, Verdict.DONE)
    assert site.titles() == ["add"]


def test_one_file_says_what_to_do(site: Site) -> None:
    site.options = {"layout": "one_file"}
    site.send(delivery(1), known(2, Kind.SUSPEND, active=False, ends_at=None))
    assert site.titles() == ["people"]
    assert [(row["Action"], row["Email address"]) for row in site.rows("people")] == [
        ("suspend", "learner2@example.com"),
        ("add", "learner1@example.com"),
    ]


def test_columns_are_those_of_the_configuration(site: Site) -> None:
    every = {"id": "key", "who": "full_name", "until": "license_end", "state": "status", "of": "delivery"}
    site.options = {"columns": {"every": every, "renew": {"Mail": "email"}}, "key_prefix": "acme-"}
    site.send(delivery(17), known(18, Kind.SUSPEND, active=False, ends_at=None), known(19, Kind.RENEW))
    assert site.rows("add") == [
        {"id": "acme-17", "who": "First17 Last17", "until": "2026-10-09", "state": "active", "of": "d17"}
    ]
    (left,) = site.rows("suspend")
    assert (left["id"], left["until"], left["state"]) == ("acme-18", "", "suspended")
    assert site.column("renew", "Mail") == ["learner19@example.com"]


@pytest.mark.parametrize(("zone", "day"), [(None, "30/06/2027"), ("Europe/London", "01/07/2027")])
def test_a_date_is_a_day_of_the_company(site: Site, zone: str | None, day: str) -> None:
    midnight = int(datetime(2027, 6, 30, 23, tzinfo=UTC).timestamp())  # in London it is the 1st of July
    site.options = {
        "columns": {"add": {"Email": "email", "End": "license_end"}},
        "date_format": "%d/%m/%Y",
        "timezone": zone,
    }
    site.send(delivery(1, ends_at=midnight))
    assert site.column("add", "End") == [day]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_names_come_through_as_they_are(site: Site, encoding: str) -> None:
    names = ['O"Neil; "Jr', "Zoë 🦊", "משה", "line\nbreak", "comma, and\ttab", "R&D <Labs>", "\\", "'", " x "]
    site.options = {"encoding": encoding}
    site.send(*(delivery(n, profile=Profile(f"p{n}@example.com", name)) for n, name in enumerate(names)))
    assert site.column("add", "First name") == names


def test_a_semicolon_separates_and_lines_end_as_wanted(site: Site) -> None:
    site.options = {"delimiter": ";", "line_end": "lf", "columns": {"add": {"A": "email", "B": "first_name"}}}
    site.send(delivery(1, profile=Profile("a@example.com", "x;y")))
    (name,) = site.names()
    assert (site.folder / name).read_bytes() == b'A;B\na@example.com;"x;y"\n'


def test_who_cannot_be_written_is_refused_by_name_and_nobody_else(site: Site) -> None:
    site.options = {"encoding": "cp1252"}
    łukasz = delivery(1, profile=Profile("l@example.com", "Łukasz"))
    refused, done = site.send(łukasz, delivery(2, profile=Profile("z@example.com", "Zoë")))
    assert (refused.verdict, refused.reason) == (
        Verdict.REFUSED,
        "First name: 'Ł' cannot be written in cp1252; set encoding: utf-8, if the platform reads it, or "
        "spell it otherwise",
    )
    assert done.verdict is Verdict.DONE
    assert site.column("add", "First name") == ["Zoë"]


@pytest.mark.parametrize("name", ["=cmd|' /C calc'!A0", "+1", "-2+3", "@SUM(1)"])
def test_a_name_does_not_run_in_a_spreadsheet(site: Site, name: str) -> None:
    one = delivery(1, profile=Profile("a@example.com", name))
    site.send(one)
    assert site.column("add", "First name") == [f"'{name}"]
    site.options = {"escape_formulas": False}
    site.send(replace(one, id="again"))
    assert site.column("add", "First name") == [f"'{name}", name]


def test_an_address_is_never_changed_into_another_one(site: Site) -> None:
    odd = delivery(1, profile=Profile("=x@example.com", "Ann"))
    (refused,) = site.send(odd)
    assert refused.verdict is Verdict.REFUSED
    assert "a spreadsheet would run =x@example.com as a formula" in refused.reason
    site.options = {"escape_formulas": False}
    assert site.verdicts(odd) == [Verdict.DONE]


def test_a_summary_tells_a_person_what_to_do(site: Site) -> None:
    site.options = {"summary": True, "timezone": "Europe/Berlin"}
    site.send(delivery(1), delivery(2), known(3, Kind.SUSPEND, active=False))
    (note,) = site.folder.glob("*-read-me.txt")
    suspend, add = sorted(path.name for path in site.folder.glob("*.csv"))
    assert note.read_text() == (
        "Handed off by syncd on 2026-11-29 at 13:00 (Europe/Berlin).\n"
        "Import these files in this order, and remove each, or move it away, once that is done:\n\n"
        f"{suspend}\n"
        "  1 person (suspend): they are not to log in any more: deactivate them\n\n"
        f"{add}\n"
        "  2 people (add): they are new: import them\n\n"
        "A file says how people shall be. Importing one again changes nothing, if order is kept.\n"
        "syncd check tells of files that wait for longer than 3d.\n"
    )
