"""One run after another in one company, on both databases: what design promises of a run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from syncd.errors import Busy, ConfigError, Held, Incomplete, Unavailable
from syncd.model import Account, Kind, RunState
from syncd.plan.guard import Limit, Limits
from syncd.plan.leavers import Grace
from syncd.plan.policy import Matching, Policy
from syncd.plan.scope import Rule, Scope
from syncd.plan.seats import OnShortfall, SeatPolicy
from syncd.run import Task, run
from tests.company import DAY, UNGUARDED, Company, opened
from tests.contracts.memory import MemoryDirectory
from tests.servers.postgresql import Postgresql


@pytest.fixture
def company(database_url: str) -> Iterator[Company]:
    with opened(database_url) as company:
        yield company


def test_newcomers_become_learners_with_a_license_each(company: Company) -> None:
    company.order(3)
    company.hire("ann", "bob", "cem")
    facts = company.sync()
    assert facts.counts == {"create": 3}
    assert (facts.state, facts.exit_code) == (RunState.DONE, 0)
    assert company.learners("live") == ["ann", "bob", "cem"]
    assert company.learner("ann").ends_at == company.learner("cem").ends_at
    assert company.free_seats() == 0


def test_a_second_run_changes_nothing(company: Company) -> None:
    company.order(3)
    company.hire("ann", "bob")
    company.sync()
    facts = company.sync()
    assert facts.counts == {}
    assert facts.exit_code == 0


def test_a_preview_writes_nothing(company: Company) -> None:
    company.order(1)
    company.hire("ann", "bob")
    facts = company.plan()
    assert facts.counts == {"create": 1, "wait": 1}
    assert (facts.wanted, facts.available, facts.missing, facts.exit_code) == (2, 1, 1, 5)
    assert company.learners() == []
    assert company.free_seats() == 1


def test_who_finds_no_seat_waits_and_is_seated_when_one_is_ordered(company: Company) -> None:
    company.order(1)
    company.hire("ann", "bob")
    assert company.sync().exit_code == 5
    assert (company.learners("live"), company.learners("waiting")) == (["ann"], ["bob"])
    assert company.learner("bob").account is Account.PLANNED
    assert company.sync().counts == {}, "waiting on is no change"
    company.order(1)
    facts = company.sync()
    assert (facts.counts, facts.exit_code) == ({"create": 1}, 0)
    assert company.learner("bob").account is Account.ACTIVE
    assert company.learner("bob").license == "live"


def test_the_line_is_priority_then_first_seen_then_key(company: Company) -> None:
    starters = Rule("new starters", attribute="department", equals=frozenset({"new"}))
    company.policy = replace(company.policy, priority=(starters,))
    company.hire("zoe")
    company.sync()
    company.now += 60
    company.hire("bob", "abe")
    company.hire("new", department="new")
    company.sync()
    company.order(3)
    company.sync()
    assert company.learners("live") == ["abe", "new", "zoe"]
    assert company.learners("waiting") == ["bob"]


def test_a_waiting_learner_moves_up_when_they_join_a_priority_group(company: Company) -> None:
    starters = Rule("new starters", attribute="department", equals=frozenset({"new"}))
    company.policy = replace(company.policy, priority=(starters,))
    company.hire("ann", "bob")
    company.sync()
    company.people.change("id-bob", department="new")
    company.order(1)
    company.sync()
    assert company.learners("live") == ["bob"]


def test_hold_creates_nobody_while_seats_are_short_and_keeps_updating(company: Company) -> None:
    company.policy = replace(company.policy, seats=SeatPolicy(on_shortfall=OnShortfall.HOLD))
    company.order(2)
    company.hire("ann")
    company.sync()
    company.hire("bob", "cem")
    company.people.change("id-ann", last_name="Roe")
    facts = company.sync()
    assert facts.counts == {"update": 1, "wait": 2}
    assert company.learner("ann").profile.last_name == "Roe"
    assert company.learners("live") == ["ann"]


def test_create_unlicensed_gives_everybody_an_account_and_licenses_later(company: Company) -> None:
    company.policy = replace(company.policy, seats=SeatPolicy(on_shortfall=OnShortfall.CREATE_UNLICENSED))
    company.order(1)
    company.hire("ann", "bob")
    assert company.sync().counts == {"create": 2}
    assert company.learner("bob").account is Account.ACTIVE
    assert company.learners("waiting") == ["bob"]
    assert company.sync().counts == {}
    company.order(1)
    assert company.sync().counts == {"allocate": 1}
    assert company.learners("live") == ["ann", "bob"]


def test_a_rename_is_an_update_and_keeps_the_license(company: Company) -> None:
    company.order(1)
    company.hire("ann")
    company.sync()
    company.people.change("id-ann", last_name="Roe", email="roe@example.com")
    facts = company.sync()
    assert facts.counts == {"update": 1}
    assert company.learner("roe").license == "live"
    assert company.learners() == ["roe"]


def test_two_learners_swap_their_addresses(company: Company) -> None:
    company.order(2)
    company.hire("ann", "bob")
    company.sync()
    company.people.change("id-ann", email="bob@example.com")
    company.people.change("id-bob", email="ann@example.com")
    assert company.sync().counts == {"update": 2}
    assert company.learner("ann").profile.first_name == "Bob"
    assert company.sync().counts == {}


def test_leavers_are_suspended_and_their_seat_is_free_after_the_grace_period(company: Company) -> None:
    company.order(1)
    company.hire("ann")
    company.sync()
    company.people.remove("id-ann")
    company.people.add("id-nobody", first_name="keeps the directory from being empty")
    assert company.sync().counts == {"suspend": 1, "note": 1, "skip": 1}
    assert company.learner("ann").account is Account.SUSPENDED
    assert company.free_seats() == 0
    assert company.sync().counts == {"skip": 1}
    company.now += 14 * DAY
    company.hire("bob")
    facts = company.sync()
    assert facts.counts == {"release": 1, "create": 1, "skip": 1}
    assert facts.exit_code == 0, "the freed seat is seen by the same run"
    assert company.learners("live") == ["bob"]


def test_suspend_after_waits_and_forgets_when_they_come_back(company: Company) -> None:
    company.policy = replace(company.policy, grace=Grace(suspend_after=2 * DAY))
    company.order(1)
    company.hire("ann")
    company.sync()
    company.people.disable("id-ann")
    company.sync()
    assert company.learner("ann").left_at == company.now
    company.now += DAY
    company.people.enable("id-ann")
    company.sync()
    assert company.learner("ann").left_at is None
    company.people.disable("id-ann")
    company.sync()
    company.now += 2 * DAY
    assert company.sync().counts == {"suspend": 1}


def test_who_returns_in_time_keeps_the_seat_and_later_gets_a_new_one(company: Company) -> None:
    company.order(1)
    company.hire("ann")
    company.sync()
    end = company.learner("ann").ends_at
    company.people.disable("id-ann")
    company.sync()
    company.people.enable("id-ann")
    assert company.sync().counts == {"reactivate": 1}
    assert (company.learner("ann").account, company.learner("ann").ends_at) == (Account.ACTIVE, end)
    company.people.remove("id-ann")
    company.sync("directory_size")
    company.now += 20 * DAY
    company.sync("directory_size")
    assert company.free_seats() == 1
    company.hire("ann")
    assert company.sync().counts == {"reactivate": 1}
    assert company.learner("ann").license == "live"
    assert len(company.register.learners.allocations(company.learner("ann").id)) == 2


def test_an_expired_learner_is_never_licensed_again_by_itself(company: Company) -> None:
    company.order(2)
    company.hire("ann")
    company.sync()
    company.now += 366 * DAY
    company.order(5)
    assert company.sync().ended == 1, "somebody is told"
    company.people.disable("id-ann")
    company.sync()
    company.people.enable("id-ann")
    facts = company.sync()
    assert facts.counts == {"reactivate": 1}
    assert company.learner("ann").license == "expired"
    assert company.free_seats() == 5


def test_leaving_while_waiting_takes_one_out_of_the_line(company: Company) -> None:
    company.hire("ann", "bob")
    company.sync()
    company.people.remove("id-ann")
    company.order(1)
    company.sync()
    assert company.learners("live") == ["bob"]
    assert company.learners("waiting") == []


def test_a_read_that_breaks_off_suspends_nobody(company: Company) -> None:
    company.order(5)
    company.hire("ann", "bob", "cem")
    company.sync()
    company.people.break_after(1)
    with pytest.raises(Incomplete):
        company.sync()
    assert company.learners("live") == ["ann", "bob", "cem"]
    record = company.register.runs.latest(1)[0]
    assert record.state is RunState.FAILED
    company.people.mend()
    assert company.sync().counts == {}


def test_skipped_is_not_absent(company: Company) -> None:
    company.order(3)
    company.hire("ann", "bob", "cem")
    company.sync()
    company.people.change("id-ann", email="")
    company.people.change("id-bob", email="bob")
    company.people.spoil("id-cem")
    facts = company.sync()
    assert facts.counts == {"skip": 3}
    assert facts.skipped == {"no_address": 2, "unreadable": 1}
    assert company.learners("live") == ["ann", "bob", "cem"]
    assert {change.why for change in company.changes(facts, Kind.SKIP)} == {
        "has no e-mail address (looked in: email); give them one in the directory",
        "'bob' is not an e-mail address; correct it in the directory",
        "head-office:id-cem: a value cannot be decoded; correct it in the directory",
    }


def test_newcomers_who_share_an_address_are_all_skipped_whatever_the_order(company: Company) -> None:
    company.order(9)
    company.hire("ann", "bob")
    company.hire("abe", "zoe", "eve", email="ANN@Example.com")
    facts = company.sync()
    assert facts.counts == {"create": 1, "skip": 4}
    assert company.learners() == ["bob"]
    assert facts.skipped == {"address_taken": 4}
    assert all("shares the address ann@example.com" in c.why for c in company.changes(facts, Kind.SKIP))


def test_a_newcomer_with_a_learners_address_is_skipped_and_the_learner_untouched(company: Company) -> None:
    company.order(2)
    company.hire("ann")
    company.sync()
    company.hire("abe", email="Ann@example.com")
    assert company.sync().counts == {"skip": 1}
    assert company.learners() == ["ann"]


def test_a_recreated_account_is_linked_only_where_configured(company: Company) -> None:
    company.order(2)
    company.hire("ann")
    company.sync()
    company.people.remove("id-ann")
    company.people.add("id-new", email="ann@example.com", first_name="Ann", last_name="Doe")
    facts = company.plan()
    assert facts.counts == {"suspend": 1, "skip": 1, "note": 1}
    company.policy = replace(company.policy, matching=Matching(adopt_by_email=True))
    facts = company.sync()
    assert "link" in facts.counts
    assert "create" not in facts.counts
    assert company.learner("ann").account is Account.ACTIVE
    assert company.sync().counts == {}


def test_an_address_can_pass_on_in_one_run(company: Company) -> None:
    company.order(2)
    company.hire("zed")
    company.sync()
    company.people.change("id-zed", email="zed.old@example.com")
    company.people.add("id-aaa", email="zed@example.com", first_name="New", last_name="Zed")
    assert company.sync().counts == {"update": 1, "create": 1}
    assert company.learner("zed").profile.first_name == "New"


def test_one_human_in_two_directories_takes_one_seat(database_url: str) -> None:
    with opened(database_url, directories=[MemoryDirectory("ad"), MemoryDirectory("cloud")]) as company:
        company.order(3)
        company.people.add("id-ann", email="ann@example.com", first_name="Ann", links=["guid:1"])
        company.directories[1].add("id-2", email="ann@cloud.example.com", first_name="Anna", links=["guid:1"])
        company.hire("bob")
        company.hire("bob", directory=1)
        company.hire("cem", directory=1)
        facts = company.sync()
        assert facts.counts == {"create": 3, "join": 2}
        assert company.learners("live") == ["ann", "bob", "cem"]
        assert company.sync().counts == {}
        assert len(company.register.learners.identities(company.learner("ann").id)) == 2


def test_the_first_directory_speaks_for_the_person_and_the_last_one_keeps_them(database_url: str) -> None:
    with opened(database_url, directories=[MemoryDirectory("ad"), MemoryDirectory("cloud")]) as company:
        company.order(3)
        company.hire("ann", department="Sales")
        company.hire("bob")
        company.hire("ann", directory=1, department="Cloud")
        company.sync()
        company.directories[1].change("id-ann", department="Clouds")
        assert company.sync().counts == {"note": 1}
        assert company.learner("ann").profile.department == "Sales"
        company.people.remove("id-ann")
        assert company.sync().counts == {"update": 1, "note": 1}
        assert company.learner("ann").account is Account.ACTIVE, "still present in the other directory"
        assert company.learner("ann").profile.department == "Clouds", "which speaks for them now"
        assert company.sync().counts == {}
        company.directories[1].remove("id-ann")
        assert company.sync().counts["suspend"] == 1


def test_a_renamed_directory_is_held_and_then_everybody_keeps_their_license(company: Company) -> None:
    company.order(2)
    company.hire("ann", "bob")
    company.sync()
    company.people.name = "renamed"
    facts = company.sync()
    assert facts.exit_code == 3
    assert [objection["override"] for objection in facts.objections] == ["directory_removed"]
    assert company.sync("directory_removed").counts == {"link": 2, "note": 2}
    assert company.learners("live") == ["ann", "bob"]
    company.people.remove("id-ann")
    assert company.sync().counts["suspend"] == 1, "leavers are noticed under the new name"


def test_taking_a_directory_away_is_held_before_anybody_is_suspended(database_url: str) -> None:
    with opened(database_url, directories=[MemoryDirectory("ad"), MemoryDirectory("cloud")]) as company:
        company.order(3)
        company.hire("ann")
        company.hire("cem", directory=1)
        company.sync()
        company.directories.pop()
        assert company.sync().exit_code == 3
        assert company.learner("cem").account is Account.ACTIVE
        assert company.sync("directory_removed").counts["suspend"] == 1
        assert company.sync().counts == {}


def test_leaving_the_scope_suspends(company: Company) -> None:
    staff = Rule("department is staff", attribute="department", equals=frozenset({"staff"}))
    company.policy = replace(company.policy, scope=Scope(include=(staff,)))
    company.order(2)
    company.hire("ann", "bob", department="Staff")
    company.hire("cem")
    assert company.sync().counts == {"create": 2}
    company.people.change("id-bob", department="Else")
    facts = company.sync()
    assert facts.counts == {"suspend": 1, "note": 1}
    assert company.changes(facts, Kind.SUSPEND)[0].why == "no longer in scope"


def test_an_account_that_expires_by_the_clock_is_seen_without_a_change(company: Company) -> None:
    company.order(1)
    company.hire("ann")
    company.people.expire("id-ann", company.now + DAY)
    company.sync()
    assert company.sync().counts == {}
    company.now += 2 * DAY
    assert company.sync().counts == {"suspend": 1, "note": 1}


# -- the guard ----------------------------------------------------------------------------------------


def test_an_emptied_directory_holds_the_plan_and_nothing_is_written(company: Company) -> None:
    company.policy = Policy(limits=Limits(suspensions=Limit(), floor=1))
    company.order(5)
    company.hire("ann", "bob", "cem")
    company.sync("creations")
    for handle in ("ann", "bob", "cem"):
        company.people.remove(f"id-{handle}")
    facts = company.sync()
    assert (facts.state, facts.exit_code) == (RunState.HELD, 3)
    assert [objection["override"] for objection in facts.objections] == ["directory_size"]
    assert facts.objections[0]["message"] == "directory head-office has nobody in it"
    assert company.learners("live") == ["ann", "bob", "cem"]
    assert company.sync("directory_size").counts == {"suspend": 3, "note": 3}


def test_a_first_sync_is_held_until_somebody_has_looked(company: Company) -> None:
    company.policy = Policy(limits=Limits(floor=2))
    company.order(5)
    company.hire("ann", "bob", "cem")
    facts = company.sync()
    assert facts.exit_code == 3
    assert company.learners() == []
    assert company.sync(reviewed=facts.run).exit_code == 0
    assert company.learners("live") == ["ann", "bob", "cem"]
    assert company.register.runs.state(facts.run) is RunState.SUPERSEDED


def test_a_reviewed_plan_is_refused_when_the_world_moved_on(company: Company) -> None:
    company.order(5)
    company.hire("ann", "bob")
    reviewed = company.plan().run
    company.people.change("id-bob", last_name="Roe")
    with pytest.raises(Held, match="world has moved on since run 1: 1 of its 2 changes"):
        company.sync(reviewed=reviewed)
    assert company.learners() == []


def test_a_reviewed_plan_applies_what_was_reviewed_and_nothing_else(company: Company) -> None:
    company.order(5)
    company.hire("ann")
    reviewed = company.plan().run
    company.hire("bob")
    company.sync(reviewed=reviewed)
    assert company.learners() == ["ann"]
    with pytest.raises(ConfigError, match="has no plan to apply"):
        company.sync(reviewed=reviewed)
    with pytest.raises(ConfigError, match="there is no run 99"):
        company.sync(reviewed=99)


def test_a_plan_nobody_applied_is_dropped_after_a_month(company: Company) -> None:
    company.order(5)
    company.hire("ann")
    old = company.plan()
    company.now += 31 * DAY
    applied = company.sync()
    assert company.changes(old) == []
    assert company.register.runs.state(old.run) is RunState.FAILED
    company.now += 31 * DAY
    company.sync()
    assert company.changes(applied), "what was applied stays"


def test_too_many_suspensions_are_held_by_percent_and_by_count(company: Company) -> None:
    company.policy = Policy(limits=Limits(suspensions=Limit(count=2, percent=50), floor=0, creations=Limit()))
    company.order(9)
    company.hire(*"abcdefgh")
    company.sync()
    for handle in "abc":
        company.people.disable(f"id-{handle}")
    facts = company.sync()
    assert facts.objections[0]["message"] == (
        "would suspend 3 people; the limit is 2 and 50% (the register knows 8)"
    )
    assert company.sync("suspensions").counts["suspend"] == 3


# -- bad weather --------------------------------------------------------------------------------------


class Cut(BaseException):
    """Somebody pulled the plug."""


def test_a_run_cut_short_is_finished_by_the_next_without_asking_again(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    company.policy = Policy(limits=Limits(floor=2))
    company.order(9)
    company.hire(*"abcdef")
    monkeypatch.setattr("syncd.run._BATCH", 2)
    real, calls = company.register.recorder.record, []

    def failing(*args: object, **kwargs: object) -> object:
        calls.append(args)
        if len(calls) == 2:
            raise Cut
        return real(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(type(company.register.recorder), "record", lambda _self, *a, **k: failing(*a, **k))
    with pytest.raises(Cut):
        company.sync("creations")
    monkeypatch.undo()
    assert company.learners() == ["a", "b"]
    facts = company.sync()
    assert (facts.state, facts.counts) == (RunState.DONE, {"create": 4}), "approved once is approved"
    assert company.learners("live") == list("abcdef")
    assert company.register.runs.state(1) is RunState.SUPERSEDED


def test_two_syncs_at_once_the_second_says_so(company: Company) -> None:
    with company.register.one_at_a_time(), opened(company.url) as other, pytest.raises(Busy) as caught:
        other.sync()
    assert caught.value.exit_code == 6
    assert company.register.runs.latest(9) == []


def test_a_directory_that_is_down_fails_the_run_and_is_named(company: Company) -> None:
    company.people.refuse(Unavailable("dc1 is down", next_step="start it"))
    with pytest.raises(Unavailable):
        company.sync()
    assert company.register.runs.latest(1)[0].error == "dc1 is down"


def test_the_guard_leaves_the_many_small_alone(company: Company) -> None:
    company.policy = replace(company.policy, limits=UNGUARDED)
    company.hire("ann")
    assert company.sync().state is RunState.DONE


def test_a_run_whose_lock_is_lost_writes_no_more_and_the_next_finishes(
    postgresql: Postgresql, postgresql_url: str
) -> None:
    with opened(postgresql_url) as company:
        company.order(5000)
        company.hire(*(f"p{number}" for number in range(5000)))

        def cut_off(stage: str, done: int, _total: int | None) -> None:
            if stage == "recording" and done == 2000:
                postgresql.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
                )

        engine = replace(company.engine, progress=cut_off)
        with pytest.raises(Unavailable, match="the sync lock is gone"):
            run(engine, Task("sync", "test", apply=True))
        assert len(company.learners("live")) == 2000
        assert company.sync().superseded == [1]
        assert len(company.learners("live")) == 5000


def test_a_database_that_goes_away_is_told_in_words_in_the_record_too(
    postgresql: Postgresql, postgresql_url: str
) -> None:
    with opened(postgresql_url) as company:
        company.order(5000)
        company.hire(*(f"p{number}" for number in range(5000)))

        def restart(stage: str, done: int, _total: int | None) -> None:
            if stage == "recording" and done == 2000:
                postgresql.stop()
                postgresql.resume()

        engine = replace(company.engine, progress=restart)
        with pytest.raises(Unavailable):
            run(engine, Task("sync", "test", apply=True))
        record = company.register.runs.latest(1)[0]
        assert record.state is RunState.INTERRUPTED
        assert "lock is gone" in record.error
        assert company.sync().superseded == [1]
        assert len(company.learners("live")) == 5000
