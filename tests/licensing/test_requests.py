"""When syncd asks for licenses by itself: row by row of the table."""

from __future__ import annotations

import pytest

from syncd.licensing.requests import Ask, Automatic, LastRequest, RequestPolicy, Withdraw, decide
from syncd.model import OrderState

DAY = 86_400
NOW = 1_800_000_000
DRAFT = RequestPolicy(Automatic.DRAFT, within=30 * DAY, most=200)
PLACE = RequestPolicy(Automatic.PLACE, within=30 * DAY, most=200)
OFF = RequestPolicy()


def last(state: OrderState, quantity: int = 10, by: str = "ann@hq", days_ago: int = 1) -> LastRequest:
    open_ = state in (OrderState.DRAFT, OrderState.REQUESTED)
    return LastRequest(7, state, quantity, "" if open_ else by, None if open_ else NOW - days_ago * DAY)


@pytest.mark.parametrize(
    ("policy", "missing", "before", "decision"),
    [
        pytest.param(OFF, 99, None, None, id="off is off"),
        pytest.param(OFF, 0, last(OrderState.DRAFT), None, id="off leaves a draft alone"),
        pytest.param(DRAFT, 0, None, None, id="nothing is missing"),
        pytest.param(DRAFT, -5, None, None, id="more are requested than are missing"),
        pytest.param(DRAFT, 14, None, Ask(14, draft=True), id="a draft"),
        pytest.param(PLACE, 14, None, Ask(14, draft=False), id="an order"),
        pytest.param(DRAFT, 9_999, None, Ask(200, draft=True), id="never more than the maximum"),
        pytest.param(PLACE, 99, last(OrderState.REQUESTED), None, id="one is open"),
        pytest.param(DRAFT, 12, last(OrderState.DRAFT), None, id="a draft is enough, or nearly"),
        pytest.param(DRAFT, 13, last(OrderState.DRAFT), Ask(13, True, replaces=7), id="by far not enough"),
        pytest.param(DRAFT, 999, last(OrderState.DRAFT, 200), None, id="a draft at the maximum stays"),
        pytest.param(PLACE, 20, last(OrderState.DRAFT), Ask(20, False, 7), id="a draft becomes an order"),
        pytest.param(DRAFT, 0, last(OrderState.DRAFT), Withdraw(7), id="a draft nobody needs any more"),
        pytest.param(DRAFT, 14, last(OrderState.REJECTED), None, id="turned down yesterday"),
        pytest.param(DRAFT, 14, last(OrderState.CANCELLED), None, id="discarded yesterday"),
        pytest.param(DRAFT, 14, last(OrderState.CANCELLED, days_ago=30), Ask(14, True), id="a month ago"),
        pytest.param(DRAFT, 14, last(OrderState.CANCELLED, by="syncd"), Ask(14, True), id="syncd's own no"),
        pytest.param(DRAFT, 14, last(OrderState.ASSIGNED), Ask(14, True), id="the last one was granted"),
    ],
)
def test_each_row_of_the_table(
    policy: RequestPolicy, missing: int, before: LastRequest | None, decision: Ask | Withdraw | None
) -> None:
    assert decide(policy, missing, before, NOW, by="syncd") == decision
