"""What the pages of the console tell, and that nothing in them is anything but text."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from syncd.app import wall_clock
from syncd.daemon.console.visit import Visit
from syncd.daemon.http.access import Holder
from syncd.daemon.status import Role
from syncd.facts import RunFacts
from syncd.licensing.requests import Ask
from syncd.model import LicenseType, RunState
from syncd.settings.http import Role as Access
from tests.daemon.console.visitor import Site, Visitor, answering
from tests.office import CONFIG, Office, person

EVIL = '<script>alert("x")</script>'
DAY = 86_400


@pytest.fixture
def viewer(site: Site) -> Iterator[Visitor]:
    with site.visited("VIEWER") as visitor:
        yield visitor


def words(page: str) -> str:
    """A page as somebody reads it."""
    text = re.sub(r"<[^>]+>", " ", page)
    for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&#34;", '"'), ("&#39;", "'"), ("&amp;", "&")):
        text = text.replace(entity, character)
    return re.sub(r"\s+", " ", text)


def test_the_overview_says_who_waits_and_what_to_do(site: Site, viewer: Visitor) -> None:
    page = words(viewer.get("/console").text)
    assert (
        "1 person waits for a license 1 license is missing. Order more with syncd licenses request 1" in page
    )
    assert "0 licenses available 2 allocated" in page
    assert "people file 3" in page
    assert "You are short by 1 today" in page
    site.office.order(1)
    site.office.say("sync", code=0)
    page = words(viewer.get("/console").text)
    assert "Nothing needs anybody now" in page


def test_the_overview_begins_with_what_is_urgent(office: Office) -> None:
    office.say("sync", code=5)
    with answering(office) as site, site.visited("OPERATOR") as visitor:
        site.status.change(role=Role.LEADING, trouble="the database is full", rejected="line 3: no")
        site.office.configure(site.office.config.read_text().replace("people.csv", "gone.csv"))
        site.office.say("sync", code=4)
        page = words(visitor.get("/console").text)
        told = [
            "The daemon cannot work",
            "is not in force line 3: no",
            "The last run, 2, failed",
            "waits for a",
        ]
        assert sorted(told, key=page.index) == told
        assert "gone.csv" in page


def test_the_overview_tells_what_ends_soon_and_what_is_to_be_confirmed(office: Office) -> None:
    office.order(5)
    office.say("sync", code=0)
    with answering(office, clock=lambda: wall_clock() + 340 * DAY) as site, site.visited("VIEWER") as visitor:
        site.app.register.requests.ask(Ask(20, draft=True), LicenseType.PREMIUM, "", site.app.clock())
        page = words(visitor.get("/console").text)
    assert re.search(r"2 people lose their license on [\d-]{10} They get another one only if", page)
    assert re.search(r"1 person loses their license on .* Nobody has 4 licenses of order 2, which end", page)
    assert (
        "order 3, a draft for 20 licenses, waits for somebody to confirm it: syncd licenses confirm 3" in page
    )


def test_what_a_platform_has_not_got_or_refused_is_told(site: Site, viewer: Visitor) -> None:
    runs, now = site.app.register.runs, site.app.clock()
    run = runs.begin("sync", "somebody", now)
    facts = RunFacts(run, RunState.DONE, undelivered=3, refused=2, next_step="see whether it runs")
    facts.platform_down = "moodle does not answer"
    runs.end(run, RunState.DONE, now, facts.as_dict())
    page = words(viewer.get("/console").text)
    told = (
        "moodle does not answer; 3 changes are recorded and delivered by the next sync. see whether it runs"
    )
    assert told in page
    assert "2 people were refused by the last run" in page
    assert "platform could not be used: moodle does not answer" in words(viewer.get("/console/runs/2").text)


def test_a_held_plan_is_told_first_and_shown_person_by_person(held: Site) -> None:
    with held.visited("OPERATOR") as visitor:
        assert re.search(
            r"Run 1 is held since [\d: -]+; nothing was changed", words(visitor.get("/console").text)
        )
        page = words(visitor.get("/console/runs/1").text)
        shown = held.office.say("runs", "show", "1").stdout
        for line in ("Ann Doe", "ann@example.com", "is in scope", "Held: "):
            assert line in page, line
            assert line in shown, line
        assert "if it is right: approve it" in page
        assert "syncd sync --allow creations" in page


def test_a_held_plan_is_approved_after_it_was_shown_what_that_does(held: Site) -> None:
    with held.visited("OPERATOR") as visitor:
        asked = words(visitor.get("/console/runs/1/approve").text)
        assert "Approve run 1?" in asked
        assert "create 2 · gets an account and a license" in asked
        assert held.app.register.runs.state(1) == "held", "only asked"
        done = words(visitor.post("/console/runs/1/approve").text)
        assert "You have approved this run" in done
        assert re.search(r"decided [\d: -]+ by console:oncall", done)
        late = visitor.post("/console/runs/1/reject")
        assert late.status_code == 409
        assert "run 1 is approved" in words(late.text)
        assert "Run 1: sync" in words(visitor.get("/console/runs/1/approve").text), "nothing left to ask"
        assert visitor.post("/console/runs/9/approve").status_code == 404
        assert visitor.get("/console/runs/9/approve").status_code == 404
    (run,) = held.app.register.runs.latest(1)
    assert run.decided_by == "console:oncall"


def test_a_held_plan_is_rejected(held: Site) -> None:
    with held.visited("OPERATOR") as visitor:
        assert "never applied" in words(visitor.get("/console/runs/1/reject").text)
        assert "You have rejected this run" in words(visitor.post("/console/runs/1/reject").text)
    assert held.app.register.runs.state(1) == "rejected"


def test_a_sync_is_asked_for_by_name(site: Site) -> None:
    with site.visited("OPERATOR") as visitor:
        assert "A sync is asked for" in visitor.post("/console/sync").text
        assert "A sync is asked for" not in visitor.get("/console/runs?said=%3Cb%3E").text
    wanted = site.queue.take(0)
    assert wanted is not None
    assert (wanted.causes, wanted.by_hand) == (("console:oncall",), True)


def test_the_plan_is_filtered_searched_and_turned_over(site: Site, viewer: Visitor) -> None:
    site.office.crowd(120)
    site.office.say("sync", code=5)
    assert "serve" not in words(viewer.get("/console/runs").text)
    first, second, third = (viewer.get(f"/console/runs/2?kind=wait&page={n}").text for n in (1, 2, 3))
    pages = [re.findall(r"p\d{5}@example.com", text) for text in (first, second, third)]
    assert [len(found) for found in pages] == [50, 50, 20]
    assert [each for found in pages for each in found] == [f"p{n:05}@example.com" for n in range(120)]
    assert "After →" not in third
    assert "/console/runs/2?kind=wait&amp;page=2" in third
    found = words(viewer.get("/console/runs/2?search=P00007").text)
    assert found.count("p00007@example.com") == 1
    assert "p00008" not in found
    assert "Nobody." in viewer.get("/console/runs/2?kind=create&search=ann").text
    for odd in (
        "page=0",
        "page=-1",
        "page=x",
        "page=99999999999999999999",
        "kind=fly",
        "search=%00",
        "search=%ff",
    ):
        assert viewer.get(f"/console/runs/2?{odd}").status_code == 200, odd


def test_what_is_asked_for_has_no_character_that_a_database_refuses(site: Site) -> None:
    asked = {"search": "a\0nn" + "x" * 300, "page": "²"}
    visit = Visit(site.app, site.queue, site.status.snapshot(), Holder("x", Access.VIEWER, b""), query=asked)
    assert visit.word("search") == "ann" + "x" * 197
    assert visit.page == 1


def test_learners_are_found_by_name_and_license_a_page_at_a_time(site: Site, viewer: Visitor) -> None:
    assert "Cem Doe" in viewer.get("/console/learners?search=CEM").text
    waiting = words(viewer.get("/console/learners?license=waiting").text)
    assert ("Cem Doe" in waiting, "Ann Doe" in waiting) == (True, False)
    assert "Nobody." in viewer.get("/console/learners?account=suspended").text
    site.office.crowd(70)
    site.office.say("sync", code=5)
    pages = [viewer.get(f"/console/learners?search=p0&page={n}").text for n in (1, 2)]
    assert [len(re.findall(r"p\d{5}@example", page)) for page in pages] == [50, 20]


def test_a_learner_is_shown_with_all_there_is(viewer: Visitor) -> None:
    page = words(viewer.get("/console/learners/1").text)
    for told in (
        "Ann Doe",
        "account active",
        "live, ends ",
        "email ann@example.com",
        "people present",
        "Lot",
    ):
        assert told in page
    assert "syncd explain ann@example.com" in page
    assert "waiting since" in words(viewer.get("/console/learners/3").text)


def test_whatever_people_are_called_is_text(office: Office) -> None:
    office.employ(person("ann", first_name=EVIL.replace('"', "'"), last_name="O'Neil & Söhne"))
    office.say("sync", code=0)
    paths = "/learners", "/learners/1", "/runs/1", f"/learners?search={EVIL}", f"/runs/1?search={EVIL}"
    config = CONFIG.replace("Contoso", "'A <b> Company'")
    with answering(office, config) as site, site.visited("VIEWER") as visitor:
        for path in paths:
            page = visitor.get(f"/console{path}").text
            assert "<script" not in page, path
            assert "&lt;script&gt;" in page, path
            assert "A &lt;b&gt; Company" in page


def test_no_page_has_a_script_a_style_of_its_own_or_anything_from_elsewhere(held: Site) -> None:
    pages = "", "/runs", "/runs/1", "/runs/1/approve", "/learners", "/licenses", "/forecast", "/sign-in"
    with held.visited("OPERATOR") as visitor:
        for path in pages:
            page = visitor.get(f"/console{path}").text
            assert not re.search(r"<script|\son\w+=|\sstyle=|<style|https?://|javascript:", page), path


def test_licenses_are_told_with_their_ends_the_line_and_the_orders(site: Site, viewer: Visitor) -> None:
    site.office.json("licenses", "request", "7", "--note", "for the newcomers")
    page = words(viewer.get("/console/licenses").text)
    assert re.search(r"1 premium [\d-]{10} [\d-]{10} in 36[45] days 2 2 0 0 100%", page)
    assert re.search(r"1 person waiting for a license .* 1 Cem Doe cem@example.com [\d: -]+ an account", page)
    assert re.search(r"2 premium 7 requested .* for the newcomers", page)


def test_the_forecast_is_told_as_the_command_line_tells_it(site: Site, viewer: Visitor) -> None:
    page = words(viewer.get("/console/forecast").text)
    told = re.sub(r"\s+", " ", site.office.say("licenses", "forecast").stdout)
    for sentence in ("You are short by 1 today.", "order 1 now", "2 people lose their license on", "1 ends"):
        assert sentence in page, sentence
        assert sentence in told, sentence
    assert "short by 1, today" in page
    assert "the figures are in the table below" in page.lower()
    newcomers, all_ = (viewer.get(f"/console/forecast{q}").text for q in ("", "?who=renewals"))
    assert "Newcomers only" in newcomers
    assert "With everybody whose license ends" in all_
    assert newcomers != all_


def test_pages_of_a_company_that_has_nothing_yet(office: Office) -> None:
    office.database.unlink()
    office.say("runs", "list", code=0)
    with answering(office) as site, site.visited("OPERATOR") as visitor:
        for path in ("", "/runs", "/learners", "/licenses", "/forecast"):
            assert visitor.get(f"/console{path}").status_code == 200, path


def test_what_is_not_there_is_told_in_the_same_clothes(viewer: Visitor) -> None:
    numbers = "/runs/9", "/runs/0", "/runs/x", f"/runs/{'9' * 30}", "/learners/9"
    for path in ("/nothing", *numbers, "/runs/1/apply"):
        missing = viewer.get(f"/console{path}")
        assert missing.status_code == 404, path
        assert "Not found" in missing.text
        assert "Sign out" in missing.text
    assert viewer.get("/console/sync").status_code == 404


def test_a_page_without_its_database_says_so_and_what_comes_next(site: Site, viewer: Visitor) -> None:
    site.office.database.rename(site.office.folder / "away.db")
    site.office.database.mkdir()
    site.app.register.close()
    for path in ("", "/runs", "/learners", "/licenses", "/forecast"):
        down = viewer.get(f"/console{path}")
        assert down.status_code == 503, path
        assert "This page cannot be made now" in down.text
        assert "cannot be opened; " not in down.text
        assert "check that its folder exists" in down.text


def test_a_mistake_of_ours_costs_a_page_and_tells_nobody_how(
    site: Site, viewer: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(site.app.register.licenses), "orders", lambda _: 1 // 0)
    broken = viewer.get("/console/licenses")
    assert (broken.status_code, "ZeroDivisionError" in broken.text) == (500, False)
    assert "console_page_failed" in broken.text


def test_who_takes_the_place_of_a_held_plan_is_told(held: Site) -> None:
    with held.visited("OPERATOR") as visitor:
        held.office.employ(person("ann", last_name="Roe"), person("bob"))
        held.office.say("sync", code=3)
        page = words(visitor.get("/console/runs/1").text)
        assert "taken over by run 2" in page
        assert "run 2 has taken its place and is held" in page
        late = words(visitor.post("/console/runs/1/approve").text)
        assert "run 2 has taken its place and is held" in late
