"""Many at once, each with a connection of their own: no seat, order or reference is given twice."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, text

from syncd.errors import ConfigError
from syncd.model import LicenseType
from syncd.register import bulk, database, seats
from syncd.register.licenses import Licenses
from syncd.register.seats import Grant, Renewal
from tests.company import START, Company

WRITERS = 16


def at_once(url: str, work: Callable[[Engine, int], int]) -> list[int]:
    """What sixteen come to who begin together."""

    def one(number: int) -> int:
        engine = database.connect(url)
        try:
            return work(engine, number)
        finally:
            engine.dispose()

    with ThreadPoolExecutor(WRITERS) as pool:
        return list(pool.map(one, range(WRITERS)))


def people(engine: Engine, many: int) -> None:
    with engine.execution_options(writes=True).begin() as connection:
        rows = [(number, f"p{number}@example.com", START) for number in range(1, many + 1)]
        bulk.insert(connection, "learners", ("id", "email", "created_at"), rows)


def test_a_lot_never_gives_more_than_it_has(company: Company, engine: Engine) -> None:
    company.order(50)
    people(engine, WRITERS * 6)

    def take(own: Engine, writer: int) -> int:
        given = 0
        for number in range(6):
            with own.execution_options(writes=True).begin() as connection:
                missed = seats.grant(connection, [Grant(1 + writer * 6 + number, 1)], None, START)
                given += not missed
        return given

    assert sum(at_once(company.url, take)) == 50
    assert company.free_seats() == 0
    with engine.connect() as connection:
        taken = connection.execute(text("SELECT count(*), count(DISTINCT seat) FROM allocations")).one()
    assert tuple(taken) == (50, 50)


def test_seats_given_back_go_to_one_each(company: Company, engine: Engine) -> None:
    """Every second seat of a lot is free again, and none is left above: fewer than are wanted."""
    company.order(40)
    people(engine, 40 + WRITERS * 2)
    with engine.execution_options(writes=True).begin() as connection:
        seats.grant(connection, [Grant(number, 1) for number in range(1, 41)], None, START)
        seats.release(connection, range(1, 41, 2), 1, "has left", START)

    def take(own: Engine, writer: int) -> int:
        given = 0
        for number in range(2):
            with own.execution_options(writes=True).begin() as connection:
                wanted = [Grant(41 + writer * 2 + number, 1)]
                given += not seats.grant(connection, wanted, None, START)
        return given

    assert sum(at_once(company.url, take)) == 20
    assert company.free_seats() == 0
    held = text("SELECT count(*), count(DISTINCT seat), max(seat) FROM allocations WHERE ended_at IS NULL")
    with engine.connect() as connection:
        assert tuple(connection.execute(held).one()) == (40, 40, 40)


def test_renewals_and_newcomers_share_a_lot_and_its_last_seats(company: Company, engine: Engine) -> None:
    company.order(WRITERS)
    people(engine, WRITERS * 2)
    with engine.execution_options(writes=True).begin() as connection:
        seats.grant(connection, [Grant(number, 1) for number in range(1, WRITERS + 1)], None, START)
    end = company.register.licenses.lots(START)[0].ends_at
    company.now = end - 86400
    company.order(WRITERS)

    def take(own: Engine, writer: int) -> int:
        with own.execution_options(writes=True).begin() as connection:
            ahead = Renewal(1 + writer, 2, 1 + writer, end)
            missed = len(seats.renew(connection, [ahead], 1, company.now))
            missed += len(seats.grant(connection, [Grant(1 + WRITERS + writer, 2)], None, company.now))
        return 2 - missed

    assert sum(at_once(company.url, take)) == WRITERS
    assert company.free_seats() == 0


def test_an_order_is_assigned_once(company: Company) -> None:
    order = company.register.licenses.request(LicenseType.PREMIUM, 5, by="manager", now=START)

    def assign(own: Engine, _writer: int) -> int:
        try:
            Licenses(own).assign(order.id, by="seller", now=START, zone=ZoneInfo("UTC"))
        except ConfigError:
            return 0
        return 1

    assert sum(at_once(company.url, assign)) == 1
    assert [lot.quantity for lot in company.register.licenses.lots(START)] == [5]
    told = [entry.action for entry in company.register.trail.read()]
    assert told == ["requested", "assigned"], "and written down once"


def test_a_reference_belongs_to_one_order(company: Company) -> None:
    def request(own: Engine, _writer: int) -> int:
        try:
            Licenses(own).request(LicenseType.PREMIUM, 5, by="manager", now=START, reference="PO-1")
        except ConfigError:
            return 0
        return 1

    assert sum(at_once(company.url, request)) == 1
