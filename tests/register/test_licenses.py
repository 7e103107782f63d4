"""The life of an order, and the figures of its lot: on every day, in the company's own time zone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from syncd.errors import ConfigError
from syncd.model import LicenseType, OrderState
from syncd.register.licenses import Licenses, Order
from tests.company import DAY, START, Company

PREMIUM = LicenseType.PREMIUM


@pytest.fixture
def licenses(company: Company) -> Licenses:
    return company.register.licenses


def ask(licenses: Licenses, quantity: int = 5, type_: LicenseType = PREMIUM) -> Order:
    return licenses.request(type_, quantity, by="manager", now=START)


def assign(licenses: Licenses, order: int, quantity: int | None = None, reason: str = "") -> Order:
    return licenses.assign(order, by="seller", now=START + 60, zone=UTC, quantity=quantity, reason=reason)


def reject(licenses: Licenses, order: int) -> Order:
    return licenses.reject(order, by="seller", now=START + 60, reason="no budget")


def cancel(licenses: Licenses, order: int) -> Order:
    return licenses.cancel(order, by="manager", now=START + 60)


DECISIONS = [
    pytest.param(assign, OrderState.ASSIGNED, id="assign"),
    pytest.param(reject, OrderState.REJECTED, id="reject"),
    pytest.param(cancel, OrderState.CANCELLED, id="cancel"),
]


def test_a_request_brings_no_licenses(licenses: Licenses) -> None:
    order = ask(licenses)
    assert (order.state, order.requested_by, order.requested_at) == (OrderState.REQUESTED, "manager", START)
    assert (order.lot, order.assigned, order.ends_at, order.decided_at) == (None, None, None, None)
    assert licenses.lots(START) == []


def test_an_assigned_order_brings_a_lot(licenses: Licenses) -> None:
    order = assign(licenses, ask(licenses).id)
    assert (order.state, order.decided_by, order.decided_at) == (OrderState.ASSIGNED, "seller", START + 60)
    (lot,) = licenses.lots(START + 60)
    assert (lot.id, lot.order, lot.quantity, lot.available) == (order.lot, order.id, 5, 5)
    assert (lot.starts_at, lot.ends_at) == (START + 60, order.ends_at)
    assert licenses.orders() == [order]


@pytest.mark.parametrize(("decide", "_state"), DECISIONS[1:])
def test_an_order_that_comes_to_nothing_brings_no_lot(
    licenses: Licenses, decide: Callable[..., Order], _state: OrderState
) -> None:
    decide(licenses, ask(licenses).id)
    assert licenses.lots(START) == []


@pytest.mark.parametrize(("again", "_state"), DECISIONS)
@pytest.mark.parametrize(("decide", "state"), DECISIONS)
def test_a_decision_stands(
    licenses: Licenses,
    decide: Callable[..., Order],
    state: OrderState,
    again: Callable[..., Order],
    _state: OrderState,
) -> None:
    decided = decide(licenses, ask(licenses).id)
    assert decided.state is state
    with pytest.raises(ConfigError, match=f"order 1 is {state} already; it cannot be"):
        again(licenses, decided.id)
    assert licenses.orders() == [decided]


@pytest.mark.parametrize(("decide", "_state"), DECISIONS)
def test_an_order_nobody_placed_cannot_be_decided(
    licenses: Licenses, decide: Callable[..., Order], _state: OrderState
) -> None:
    with pytest.raises(ConfigError, match="there is no order 7"):
        decide(licenses, 7)


@pytest.mark.parametrize("quantity", [0, -1, 1_000_001, 10_000_000])
def test_a_number_that_cannot_be_is_refused_asked_or_assigned(licenses: Licenses, quantity: int) -> None:
    with pytest.raises(ConfigError, match=f"{quantity} is not a number of licenses"):
        ask(licenses, quantity)
    order = ask(licenses)
    with pytest.raises(ConfigError, match=f"{quantity} is not a number of licenses"):
        assign(licenses, order.id, quantity, reason="a slip of the finger")
    assert licenses.orders() == [order], "it can still be decided"


@pytest.mark.parametrize("quantity", [1, 1_000_000])
def test_the_smallest_and_the_largest_order(licenses: Licenses, quantity: int) -> None:
    assert assign(licenses, ask(licenses, quantity).id).assigned == quantity


def test_another_number_needs_a_reason(licenses: Licenses) -> None:
    order = ask(licenses)
    with pytest.raises(ConfigError, match="order 1 asks for 5 licenses, not 4"):
        assign(licenses, order.id, 4)
    assert licenses.orders() == [order], "it can still be decided"
    assigned = assign(licenses, order.id, 4, reason="the budget of 2027")
    assert (assigned.quantity, assigned.assigned, assigned.reason) == (5, 4, "the budget of 2027")


def test_a_reference_belongs_to_one_order(licenses: Licenses) -> None:
    licenses.request(PREMIUM, 5, by="manager", now=START, reference="PO-1")
    with pytest.raises(ConfigError, match="'PO-1' belongs to another order"):
        licenses.request(PREMIUM, 9, by="manager", now=START, reference="PO-1")
    licenses.request(PREMIUM, 9, by="manager", now=START, reference="PO-2")
    ask(licenses)
    ask(licenses)
    assert [order.reference for order in licenses.orders()] == ["PO-1", "PO-2", None, None]


def test_the_seats_of_a_lot_add_up_until_its_end(company: Company, licenses: Licenses) -> None:
    company.order(3)
    company.hire("ann", "bob")
    company.sync()
    (lot,) = licenses.lots(company.now)
    assert (lot.allocated, lot.available, lot.expired) == (2, 1, 0)
    (lot,) = licenses.lots(lot.ends_at - 1)
    assert (lot.allocated, lot.available, lot.expired) == (2, 1, 0)
    (lot,) = licenses.lots(lot.ends_at)
    assert (lot.allocated, lot.available, lot.expired) == (0, 0, 3)
    assert licenses.drawable(lot.ends_at) == []


@pytest.mark.parametrize("name", ["UTC", "Asia/Tokyo", "America/Los_Angeles", "Pacific/Kiritimati"])
@pytest.mark.parametrize(("type_", "day"), [(PREMIUM, (2028, 1, 15)), (LicenseType.TRIAL, (2027, 2, 14))])
def test_the_end_is_a_midnight_where_the_company_is(
    licenses: Licenses, name: str, type_: LicenseType, day: tuple[int, int, int]
) -> None:
    zone = ZoneInfo(name)
    noon = int(datetime(2027, 1, 15, 12, tzinfo=zone).timestamp())
    order = licenses.assign(ask(licenses, type_=type_).id, by="seller", now=noon, zone=zone)
    assert order.ends_at == datetime(*day, tzinfo=zone).timestamp()


def test_licenses_start_when_assigned_and_not_when_taken(company: Company) -> None:
    company.order(2)
    company.hire("ann")
    company.sync()
    company.now += 100 * DAY
    company.hire("bob")
    company.sync()
    assert company.learner("bob").ends_at == company.learner("ann").ends_at
