"""The register in numbers, on both databases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from syncd import approval
from syncd.model import RunState
from syncd.plan.guard import Limit, Limits
from syncd.plan.policy import Policy
from tests.company import DAY, Company, opened


@pytest.fixture
def company(database_url: str) -> Iterator[Company]:
    """Ann, Bob and Cem have licenses that end within thirty days; there are two to follow."""
    with opened(database_url) as company:
        company.order(3)
        company.hire("ann", "bob", "cem")
        company.sync()
        company.now += 340 * DAY
        company.order(2)
        yield company


def ending_soon(company: Company) -> int:
    return company.register.gauges.read(company.now).ending_soon


def test_whose_renewal_is_reserved_loses_nothing_soon(company: Company) -> None:
    assert ending_soon(company) == 3
    company.renew("ann", within=60 * DAY)
    assert ending_soon(company) == 2
    company.now += 26 * DAY
    assert ending_soon(company) == 0, "they have ended, and the one that follows has begun"
    company.sync()
    assert ending_soon(company) == 0


def test_a_preview_waits_for_nobody(company: Company) -> None:
    company.policy = Policy(limits=Limits(creations=Limit(count=0), floor=0))
    company.hire("dan")

    def held() -> int:
        return company.register.gauges.read(company.now).held

    assert company.plan().state is RunState.HELD
    assert held() == 0
    facts = company.sync()
    assert held() == 1
    assert company.plan().state is RunState.HELD
    approval.decide(company.register, facts.run, RunState.REJECTED, by="root@desk", now=company.now)
    assert held() == 0
