"""Addresses that were taken between planning and recording: who is refused, and what becomes of it later."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, text

from syncd.model import ChangeState, Kind, RunState
from syncd.plan.guard import Limits
from syncd.plan.policy import Policy
from tests.company import Company


@pytest.fixture
def staff(company: Company) -> Company:
    """Ann, Bob and Cem, each with a license."""
    company.order(3)
    company.hire("ann", "bob", "cem")
    company.sync()
    return company


def add_stranger(engine: Engine) -> None:
    with engine.begin() as connection:
        statement = "INSERT INTO learners (id, email, created_at) VALUES (999, 'new@example.com', 1)"
        connection.execute(text(statement))


def remove_stranger(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM learners WHERE id = 999"))


def record(company: Company, run: int, *, size: int = 100) -> dict[str, str]:
    """Record a planned run; who was refused, and why."""
    for batch in company.register.journal.batches(run, size):
        company.register.recorder.record(run, batch, company.now)
    refused = company.register.journal.read(run, state=ChangeState.REFUSED)
    return {entry.change.key.removeprefix("head-office/id-"): entry.outcome for entry in refused}


def test_a_refused_update_is_tried_again_by_the_next_run(staff: Company, engine: Engine) -> None:
    staff.people.change("id-ann", email="new@example.com", last_name="Roe")
    run = staff.plan().run
    add_stranger(engine)
    assert record(staff, run) == {"ann": "new@example.com belongs to learner 999"}
    assert staff.learner("ann").profile.last_name == "Doe"
    assert staff.sync().counts == {"skip": 1}
    remove_stranger(engine)
    assert staff.sync().counts == {"update": 1}
    assert staff.learner("new").profile.last_name == "Roe"


def test_who_must_keep_an_address_keeps_it_from_those_who_wanted_it(staff: Company, engine: Engine) -> None:
    bob, cem = staff.learner("bob").id, staff.learner("cem").id
    staff.people.change("id-ann", email="bob@example.com")
    staff.people.change("id-bob", email="cem@example.com")
    staff.people.change("id-cem", email="new@example.com")
    run = staff.plan().run
    add_stranger(engine)
    assert record(staff, run) == {
        "ann": f"bob@example.com belongs to learner {bob}",
        "bob": f"cem@example.com belongs to learner {cem}",
        "cem": "new@example.com belongs to learner 999",
    }
    assert staff.learners() == ["ann", "bob", "cem", "new"]


def test_addresses_pass_on_from_one_batch_to_another(staff: Company) -> None:
    for giver, taker in (("bob", "ann"), ("cem", "bob"), ("ann", "cem")):
        staff.people.change(f"id-{taker}", email=f"{giver}@example.com")
    assert record(staff, staff.plan().run, size=1) == {}
    assert staff.learner("bob").profile.first_name == "Ann"
    assert staff.sync().counts == {}


def test_an_address_passed_on_in_an_earlier_batch_fails_nobody_else(staff: Company, engine: Engine) -> None:
    staff.people.change("id-ann", email="bob@example.com")
    staff.people.change("id-bob", email="new@example.com")
    run = staff.plan().run
    add_stranger(engine)
    assert record(staff, run, size=1) == {"bob": "new@example.com belongs to learner 999"}
    assert staff.learner("bob").profile.first_name == "Ann"
    remove_stranger(engine)
    assert staff.sync().counts == {"update": 1}
    assert staff.learner("new").profile.first_name == "Bob"


def test_waiting_that_was_approved_needs_no_second_approval_after_a_crash(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    company.policy = Policy(limits=Limits(floor=2))
    company.hire(*"abcdef")
    monkeypatch.setattr("syncd.run._BATCH", 2)
    whole = company.register.recorder

    class Failing:
        done = False

        def record(self, *args: object, **options: object) -> object:
            if self.done:
                raise KeyboardInterrupt
            self.done = True
            return whole.record(*args, **options)  # type: ignore[arg-type]

    company.register.recorder = Failing()  # type: ignore[assignment]
    with pytest.raises(KeyboardInterrupt):
        company.sync("creations")
    company.register.recorder = whole
    facts = company.sync()
    assert (facts.state, facts.counts) == (RunState.DONE, {"wait": 4})
    assert {change.kind for change in company.changes(facts)} == {Kind.WAIT}
