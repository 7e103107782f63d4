"""What the database itself makes impossible, and what becomes of people whom the world has overtaken."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import IntegrityError

from syncd.errors import ConfigError
from syncd.model import ChangeState, LicenseType, OrderState
from syncd.register import database
from tests.company import Company, opened

SEAT = {"learner": 1, "seat": 1, "quantity": 2, "late": 0}


@pytest.fixture
def company(database_url: str) -> Iterator[Company]:
    with opened(database_url) as company:
        yield company


@pytest.fixture
def engine(company: Company) -> Iterator[Engine]:
    """A register with three learners, a lot of two seats, and the first seat given to learner 1."""
    engine = database.connect(company.url)
    company.order(2)
    with engine.begin() as connection:
        for number in (1, 2, 3):
            values = {"id": number, "email": f"{number}@example.com"}
            connection.execute(
                text("INSERT INTO learners (id, email, created_at) VALUES (:id, :email, 1)"), values
            )
    allocate(engine)
    yield engine
    engine.dispose()


def insert_learner(connection: Connection, number: int, email: str) -> None:
    statement = text("INSERT INTO learners (id, email, created_at) VALUES (:id, :email, 1)")
    connection.execute(statement, {"id": number, "email": email})


def allocate(engine: Engine, **changed: Any) -> None:
    statement = (
        "INSERT INTO allocations (learner_id, lot_id, type, lot_quantity, ends_at, seat, allocated_at)"
        " SELECT :learner, id, type, :quantity, ends_at, :seat,"
        " CASE WHEN :late = 1 THEN ends_at ELSE starts_at END FROM lots"
    )
    with engine.begin() as connection:
        connection.execute(text(statement), {**SEAT, **changed})


@pytest.mark.parametrize(
    "impossible",
    [
        pytest.param({"learner": 2}, id="a seat that is taken"),
        pytest.param({"seat": 2}, id="a second license for one learner"),
        pytest.param({"learner": 2, "seat": 3}, id="a seat the lot does not have"),
        pytest.param({"learner": 2, "seat": 3, "quantity": 3}, id="a lot larger than it is"),
        pytest.param({"learner": 2, "seat": 2, "late": 1}, id="a lot that has ended"),
        pytest.param({"learner": 9, "seat": 2}, id="a learner nobody knows"),
    ],
)
def test_the_database_refuses(engine: Engine, impossible: dict[str, int]) -> None:
    with pytest.raises(IntegrityError):
        allocate(engine, **impossible)
    allocate(engine, learner=2, seat=2)


def test_an_address_taken_since_the_plan_is_refused_and_the_others_go_through(
    company: Company,
) -> None:
    company.order(5)
    company.hire("ann", "bob")
    run = company.plan().run
    engine = database.connect(company.url)
    with engine.begin() as connection:
        insert_learner(connection, 999, "ann@example.com")
    engine.dispose()
    for batch in company.register.journal.batches(run, 100):
        company.register.recorder.record(run, batch, company.now)
    (refused,) = company.register.journal.read(run, state=ChangeState.REFUSED)
    assert (refused.change.email, refused.outcome) == (
        "ann@example.com",
        "ann@example.com belongs to another learner",
    )
    assert company.learners("live") == ["bob"]


def test_a_plan_recorded_twice_changes_nothing_more(company: Company) -> None:
    company.order(5)
    company.hire("ann", "bob")
    run = company.plan().run
    entries = [entry for batch in company.register.journal.batches(run, 100) for entry in batch]
    assert company.register.recorder.record(run, entries, company.now) == []
    again = company.register.recorder.record(run, entries, company.now)
    assert {why for _, why in again} == {"is a learner already"}
    assert company.free_seats() == 3


def test_an_order_is_decided_once(company: Company) -> None:
    licenses = company.register.licenses
    zone = {"now": company.now, "by": "account manager"}
    order = licenses.request(LicenseType.PREMIUM, 5, by="manager", now=company.now, reference="PO-1")
    with pytest.raises(ConfigError, match="asks for 5 licenses, not 4"):
        licenses.assign(order.id, zone=UTC, quantity=4, **zone)
    assert licenses.assign(order.id, zone=UTC, **zone).state is OrderState.ASSIGNED
    with pytest.raises(ConfigError, match="order 1 is assigned already"):
        licenses.reject(order.id, reason="too late", **zone)
    with pytest.raises(ConfigError, match="there is no order 7"):
        licenses.assign(7, zone=UTC, **zone)
    with pytest.raises(ConfigError, match="'PO-1' belongs to another order"):
        licenses.request(LicenseType.PREMIUM, 5, by="manager", now=company.now, reference="PO-1")


@pytest.mark.parametrize("quantity", [0, -1, 10_000_000])
def test_an_order_of_no_sensible_number_is_refused(company: Company, quantity: int) -> None:
    with pytest.raises(ConfigError, match="is not a number of licenses"):
        company.register.licenses.request(LicenseType.PREMIUM, quantity, by="manager", now=company.now)
