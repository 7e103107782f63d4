"""Renewals, on both databases: who gets another license, from when on, and who does not and is told why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from syncd.errors import ConfigError
from syncd.model import Account, ChangeState, Kind, RunState
from syncd.plan.renewals import Start
from syncd.register import database
from tests.company import DAY, START, Company, opened
from tests.contracts.memory_platform import MemoryPlatform

END = START + 365 * DAY
"""No later than which licenses of START end."""


@pytest.fixture
def company(database_url: str) -> Iterator[Company]:
    """Ann and Bob have licenses that end after a year."""
    with opened(database_url) as company:
        company.order(2)
        company.hire("ann", "bob")
        company.sync()
        yield company


def automatic(company: Company) -> None:
    company.policy = replace(company.policy, seats=replace(company.policy.seats, renews=True))


def over(company: Company) -> None:
    """The licenses have ended, and a sync has been by."""
    company.now = END
    company.sync()


def skipped(company: Company, run: int) -> dict[str, str]:
    read = company.register.journal.read(run, kinds=[Kind.SKIP])
    return {entry.change.email.partition("@")[0]: entry.change.why for entry in read}


def history(company: Company, handle: str = "ann") -> list[str]:
    return [str(e.state) for e in company.register.learners.allocations(company.learner(handle).id)]


def test_who_is_renewed_can_log_in_again(company: Company) -> None:
    over(company)
    company.order(5)
    facts = company.renew("ann")
    assert (facts.state, facts.counts, facts.exit_code) == (RunState.DONE, {"renew": 1}, 0)
    ann = company.learner("ann")
    assert (ann.account, ann.suspended_by, ann.license) == (Account.ACTIVE, "", "live")
    assert history(company) == ["expired", "live"]
    assert company.learners("expired") == ["bob"], "nobody else"
    assert company.sync().counts == {}


def test_one_that_is_over_and_has_not_been_noticed_yet_is_renewed_without_a_break(company: Company) -> None:
    company.now = END
    company.order(1)
    assert company.renew("ann").counts == {"renew": 1}
    assert company.learner("ann").account is Account.ACTIVE
    assert history(company) == ["expired", "live"]
    assert company.sync().counts == {"expire": 1}


def test_renewed_ahead_the_new_license_begins_when_the_old_one_ends(company: Company) -> None:
    company.now = END - 30 * DAY
    company.order(1)
    assert company.renew("ann", within=60 * DAY).counts == {"renew": 1}
    ann = company.learner("ann")
    old, new = ann.ends_at or 0, ann.renewed_until or 0
    assert (history(company), ann.license, new > old) == (["live", "scheduled"], "live", True)
    assert company.free_seats() == 0, "its seat is taken from now on"
    company.now = old - 1
    assert company.sync().counts == {}
    company.now = old
    ann = company.learner("ann")
    assert (ann.license, ann.ends_at, ann.renewed_until) == ("live", new, None), "by the clock alone"
    facts = company.sync()
    assert [(c.email[:3], c.why) for c in company.changes(facts, Kind.EXPIRE)] == [
        ("ann", "the renewal goes on"),
        ("bob", "the license has ended"),
    ]
    assert (company.learner("ann").account, history(company)) == (Account.ACTIVE, ["expired", "live"])
    company.now = new
    assert company.sync().counts == {"expire": 1}
    assert company.learner("ann").license == "expired"


def test_a_renewal_can_replace_what_still_runs(company: Company) -> None:
    company.now = END - 30 * DAY
    company.order(1)
    company.renew("ann", within=60 * DAY, start=Start.NOW)
    assert history(company) == ["superseded", "live"]
    assert company.free_seats() == 1, "the old seat, for what is left of it"
    company.hire("cem")
    company.sync()
    assert company.learners("live") == ["ann", "bob", "cem"]


def test_the_same_lot_renews_nobody(company: Company) -> None:
    company.order(3)
    company.now = END - 10 * DAY
    facts = company.renew("ann", within=60 * DAY)
    assert (facts.exit_code, facts.unrenewed, facts.counts) == (5, 1, {"skip": 1})
    assert skipped(company, facts.run) == {"ann": "no license is free: not renewed"}


def test_a_license_renewed_year_after_year(company: Company) -> None:
    for year in range(1, 5):
        company.now = (company.learner("ann").ends_at or 0) - DAY
        company.order(1)
        assert company.renew("ann", within=2 * DAY).counts["renew"] == 1
        company.now += DAY
        if year % 2:  # whether or not a run was there when the old one ended
            company.sync()
    assert company.learner("ann").license == "live"
    assert company.learner("ann").account is Account.ACTIVE


def test_who_is_not_renewed_is_told_why(company: Company) -> None:
    company.hire("cem")
    company.order(9)
    company.sync()
    company.now = END - 30 * DAY
    company.order(9)
    company.renew("ann", within=60 * DAY)
    company.people.disable("id-bob")
    company.sync()
    facts = company.renew("ann", "bob", "cem", within=60 * DAY)
    assert skipped(company, facts.run) == {"ann": "is renewed already", "bob": "has left"}
    facts = company.renew("cem", within=60 * DAY)
    assert skipped(company, facts.run) == {"cem": "is renewed already"}
    company.hire("dan")
    company.sync()
    facts = company.renew("dan")
    assert skipped(company, facts.run) == {"dan": "has not expired"}


def test_somebody_suspended_by_hand_is_not_renewed(company: Company) -> None:
    engine = database.connect(company.url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE learners SET account = 'suspended', suspended_by = 'hand'"))
    engine.dispose()
    over(company)
    company.order(2)
    facts = company.renew("ann")
    assert skipped(company, facts.run) == {"ann": "is suspended by hand"}


def test_who_has_left_is_renewed_only_where_that_is_asked_for_and_stays_suspended(company: Company) -> None:
    over(company)
    company.people.disable("id-ann")
    company.sync()
    company.order(1)
    assert company.renew("ann").counts == {"skip": 1}
    assert company.renew("ann", include_left=True).counts == {"renew": 1}
    ann = company.learner("ann")
    assert (ann.account, ann.suspended_by, ann.license) == (Account.SUSPENDED, "sync", "live")
    company.people.enable("id-ann")
    assert company.sync().counts == {"reactivate": 1}
    assert company.learner("ann").account is Account.ACTIVE


def test_too_few_licenses_renew_who_ends_first(company: Company) -> None:
    over(company)
    company.order(1)
    facts = company.renew("bob", "ann")
    assert (facts.exit_code, facts.wanted, facts.available, facts.missing) == (5, 2, 1, 1)
    assert (company.learners("live"), skipped(company, facts.run)) == (
        ["ann"],
        {"bob": "no license is free: not renewed"},
    )
    assert company.learners("waiting") == []


def test_who_shall_wait_is_renewed_by_the_next_sync_with_a_license(company: Company) -> None:
    over(company)
    facts = company.renew("ann", wait=True)
    assert (facts.exit_code, facts.waiting, facts.counts) == (5, 1, {"wait": 1})
    assert company.learners("waiting") == ["ann"]
    company.order(1)
    assert company.sync().counts == {"renew": 1}
    assert (company.learner("ann").account, history(company)) == (Account.ACTIVE, ["expired", "live"])


def test_who_leaves_while_they_wait_for_a_renewal_is_out_of_the_line(company: Company) -> None:
    over(company)
    company.renew("ann", wait=True)
    company.people.disable("id-ann")
    company.sync()
    assert company.learners("waiting") == []
    company.order(1)
    company.sync()
    company.people.enable("id-ann")
    company.sync()
    assert company.learners("live") == [], "what they get after that, somebody has to say again"


def test_a_leaver_gives_back_the_license_and_the_one_that_was_to_follow(company: Company) -> None:
    company.now = END - 60 * DAY
    company.order(1)
    company.renew("ann", within=60 * DAY)
    company.people.disable("id-ann")
    company.sync()
    company.now += 15 * DAY
    assert company.sync().counts == {"release": 2}
    assert history(company) == ["released", "released"]
    assert company.free_seats() == 2


def test_a_reviewed_renewal_is_applied_as_it_was_shown(company: Company) -> None:
    over(company)
    company.order(1)
    company.hire("cem")
    plan = company.plan_renewal("ann", "bob")
    assert (plan.state, plan.counts) == (RunState.PLANNED, {"renew": 1, "skip": 1})
    assert company.learners("live") == []
    done = company.renew(reviewed=plan.run)
    assert (done.state, done.counts) == (RunState.DONE, {"renew": 1})
    assert company.learners("live") == ["ann"]
    assert company.learners() == ["ann", "bob"], "no directory was read"
    with pytest.raises(ConfigError, match="superseded"):
        company.renew(reviewed=plan.run)


def test_what_a_crash_left_of_a_renewal_the_next_sync_finishes(company: Company) -> None:
    over(company)
    company.order(2)
    plan = company.plan_renewal("ann", "bob")
    batch = next(company.register.journal.batches(plan.run, 1))
    company.register.recorder.record(plan.run, batch, company.now)
    company.register.runs.enter(plan.run, RunState.APPLYING)
    facts = company.sync()
    assert (facts.counts, facts.superseded) == ({"renew": 1}, [plan.run])
    assert company.learners("live") == ["ann", "bob"]


def test_a_renewal_leaves_an_interrupted_sync_to_the_next_one(company: Company) -> None:
    over(company)
    company.order(1)
    cut_short = company.plan().run
    company.register.runs.enter(cut_short, RunState.APPLYING)
    company.renew("ann")
    assert company.register.runs.interrupted() == [cut_short]


def test_the_guard_remembers_how_large_a_directory_was_across_a_renewal(company: Company) -> None:
    sizes = company.register.runs.last_sizes()
    over(company)
    company.order(1)
    company.renew("ann")
    assert company.register.runs.last_sizes() == sizes != {}


def test_automatic_renewal_leaves_no_gap_and_stops_at_the_last_license(company: Company) -> None:
    automatic(company)
    company.now = END - 3 * DAY
    company.order(1)
    assert company.sync().counts == {}
    company.now += 2 * DAY
    facts = company.sync()
    assert (facts.counts, facts.unrenewed, facts.exit_code) == ({"renew": 1, "skip": 1}, 1, 5)
    company.now = END
    facts = company.sync()
    assert facts.counts == {"expire": 2, "skip": 1}
    assert (company.learners("live"), company.learners("expired")) == (["ann"], ["bob"])
    company.order(1)
    assert company.sync().counts == {"renew": 1}
    assert company.learner("bob").account is Account.ACTIVE


def test_automatic_renewal_comes_before_the_line_and_leaves_out_who_has_left(company: Company) -> None:
    automatic(company)
    company.hire("cem")
    company.sync()
    assert company.learners("waiting") == ["cem"]
    over(company)
    company.people.disable("id-bob")
    company.order(1)
    facts = company.sync()
    assert (facts.wanted, facts.available) == (2, 1)
    assert (company.learners("live"), company.learners("waiting")) == (["ann"], ["cem"])


def test_automatic_renewal_of_somebody_who_comes_back(company: Company) -> None:
    over(company)
    company.people.disable("id-ann")
    company.sync()
    automatic(company)
    company.people.disable("id-bob")
    company.order(2)
    company.sync()
    assert company.learners("live") == []
    company.people.enable("id-ann")
    assert company.sync().counts == {"reactivate": 1, "renew": 1}
    assert company.learner("ann").account is Account.ACTIVE
    assert company.sync().counts == {}


def test_a_platform_is_told_of_the_later_end_and_may_refuse(database_url: str) -> None:
    platform = MemoryPlatform()
    with opened(database_url, platform=platform) as company:
        company.order(1)
        company.hire("ann")
        company.sync()
        company.now = END - DAY
        company.order(1)
        platform.refuse("ann@example.com", "not this year")
        facts = company.renew("ann", within=2 * DAY)
        assert (facts.refused, history(company)) == (1, ["live", "released"]), "the old one goes on"
        assert company.learners("waiting") == []
        platform.mend()
        company.renew("ann", within=2 * DAY)
        (there,) = platform.learners.values()
        assert there.ends_at == company.learner("ann").renewed_until
        company.now = END
        company.sync()
        (there,) = platform.learners.values()
        assert there.active


def test_a_renewal_that_the_platform_refuses_is_tried_again(database_url: str) -> None:
    platform = MemoryPlatform()
    with opened(database_url, platform=platform) as company:
        company.order(1)
        company.hire("ann")
        company.sync()
        over(company)
        company.order(1)
        platform.refuse("ann@example.com", "no")
        company.renew("ann")
        ann = company.learner("ann")
        assert (ann.account, ann.suspended_by, ann.license) == (Account.SUSPENDED, "expiry", "waiting")
        platform.mend()
        assert company.sync().counts == {"renew": 1}
        (there,) = platform.learners.values()
        assert (there.active, company.learner("ann").account) == (True, Account.ACTIVE)


@pytest.mark.parametrize(
    ("renews", "starts_at"),
    [pytest.param(2, END, id="somebody else's"), pytest.param(1, END - DAY, id="begins before it is over")],
)
def test_the_database_refuses_what_is_no_renewal(company: Company, renews: int, starts_at: int) -> None:
    company.now = END - 30 * DAY
    company.order(1)
    engine = database.connect(company.url)
    scheduled = (
        "INSERT INTO allocations (learner_id, lot_id, type, lot_quantity, ends_at, seat, state, allocated_at,"
        " renews, starts_at) SELECT (SELECT learner_id FROM allocations WHERE id = 1), id, type, quantity,"
        f" ends_at, 1, 'scheduled', starts_at, {renews}, {starts_at} FROM lots WHERE id = 2"
    )
    with pytest.raises(IntegrityError, match="no renewal of that license"), engine.begin() as connection:
        connection.execute(text(scheduled))
    with engine.begin() as connection:
        proper = scheduled.replace(f"{renews}, {starts_at} FROM", f"1, {END} FROM")
        connection.execute(text(proper))
    engine.dispose()


def test_refused_since_somebody_took_the_license_meanwhile(company: Company) -> None:
    over(company)
    company.order(1)
    run = company.plan_renewal("ann").run
    company.renew("bob")
    for batch in company.register.journal.batches(run, 10):
        company.register.recorder.record(run, batch, company.now)
    (refused,) = company.register.journal.read(run, state=ChangeState.REFUSED)
    assert refused.outcome == "no license was left when it came to it"
    assert company.learners("live") == ["bob"]
