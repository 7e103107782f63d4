"""Runs that read only what has changed: what they may conclude, and when everybody is read after all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from syncd.errors import Incomplete, Unavailable
from syncd.facts import RunFacts
from syncd.lookup import Watched
from syncd.model import Account, Entry, RunState
from syncd.plan.guard import Limit, Limits
from syncd.plan.leavers import Grace
from syncd.plan.policy import Policy
from syncd.ports import Changed, Incremental, ReadRequest
from syncd.register.people import People
from tests.company import DAY, MAPPING, Company, opened
from tests.contracts.memory import MemoryDirectory
from tests.life import Cut, Failing
from tests.truth import Truth

HERE = "head-office"


@pytest.fixture
def company(database_url: str) -> Iterator[Company]:
    """Ann, Bob and Cem, who have been synced, by a company that follows its directory from then on."""
    with opened(database_url, full_after=DAY) as company:
        company.order(9)
        company.hire("ann", "bob", "cem")
        company.sync()
        yield company


@pytest.fixture
def two(database_url: str) -> Iterator[Company]:
    """Ann in two directories and Bob in the first, synced."""
    with opened(database_url, directories=[MemoryDirectory("ad"), MemoryDirectory("cloud")]) as company:
        company.full_after = DAY
        company.order(9)
        company.hire("ann", "bob", department="Sales")
        company.hire("ann", directory=1, department="Cloud")
        company.sync()
        yield company


def how(facts: RunFacts, directory: str = HERE) -> tuple[bool, str]:
    """Whether the directory was read by its changes, and why not."""
    return facts.readings[directory]["by_changes"], facts.readings[directory]["because"]


def reads(company: Company) -> list[tuple[int, int]]:
    """Whole reads, and reads of changes, of each directory."""
    return [(directory.reads, directory.follows) for directory in company.directories]


# -- what is read ---------------------------------------------------------------------------------------


def test_the_second_run_looks_at_nobody(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[int | None] = []
    monkeypatch.setattr(People, "fingerprints", None)
    monkeypatch.setattr(People, "count", lambda _, at_most: counted.append(at_most) or 0)
    facts = company.sync()
    assert reads(company) == [(1, 1)]
    assert counted == [0]
    assert facts.readings == {HERE: {"by_changes": True, "people": 0, "because": ""}}
    assert (facts.counts, facts.sizes, facts.exit_code) == ({}, {HERE: 3}, 0)


def test_newcomers_changes_and_leavers_are_found(company: Company) -> None:
    company.people.change("id-ann", last_name="Roe")
    company.people.remove("id-bob")
    company.hire("dora")
    facts = company.sync()
    assert facts.counts == {"update": 1, "create": 1, "suspend": 1, "note": 1}
    assert facts.readings[HERE]["people"] == 3
    assert facts.sizes == {HERE: 3}
    assert company.sync().counts == {}
    assert reads(company) == [(1, 2)]


def test_two_swap_their_addresses(company: Company) -> None:
    company.people.change("id-ann", email="bob@example.com")
    company.people.change("id-bob", email="ann@example.com")
    assert company.sync().counts == {"update": 2}
    assert company.learner("ann").profile.first_name == "Bob"


def test_somebody_told_of_twice_is_who_they_are_in_the_end(company: Company) -> None:
    told = _Telling(company)
    company.people.change("id-ann", last_name="Roe")
    before = told.now("id-ann")
    company.people.change("id-ann", last_name="Poe")
    told.pages = [before, told.now("id-ann"), told.now("id-ann")]
    assert company.sync().counts == {"update": 1}
    assert company.learner("ann").profile.last_name == "Poe"


def test_gone_and_back_in_one_pass_is_nothing(company: Company) -> None:
    told = _Telling(company)
    told.pages = [Changed(gone=["id-ann", "never-was"]), told.now("id-ann")]
    assert company.sync().counts == {}
    told.pages = [told.now("id-bob"), Changed(gone=["id-bob"])]
    company.people.remove("id-bob")
    assert company.sync().counts == {"suspend": 1, "note": 1}


def test_whoever_is_there_and_gone_on_one_page_is_asked_for_again(company: Company) -> None:
    told = _Telling(company)
    page = told.now("id-ann")
    told.pages = [page._replace(gone=["id-ann"])]
    assert company.sync().counts == {}
    company.people.remove("id-ann")
    told.pages = [page._replace(gone=["id-ann"])]
    assert company.sync().counts["suspend"] == 1


def test_somebody_unknown_who_is_gone_is_nothing(company: Company) -> None:
    company.hire("dora")
    company.people.remove("id-dora")
    _Telling(company).pages = [Changed(gone=["id-dora", "whoever"])]
    assert company.sync().counts == {}


def test_whoever_is_restored_is_back(company: Company) -> None:
    entry = company.people.entries["id-ann"]
    company.people.remove("id-ann")
    assert company.sync().counts == {"suspend": 1, "note": 1}
    company.people.entries["id-ann"] = entry
    facts = company.sync()
    assert (facts.counts, facts.sizes) == ({"reactivate": 1}, {HERE: 3})
    assert company.sync().counts == {}


# -- whom nothing tells of ------------------------------------------------------------------------------


def test_an_account_that_expires_by_the_clock_is_seen(company: Company) -> None:
    company.people.expire("id-ann", company.now + 3600)
    company.sync()
    company.now += 7200
    facts = company.sync()
    assert (how(facts), facts.counts) == ((True, ""), {"suspend": 1, "note": 1})
    assert company.sync().counts == {}


def test_a_license_is_released_when_the_grace_period_is_over(company: Company) -> None:
    company.policy = replace(company.policy, grace=Grace(suspend_after=3600, release_after=7200))
    company.people.disable("id-ann")
    assert company.sync().counts == {"note": 2}
    company.now += 3600
    assert company.sync().counts == {"suspend": 1}
    company.now += 3600
    facts = company.sync()
    assert (how(facts), facts.counts) == ((True, ""), {"release": 1})


def test_the_skipped_are_named_every_time_and_used_when_they_can_be(company: Company) -> None:
    company.hire("dora", email="ann@example.com")
    company.hire("eve", email="")
    for _ in range(2):
        facts = company.sync()
        assert (how(facts), facts.counts, facts.sizes) == ((True, ""), {"skip": 2}, {HERE: 3})
    company.people.change("id-ann", email="ann.roe@example.com")
    assert company.sync().counts == {"update": 1, "create": 1, "skip": 1}, "the address has become free"


def test_whoever_was_refused_is_tried_again(company: Company) -> None:
    register, truth = company.register, Truth(company)
    company.hire("dora")
    real = register.recorder

    class Overtaken:
        def record(self, run: int, batch: Sequence[Entry], now: int, **options: bool) -> object:
            truth.add_by_hand("dora@example.com")
            return real.record(run, batch, now, **options)

    register.recorder = Overtaken()  # type: ignore[assignment]
    assert company.sync().refused == 1
    register.recorder = real
    facts = company.sync()
    assert (how(facts), facts.counts) == ((True, ""), {"skip": 1}), "by hand somebody has the address"
    truth.close()


def test_only_the_directory_that_cannot_tell_is_read_whole(two: Company) -> None:
    two.directories[1].forget()
    two.directories[1].remove("id-ann")
    two.hire("eve", directory=1)
    facts = two.sync()
    assert (how(facts, "ad")[0], how(facts, "cloud")[0]) == (True, False)
    assert two.learner("ann").account is Account.ACTIVE, "the first directory has them, unchanged"
    assert two.learners("live") == ["ann", "bob", "eve"]


def test_who_is_left_to_the_second_directory_is_what_it_said_of_them(two: Company) -> None:
    two.people.remove("id-ann")
    facts = two.sync()
    assert (how(facts, "ad"), how(facts, "cloud")) == ((True, ""), (True, ""))
    assert facts.counts["update"] == 1
    assert two.learner("ann").account is Account.ACTIVE
    assert two.learner("ann").profile.department == "Cloud", "which speaks for them now"
    assert two.sync().counts == {}
    two.directories[1].remove("id-ann")
    assert two.sync("directory_size").counts["suspend"] == 1


def test_the_first_directory_speaks_also_when_nothing_has_changed_there(two: Company) -> None:
    two.directories[1].change("id-ann", department="Clouds")
    two.hire("bob", directory=1, last_name="Roe")
    assert two.sync().counts == {"note": 1, "link": 1}
    assert two.learner("ann").profile.department == "Sales"
    assert two.learner("bob").profile.last_name == "Doe"
    assert two.sync().counts == {}


def test_a_second_directory_that_is_new_is_read_whole_beside_the_first(company: Company) -> None:
    company.directories.append(MemoryDirectory("cloud"))
    company.hire("ann", "dora", directory=1)
    facts = company.sync()
    assert facts.counts == {"create": 1, "link": 1}
    assert (how(facts)[0], how(facts, "cloud")[0]) == (True, False)
    assert reads(company) == [(1, 1), (1, 0)]


# -- when everybody is read -----------------------------------------------------------------------------


def test_everybody_is_read_when_the_last_time_is_too_long_ago(company: Company) -> None:
    company.now += DAY - 1
    assert how(company.sync()) == (True, "")
    company.now += 1
    assert how(company.sync()) == (False, "the last time is longer ago than schedule.full_after")
    assert how(company.sync()) == (True, "")
    company.now -= 2 * DAY
    assert not how(company.sync())[0], "the clock has been set back: nobody knows how long ago it was"


def test_everybody_is_read_when_people_are_judged_in_another_way(company: Company) -> None:
    company.salt = b"two"
    assert how(company.plan()) == (False, "the configuration has changed")
    company.sync()
    assert how(company.sync()) == (True, "")


def test_everybody_is_read_when_somebody_asks_for_it(company: Company) -> None:
    assert how(company.sync(full=True)) == (False, "asked for")
    assert how(company.plan(full=True)) == (False, "asked for")
    assert how(company.sync()) == (True, "")


def test_with_zero_every_run_reads_everybody_and_leaves_no_cursor(company: Company) -> None:
    company.full_after = 0
    assert how(company.sync()) == (False, "")
    assert company.register.runs.cursors() == {}


def test_a_lost_cursor_suspends_nobody(company: Company) -> None:
    company.people.forget()
    company.people.change("id-ann", last_name="Roe")
    facts = company.sync()
    assert facts.counts == {"update": 1}
    assert how(facts) == (False, "head-office: nobody knows what has changed since 'state 1'")
    assert how(company.sync()) == (True, "")


def test_somebody_who_cannot_be_told_from_others_has_everybody_read(company: Company) -> None:
    company.people.spoil("id-ann", nameless=True)
    company.people.remove("id-bob")
    for _ in range(2):
        facts = company.sync()
        assert not how(facts)[0], "Ann may be anybody"
        assert facts.counts == {"skip": 1}, "so nobody is taken for gone"
    company.people.spoil("id-ann", "")
    assert company.sync().counts == {"suspend": 1, "note": 1}
    assert how(company.sync()) == (True, "")


def test_so_many_changes_that_they_would_fill_the_memory_are_not_kept(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("syncd.following._MOST", 2)
    for handle in ("ann", "bob", "cem"):
        company.people.change(f"id-{handle}", last_name="Roe")
    facts = company.sync()
    assert (how(facts), facts.counts) == ((False, "more than 2 people have changed"), {"update": 3})


def test_a_directory_without_a_mark_is_always_read_whole(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MemoryDirectory, "mark", lambda *_: "")
    company.sync(full=True)
    assert how(company.sync()) == (False, "")


def test_explaining_and_counting_read_everybody(company: Company) -> None:
    assert not isinstance(Watched(company.people, "ann", MAPPING), Incremental)


# -- which runs leave a cursor --------------------------------------------------------------------------


def test_a_plan_leaves_no_cursor_and_uses_the_one_there_is(company: Company) -> None:
    company.hire("dora")
    before = company.register.runs.cursors()
    facts = company.plan()
    assert (how(facts), facts.counts) == ((True, ""), {"create": 1})
    assert company.register.runs.cursors() == before
    assert company.sync().counts == {"create": 1}
    assert company.register.runs.cursors()[HERE].run == facts.run + 1


def test_a_held_run_leaves_the_cursor_where_it_was(company: Company) -> None:
    company.policy = Policy(limits=Limits(suspensions=Limit(count=0), floor=0))
    before = company.register.runs.cursors()
    company.people.remove("id-ann")
    held = company.sync()
    assert (held.state, company.register.runs.cursors()) == (RunState.HELD, before)
    assert company.sync(reviewed=held.run).counts == {"suspend": 1, "note": 1}
    assert how(company.sync()) == (True, "")


def test_a_reviewed_plan_that_leaves_something_out_leaves_no_cursor(company: Company) -> None:
    company.people.remove("id-ann")
    reviewed = company.plan().run
    company.hire("dora")
    company.sync(reviewed=reviewed)
    assert company.register.runs.cursors() == {}
    assert company.sync().counts == {"create": 1}


def test_a_read_that_breaks_off_changes_nothing(company: Company) -> None:
    before = company.register.runs.cursors()
    company.hire("dora")
    company.people.break_after(0)
    with pytest.raises(Incomplete):
        company.sync()
    company.people.refuse(Unavailable("dc1 is down"))
    with pytest.raises(Unavailable):
        company.sync()
    company.people.mend()
    assert company.register.runs.cursors() == before
    assert company.sync().counts == {"create": 1}


@pytest.mark.parametrize("recorded", [False, True])
def test_a_run_cut_short_leaves_the_cursor_where_it_was(company: Company, *, recorded: bool) -> None:
    before = company.register.runs.cursors()
    company.people.change("id-ann", last_name="Roe")
    company.people.remove("id-bob")
    real = company.register.recorder
    company.register.recorder = Failing(real, 1, recorded=recorded)  # type: ignore[assignment]
    with pytest.raises(Cut):
        company.sync()
    company.register.recorder = real
    assert company.register.runs.cursors() == before
    facts = company.sync()
    assert how(facts) == (True, "")
    assert facts.counts == ({} if recorded else {"update": 1, "suspend": 1, "note": 1})
    assert company.learner("bob").account is Account.SUSPENDED


# -- the guard ------------------------------------------------------------------------------------------


def test_a_directory_emptied_by_its_changes_is_held(company: Company) -> None:
    company.policy = Policy(limits=Limits(suspensions=Limit(), floor=1))
    for handle in ("ann", "bob", "cem"):
        company.people.remove(f"id-{handle}")
    facts = company.sync()
    assert how(facts) == (True, "")
    assert [entry["message"] for entry in facts.objections] == ["directory head-office has nobody in it"]
    assert company.learners("live") == ["ann", "bob", "cem"]


def test_a_directory_that_shrinks_by_its_changes_is_held(company: Company) -> None:
    company.policy = Policy(limits=Limits(suspensions=Limit(), floor=1))
    company.people.remove("id-ann")
    company.people.remove("id-bob")
    (objection,) = company.sync().objections
    assert objection["message"] == "directory head-office shrank from 3 people to 1 (below 50%)"


class _Telling:
    """Puts words into a directory's mouth: `pages` are all it says has changed."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.pages: list[Changed] = []
        company.people.changes = self._changes  # type: ignore[method-assign]

    def now(self, id: str) -> Changed:
        """A page that tells of somebody as they are."""
        request = self.company.engine.request_for(HERE, self.company.now)
        (page,) = self.company.people.again(request, [id])
        return page

    def _changes(self, request: ReadRequest, _cursor: str) -> Iterator[Changed]:
        yield from self.pages
        yield Changed(cursor=self.company.people.mark(request))
