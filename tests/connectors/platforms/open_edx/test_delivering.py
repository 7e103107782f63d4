"""How licenses are given and taken: in batches, in order, as far as they go, and each refusal by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from connectors.platforms.open_edx.face import OpenEdx
from syncd.model import Kind, Outcome, Profile, Verdict
from syncd.ports import Delivery
from tests.connectors.platforms.open_edx.conftest import Connect
from tests.contracts.platform import delivery, known, send
from tests.servers.open_edx import OpenEdxServer, Plan
from tests.servers.open_edx.plan import ACTIVATED


def verdicts(outcomes: Sequence[Outcome]) -> list[Verdict]:
    return [outcome.verdict for outcome in outcomes]


def brought(platform: OpenEdx, *numbers: int) -> list[Delivery]:
    """These learners, who have a license there by now."""
    wanted = [delivery(number) for number in numbers]
    return [known(one, outcome) for one, outcome in zip(wanted, send(platform, *wanted), strict=True)]


def suspended(*learners: Delivery) -> list[Delivery]:
    return [replace(one, kind=Kind.SUSPEND, active=False, id=f"s{one.learner}") for one in learners]


def at(email: str, one: Delivery) -> Delivery:
    return replace(one, kind=Kind.UPDATE, profile=Profile(email))


def test_many_are_assigned_by_few_requests(connect: Connect, server: OpenEdxServer) -> None:
    outcomes = send(connect(batch_size=4), *map(delivery, range(1, 11)))
    assert set(verdicts(outcomes)) == {Verdict.DONE}
    rows = {row.user_email: row.uuid for row in server.plan.rows}
    assert [one.account for one in outcomes] == [rows[f"learner{n}@example.com"] for n in range(1, 11)]
    assert [len(one.body["user_emails"]) for one in server.writes()] == [4, 4, 2]
    assert [one.delivery for one in outcomes if not one.more] == ["d4", "d8", "d10"]
    assert server.plan.notified == []


def test_open_edx_writes_to_them_where_that_is_wanted(connect: Connect, plan: Plan) -> None:
    send(connect(notify_users=True), delivery(1))
    assert plan.notified == ["learner1@example.com"]


def test_the_first_in_line_get_what_is_left(platform: OpenEdx, server: OpenEdxServer) -> None:
    for _ in range(7):
        server.plan.rows.pop()
    outcomes = send(platform, *map(delivery, (5, 4, 3, 2, 1)))
    assert verdicts(outcomes) == [Verdict.DONE] * 3 + [Verdict.EXHAUSTED] * 2
    assert server.plan.holders == [f"learner{n}@example.com" for n in (3, 4, 5)]
    assert outcomes[-1].reason == "the plan has no license left; add some there"
    assert len(server.writes()) == 2


def test_once_none_is_left_nobody_else_is_tried(connect: Connect, server: OpenEdxServer) -> None:
    server.plan.rows.clear()
    outcomes = send(connect(batch_size=2), *map(delivery, range(1, 7)))
    assert verdicts(outcomes) == [Verdict.EXHAUSTED] * 6
    assert len(server.writes()) == 1


def test_who_has_one_is_not_asked_for_again(platform: OpenEdx, server: OpenEdxServer) -> None:
    one, two = brought(platform, 1, 2)
    server.asked.clear()
    outcomes = send(platform, one, two)
    assert verdicts(outcomes) == [Verdict.ALREADY] * 2
    assert server.writes() == []


def test_a_license_that_is_taken_back_serves_the_next(platform: OpenEdx, plan: Plan) -> None:
    del plan.rows[1:]
    (one,) = brought(platform, 1)
    assert verdicts(send(platform, *suspended(one), delivery(2))) == [Verdict.DONE] * 2
    assert plan.holders == ["learner2@example.com"]


def test_room_made_after_none_was_left_is_seen(platform: OpenEdx, plan: Plan) -> None:
    del plan.rows[1:]
    (one,) = brought(platform, 1)
    outcomes = send(platform, delivery(2), *suspended(one), delivery(3))
    assert verdicts(outcomes) == [Verdict.EXHAUSTED, Verdict.DONE, Verdict.DONE]


def test_one_unfit_address_refuses_one_person(platform: OpenEdx, plan: Plan) -> None:
    odd = delivery(2, profile=Profile("zoë@example.com"))
    outcomes = send(platform, delivery(1), odd, delivery(3))
    assert verdicts(outcomes) == [Verdict.DONE, Verdict.REFUSED, Verdict.DONE]
    assert outcomes[1].reason == "license-manager does not take it: Enter a valid email address"
    assert plan.holders == ["learner1@example.com", "learner3@example.com"]


def test_a_database_that_takes_nothing_refuses_each(platform: OpenEdx, server: OpenEdxServer) -> None:
    said = "Database error occurred while assigning licenses, no assignments were completed"
    server.faults.arm("status", "assign", status=422, body=said)
    assert {one.reason for one in send(platform, delivery(1), delivery(2))} == {
        f"license-manager does not take it: {said}"
    }


def test_a_new_address_needs_no_license_more(platform: OpenEdx, plan: Plan) -> None:
    del plan.rows[1:]
    (one,) = brought(platform, 1)
    (outcome,) = send(platform, at("new@example.com", one))
    assert (outcome.verdict, plan.holders) == (Verdict.DONE, ["new@example.com"])
    assert outcome.account not in ("", one.account)


def test_an_activated_license_stays_with_its_account(platform: OpenEdx, plan: Plan) -> None:
    """Revoking it would cost them their enrolments; license-manager follows the account's address."""
    (one,) = brought(platform, 1)
    plan.activate("learner1@example.com")
    moved = at("new@example.com", one)
    (outcome,) = send(platform, moved)
    assert (outcome.verdict, outcome.account) == (Verdict.ALREADY, one.account)
    assert outcome.reason == "activated as learner1@example.com, and follows that account's address"
    found = platform.read_back([moved])[moved.id]
    assert found is not None
    assert found.profile.email == "new@example.com"
    assert verdicts(send(platform, *suspended(moved))) == [Verdict.DONE]
    assert plan.holders == []


def test_the_address_somebody_had_before_is_not_free_yet(platform: OpenEdx, plan: Plan) -> None:
    (one,) = brought(platform, 1)
    plan.activate("learner1@example.com")
    heir = delivery(2, profile=one.profile)
    outcomes = send(platform, at("new@example.com", one), heir)
    assert verdicts(outcomes) == [Verdict.ALREADY, Verdict.REFUSED]


def test_an_account_with_another_address_loses_its_license_too(platform: OpenEdx, plan: Plan) -> None:
    (one,) = brought(platform, 1)
    plan.activate("learner1@example.com", becoming="Private@Home.example")
    assert verdicts(send(platform, *suspended(one))) == [Verdict.DONE]
    assert plan.holders == []


def test_the_new_address_of_somebody_with_a_license_is_refused(platform: OpenEdx, plan: Plan) -> None:
    (one,) = brought(platform, 1)
    plan.add("new@example.com")
    (outcome,) = send(platform, at("new@example.com", one))
    assert outcome.verdict is Verdict.REFUSED
    assert "revoke it there, or let syncd take it over" in outcome.reason
    assert plan.holders == ["learner1@example.com", "new@example.com"]


def test_where_accounts_are_adopted_it_becomes_theirs(connect: Connect, plan: Plan) -> None:
    platform = connect(adopt_by_email=True)
    (one,) = brought(platform, 1)
    row = plan.add("new@example.com", ACTIVATED)
    (outcome,) = send(platform, at("new@example.com", one))
    assert (outcome.verdict, outcome.account) == (Verdict.DONE, row.uuid)
    assert plan.holders == ["new@example.com"]


def test_a_license_given_anew_by_hand_is_theirs(connect: Connect, plan: Plan) -> None:
    """As after a renewal: another uuid at the address of somebody we have brought there."""
    (one,) = brought(connect(), 1)
    plan.revoke(["learner1@example.com"])
    row = plan.add("learner1@example.com")
    another_process = connect()
    (outcome,) = send(another_process, one)
    assert (outcome.verdict, outcome.account) == (Verdict.ALREADY, row.uuid)
    assert verdicts(send(another_process, *suspended(one))) == [Verdict.DONE]
    assert plan.holders == []


def test_what_another_process_assigned_and_never_told_is_named(connect: Connect, plan: Plan) -> None:
    send(connect(), delivery(1))
    (refused,) = send(connect(), delivery(1))
    assert (refused.verdict, "adopt_by_email: true" in refused.reason) == (Verdict.REFUSED, True)
    (taken,) = send(connect(adopt_by_email=True), delivery(1))
    assert (taken.verdict, len(plan.holders)) == (Verdict.DONE, 1)


def test_two_licenses_of_one_address_are_named(platform: OpenEdx, plan: Plan) -> None:
    (one,) = brought(platform, 1)
    plan.add("learner1@example.com")
    outcomes = send(platform, *suspended(one), delivery(2))
    assert verdicts(outcomes) == [Verdict.REFUSED, Verdict.DONE]
    assert "learner1@example.com has 2 licenses of this plan" in outcomes[0].reason


def test_who_is_gone_there_already_stops_nobody(platform: OpenEdx, server: OpenEdxServer) -> None:
    """Somebody revokes by hand after we have looked: 207 for two, 404 for one."""
    one, two, three = brought(platform, 1, 2, 3)
    server.before("bulk-revoke", lambda: server.plan.revoke(["learner2@example.com"]))
    assert verdicts(send(platform, *suspended(one, two, three))) == [Verdict.DONE] * 3
    assert server.plan.holders == []


def test_a_limit_of_revocations_is_told_by_name(platform: OpenEdx, plan: Plan) -> None:
    plan.cap = 1
    learners = brought(platform, 1, 2, 3)
    for one in learners:
        plan.activate(one.profile.email)
    outcomes = send(platform, *suspended(*learners))
    assert verdicts(outcomes) == [Verdict.DONE, Verdict.REFUSED, Verdict.REFUSED]
    assert outcomes[1].reason == (
        "learner2@example.com keeps the license: Plan does not have enough revocations remaining; "
        "raise the plan's limit of revocations there, or wait for its end"
    )
    assert plan.holders == ["learner2@example.com", "learner3@example.com"]


def test_a_new_address_beyond_that_limit_keeps_the_old_one(platform: OpenEdx, plan: Plan) -> None:
    (one,) = brought(platform, 1)
    plan.cap = 0
    (outcome,) = send(platform, at("new@example.com", one))
    assert (outcome.verdict, plan.holders) == (Verdict.REFUSED, ["learner1@example.com"])


@pytest.mark.parametrize(
    ("over", "reason"),
    [
        ({"active": False}, "the plan is not active; activate it there, or name another one"),
        ({"days_left": -1}, "the plan is over; name the one that follows it in subscription_plan"),
    ],
)
def test_a_plan_that_is_over_gives_none_and_takes_back(
    platform: OpenEdx, plan: Plan, over: dict[str, int], reason: str
) -> None:
    (one,) = brought(platform, 1)
    for name, value in over.items():
        setattr(plan, name, value)
    left, new = send(platform, *suspended(one), delivery(2))
    assert (left.verdict, new.verdict) == (Verdict.DONE, Verdict.EXHAUSTED)
    assert new.reason.startswith(reason)


def test_somebody_else_was_quicker(platform: OpenEdx, server: OpenEdxServer) -> None:
    """Who got a license between our look and our request is not ours."""
    server.before("assign", lambda: server.plan.add("learner2@example.com"))
    outcomes = send(platform, delivery(1), delivery(2))
    assert verdicts(outcomes) == [Verdict.DONE, Verdict.REFUSED]
    assert verdicts(send(platform, delivery(2))) == [Verdict.REFUSED], "and is not remembered as ours"


def test_the_last_licenses_may_go_while_we_count(platform: OpenEdx, server: OpenEdxServer) -> None:
    del server.plan.rows[3:]
    server.before("plan", lambda: server.plan.add("quick@example.com"), after=1)
    outcomes = send(platform, *map(delivery, range(1, 6)))
    assert verdicts(outcomes) == [Verdict.DONE] * 2 + [Verdict.EXHAUSTED] * 3


def test_a_server_that_counts_wrongly_is_believed_in_the_end(
    platform: OpenEdx, server: OpenEdxServer
) -> None:
    server.faults.arm("status", "assign", status=400, body="There are not enough licenses …")
    outcomes = send(platform, *map(delivery, range(1, 6)))
    assert verdicts(outcomes) == [Verdict.EXHAUSTED] * 5
    assert len(server.writes()) == 3


def test_an_old_server_does_not_say_to_whom(platform: OpenEdx, plan: Plan) -> None:
    plan.old = True
    outcomes = send(platform, delivery(1), delivery(2))
    assert verdicts(outcomes) == [Verdict.DONE] * 2
    assert all(outcome.account for outcome in outcomes)


def test_nobody_is_made_to_be_without_a_license(platform: OpenEdx, server: OpenEdxServer) -> None:
    outcomes = send(platform, delivery(1, ends_at=None), delivery(2, active=False))
    assert verdicts(outcomes) == [Verdict.ALREADY] * 2
    assert server.writes() == []


def test_a_long_list_comes_in_pages(connect: Connect, server: OpenEdxServer) -> None:
    server.largest_page = 3
    learners = brought(connect(), *range(1, 11))
    found = connect().read_back(learners)
    assert [found[one.id].account for one in learners] == [one.account for one in learners]  # type: ignore[union-attr]
