"""Deletion, on both databases: only where the policy says so, last of all, and nothing personal stays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from syncd.model import RunState
from syncd.plan.guard import Limit
from syncd.plan.leavers import Grace
from tests.company import DAY, Company, opened
from tests.contracts.memory_platform import MemoryPlatform

DELETES = Grace(delete_after=365 * DAY)


@pytest.fixture
def company(database_url: str) -> Iterator[Company]:
    """Ann has left, Bob is here."""
    with opened(database_url) as company:
        hire(company)
        yield company
        company.check_books()


def hire(company: Company) -> None:
    company.order(2)
    company.hire("ann", "bob", department="Secret Service")
    company.sync()
    company.people.change("id-ann", last_name="Roe")
    company.sync()
    company.people.disable("id-ann")
    company.sync()


def after(company: Company, days: int, grace: Grace = DELETES) -> dict[str, int]:
    company.policy = replace(company.policy, grace=grace)
    company.now += days * DAY
    return company.sync().counts


def test_nobody_is_deleted_by_default(company: Company) -> None:
    assert "delete" not in after(company, 5000, Grace())
    assert "Ann" in company.everything()


def test_who_is_gone_for_so_long_is_deleted_and_once(company: Company) -> None:
    assert after(company, 364) == {"release": 1}
    assert after(company, 1) == {"delete": 1, "expire": 1}
    assert company.learners() == ["bob"]
    assert company.sync().counts == {}


def test_nothing_personal_stays_of_them(company: Company) -> None:
    company.plan()
    assert "id-ann" in company.everything()
    after(company, 400)
    told = company.everything()
    for trace in ("ann@example.com", "'Ann'", "Roe", "id-ann"):
        assert trace not in told
    assert "bob@example.com" in told


def test_history_stays_without_a_name(company: Company) -> None:
    number = company.learner("ann").id
    after(company, 20)
    after(company, 400)
    (allocation,) = company.register.learners.allocations(number)
    assert str(allocation.state) == "released"
    record = company.register.learners.get(str(number), company.now)
    assert record is not None
    assert (record.profile.email, record.profile.full_name, record.deleted_at) == (
        f"deleted-{number}",
        "",
        company.now,
    )
    trail = [(entry.action, entry.email) for entry in company.register.trail.read(learner=number)]
    assert trail == [("create", ""), ("update", ""), ("suspend", ""), ("release", ""), ("delete", "")]
    assert company.register.reconciling.discrepancies() == []


def test_the_seat_goes_back_first(company: Company) -> None:
    at_once = Grace(suspend_after=0, release_after=20 * DAY, delete_after=0)
    assert after(company, 19, at_once) == {}
    assert after(company, 1, at_once) == {"release": 1, "delete": 1}
    assert company.free_seats() == 1


def test_the_address_is_free_and_who_comes_back_is_new(company: Company) -> None:
    after(company, 400)
    company.order(1)
    company.people.enable("id-ann")
    assert company.sync().counts == {"create": 1}
    assert company.learner("ann").license == "live"


def test_who_came_back_is_not_deleted(company: Company) -> None:
    company.people.enable("id-ann")
    assert "delete" not in after(company, 400)


def test_more_than_the_limit_is_held(company: Company) -> None:
    limits = replace(company.policy.limits, floor=0, deletions=Limit(count=0))
    company.policy = replace(company.policy, limits=limits, grace=DELETES)
    company.now += 400 * DAY
    facts = company.sync()
    assert facts.state is RunState.HELD
    assert [entry["override"] for entry in facts.objections] == ["deletions"]
    assert company.sync("deletions").counts["delete"] == 1


def test_a_deleted_learner_is_never_renewed(company: Company) -> None:
    number = company.learner("ann").id
    after(company, 400)
    company.order(1)
    assert company.register.people.learners([number], company.now) == []


@pytest.mark.parametrize("fault", ["", "lose_answer", "down"])
def test_a_platform_is_told_to_delete_them(database_url: str, fault: str) -> None:
    platform = MemoryPlatform()
    with opened(database_url, platform=platform) as company:
        hire(company)
        if fault == "down":
            platform.down()
        elif fault:
            platform.lose_answer(f"deleted-{company.learner('ann').id}")
        after(company, 400)
        platform.mend()
        company.sync()
        assert [one.profile.email for one in platform.learners.values()] == ["bob@example.com"]
        assert "ann@example.com" not in company.everything()
        assert company.sync().undelivered == 0
