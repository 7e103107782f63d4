"""What no SQL can do to the register, whoever sends it: the database refuses by itself."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from tests.company import Company


@pytest.fixture
def three_seated(company: Company) -> Company:
    """Ann, Bob and Cem hold the seats 1, 2 and 3 of a lot of four."""
    company.order(4)
    company.hire("ann", "bob", "cem")
    company.sync()
    return company


@pytest.fixture
def without_triggers(three_seated: Company, engine: Engine) -> Company:
    """As `three_seated`, where only the constraints of the tables are left to refuse anything."""
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            names = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
            for name in names.scalars().all():
                connection.execute(text(f"DROP TRIGGER {name}"))
        else:
            for table in ("orders", "lots", "allocations", "events"):
                connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
    return three_seated


@pytest.mark.usefixtures("without_triggers")
@pytest.mark.parametrize(
    "impossible",
    [
        pytest.param("UPDATE lots SET quantity = 2", id="a lot smaller than what was given of it"),
        pytest.param("UPDATE lots SET quantity = 9", id="a lot larger than what its seats point at"),
        pytest.param("UPDATE lots SET ends_at = ends_at + 1", id="a term made longer under its seats"),
        pytest.param("UPDATE lots SET type = 'trial'", id="licenses turned into another type"),
        pytest.param("DELETE FROM lots", id="a lot gone while its seats are held"),
        pytest.param("UPDATE allocations SET seat = 5 WHERE seat = 3", id="a seat the lot does not have"),
        pytest.param("UPDATE allocations SET seat = 0 WHERE seat = 3", id="a seat before the first"),
        pytest.param("UPDATE allocations SET seat = 1 WHERE seat = 3", id="a seat that is taken"),
        pytest.param("UPDATE allocations SET lot_quantity = 9", id="seats of a larger lot than theirs"),
        pytest.param("UPDATE allocations SET ends_at = ends_at + 1", id="a license longer than its lot"),
        pytest.param("UPDATE allocations SET allocated_at = ends_at", id="a seat given when the lot is over"),
        pytest.param("UPDATE allocations SET ended_at = 1", id="a live seat that has ended"),
        pytest.param("UPDATE allocations SET state = 'released'", id="a released seat that never ended"),
        pytest.param("UPDATE allocations SET state = 'lost'", id="a state there is no word for"),
        pytest.param("UPDATE allocations SET state = 'scheduled'", id="a scheduled seat that renews nothing"),
        pytest.param(
            "UPDATE allocations SET starts_at = allocated_at - 1",
            id="a license older than its gift",
        ),
        pytest.param("UPDATE allocations SET starts_at = ends_at", id="a license that starts at its end"),
        pytest.param("UPDATE allocations SET renews = 99", id="the renewal of a license there never was"),
        pytest.param(
            "UPDATE allocations SET state = 'scheduled', starts_at = allocated_at, renews = 2, learner_id ="
            " (SELECT min(learner_id) FROM allocations) WHERE seat IN (2, 3)",
            id="two scheduled licenses of one type",
        ),
        pytest.param(
            "UPDATE allocations SET state = 'scheduled', starts_at = allocated_at, renews = 1, seat = 1"
            " WHERE seat = 3",
            id="a seat that is taken, reserved",
        ),
        pytest.param(
            "UPDATE allocations SET learner_id = (SELECT min(id) FROM learners) WHERE seat = 3",
            id="two live licenses of one type",
        ),
        pytest.param(
            "INSERT INTO lots (order_id, type, quantity, starts_at, ends_at) VALUES (1, 'premium', 4, 1, 2)",
            id="an order assigned twice",
        ),
        pytest.param(
            "INSERT INTO orders (type, quantity, requested_at) VALUES ('premium', 0, 1)", id="an empty order"
        ),
        pytest.param(
            "UPDATE learners SET email = 'ann@example.com' WHERE email LIKE 'bob%'", id="a shared address"
        ),
        pytest.param("DELETE FROM learners", id="learners gone while they hold seats"),
        pytest.param("UPDATE identities SET \"key\" = 'id-ann'", id="one identity for two learners"),
    ],
)
def test_the_database_refuses(engine: Engine, impossible: str) -> None:
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(text(impossible))


@pytest.mark.usefixtures("three_seated")
@pytest.mark.parametrize(
    "rewritten",
    [
        pytest.param("UPDATE allocations SET learner_id = 2 WHERE seat = 3", id="whose a license was"),
        pytest.param("UPDATE allocations SET seat = 4 WHERE seat = 3", id="which seat it was"),
        pytest.param("UPDATE allocations SET allocated_at = allocated_at - 1", id="since when they had it"),
        pytest.param("DELETE FROM allocations WHERE seat = 3", id="that they had it"),
        pytest.param("UPDATE orders SET quantity = 5", id="what was ordered"),
        pytest.param("UPDATE orders SET state = 'cancelled'", id="what was decided"),
        pytest.param("UPDATE orders SET decided_by = 'me'", id="who decided"),
        pytest.param("DELETE FROM orders", id="that it was ordered"),
        pytest.param("UPDATE lots SET starts_at = starts_at - 1", id="since when it counts"),
        pytest.param("DELETE FROM lots", id="that there were licenses"),
        pytest.param("UPDATE events SET actor = 'me'", id="who did it"),
        pytest.param("DELETE FROM events", id="that it was done"),
    ],
)
def test_history_is_not_rewritten(engine: Engine, rewritten: str) -> None:
    event = "INSERT INTO events (at, action, subject, number) VALUES (1, 'requested', 'order', 1)"
    with engine.begin() as connection:
        connection.execute(text(event))
    with pytest.raises(IntegrityError, match="history is not rewritten"), engine.begin() as connection:
        connection.execute(text(rewritten))


def test_an_allocation_that_has_ended_is_never_opened_again(three_seated: Company, engine: Engine) -> None:
    company = three_seated
    company.now += 400 * 86400
    assert company.sync().counts == {"expire": 3}
    with pytest.raises(IntegrityError, match="history is not rewritten"), engine.begin() as connection:
        connection.execute(text("UPDATE allocations SET state = 'live', ended_at = NULL"))


def test_a_seat_given_back_leaves_its_number_to_others(without_triggers: Company, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE allocations SET state = 'released', ended_at = 1 WHERE seat = 1"))
        connection.execute(text("UPDATE allocations SET seat = 1 WHERE seat = 2"))
    assert without_triggers.learners("live") == ["bob", "cem"]
