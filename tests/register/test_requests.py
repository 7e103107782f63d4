"""The orders syncd asks for by itself, in the register: one is open, and only its draft can be confirmed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from syncd.errors import ConfigError
from syncd.licensing.requests import Ask, LastRequest
from syncd.model import LicenseType, OrderState
from syncd.register import database
from syncd.register.requests import Requests
from tests.company import START, Company

PREMIUM, TRIAL = LicenseType.PREMIUM, LicenseType.TRIAL
DRAFT = Ask(14, draft=True)


@pytest.fixture
def requests(company: Company) -> Requests:
    return company.register.requests


def test_a_draft_counts_for_nothing_until_it_is_confirmed(company: Company, requests: Requests) -> None:
    licenses, stocktaking = company.register.licenses, company.register.stocktaking
    assert requests.last(PREMIUM) is None
    number = requests.ask(DRAFT, PREMIUM, "why", START)
    assert number == 1
    assert requests.last(PREMIUM) == LastRequest(1, OrderState.DRAFT, 14, "", None)
    (order,) = licenses.orders()
    assert (order.state, order.requested_by, order.note) == (OrderState.DRAFT, "syncd", "why")
    assert stocktaking.stock(PREMIUM, START).requested == 0
    with pytest.raises(ConfigError, match="order 1 is a draft; it cannot be assigned"):
        licenses.assign(1, by="seller", now=START, zone=UTC)
    with pytest.raises(ConfigError, match="order 1 is a draft; it cannot be rejected"):
        licenses.reject(1, by="seller", now=START, reason="no")
    confirmed = requests.confirm(1, by="ann@hq", now=START + 5)
    assert confirmed.state is OrderState.REQUESTED
    assert (confirmed.confirmed_by, confirmed.confirmed_at) == ("ann@hq", START + 5)
    assert (confirmed.requested_by, confirmed.requested_at) == ("syncd", START)
    assert stocktaking.stock(PREMIUM, START).requested == 14
    assert licenses.assign(1, by="seller", now=START, zone=UTC).assigned == 14


def test_only_a_draft_can_be_confirmed(company: Company, requests: Requests) -> None:
    with pytest.raises(ConfigError, match="there is no order 9"):
        requests.confirm(9, by="ann", now=START)
    company.register.licenses.request(PREMIUM, 5, by="ann", now=START)
    with pytest.raises(ConfigError, match="order 1 is requested; only a draft can be confirmed"):
        requests.confirm(1, by="ann", now=START)
    requests.ask(DRAFT, PREMIUM, "", START)
    requests.confirm(2, by="ann", now=START)
    with pytest.raises(ConfigError, match="order 2 is requested"):
        requests.confirm(2, by="bob", now=START)


def test_a_manager_discards_a_draft(company: Company, requests: Requests) -> None:
    requests.ask(DRAFT, PREMIUM, "", START)
    cancelled = company.register.licenses.cancel(1, by="ann", now=START + 5, reason="no budget")
    assert (cancelled.state, cancelled.decided_by) == (OrderState.CANCELLED, "ann")
    assert requests.last(PREMIUM) == LastRequest(1, OrderState.CANCELLED, 14, "ann", START + 5)
    with pytest.raises(ConfigError, match="order 1 is cancelled"):
        requests.confirm(1, by="ann", now=START)


def test_one_of_a_type_is_open(company: Company, requests: Requests) -> None:
    assert requests.ask(DRAFT, PREMIUM, "", START) == 1
    assert requests.ask(Ask(9, draft=False), PREMIUM, "", START) is None
    assert requests.ask(DRAFT, TRIAL, "", START) is not None
    company.register.licenses.request(PREMIUM, 5, by="ann", now=START)
    assert len(company.register.licenses.orders()) == 3, "managers order as often as they like"
    requests.confirm(1, by="ann", now=START)
    assert requests.ask(DRAFT, PREMIUM, "", START) is None
    company.register.licenses.reject(1, by="seller", now=START, reason="no")
    assert requests.ask(DRAFT, PREMIUM, "", START) is not None


def test_the_database_itself_refuses_a_second_one(requests: Requests, engine: Engine) -> None:
    requests.ask(DRAFT, PREMIUM, "", START)
    again = (
        "INSERT INTO orders (type, quantity, requested_by, requested_at) VALUES ('premium', 1, 'syncd', 1)"
    )
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(text(again))


def test_many_daemons_make_one(database_url: str, requests: Requests) -> None:
    def another(number: int) -> int | None:
        engine = database.connect(database_url)
        try:
            return Requests(engine).ask(Ask(number, draft=True), PREMIUM, "", START)
        finally:
            engine.dispose()

    with ThreadPoolExecutor(8) as pool:
        made = [order for order in pool.map(another, range(1, 17)) if order is not None]
    assert len(made) == 1
    assert requests.last(PREMIUM) is not None


def test_a_draft_is_replaced_in_one_step(company: Company, requests: Requests) -> None:
    requests.ask(DRAFT, PREMIUM, "", START)
    assert requests.ask(Ask(40, draft=True, replaces=1), PREMIUM, "", START + 5) == 2
    old, new = company.register.licenses.orders()
    assert (old.state, old.decided_by, old.reason) == ("cancelled", "syncd", "more are missing")
    assert (new.state, new.quantity) == ("draft", 40)
    requests.confirm(2, by="ann", now=START)
    assert requests.ask(Ask(90, draft=True, replaces=2), PREMIUM, "", START) is None, "it is a manager's now"
    assert len(company.register.licenses.orders()) == 2


def test_a_draft_is_withdrawn_and_nothing_else(company: Company, requests: Requests) -> None:
    requests.ask(DRAFT, PREMIUM, "", START)
    assert requests.withdraw(1, "nothing is missing", START)
    assert not requests.withdraw(1, "nothing is missing", START)
    company.register.licenses.request(PREMIUM, 5, by="ann", now=START)
    assert not requests.withdraw(2, "nothing is missing", START)


def test_the_trail_says_who_drafted_confirmed_and_took_back(requests: Requests, engine: Engine) -> None:
    requests.ask(DRAFT, PREMIUM, "", START)
    requests.ask(Ask(40, draft=True, replaces=1), PREMIUM, "", START + 1)
    requests.confirm(2, by="ann@hq", now=START + 2)
    with engine.connect() as connection:
        told = connection.execute(text("SELECT number, action, actor FROM events ORDER BY id")).all()
    assert [tuple(row) for row in told] == [
        (1, "drafted", "syncd"),
        (1, "cancelled", "syncd"),
        (2, "drafted", "syncd"),
        (2, "confirmed", "ann@hq"),
    ]
