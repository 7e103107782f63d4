"""What becomes of a plan when the world moves between planning and recording."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Engine, text

from syncd.model import ChangeState, Kind
from syncd.plan.leavers import Grace
from tests.company import DAY, Company


def record(company: Company, run: int) -> None:
    """Carry out what `run` planned, as it was planned then."""
    for batch in company.register.journal.batches(run, 100):
        company.register.recorder.record(run, batch, company.now)


def outcomes(company: Company, run: int) -> dict[str, str]:
    """By address, why a change was refused."""
    refused = company.register.journal.read(run, state=ChangeState.REFUSED)
    return {entry.change.email: entry.outcome for entry in refused}


def seats(engine: Engine) -> dict[str, int]:
    """The live seat numbers by the handle of who holds them."""
    statement = "SELECT email, seat FROM allocations JOIN learners ON learners.id = learner_id"
    with engine.connect() as connection:
        rows = connection.execute(text(f"{statement} WHERE state = 'live' ORDER BY seat")).all()
    return {email.partition("@")[0]: seat for email, seat in rows}


def test_an_address_taken_since_the_plan_is_refused_by_name(company: Company, engine: Engine) -> None:
    company.order(5)
    company.hire("ann", "bob", "cem")
    run = company.plan().run
    with engine.begin() as connection:
        connection.execute(
            text("INSERT INTO learners (id, email, created_at) VALUES (999, 'bob@example.com', 1)")
        )
    record(company, run)
    assert outcomes(company, run) == {"bob@example.com": "bob@example.com belongs to another learner"}
    assert seats(engine) == {"ann": 1, "cem": 2}
    assert company.free_seats() == 3, "nobody took the seat of the one refused"


def test_an_update_to_an_address_taken_since_the_plan_is_refused_alone(
    company: Company, engine: Engine
) -> None:
    company.order(5)
    company.hire("ann", "bob")
    company.sync()
    company.people.change("id-ann", email="new@example.com")
    company.people.change("id-bob", email="roe@example.com")
    run = company.plan().run
    with engine.begin() as connection:
        connection.execute(
            text("INSERT INTO learners (id, email, created_at) VALUES (999, 'new@example.com', 1)")
        )
    record(company, run)
    assert list(outcomes(company, run)) == ["new@example.com"]
    assert company.learner("roe").profile.first_name == "Bob"
    assert company.learner("ann").profile.first_name == "Ann", "kept as it was"


def test_a_lot_emptied_since_the_plan_makes_them_wait(company: Company) -> None:
    company.order(2)
    company.hire("ann", "bob")
    run = company.plan().run
    company.hire("zoe")
    company.people.remove("id-bob")
    company.people.remove("id-ann")
    company.sync()
    company.hire("bob", "ann")
    record(company, run)
    assert company.learners("live") == ["ann", "zoe"]
    assert company.learners("waiting") == ["bob"]
    assert outcomes(company, run) == {
        "bob@example.com": "no license was left when it came to it; they wait in line"
    }
    company.order(1)
    assert company.sync().counts == {"create": 1}
    assert company.learners("live") == ["ann", "bob", "zoe"]


def test_a_lot_that_ended_since_the_plan_gives_no_seat(company: Company) -> None:
    company.order(2)
    company.hire("ann")
    run = company.plan().run
    company.now += 400 * DAY
    record(company, run)
    assert company.learners("live") == []
    assert company.learners("waiting") == ["ann"]


def test_seat_numbers_given_back_are_used_again(company: Company, engine: Engine) -> None:
    company.policy = replace(company.policy, grace=Grace(release_after=0))
    company.order(3)
    company.hire("ann", "bob", "cem")
    company.sync()
    company.people.remove("id-bob")
    company.hire("dan")
    facts = company.sync()
    assert facts.counts["release"] == 1
    assert seats(engine) == {"ann": 1, "dan": 2, "cem": 3}
    with engine.connect() as connection:
        past = connection.execute(text("SELECT seat, state FROM allocations WHERE state <> 'live'")).all()
    assert [tuple(row) for row in past] == [(2, "released")], "who had it is remembered"


def test_a_learner_suspended_by_hand_stays_so_whatever_a_plan_says(company: Company, engine: Engine) -> None:
    company.order(1)
    company.hire("ann")
    company.sync()
    company.people.disable("id-ann")
    company.sync()
    with engine.begin() as connection:
        connection.execute(text("UPDATE learners SET suspended_by = 'hand'"))
    company.people.enable("id-ann")
    assert company.changes(company.sync(), Kind.REACTIVATE) == []
