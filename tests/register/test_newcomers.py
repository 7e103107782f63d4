"""Newcomers on their way from the plan into the register, which no line of Python looks at one by one."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine, text

from syncd.model import Change, Kind, Profile
from syncd.register.journal import Batch
from tests.company import DAY, Company

ODD = Profile(
    email="o'neil+it@example.com",
    first_name='Zoë "Zo"',
    last_name="O'Neil \\ 佐藤",
    department="R&D; {group} $.x %s :now",
    job_title="x" * 300,
    manager_email="boss@example.com",
    employee_id="000123",
    language="de",
    group="R&D",
    role="manager",
)
BEYOND_2038 = 2**33
SEEN = {
    "directory": "head-office",
    "key": "{6f9619ff}/'",
    "fingerprint": bytes(range(16)).hex(),
    "where": 'CN=O\\,Neil "Zoë",OU=R\\+D,DC=example',
    "fresh_until": BEYOND_2038,
    "links": ["sid:S-1-5-21", "value:\\ü'"],
}


def create(profile: Profile, seen: dict[str, Any], learner: int, **seat: int) -> Change:
    data = {"profile": profile, "identity": seen, "priority": 3}
    key = f"{seen['directory']}/{seen['key']}"
    return Change(Kind.CREATE, key, profile.email, profile.full_name, "in scope", learner, data, **seat)


def record(company: Company, *planned: Change) -> None:
    journal = company.register.journal
    run = company.register.runs.begin("sync", "test", company.now)
    journal.write(run, planned)
    for batch in journal.batches(run, 100):
        assert company.register.recorder.record(run, batch, company.now) == []


def rows(engine: Engine, statement: str) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(statement))]


@pytest.mark.parametrize("seated", [True, False])
def test_a_newcomer_is_written_as_the_plan_has_them(company: Company, engine: Engine, seated: bool) -> None:
    company.order(1)
    (lot,) = company.register.licenses.drawable(company.now)
    seat = {"lot": lot.id, "ends_at": lot.ends_at} if seated else {}
    record(company, create(ODD, SEEN, 7, **seat))
    learner = company.register.learners.get("7", company.now)
    assert learner is not None
    assert (learner.profile, learner.license) == (ODD, "live" if seated else "waiting")
    assert rows(engine, "SELECT name, first_seen_at FROM groups") == [("R&D", company.now)]
    seen = 'SELECT directory, "key", learner_id, fresh_until, presence, since, "where" FROM identities'
    assert rows(engine, seen) == [
        (SEEN["directory"], SEEN["key"], 7, BEYOND_2038, "present", company.now, SEEN["where"])
    ]
    assert company.register.people.fingerprints("head-office", company.now) == {bytes(range(16)): 1}
    links = rows(engine, "SELECT value, learner_id FROM links ORDER BY value")
    assert links == [(value, 7) for value in SEEN["links"]]


def test_what_a_plan_leaves_out_stays_empty(company: Company, engine: Engine) -> None:
    seen = {name: SEEN[name] for name in ("directory", "key", "fingerprint", "where")}
    record(company, create(Profile("ann@example.com"), seen, 7))
    assert company.learner("ann").profile == Profile("ann@example.com")
    assert rows(engine, 'SELECT "group" FROM learners') == [(None,)]
    assert rows(engine, "SELECT fresh_until FROM identities") == [(None,)]
    assert rows(engine, "SELECT * FROM links") == rows(engine, "SELECT * FROM groups") == []


def test_the_usual_newcomers_are_not_looked_at_one_by_one(
    company: Company, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(Batch, "__iter__")
    monkeypatch.setattr("syncd.run._BATCH", 2)
    company.order(9)
    company.hire(*"edcba")
    facts = company.sync()
    assert (facts.recorded, facts.refused) == (5, 0)
    held = "SELECT email, seat, allocated_at, run_id FROM allocations"
    assert rows(engine, f"{held} JOIN learners ON learners.id = learner_id ORDER BY seat") == [
        (f"{handle}@example.com", seat, company.now, facts.run) for seat, handle in enumerate("abcde", 1)
    ]
    assert company.sync().counts == {}


def test_newcomers_on_the_border_of_two_lots_get_what_was_planned(company: Company, engine: Engine) -> None:
    company.order(2)
    company.now += DAY
    company.order(2)
    company.hire(*"abc")
    company.sync()
    held = "SELECT email, lot_id, seat FROM allocations JOIN learners ON learners.id = learner_id"
    assert rows(engine, f"{held} ORDER BY email") == [
        ("a@example.com", 1, 1),
        ("b@example.com", 1, 2),
        ("c@example.com", 2, 1),
    ]


def test_a_refusal_among_many_leaves_no_trace_of_the_first_attempt(company: Company, engine: Engine) -> None:
    company.order(5)
    company.hire("ann", "bob", "cem", group="")
    run = company.plan().run
    with engine.begin() as connection:
        stranger = "INSERT INTO learners (id, email, created_at) VALUES (999, 'cem@example.com', 1)"
        connection.execute(text(stranger))
    for batch in company.register.journal.batches(run, 100):
        refused = company.register.recorder.record(run, batch, company.now)
        assert [change.email for change, _ in refused] == ["cem@example.com"]
    assert len(rows(engine, "SELECT * FROM identities")) == 2
    assert rows(engine, "SELECT seat FROM allocations ORDER BY seat") == [(1,), (2,)]
    outcomes = "SELECT email, state FROM changes ORDER BY email"
    assert rows(engine, outcomes) == [
        ("ann@example.com", "delivered"),
        ("bob@example.com", "delivered"),
        ("cem@example.com", "refused"),
    ]
