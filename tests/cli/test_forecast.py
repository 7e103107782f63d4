"""`syncd licenses forecast`, and the order that follows from it: words, figures, files, and wrong input."""

from __future__ import annotations

import csv
import io
import re
import sqlite3
import sys
import time
from contextlib import closing
from datetime import UTC, datetime

import pytest

from syncd.cli import chart
from syncd.cli.screen import Screen
from syncd.licensing.course import Point
from syncd.licensing.days import twelve_months
from syncd.licensing.forecast import Outlook
from tests.office import Office, person

DAY = 86_400
AUTOMATIC = "licenses: {{ request: {{ automatic: {}, max: 5 }} }}\n"


def age(office: Office, days: int, *, joined: int) -> None:
    """As if everybody had come `days` ago, but the last `joined`, who came one every other day since."""
    now = int(time.time())
    with closing(sqlite3.connect(office.database)) as database, database:
        database.execute("UPDATE learners SET created_at = ?", (now - days * DAY,))
        last = [row[0] for row in database.execute("SELECT id FROM learners ORDER BY id DESC")][:joined]
        for number, learner in enumerate(last):
            when = now - (1 + 2 * number) * DAY
            database.execute("UPDATE learners SET created_at = ? WHERE id = ?", (when, learner))


def test_people_waiting_are_short_today(office: Office) -> None:
    office.order(1)
    office.say("sync", code=5)
    shown = office.say("licenses", "forecast", code=0).stdout
    assert "today    0 available, 1 in use, 2 people wait" in shown
    assert "You are short by 2 today." in shown
    assert f"order 2 now: `syncd -c {office.config} licenses request 2`" in shown
    assert "not estimated: there are not 28 days to learn from yet" in shown
    assert "1 person loses their license on" in shown
    assert "Ann Doe  ann@example.com" in shown
    assert "\x1b" not in shown


def test_nothing_there_runs_short_of_nothing(office: Office) -> None:
    shown = office.say("licenses", "forecast", code=0).stdout
    assert "You do not run short until" in shown
    assert "Renewals" not in shown
    facts = office.json("licenses", "forecast")
    assert facts["newcomers"]["shortfall"] is None
    assert facts["affected"] == facts["endings"] == []


def test_what_was_requested_is_part_of_the_advice(office: Office) -> None:
    office.say("sync", code=5)
    office.say("licenses", "request", "2", code=0)
    shown = office.say("licenses", "forecast", code=0).stdout
    assert "2 requested and not assigned" in shown
    assert "order 1 now besides the 2 requested already" in shown
    office.say("licenses", "request", "1", code=0)
    assert "3 licenses are requested: have them assigned" in office.say("licenses", "forecast").stdout


def test_the_past_says_when_licenses_run_short(office: Office) -> None:
    office.crowd(60)
    office.order(70)
    office.say("sync", code=0)
    age(office, 200, joined=50)
    facts = office.json("licenses", "forecast")
    shortfall = facts["newcomers"]["shortfall"]
    days = [day["date"] for day in facts["newcomers"]["days"]]
    assert 35 <= days.index(shortfall["date"]) <= 55, "10 are free; one joins every fourth day"
    assert shortfall["earliest"] < shortfall["date"] < shortfall["latest"]
    assert not shortfall["certain"]
    shown = office.say("licenses", "forecast", code=0).stdout
    assert "You run short by 1 on " in shown
    assert "(between " in shown
    assert re.search(r"\(50 in the last (198|199) days\)", shown), "as the clocks were, 200 days ago"
    assert "You run short by 1 on " in office.say("sync", code=0).stdout
    assert "You run short" not in office.json("sync", code=0)


def test_a_plan_tells_of_the_next_shortfall_with_its_own_newcomers_counted(office: Office) -> None:
    office.crowd(60)
    office.order(70)
    office.say("sync", code=0)
    age(office, 200, joined=50)
    after_this = _short_on(office.say("plan", code=0).stdout)
    office.crowd(68)
    assert _short_on(office.say("plan", code=0).stdout) < after_this, "eight of the ten are taken by then"
    office.crowd(75)
    assert "You run short" not in office.say("plan", code=5).stdout, "who waits is told of already"


def _short_on(shown: str) -> datetime:
    found = re.search(r"You run short by 1 on (\d+ \w+ \d+)", " ".join(shown.split()))
    assert found, shown
    return datetime.strptime(found[1], "%d %B %Y").replace(tzinfo=UTC)


def test_what_if(office: Office) -> None:
    office.order(13)
    office.say("sync", code=0)
    day = office.json("licenses", "forecast")["newcomers"]["days"][20]["date"]
    words = ("--joiners", "1/day", "--no-leavers", "--order", f"100@{day}")
    facts = office.json("licenses", "forecast", *words)
    days = {entry["date"]: entry for entry in facts["newcomers"]["days"]}
    figures = [entry["expected"] for entry in days.values()]
    assert figures[:21] == [10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, *range(-1, -10, -1), 90]
    assert facts["supposed"] == [{"quantity": 100, "day": day}]
    assert facts["stock"]["available"] == 10, "a supposed order is not there"
    shown = office.say("licenses", "forecast", *words, code=0).stdout
    assert "100 licenses more from" in shown
    assert "7 a week, as you said" in shown
    assert "100 supposed licenses more" in shown
    assert office.json("licenses", "list") == office.json("licenses", "list")
    assert len(office.json("licenses", "list")) == 1, "nothing was ordered"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--order", "50"], "not a number and a day"),
        (["--order", "50@2027-02-30"], "day is out of range"),
        (["--order", "50@2001-01-01"], "outside of the forecast"),
        (["--order", "0@tomorrow"], "not a number and a day"),
        (["--joiners", "3"], "such as 3/week"),
        (["--joiners", "-3/week"], "such as 3/week"),
        (["--json", "--csv"], "choose one"),
    ],
)
def test_what_cannot_be_supposed_ends_with_2(office: Office, words: list[str], complaint: str) -> None:
    assert complaint in office.say("licenses", "forecast", *words, code=2).stderr


def test_who_loses_a_license_is_named_and_everybody_on_demand(office: Office) -> None:
    office.crowd(30)
    office.order(30)
    office.say("sync", code=0)
    shown = office.say("licenses", "forecast", code=0).stdout
    assert "30 people lose their license on" in shown
    assert "30 have no license ordered behind it" in shown
    assert shown.count("@example.com") == 20
    assert f"… and 10 more: syncd -c {office.config} licenses forecast --all" in shown
    assert office.say("licenses", "forecast", "--all").stdout.count("@example.com") == 30
    assert len(office.json("licenses", "forecast")["affected"]) == 20
    everybody = office.json("licenses", "forecast", "--all")["affected"]
    assert [entry["name"] for entry in everybody] == [f"P{number:05} Doe" for number in range(30)]


def test_the_days_as_csv(office: Office) -> None:
    office.order(5)
    office.say("sync", code=0)
    rows = list(csv.DictReader(io.StringIO(office.say("licenses", "forecast", "--csv", code=0).stdout)))
    facts = office.json("licenses", "forecast")
    assert [row["date"] for row in rows] == [day["date"] for day in facts["newcomers"]["days"]]
    assert len(rows) in (366, 367)
    assert [rows[0]["certain"], rows[-2]["certain"], rows[-1]["certain"]] == ["2", "2", "0"]
    assert rows[-1]["ended"] == "3.0"
    renewing = list(
        csv.DictReader(io.StringIO(office.say("licenses", "forecast", "--csv", "--renewals").stdout))
    )
    assert renewing[-1]["certain"] == "-3"


def test_licenses_about_to_end_unused_are_told(office: Office) -> None:
    office.configure(office.config.read_text() + "licenses: { type: trial }\n")
    office.order(5)
    office.say("sync", code=0)
    shown = office.say("licenses", "forecast", code=0).stdout
    assert "2 licenses of order 1 will probably end unused on" in shown
    assert "(2 are free now)" in shown


def test_pictures_are_written(office: Office) -> None:
    office.configure(office.config.read_text().replace("Contoso", "Contoso $5 & <Söhne>"))
    office.order(1)
    office.say("sync", code=5)
    svg, png = office.folder / "a.svg", office.folder / "a.png"
    shown = office.say("licenses", "forecast", "--svg", str(svg), "--png", str(png), code=0).stdout
    assert f"The picture is written to {png}" in shown
    assert png.read_bytes().startswith(b"\x89PNG\r\n")
    drawn = svg.read_text(encoding="utf-8")
    assert "Licenses of Contoso $5 &amp; &lt;Söhne&gt;, for newcomers" in drawn
    assert "short by 2" in drawn
    assert "order 1 ends" in drawn
    assert (svg.stat().st_mode & 0o777) == 0o600
    office.say("licenses", "forecast", "--svg", str(svg), code=0)
    assert svg.read_text(encoding="utf-8") == drawn, "the same facts, the same file"


def test_a_picture_without_matplotlib_says_what_to_install(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    found = office.say("licenses", "forecast", "--png", str(office.folder / "a.png"), code=2)
    assert "a picture needs the Python package matplotlib\n→ pip install 'syncd[plot]'" in found.stderr
    office.say("licenses", "forecast", code=0)


def test_a_picture_that_cannot_be_written_is_no_picture(office: Office) -> None:
    found = office.say("licenses", "forecast", "--svg", "/nowhere/a.svg", code=2)
    assert "name another file with --svg" in found.stderr


def test_the_chart_is_plain_where_the_terminal_knows_no_more() -> None:
    days = twelve_months(1_800_000_000, UTC)
    points = [Point(10 - day / 20, 0) for day in range(len(days))]
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii", errors="strict")
    chart.show(Screen(stream), Outlook(False, points, points, points, points), days.dates, [100])
    stream.flush()
    drawn = raw.getvalue().decode("ascii").splitlines()
    assert any(line.strip().startswith("10 |##") for line in drawn)
    assert "Feb" in drawn[-2]
    assert all(len(line) <= 80 for line in drawn)


def test_a_draft_is_made_told_confirmed_and_assigned(office: Office) -> None:
    office.configure(office.config.read_text() + AUTOMATIC.format("draft"))
    office.order(1)
    shown = office.say("sync", code=5).stdout
    assert f"a draft for 2 licenses, waits for somebody to confirm it: `syncd -c {office.config}" in shown
    assert "licenses confirm 2`" in shown
    office.say("sync", code=5)
    assert [order["state"] for order in office.json("licenses", "list")] == ["assigned", "draft"]
    assert "2 waiting: Bob Doe, Cem Doe" in office.say("licenses", "list").stdout
    assert "confirm it with" in office.say("licenses", "assign", "2", code=2).stderr
    assert "Order 2: 2 premium licenses requested." in office.say("licenses", "confirm", "2", code=0).stdout
    assert "only a draft can be confirmed" in office.say("licenses", "confirm", "2", code=2).stderr
    office.say("licenses", "assign", "2", code=0)
    office.say("sync", code=0)
    order = office.json("licenses", "list")[1]
    assert (order["state"], order["requested_by"]) == ("assigned", "syncd")
    assert "@" in order["confirmed_by"]
    assert "confirmed by" in office.say("licenses", "list").stdout


def test_a_draft_nobody_wants_is_discarded_and_not_made_again(office: Office) -> None:
    office.configure(office.config.read_text() + AUTOMATIC.format("draft"))
    office.say("sync", code=5)
    office.say("licenses", "cancel", "1", "--reason", "no budget", code=0)
    office.say("sync", code=5)
    assert [order["state"] for order in office.json("licenses", "list")] == ["cancelled"]


def test_an_order_is_placed_where_that_is_configured(office: Office) -> None:
    office.configure(office.config.read_text() + AUTOMATIC.format("place"))
    office.employ(*(person(handle) for handle in ("ann", "bob", "cem", "dan", "eve", "fay", "gil")))
    shown = office.say("plan", code=5).stdout
    assert office.json("licenses", "list") == [], "a preview orders nothing"
    shown = office.say("sync", code=5).stdout
    assert "5 licenses are ordered and not assigned yet" in shown
    (order,) = office.json("licenses", "list")
    assert (order["state"], order["quantity"]) == ("requested", 5)
    assert "7 are missing; licenses.request.max allows 5" in order["note"]


def test_nothing_is_ordered_by_itself_by_default(office: Office) -> None:
    office.say("sync", code=5)
    assert office.json("licenses", "list") == []
