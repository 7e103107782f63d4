"""After a run, syncd asks for what is missing, where the admin wants that: once, and with its reasons."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC
from pathlib import Path

import pytest

from syncd.licensing.requests import Automatic, RequestPolicy
from syncd.model import OrderState
from syncd.register.licenses import Order
from syncd.requesting import request_missing
from tests.company import DAY, Company, opened

DRAFT = RequestPolicy(Automatic.DRAFT)
PLACE = RequestPolicy(Automatic.PLACE, most=3)


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    with opened(f"sqlite:///{tmp_path}/syncd.db") as company:
        yield company


def follow_up(company: Company, wanted: RequestPolicy) -> int | None:
    return request_missing(company.register, company.policy, wanted, UTC, company.now)


def orders(company: Company) -> list[Order]:
    return company.register.licenses.orders()


def test_nothing_is_ordered_by_itself_unless_somebody_wants_that(company: Company) -> None:
    company.hire("ann", "bob")
    company.sync()
    assert follow_up(company, RequestPolicy()) is None
    assert orders(company) == []


def test_people_waiting_are_drafted_for_by_name(company: Company) -> None:
    company.order(1)
    company.hire("ann", "bob", "cem")
    company.sync()
    assert follow_up(company, DRAFT) == 2
    draft = orders(company)[-1]
    assert (draft.state, draft.quantity, draft.requested_by) == (OrderState.DRAFT, 2, "syncd")
    assert draft.note == "forecast of 2027-01-15: 2 waiting: Bob Doe, Cem Doe"


def test_a_second_run_adds_nothing(company: Company) -> None:
    company.hire("ann", "bob")
    company.sync()
    assert follow_up(company, DRAFT) == 1
    company.sync()
    assert follow_up(company, DRAFT) is None
    assert len(orders(company)) == 1


def test_an_order_is_placed_and_never_for_more_than_the_maximum(company: Company) -> None:
    company.hire(*"abcdefghijklmn")
    company.sync()
    assert follow_up(company, PLACE) == 1
    (order,) = orders(company)
    assert (order.state, order.quantity) == (OrderState.REQUESTED, 3)
    assert "14 waiting: A Doe, B Doe" in order.note
    assert "and 4 more" in order.note
    assert "14 are missing; licenses.request.max allows 3" in order.note


def test_what_managers_have_requested_is_not_asked_for_again(company: Company) -> None:
    company.hire("ann", "bob", "cem")
    company.sync()
    company.register.licenses.request(company.policy.seats.type, 2, by="ann", now=company.now)
    assert follow_up(company, DRAFT) == 2
    assert orders(company)[-1].quantity == 1
    assert "2 requested already" in orders(company)[-1].note
    company.register.licenses.request(company.policy.seats.type, 2, by="ann", now=company.now)
    assert follow_up(company, DRAFT) is None
    assert orders(company)[1].state is OrderState.CANCELLED
    assert orders(company)[1].reason == "nothing is missing any more"


def test_a_shortfall_is_seen_coming(company: Company) -> None:
    """One joins every other day: eighty licenses last, until they do not."""
    company.order(80)
    company.hire("first")
    company.sync()
    for number in range(60):
        company.now += 2 * DAY
        company.hire(f"p{number}")
        company.sync()
        if number < 40:
            assert follow_up(company, DRAFT) is None, f"{80 - 2 - number} are free, and 15 join in 30 days"
    order = next(iter(orders(company)[1:]), None)
    assert order is None
    for number in range(60, 70):
        company.now += 2 * DAY
        company.hire(f"p{number}")
        company.sync()
    assert follow_up(company, DRAFT) == 2
    draft = orders(company)[-1]
    assert 4 <= draft.quantity <= 8
    assert "expected to be missing by 2027-07-" in draft.note
    assert "waiting" not in draft.note


def test_whoever_turns_it_down_is_not_asked_again_at_once(company: Company) -> None:
    company.hire("ann")
    company.sync()
    assert follow_up(company, DRAFT) == 1
    company.register.licenses.cancel(1, by="ann@hq", now=company.now, reason="no budget")
    assert follow_up(company, DRAFT) is None
    company.now += 30 * DAY
    assert follow_up(company, DRAFT) == 2


def test_renewals_are_asked_for_where_they_are_automatic_and_only_there(company: Company) -> None:
    company.order(2)
    company.hire("ann", "bob")
    company.sync()
    company.now += 350 * DAY
    company.sync()
    assert follow_up(company, DRAFT) is None
    company.policy = replace(company.policy, seats=replace(company.policy.seats, renews=True))
    assert follow_up(company, DRAFT) == 2
    assert orders(company)[-1].quantity == 2
    assert "2 expected to be missing by 2028-01-30, the first on 2028-01-15" in orders(company)[-1].note
