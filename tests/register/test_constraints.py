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


@pytest.mark.usefixtures("three_seated")
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


def test_a_seat_given_back_leaves_its_number_to_others(three_seated: Company, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE allocations SET state = 'released', ended_at = 1 WHERE seat = 1"))
        connection.execute(text("UPDATE allocations SET seat = 1 WHERE seat = 2"))
    assert three_seated.learners("live") == ["bob", "cem"]
