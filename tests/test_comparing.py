"""A platform that has somebody otherwise than the register is told again; nobody else is touched."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from syncd.errors import Unavailable
from syncd.model import Kind, Profile
from syncd.plan.guard import Limits
from syncd.plan.policy import Policy
from syncd.ports import PlatformLearner
from tests.company import DAY, Company, opened
from tests.contracts.memory_platform import DeafPlatform, ListingPlatform, MemoryPlatform


@pytest.fixture(params=[MemoryPlatform, ListingPlatform], ids=["asked", "listing"])
def platform(request: pytest.FixtureRequest) -> MemoryPlatform:
    made: MemoryPlatform = request.param()
    return made


@pytest.fixture
def company(database_url: str, platform: MemoryPlatform) -> Iterator[Company]:
    with opened(database_url, platform=platform) as company:
        company.order(5)
        company.hire("ann", "bob", "cem")
        company.sync()
        yield company
        company.check_books()


def edit(platform: MemoryPlatform, handle: str, **changes: object) -> None:
    """Somebody does it by hand, on the platform."""
    there = platform.by_email(f"{handle}@example.com")
    assert there is not None
    platform.learners[there.account] = replace(there, **changes)  # type: ignore[arg-type]


def why(company: Company, **how: bool) -> dict[str, str]:
    """By handle, what a preview finds to put right."""
    repairs = company.changes(company.plan(**how), Kind.REPAIR)
    return {change.email.partition("@")[0]: change.why for change in repairs}


def test_what_is_as_it_should_be_is_left_alone(company: Company, platform: MemoryPlatform) -> None:
    before = len(platform.deliveries)
    assert company.sync(full=True).counts == {}
    assert len(platform.deliveries) == before


def test_it_is_compared_when_everything_is_read(company: Company, platform: MemoryPlatform) -> None:
    edit(platform, "ann", active=False)
    assert why(company) == {}
    assert why(company, full=True) == {"ann": "differs on the platform: whether they may log in"}


def test_what_differs_is_named_and_put_right(company: Company, platform: MemoryPlatform) -> None:
    edit(platform, "ann", profile=Profile("ann@example.com", "Anna", "Doe"), ends_at=7)
    edit(platform, "bob", licensed=False, ends_at=None)
    del platform.learners["m3"]
    assert why(company, full=True) == {
        "ann": "differs on the platform: first name, end of the license",
        "bob": "differs on the platform: license",
        "cem": "is missing on the platform",
    }
    facts = company.sync(full=True)
    assert (facts.counts, facts.refused, facts.undelivered) == ({"repair": 3}, 0, 0)
    assert {one.profile.email for one in platform.learners.values()} == {
        f"{handle}@example.com" for handle in ("ann", "bob", "cem")
    }
    assert company.sync(full=True).counts == {}


def test_strangers_and_accounts_nobody_knows_are_left_alone(
    company: Company, platform: MemoryPlatform
) -> None:
    platform.put_stranger("zoe@example.com")
    restored = PlatformLearner("m9", 9_999, Profile("old@example.com"), active=True, licensed=True)
    platform.learners["m9"] = restored  # ours, by its mark, of a register that was another one
    there = dict(platform.learners)
    assert company.sync(full=True).counts == {}
    assert platform.learners == there


def test_leavers_stay_shut_out(company: Company, platform: MemoryPlatform) -> None:
    company.people.remove("id-ann")
    company.sync()
    edit(platform, "ann", active=True)
    assert why(company, full=True) == {"ann": "differs on the platform: whether they may log in"}
    company.sync(full=True)
    there = platform.by_email("ann@example.com")
    assert there is not None
    assert not there.active


def test_leavers_who_are_gone_there_lack_nothing(company: Company, platform: MemoryPlatform) -> None:
    company.people.remove("id-ann")
    company.sync()
    del platform.learners["m1"]
    assert why(company, full=True) == {}
    company.hire("ann")
    company.sync()
    assert platform.by_email("ann@example.com") is not None


def test_what_was_refused_is_offered_again(company: Company, platform: MemoryPlatform) -> None:
    platform.refuse("roe@example.com", "the domain is not allowed")
    company.people.change("id-ann", email="roe@example.com")
    assert company.sync().refused == 1
    platform.mend()
    assert company.sync(full=True).counts == {"repair": 1}
    assert platform.by_email("roe@example.com") is not None


def test_who_is_told_of_something_else_is_told_once(company: Company, platform: MemoryPlatform) -> None:
    edit(platform, "ann", active=False)
    company.people.change("id-ann", department="Law")
    assert company.sync(full=True).counts == {"update": 1}
    assert company.sync(full=True).counts == {}


def test_a_platform_that_is_down_is_told_of(company: Company, platform: MemoryPlatform) -> None:
    platform.down(Unavailable("refused token=hunter2"))
    company.hire("dan")
    facts = company.sync(full=True)
    assert (facts.platform_down, facts.undelivered, facts.exit_code) == ("refused token=***", 1, 4)
    platform.mend()
    company.sync()
    assert platform.by_email("dan@example.com") is not None


def test_an_emptied_platform_is_held_and_filled_as_approved(
    company: Company, platform: MemoryPlatform
) -> None:
    company.policy = Policy(limits=Limits(floor=1))
    platform.learners.clear()
    facts = company.sync(full=True)
    assert facts.objections == [
        {
            "override": "repairs",
            "message": "would tell the platform again of 3 people; the limit is 20% (the register knows 3)",
        }
    ]
    assert platform.learners == {}
    company.now += DAY
    applied = company.sync(reviewed=facts.run)
    assert (applied.counts, len(platform.learners)) == ({"repair": 3}, 3)


def test_a_platform_that_cannot_be_asked_is_believed(database_url: str) -> None:
    platform = DeafPlatform()
    with opened(database_url, platform=platform) as company:
        company.order(5)
        company.hire("ann", "bob")
        company.sync()
        edit(platform, "ann", active=False)
        before = len(platform.deliveries)
        assert company.sync(full=True).counts == {}
        assert len(platform.deliveries) == before


def test_one_that_is_configured_later_and_cannot_be_asked_is_told_of_everybody(database_url: str) -> None:
    with opened(database_url) as before:
        before.order(5)
        before.hire("ann", "bob", "cem")
        before.sync()
        before.people.disable("id-cem")
        before.sync()
        people = before.directories
    platform = DeafPlatform()
    with opened(database_url, platform=platform, directories=people) as company:
        company.hire("dan")
        told = "the platform was never told of them"
        assert why(company, full=True) == {"ann": told, "bob": told}
        assert company.sync(full=True).counts == {"create": 1, "repair": 2}
        assert sorted(one.profile.email[:3] for one in platform.learners.values()) == ["ann", "bob", "dan"]
        assert company.sync(full=True).counts == {}
        company.check_books()


def test_another_platform_knows_nobody_yet(company: Company, platform: MemoryPlatform) -> None:
    """What the one before called them is no account of theirs here."""
    company.people.remove("id-cem")
    company.sync()
    other = type(platform)("academy")
    stranger = other.put_stranger("x@example.com")
    assert stranger == "m1", "whom ann was on the one before"
    company.platform = other
    company.register.close()
    company.__post_init__()
    assert why(company, full=True) == dict.fromkeys(("ann", "bob"), "is missing on the platform")
    company.sync(full=True)
    assert {one.profile.email: one.account for one in other.learners.values()} == {
        "x@example.com": "m1",
        "ann@example.com": "m2",
        "bob@example.com": "m3",
    }
    assert company.learner("ann").platform_account == "academy/m2"
    assert company.sync(full=True).counts == {}
