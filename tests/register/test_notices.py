"""What the register knows of notices: told once as long as it lasts, and the situation they are about."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from syncd.licensing.notices import Address, Decision, Event, Key, Notice, PostingState
from syncd.plan.seats import SeatPolicy
from syncd.register.notices import KEEP, Notices
from tests.company import DAY, START, Company

ADA = Address("mail", "ada@contoso.com")
ANN = Address("mail", "ann@example.com", personal=True, language="de")
USED = Key(Event.USAGE, "premium", "90%")


def decided(*keys: Key, over: tuple[Key, ...] = (), told: bool = True) -> Decision:
    return Decision([Notice(key, {"at": 7, "people": [["Ann", "a@b"]]}, told) for key in keys], over)


@pytest.fixture
def notices(company: Company) -> Notices:
    return company.register.notices


def record(notices: Notices, decision: Decision, *addresses: Address, now: int = START) -> int:
    return len(notices.record(decision, lambda _: addresses or (ADA,), now))


def test_a_notice_is_written_once_as_long_as_it_lasts(notices: Notices) -> None:
    assert record(notices, decided(USED)) == 1
    assert record(notices, decided(USED)) == 0
    assert notices.open() == {USED}
    (posting,) = notices.due(START, personal=9)
    assert (posting.key, posting.address, posting.facts["people"]) == (USED, ADA, [["Ann", "a@b"]])
    record(notices, decided(over=(USED,)))
    assert notices.open() == set()
    assert record(notices, decided(USED)) == 1
    assert len(notices.due(START, personal=9)) == 2


def test_what_need_not_be_told_is_remembered_all_the_same(notices: Notices) -> None:
    assert record(notices, decided(USED, told=False)) == 1
    assert (notices.open(), notices.due(START, personal=9)) == ({USED}, [])


def test_what_a_clock_that_was_ahead_put_off_is_tried_now(notices: Notices) -> None:
    record(notices, decided(USED))
    (posting,) = notices.due(START, personal=9)
    notices.begin([posting.id], "m1", START + 86_400 + 60)
    assert [each.message for each in notices.due(START, personal=9)] == ["m1"]
    notices.begin([posting.id], "m1", START + 60)
    assert notices.due(START, personal=9) == []


def test_what_waits_is_tried_when_its_time_has_come(notices: Notices) -> None:
    record(notices, decided(USED))
    (posting,) = notices.due(START, personal=9)
    notices.begin([posting.id], "m1", START + 60)
    assert notices.due(START + 59, personal=9) == []
    (again,) = notices.due(START + 60, personal=9)
    assert (again.message, again.attempts) == ("m1", 1)
    notices.failed([posting.id], PostingState.PENDING, "busy")
    assert notices.due(START + 60, personal=9)[0].message == ""
    notices.sent([posting.id], START + 60)
    assert notices.due(START + 999, personal=9) == []
    assert [each.state for each in notices.list(9)] == [PostingState.SENT]


def test_what_has_come_since_goes_along_but_never_with_what_may_have_been_sent(notices: Notices) -> None:
    first, second, third = (Key(Event.EXPIRY, f"order {number}", "7d") for number in (1, 2, 3))
    record(notices, decided(first))
    (posting,) = notices.due(START, personal=9)
    notices.begin([posting.id], "m1", START + 3600)
    notices.failed([posting.id], PostingState.PENDING, "unreachable")
    record(notices, decided(second))
    assert [each.key for each in notices.due(START, personal=9)] == [first, second]
    notices.begin([posting.id], "m2", START + 3600)
    notices.failed([posting.id], PostingState.PENDING, "no answer", unknown=True)
    record(notices, decided(third))
    assert [each.key for each in notices.due(START, personal=9)] == [second, third]
    assert [each.message for each in notices.due(START + 3600, personal=9)] == ["m2", "", ""]


def test_learners_come_so_many_at_a_time(notices: Notices) -> None:
    for number in range(5):
        record(notices, decided(Key(Event.WELCOME, f"learner {number}")), ANN)
    assert [len(notices.due(START, personal=size)) for size in (0, 2, 9)] == [0, 2, 5]


def test_what_was_sent_is_not_unsent(notices: Notices) -> None:
    record(notices, decided(USED))
    ids = [posting.id for posting in notices.due(START, personal=9)]
    notices.sent(ids, START)
    notices.failed(ids, PostingState.REFUSED, "too late")
    assert [posting.state for posting in notices.list(9)] == [PostingState.SENT]
    assert notices.again(START) == 0


def test_what_is_long_over_is_forgotten_and_nothing_else(notices: Notices) -> None:
    other = Key(Event.USAGE, "premium", "75%")
    record(notices, decided(USED, other))
    record(notices, decided(over=(USED,)))
    record(notices, decided(), now=START + KEEP)
    assert len(notices.list(9)) == 2
    record(notices, decided(), now=START + KEEP + 1)
    assert [posting.key for posting in notices.list(9)] == [other]


@pytest.mark.usefixtures("company")
@pytest.mark.parametrize(
    "impossible",
    [
        pytest.param("INSERT INTO notices (event, subject, threshold, found_at) "
                     "SELECT event, subject, threshold, 9 FROM notices", id="the same notice open twice"),
        pytest.param("INSERT INTO postings (notice_id, channel, recipient, next_try_at) "
                     "SELECT notice_id, channel, recipient, 9 FROM postings", id="one person told twice"),
        pytest.param("UPDATE postings SET state = 'sent'", id="sent at no time"),
        pytest.param("UPDATE postings SET sent_at = 9", id="a time for what was not sent"),
        pytest.param("UPDATE postings SET state = 'lost'", id="a state there is no word for"),
        pytest.param("UPDATE postings SET channel = 'fax'", id="a channel there is none of"),
        pytest.param("DELETE FROM notices", id="a posting of no notice"),
    ],
)  # fmt: skip
def test_the_database_refuses(notices: Notices, engine: Engine, impossible: str) -> None:
    record(notices, decided(USED))
    with pytest.raises(IntegrityError), engine.execution_options(writes=True).begin() as connection:
        connection.execute(text(impossible))


def test_the_situation_is_what_there_is(company: Company) -> None:
    company.order(2)
    company.hire("ann", "bob", "cem")
    company.sync()
    situation = read(company)
    assert [(lot.order, lot.allocated, lot.holders, lot.quantity) for lot in situation.lots] == [(1, 2, 0, 2)]
    assert (situation.line.waiting, situation.line.free, situation.line.since) == (1, 0, START)
    assert [person.email for person in situation.line.people] == ["cem@example.com"]
    assert situation.run is not None
    assert (situation.run.error, situation.run.objections) == ("", ())
    assert [order.id for order in situation.orders] == [1]
    assert [learner.email for learner in situation.newcomers] == ["ann@example.com", "bob@example.com"]
    assert situation.ending == []


def test_people_without_a_license_are_those_still_here(company: Company) -> None:
    company.order(3)
    company.hire("ann", "bob", "cem")
    company.sync()
    company.now += 364 * DAY
    assert [learner.email.partition("@")[0] for learner in read(company).ending] == ["ann", "bob", "cem"]
    company.people.remove("id-cem")
    company.sync()
    company.now += DAY
    situation = read(company)
    assert situation.ended.people_count == 2
    assert [person.email for person in situation.ended.people] == ["ann@example.com", "bob@example.com"]
    assert [(lot.holders, lot.ends_at <= company.now) for lot in situation.lots] == [(2, True)]
    assert [learner.email.partition("@")[0] for learner in read(company).ending] == ["ann", "bob"]


def read(company: Company):  # type: ignore[no-untyped-def]
    return company.register.situations.read(
        SeatPolicy(), company.now, lots_ending_in=31 * DAY, learners_ending_in=4 * DAY, newcomers=True
    )
