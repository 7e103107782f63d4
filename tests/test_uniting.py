"""Two learners who turn out to be one human, on both databases: one license, one line, all of the history."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from syncd.model import Account, Kind
from syncd.plan.leavers import Grace
from tests.company import DAY, UNGUARDED, Company, opened
from tests.contracts.memory import MemoryDirectory
from tests.contracts.memory_platform import MemoryPlatform
from tests.life import Cut, Failing


@pytest.fixture
def company(database_url: str) -> Iterator[Company]:
    """Ann is in AD as ann and in the cloud as anna: two learners with a license each. Cem waits."""
    with opened(database_url, directories=[MemoryDirectory("ad"), MemoryDirectory("cloud")]) as company:
        company.order(2)
        company.hire("ann", department="Sales")
        company.hire("anna", directory=1, job_title="Head")
        company.sync()
        company.hire("cem")
        company.sync()
        yield company
        company.check_books()


def numbers(company: Company, *handles: str) -> tuple[int, ...]:
    return tuple(company.learner(handle).id for handle in handles)


def why_not(company: Company, keep: int, gone: int) -> str:
    facts = company.merge(keep, gone)
    assert set(facts.counts) == {"skip"}
    (change,) = company.changes(facts, Kind.SKIP)
    return change.why


def test_they_become_one_with_one_license_and_the_other_goes_to_the_line(company: Company) -> None:
    ann, anna = numbers(company, "ann", "anna")
    assert company.merge(ann, anna).counts == {"merge": 1}
    assert company.learners() == ["ann", "cem"]
    assert [entry.directory for entry in company.register.learners.identities(ann)] == ["ad", "cloud"]
    company.sync()
    assert company.learners("live") == ["ann", "cem"]
    assert company.learner("ann").account is Account.ACTIVE
    assert company.sync().counts == {}, "there is nothing left to be settled"
    company.directories[0].disable("id-ann")
    assert "suspend" not in company.sync().counts, "the cloud has her still"


def test_what_they_were_called_before_is_theirs(company: Company) -> None:
    """Whose address counts is what it says of them; the other address is nobody's and may be anybody's."""
    ann, anna = numbers(company, "ann", "anna")
    company.merge(anna, ann)
    company.sync()
    assert company.learner("ann").id == anna, "AD's word counts first"
    company.hire("anna")
    assert company.sync().counts["wait"] == 1


def test_the_history_stays_and_the_trail_tells_it_of_both(company: Company) -> None:
    ann, anna = numbers(company, "ann", "anna")
    company.merge(ann, anna)
    gone = company.register.learners.get(str(anna), company.now)
    assert gone is not None
    assert (gone.deleted_at, gone.profile.first_name) == (company.now, "Anna")
    (license_,) = company.register.learners.allocations(anna)
    assert (str(license_.state), license_.ended_because) == ("released", f"merged into learner {ann}")
    for learner in (ann, anna):
        *_, entry = company.register.trail.read(learner=learner)
        assert (entry.action, entry.number, dict(entry.after)) == ("merge", anna, {"into": ann})


def test_a_preview_changes_nothing(company: Company) -> None:
    ann, anna = numbers(company, "ann", "anna")
    assert company.merge(ann, anna, apply=False).counts == {"merge": 1}
    assert company.learners() == ["ann", "anna", "cem"]


def test_what_cannot_be_merged_says_why(company: Company) -> None:
    ann, anna, cem = numbers(company, "ann", "anna", "cem")
    assert why_not(company, ann, cem).startswith(f"learner {ann} and learner {cem} are both present in ad")
    assert why_not(company, cem, anna).endswith(f"has no license, and learner {anna} has: keep that one")
    assert why_not(company, ann, ann) == f"learner {ann} is one learner already"
    company.suspend("anna")
    assert why_not(company, ann, anna).endswith("who is suspended by hand: resume them first")
    company.suspend("anna", lifted=True)
    company.policy = replace(company.policy, seats=replace(company.policy.seats, max_moves=0))
    assert why_not(company, ann, anna).endswith("that license has moved as often as it may")
    assert company.merge(ann, 999).counts == {}
    assert company.learners() == ["ann", "anna", "cem"]


def test_an_account_made_anew_is_brought_back_to_the_learner_it_was(company: Company) -> None:
    """Ann's account is made anew under another address, so that nobody could tell: a second learner waits."""
    ad = company.directories[0]
    ad.remove("id-ann")
    ad.add("id-new", email="ann.roe@example.com", first_name="Ann", last_name="Roe")
    company.sync()
    ann, new = numbers(company, "ann", "ann.roe")
    assert company.learner("ann").account is Account.SUSPENDED
    company.merge(ann, new)
    facts = company.sync()
    assert facts.counts["reactivate"] == 1
    assert (company.learner("ann.roe").id, company.learner("ann.roe").license) == (ann, "live")
    assert company.learners("waiting") == ["cem"]


def test_links_lead_to_the_one_who_is_kept(company: Company) -> None:
    """Both were learners before there was a link; it was a conflict in every run since."""
    ann, anna = numbers(company, "ann", "anna")
    ad, cloud = company.directories
    for directory, id_ in ((cloud, "id-anna"), (ad, "id-ann")):
        conflicts = company.sync().conflicts
        entry = directory.entries[id_]
        directory.add(id_, links=["guid:1"], **entry.attributes)
    assert (conflicts, company.sync().conflicts) == (0, 1)
    company.merge(ann, anna)
    assert company.sync().conflicts == 0
    assert company.sync().counts == {}


@pytest.mark.parametrize("recorded", [False, True])
def test_what_a_crash_left_the_next_sync_does(company: Company, recorded: bool) -> None:
    ann, anna = numbers(company, "ann", "anna")
    real = company.register.recorder
    company.register.recorder = Failing(real, 1, recorded=recorded)  # type: ignore[assignment]
    with pytest.raises(Cut):
        company.merge(ann, anna)
    company.register.recorder = real
    company.sync()
    company.sync()
    assert company.learners("live") == ["ann", "cem"]
    assert company.sync().counts == {}


def test_whoever_is_deleted_takes_with_them_who_became_part_of_them(company: Company) -> None:
    ann, anna = numbers(company, "ann", "anna")
    company.merge(ann, anna)
    company.sync()
    for directory, id_ in zip(company.directories, ("id-ann", "id-anna"), strict=True):
        directory.disable(id_)
    company.policy = replace(company.policy, grace=Grace(delete_after=30 * DAY), limits=UNGUARDED)
    company.sync()
    company.now += 40 * DAY
    assert company.sync().counts == {"release": 1, "delete": 1}
    for number in (ann, anna):
        left = company.register.learners.get(str(number), company.now)
        assert left is not None
        assert (left.profile.first_name, left.profile.email) == ("", f"deleted-{number}")
    told = [entry.email for entry in company.register.trail.read() if "ann" in entry.email]
    assert told == []


def test_a_platform_shuts_the_other_account(database_url: str) -> None:
    platform = MemoryPlatform()
    directories = [MemoryDirectory("ad"), MemoryDirectory("cloud")]
    with opened(database_url, platform=platform, directories=directories) as company:
        company.order(2)
        company.hire("ann")
        company.hire("anna", directory=1)
        company.sync()
        company.merge(*numbers(company, "ann", "anna"))
        company.sync()
        assert sorted((one.active, one.ends_at is not None) for one in platform.learners.values()) == [
            (False, False),
            (True, True),
        ]
        assert platform.by_email("anna@example.com") is None
