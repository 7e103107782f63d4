"""Stocktaking: the register's figures for a forecast, and the people behind them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import Engine, text

from syncd.licensing.stock import History, Stock
from syncd.model import LicenseType
from syncd.plan.leavers import Grace
from syncd.register.stock import Stocktaking
from tests.company import DAY, START, Company

PREMIUM = LicenseType.PREMIUM


@pytest.fixture
def stocktaking(company: Company) -> Stocktaking:
    return company.register.stocktaking


def test_an_empty_register(stocktaking: Stocktaking) -> None:
    assert stocktaking.stock(PREMIUM, START) == Stock()
    assert stocktaking.history() == History((), (), 0)
    assert list(stocktaking.holders([])) == []
    assert list(stocktaking.holders([1, 2])) == []


def test_the_seats_add_up(company: Company, stocktaking: Stocktaking, engine: Engine) -> None:
    company.policy = replace(company.policy, grace=Grace(0, 30 * DAY))
    company.order(6)
    company.hire("ann", "bob", "cem", "dan", "eve")
    company.sync()
    company.now += DAY
    company.people.remove("id-ann")
    company.sync()
    company.now += DAY
    company.people.remove("id-bob")
    company.sync()
    with engine.begin() as connection:  # by hand: neither here to stay nor gone
        connection.execute(
            text("UPDATE learners SET account = 'suspended', suspended_by = 'hand' WHERE email LIKE 'cem%'")
        )
    (lot,) = stocktaking.stock(PREMIUM, company.now).lots
    assert (lot.id, lot.order, lot.free, lot.staying) == (1, 1, 1, 2)
    assert lot.leaving == ((START + DAY, 1), (START + 2 * DAY, 1))
    assert [holder.email for holder in stocktaking.holders([lot.id])] == [
        "dan@example.com",
        "eve@example.com",
    ]


def test_lots_are_in_the_order_they_are_drawn_from(company: Company, stocktaking: Stocktaking) -> None:
    company.now += 5 * DAY
    company.order(2)
    company.now -= 5 * DAY
    company.order(3)
    stock = stocktaking.stock(PREMIUM, company.now)
    assert [(lot.id, lot.free) for lot in stock.lots] == [(2, 3), (1, 2)]


def test_what_is_over_is_told_apart_with_those_who_are_still_here(
    company: Company, stocktaking: Stocktaking
) -> None:
    company.order(3)
    company.hire("ann", "bob")
    company.sync()
    company.now += 400 * DAY
    company.order(1)
    stock = stocktaking.stock(PREMIUM, company.now)
    assert [lot.order for lot in stock.lots] == [2]
    assert [(lot.order, lot.staying) for lot in stock.over] == [(1, 2)]
    assert stock.ended == 2
    assert [holder.name for holder in stocktaking.holders([1])] == ["Ann Doe", "Bob Doe"]


def test_a_lot_that_is_over_and_had_nobody_is_no_news(company: Company, stocktaking: Stocktaking) -> None:
    company.order(3)
    assert stocktaking.stock(PREMIUM, company.now + 400 * DAY) == Stock()


def test_who_waits_and_what_is_requested_is_counted_by_type(
    company: Company, stocktaking: Stocktaking
) -> None:
    company.hire("ann", "bob")
    company.sync()
    licenses = company.register.licenses
    licenses.request(PREMIUM, 5, by="manager", now=START)
    licenses.request(LicenseType.TRIAL, 7, by="manager", now=START)
    licenses.reject(licenses.request(PREMIUM, 9, by="manager", now=START).id, by="x", now=START, reason="no")
    stock = stocktaking.stock(PREMIUM, START)
    assert (stock.waiting, stock.requested) == (2, 5)
    stock = stocktaking.stock(LicenseType.TRIAL, START)
    assert (stock.waiting, stock.requested) == (0, 7)


def test_the_history_has_every_moment_at_which_somebody_came_or_left(
    company: Company, stocktaking: Stocktaking
) -> None:
    company.order(9)
    company.hire("ann", "bob", "cem")
    company.sync()
    company.now += DAY
    company.hire("dan")
    company.people.remove("id-ann")
    company.sync()
    assert stocktaking.history() == History(((START, 3), (START + DAY, 1)), ((START + DAY, 1),), 3)
    company.now += DAY
    company.hire("ann")
    company.sync()
    assert stocktaking.history() == History(((START, 3), (START + DAY, 1)), (), 4), "who is back never left"


def test_who_has_lost_a_license_counts_once_whatever_has_been_recorded_of_it(
    company: Company, stocktaking: Stocktaking
) -> None:
    company.order(3)
    company.hire("ann", "bob", "cem")
    company.sync()
    company.now += 400 * DAY
    told = []
    for _ in range(2):
        stock = stocktaking.stock(PREMIUM, company.now)
        told.append(
            ([(lot.order, lot.staying) for lot in stock.over], [h.email for h in stocktaking.holders([1])])
        )
        company.sync()
    assert told[0] == told[1] == ([(1, 3)], ["ann@example.com", "bob@example.com", "cem@example.com"])
    company.people.remove("id-ann")
    company.sync()
    company.order(1)
    company.renew("bob")
    stock = stocktaking.stock(PREMIUM, company.now)
    assert [(lot.order, lot.staying) for lot in stock.over] == [(1, 1)], "one has left, one has another"
    assert [holder.name for holder in stocktaking.holders([1])] == ["Cem Doe"]
    assert [(lot.order, lot.free, lot.staying) for lot in stock.lots] == [(2, 0, 1)]


def test_a_renewal_that_is_reserved_is_a_license_behind_it(
    company: Company, stocktaking: Stocktaking
) -> None:
    company.order(2)
    company.hire("ann", "bob")
    company.sync()
    company.now += 300 * DAY
    company.order(3)
    company.renew("ann", within=90 * DAY)
    first, second = stocktaking.stock(PREMIUM, company.now).lots
    assert (first.free, first.staying) == (0, 1), "only one of them has none to follow"
    assert (second.free, second.staying) == (2, 1)
    assert [holder.name for holder in stocktaking.holders([first.id])] == ["Bob Doe"]
