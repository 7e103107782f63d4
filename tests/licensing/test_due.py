"""Which notices are due: the table at the head of `due`, row by row. Times are arguments; nothing is read."""

from __future__ import annotations

from collections.abc import Collection
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.licensing.due import DAY, NEWS, Rules, decide
from syncd.licensing.notices import (
    Credential,
    Decision,
    Ended,
    Event,
    Inputs,
    Key,
    LastRun,
    LearnerNews,
    Line,
    LotNews,
    OrderNews,
    Person,
    ShortfallAhead,
    Situation,
)

LONDON = ZoneInfo("Europe/London")
NOW = 1_800_000_000  # 15 January 2027, 08:00
MIDNIGHT = NOW - 8 * 3600
QUIET, UNSEEN, USUAL = Situation(), Inputs(), Rules()
ANN = Person("Ann Doe", "ann@example.com")


def due(
    situation: Situation = QUIET,
    inputs: Inputs = UNSEEN,
    *,
    open_: Collection[Key] = (),
    rules: Rules = USUAL,
    now: int = NOW,
) -> Decision:
    return decide(situation, inputs, rules, open_, now, LONDON)


def told(decision: Decision) -> list[tuple[str, str, str]]:
    return [(str(n.key.event), n.key.subject, n.key.threshold) for n in decision.new if n.told]


def found(decision: Decision) -> set[Key]:
    return {notice.key for notice in decision.new}


def lot(allocated: int, quantity: int = 100, *, days: int = 200, number: int = 1) -> LotNews:
    start, end = MIDNIGHT - DAY, MIDNIGHT + days * DAY
    return LotNews(number, number, "premium", quantity, allocated, start, end, allocated, [ANN])


def used(allocated: int, quantity: int = 100) -> Situation:
    return Situation(lots=[lot(allocated, quantity)])


def waiting(many: int, free: int = 0, ordered: int = 0) -> Situation:
    return Situation(line=Line("premium", many, NOW, free, ordered, [7] if ordered else [], [ANN]))


def test_nothing_to_tell_is_told_to_nobody() -> None:
    assert due() == Decision([], [])


def test_what_is_open_is_not_told_again() -> None:
    first = due(used(95))
    assert told(first) == [("usage", "premium", "90%")]
    assert due(used(95), open_=found(first)) == Decision([], [])


@pytest.mark.parametrize(
    ("allocated", "threshold"),
    [(74, None), (75, "75%"), (89, "75%"), (90, "90%"), (99, "90%"), (100, "100%")],
)
def test_only_the_most_urgent_threshold_is_told(allocated: int, threshold: str | None) -> None:
    assert [row[2] for row in told(due(used(allocated)))] == ([threshold] if threshold else [])


def test_a_higher_threshold_is_told_when_it_comes_and_a_lower_one_never_after_it() -> None:
    open_ = found(due(used(95)))
    assert {key.threshold for key in open_} == {"75%", "90%"}
    assert told(due(used(100), open_=open_)) == [("usage", "premium", "100%")]
    assert told(due(used(80), open_=open_)) == []


def test_a_threshold_that_was_left_is_told_when_it_is_reached_again() -> None:
    open_ = found(due(used(92)))
    more = due(used(92, 200), open_=open_)
    assert {key.threshold for key in more.over} == {"75%", "90%"}
    assert told(due(used(181, 200), open_=open_ - set(more.over))) == [("usage", "premium", "90%")]


def test_going_to_and_fro_around_a_threshold_is_told_once() -> None:
    open_ = found(due(used(90)))
    assert due(used(89), open_=open_).over == []
    assert due(used(86), open_=open_).over == []
    assert [key.threshold for key in due(used(85), open_=open_).over] == ["90%"]


def test_a_full_lot_is_no_news_while_another_has_seats() -> None:
    assert told(due(Situation(lots=[lot(10, 10, number=1), lot(0, 90, number=2)]))) == []


def test_lots_that_have_ended_or_not_begun_hold_no_seats() -> None:
    ended = lot(0, 100, days=-1)
    assert ("usage", "premium", "100%") in told(due(Situation(lots=[ended, lot(5, 5, number=2)])))


@pytest.mark.parametrize(
    ("days", "threshold"),
    [
        (31, None),
        (30, "30d"),
        (8, "30d"),
        (7, "7d"),
        (3, "3d"),
        (1, "3d"),
        (0, "0d"),
        (-1, "0d"),
        (-31, "0d"),
    ],
)
def test_an_end_is_told_by_calendar_days_and_made_up_for_when_late(days: int, threshold: str | None) -> None:
    rows = told(due(Situation(lots=[lot(1, days=days)])))
    assert [row for row in rows if row[0] == "expiry"] == (
        [("expiry", "order 1", threshold)] if threshold else []
    )


def test_an_end_long_ago_is_no_news_and_what_was_told_of_it_is_over() -> None:
    key = Key(Event.EXPIRY, "order 1", "0d")
    assert due(Situation(lots=[lot(1, days=-32)]), open_={key}).over == [key]


def test_days_are_those_of_the_company() -> None:
    end = lot(1, days=3)
    late = MIDNIGHT - 1  # 23:59:59 of the day before, in London
    assert [row[2] for row in told(due(Situation(lots=[end]), now=late)) if row[0] == "expiry"] == ["7d"]
    assert [row[2] for row in told(due(Situation(lots=[end]), now=MIDNIGHT)) if row[0] == "expiry"] == ["3d"]


def test_a_shortage_says_how_many_and_what_to_order() -> None:
    (notice,) = due(waiting(6, free=2, ordered=3)).new
    facts = notice.facts
    assert (facts["waiting"], facts["missing"], facts["ordered"], facts["to_order"]) == (6, 4, 3, 1)
    assert facts["people"] == [["Ann Doe", "ann@example.com"]]


def test_people_who_are_about_to_get_one_are_no_shortage_but_keep_it_open() -> None:
    assert told(due(waiting(2, free=2))) == []
    key = Key(Event.SHORTFALL, "premium", "1")
    assert due(waiting(2, free=2), open_={key}) == Decision([], [])
    assert due(waiting(0), open_={key}).over == [key]


def test_a_shortage_is_told_again_when_it_grows_tenfold() -> None:
    open_ = found(due(waiting(3)))
    assert told(due(waiting(9), open_=open_)) == []
    assert told(due(waiting(10), open_=open_)) == [("shortfall", "premium", "10")]


def test_orders_are_told_to_whoever_decides_and_then_to_whoever_asked() -> None:
    asked = OrderNews(4, "premium", 50, "PO-1", "", "", "ada", NOW)
    assert told(due(Situation(orders=[asked]))) == [("order_requested", "order 4", "")]
    granted = asked._replace(assigned=40, ends_at=NOW + 365 * DAY)
    decision = due(Situation(orders=[granted]), open_={Key(Event.ORDER_REQUESTED, "order 4")})
    assert told(decision) == [("order_assigned", "order 4", "")]
    assert decision.over == [Key(Event.ORDER_REQUESTED, "order 4")]


def test_a_held_sync_is_told_once_until_it_is_held_for_something_else() -> None:
    held = Situation(run=LastRun(1, NOW, objections=[("creations", "would add 26")]))
    open_ = found(due(held))
    assert open_ == {Key(Event.HELD, "creations")}
    assert (
        due(Situation(run=LastRun(2, NOW, objections=[("creations", "would add 27")])), open_=open_).new == []
    )
    other = Situation(run=LastRun(3, NOW, objections=[("suspensions", "would suspend 9")]))
    assert told(due(other, open_=open_)) == [("held", "suspensions", "")]
    assert due(Situation(run=LastRun(4, NOW)), open_=open_).over == [Key(Event.HELD, "creations")]


def test_a_failing_sync_is_told_once_until_one_goes_through() -> None:
    failed = Situation(run=LastRun(1, NOW, "unreachable"))
    assert told(due(failed)) == [("failed", "sync", "unreachable")]
    assert due(failed, open_=found(due(failed))) == Decision([], [])
    assert due(Situation(run=LastRun(2, NOW)), open_=found(due(failed))).over


def test_a_sync_that_fails_for_another_reason_is_told_again_but_no_reason_twice() -> None:
    def fails(why: str) -> Situation:
        return Situation(run=LastRun(1, NOW, why))

    away, full = fails("the directory is away"), fails("the database has no space")
    first = due(away)
    second = due(full, open_=found(first))
    assert told(second) == [("failed", "sync", "the database has no space")]
    assert second.over == []
    both = found(first) | found(second)
    assert due(away, open_=both) == Decision([], []), "two that take turns are no news"
    assert due(Situation(run=LastRun(2, NOW)), open_=both).over == sorted(both)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("read 4,711 of 12,000 people", "read 812 of 12,001 people"),
        ("refused at 2027-01-15 08:00:12Z", "refused at 2027-01-15 08:15:09Z"),
        ("Trace ID: 0c8f41aa-12ab-4bcd-8f00-aabbccddeeff", "Trace ID: ffeeddcc-34cd-4abc-9a00-0123456789ab"),
        ("at 0x7f3bd2", "at 0xa1c0ff"),
    ],
)
def test_another_number_or_time_is_no_other_reason(one: str, other: str) -> None:
    first, second = (Situation(run=LastRun(1, NOW, why)) for why in (one, other))
    assert due(second, open_=found(due(first))) == Decision([], [])


def test_a_reason_of_any_length_fits_into_an_index() -> None:
    (notice,) = due(Situation(run=LastRun(1, NOW, "why " * 5000))).new
    assert len(notice.key.threshold.encode()) <= 1000


def test_what_was_not_looked_at_is_neither_new_nor_over() -> None:
    open_ = {Key(Event.FORECAST, "premium", "30d"), Key(Event.CREDENTIALS, "cloud secret, 2027-01-22", "7d")}
    assert due(open_=open_) == Decision([], [])
    assert due(inputs=Inputs((), ()), open_=open_).over == sorted(open_)


def test_a_shortfall_to_come_is_told_by_days_ahead() -> None:
    def ahead(days: int) -> Inputs:
        return Inputs(forecast=[ShortfallAhead("premium", MIDNIGHT + days * DAY, 14)])

    assert told(due(inputs=ahead(31))) == []
    assert told(due(inputs=ahead(30))) == [("forecast", "premium", "30d")]
    open_ = found(due(inputs=ahead(30)))
    assert due(inputs=ahead(37), open_=open_).over == []
    assert due(inputs=ahead(38), open_=open_).over == sorted(open_)


def test_a_replaced_credential_is_another_one() -> None:
    old = Credential("cloud", "client secret", MIDNIGHT + 7 * DAY)
    open_ = found(due(inputs=Inputs(credentials=[old])))
    assert told(due(inputs=Inputs(credentials=[old]))) == [
        ("credentials", "cloud client secret, 2027-01-22", "7d")
    ]
    new = old._replace(ends_at=MIDNIGHT + 400 * DAY)
    decision = due(inputs=Inputs(credentials=[new]), open_=open_)
    assert (decision.new, decision.over) == ([], sorted(open_))


def test_learners_are_told_only_where_that_is_wanted() -> None:
    ann = LearnerNews(7, *ANN, "de", "premium", MIDNIGHT + 3 * DAY)
    assert told(due(Situation(ending=[ann]))) == []
    wanted = Rules(learner_expiry=(3, 0))
    assert told(due(Situation(ending=[ann]), rules=wanted)) == [
        ("learner_expiry", "learner 7, 2027-01-18", "3d")
    ]
    later = ann.ends_at or 0
    assert told(due(Situation(ending=[ann]), rules=wanted, now=later))[0][2] == "0d"
    assert told(due(Situation(ending=[ann]), rules=wanted, now=later + NEWS + DAY)) == []
    assert told(due(Situation(newcomers=[ann]))) == [("welcome", "learner 7", "")]


def test_a_gap_counts_those_who_are_still_here() -> None:
    (notice, *quiet) = reversed(due(Situation(ended=Ended(23, [ANN]))).new)
    assert (notice.key.threshold, notice.facts["people_count"]) == ("10", 23)
    assert [other.told for other in quiet] == [False]


@given(st.lists(st.integers(0, 120), max_size=30))
def test_telling_twice_in_a_row_tells_nothing_new(course: list[int]) -> None:
    open_: set[Key] = set()
    for step in course:
        situation = Situation(lots=[lot(min(step, 100), days=step - 40)], line=Line("premium", step))
        decision = due(situation, open_=open_)
        assert not found(decision) & open_
        open_ = (open_ | found(decision)) - set(decision.over)
        assert due(situation, open_=open_) == Decision([], [])
