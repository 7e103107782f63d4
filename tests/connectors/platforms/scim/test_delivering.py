"""What a delivery comes to: seats that are gone, truths that differ, accounts of others, hostile names."""

from __future__ import annotations

from typing import Any

import pytest

from syncd.comparing import differences
from syncd.errors import Unavailable
from syncd.model import Kind, Profile, Verdict
from tests.connectors.platforms.scim.conftest import Connect, gathered
from tests.contracts.platform import delivery, known, send
from tests.servers.scim import LICENSED, ScimServer

GROUP = {"license": {"group": "Premium"}}
PREMIUM = {"license": {"extension": {"schema": LICENSED, "attribute": "licenseType", "value": "premium"}}}


def verdicts(outcomes: list[Any]) -> list[Verdict]:
    return [outcome.verdict for outcome in outcomes]


@pytest.mark.parametrize("bulk", [True, False])
@pytest.mark.parametrize(
    ("status", "detail"),
    [(403, "User limit reached (2 max)"), (402, "Payment required"), (409, "No seats left"), (507, "")],
)
def test_the_last_seat(connect: Connect, server: ScimServer, bulk: bool, status: int, detail: str) -> None:
    server.limit(2, status=status, detail=detail)
    platform = connect(bulk=bulk)
    wanted = [delivery(number) for number in (1, 2, 3)]
    leaver = delivery(1, Kind.SUSPEND, id="leaver", active=False)
    outcomes = send(platform, *wanted, leaver)
    assert verdicts(outcomes) == [Verdict.DONE, Verdict.DONE, Verdict.EXHAUSTED, Verdict.DONE]
    assert outcomes[2].reason.startswith("no seat left there: ")
    assert len(server.users()) == 2
    assert verdicts(send(platform, wanted[2])) == [Verdict.DONE], "a seat has come free"


def test_after_three_in_a_row_no_more_seats_are_asked_for(connect: Connect, server: ScimServer) -> None:
    server.limit(0)
    platform = connect(bulk=False)
    outcomes = send(platform, *(delivery(number) for number in range(50)))
    assert set(verdicts(outcomes)) == {Verdict.EXHAUSTED}
    assert server.writes().count("POST /Users") == 20, "those that had been decided when it was found"


def test_a_refusal_of_somebody_who_has_a_seat_is_about_them(connect: Connect, server: ScimServer) -> None:
    platform = connect(bulk=False)
    (created,) = send(platform, delivery(1))
    server.fails(method="PATCH", status=400, detail="department exceeds the capacity of its column")
    changed = delivery(1, Kind.UPDATE, profile=delivery(1).profile._replace(department="x" * 999))
    (outcome,) = send(platform, known(changed, created))
    assert outcome.verdict is Verdict.REFUSED
    assert "correct it in the directory" in outcome.reason


@pytest.mark.parametrize("bulk", [True, False])
def test_made_and_left_inactive_is_no_seat(connect: Connect, server: ScimServer, bulk: bool) -> None:
    server.limit(1, quietly=True)
    outcomes = send(connect(bulk=bulk), delivery(1), delivery(2))
    assert verdicts(outcomes) == [Verdict.DONE, Verdict.EXHAUSTED]
    assert "left the account inactive" in outcomes[1].reason


def test_said_to_be_made_and_not_there_is_no_seat(connect: Connect, server: ScimServer) -> None:
    body = b'{"id": "77", "userName": "learner1@example.com", "active": true}'
    server.fails(method="POST", status=201, body=body)
    (outcome,) = send(connect(bulk=False), delivery(1))
    assert outcome.verdict is Verdict.EXHAUSTED
    assert "has none" in outcome.reason


def test_a_license_that_was_not_taken_is_no_seat(connect: Connect, server: ScimServer) -> None:
    server.fails(method="GET", path="/Users", edit=_without_licenses)
    (outcome,) = send(connect(bulk=False, **PREMIUM), delivery(1))
    assert outcome.verdict is Verdict.EXHAUSTED
    assert "platform.license" in outcome.reason


def test_a_seat_in_a_group_that_is_full(connect: Connect, server: ScimServer) -> None:
    group = server.add("Group", displayName="Premium")
    server.fails(path=f"/Groups/{group}", method="PATCH", status=400, detail="license limit reached", times=1)
    platform = connect(bulk=False, **GROUP)
    outcomes = send(platform, delivery(1), delivery(2), delivery(3, ends_at=None))
    assert verdicts(outcomes) == [Verdict.EXHAUSTED, Verdict.DONE, Verdict.DONE]
    assert [one["value"] for one in server.group("Premium")["members"]] == [outcomes[1].account]
    assert verdicts(send(platform, delivery(1))) == [Verdict.DONE]


@pytest.mark.parametrize("there", ["the group", "a second look"])
def test_a_platform_that_fails_before_the_group_says_done_of_nobody(
    connect: Connect, server: ScimServer, there: str
) -> None:
    group = server.add("Group", displayName="Premium")
    server.add(userName="learner2@example.com")
    if there == "the group":
        server.fails(path=f"/Groups/{group}", method="PATCH", status=401)
    else:
        server.fails(filters="userName", status=401, after=1)
    told, failure = gathered(connect(bulk=False, **GROUP).deliver([delivery(1), delivery(2)]))
    assert failure is not None
    assert Verdict.DONE not in verdicts(told)


def test_a_group_that_is_not_there_makes_no_accounts(connect: Connect, server: ScimServer) -> None:
    with pytest.raises(Unavailable, match="no group named Premium"):
        send(connect(**GROUP), delivery(1))
    assert server.users() == []


def test_an_account_that_lost_our_key_is_left_alone(connect: Connect, server: ScimServer) -> None:
    (created,) = send(connect(), delivery(1))
    server.storage.resources[0].external_id = None
    again = known(delivery(1, Kind.REPAIR, profile=Profile("learner1@example.com", "New")), created)
    (outcome,) = send(connect(), again)
    assert outcome.verdict is Verdict.REFUSED
    assert outcome.reason == (
        f"learner1@example.com belongs to account {created.account}, which syncd did not make; "
        "set adopt_by_email to take it over, or change its address there"
    )
    assert server.users()[0]["name"]["givenName"] == "First1"
    assert send(connect(adopt_by_email=True), again)[0].account == created.account


def test_another_learners_address_is_never_adopted(connect: Connect, server: ScimServer) -> None:
    platform = connect(adopt_by_email=True)
    send(platform, delivery(1))
    (outcome,) = send(platform, delivery(2, profile=delivery(1).profile))
    assert outcome.verdict is Verdict.REFUSED
    assert "another learner's (syncd-1)" in outcome.reason
    assert len(server.users()) == 1


def test_an_address_that_is_not_the_login_is_taken_as_well(connect: Connect, server: ScimServer) -> None:
    server.add(userName="ann", emails=[{"value": "Learner1@Example.com", "type": "home"}])
    (outcome,) = send(connect(), delivery(1))
    assert outcome.verdict is Verdict.REFUSED
    assert len(server.users()) == 1


def test_what_others_wrote_is_kept(connect: Connect, server: ScimServer) -> None:
    mails = [{"value": "ann@home.example", "type": "home"}, {"value": "learner1@example.com", "type": "work"}]
    server.add(userName="ann", emails=mails, nickName="Annie", entitlements=[{"value": "beta"}])
    platform = connect(adopt_by_email=True, license={"entitlement": "premium"})
    send(platform, delivery(1))
    send(platform, delivery(1, profile=Profile("new@example.com", "Ann")))
    (user,) = server.users()
    assert user["nickName"] == "Annie"
    assert {one["value"] for one in user["entitlements"]} == {"beta", "premium"}
    assert {one["value"] for one in user["emails"]} == {"ann@home.example", "new@example.com"}


def test_a_key_that_was_copied_is_refused_with_both_accounts(connect: Connect, server: ScimServer) -> None:
    platform = connect()
    (created,) = send(platform, delivery(1))
    copy = server.add(userName="copy", externalId="syncd-1")
    (outcome,) = send(platform, delivery(1, Kind.REPAIR))
    assert outcome.verdict is Verdict.REFUSED
    assert created.account in outcome.reason
    assert copy in outcome.reason


@pytest.mark.parametrize("key", ["syncd-01", "syncd-", "syncd-1x", "SYNCD-1", "other-1", "syncd-１"])
def test_keys_that_only_look_like_ours(connect: Connect, server: ScimServer, key: str) -> None:
    server.add(userName="somebody", externalId=key)
    platform = connect()
    assert [account for page in platform.everybody() for account in page] == []
    assert verdicts(send(platform, delivery(1))) == [Verdict.DONE]
    assert len(server.users()) == 2


def test_two_registers_share_a_platform(connect: Connect, server: ScimServer) -> None:
    first, second = connect(), connect(key_prefix="branch-")
    send(first, delivery(1))
    send(second, delivery(1, profile=Profile("other@example.com")))
    for platform in (first, second):
        assert [account.learner for page in platform.everybody() for account in page] == [1]
    assert len(server.users()) == 2


@pytest.mark.parametrize("bulk", [True, False])
def test_addresses_passed_on_in_one_delivery(connect: Connect, server: ScimServer, bulk: bool) -> None:
    """ann gets a new address, bob gets ann's, and somebody who is new bob's."""
    platform = connect(bulk=bulk)
    send(platform, delivery(1), delivery(2))
    mails = {1: "new@example.com", 2: "learner1@example.com", 3: "learner2@example.com"}
    moved = [delivery(n, Kind.UPDATE if n < 3 else Kind.CREATE, profile=Profile(mails[n])) for n in mails]
    assert verdicts(send(platform, *moved)) == [Verdict.DONE] * 3
    assert {one["externalId"][-1]: one["userName"] for one in server.users()} == {
        str(number): mail for number, mail in mails.items()
    }


def test_the_same_learner_twice_in_one_delivery(connect: Connect, server: ScimServer) -> None:
    platform = connect()
    first, last = delivery(1), delivery(1, Kind.SUSPEND, id="later", active=False)
    assert verdicts(send(platform, first, delivery(2), last)) == [Verdict.DONE] * 3
    assert server.user("learner1@example.com")["active"] is False


def test_somebody_inactive_who_is_not_there_is_not_made(connect: Connect, server: ScimServer) -> None:
    outcomes = send(connect(), delivery(1, Kind.SUSPEND, active=False), delivery(2, Kind.DELETE))
    assert verdicts(outcomes) == [Verdict.ALREADY, Verdict.ALREADY]
    assert server.writes() == []


def test_a_change_by_somebody_else_meanwhile_is_looked_at_again(connect: Connect, server: ScimServer) -> None:
    platform = connect(bulk=False)
    send(platform, delivery(1))
    stale = server.fails(method="GET", path="/Users", times=1, edit=_older_version)
    (outcome,) = send(platform, delivery(1, Kind.SUSPEND, active=False))
    assert (stale.times, outcome.verdict) == (0, Verdict.DONE)
    assert len([one for one in server.writes() if one.startswith("PATCH")]) == 2


def test_patch_that_is_promised_and_not_done_is_a_put(connect: Connect, server: ScimServer) -> None:
    platform = connect(bulk=False)
    send(platform, delivery(1), delivery(2))
    server.fails(method="PATCH", status=501)
    leavers = [delivery(number, Kind.SUSPEND, active=False) for number in (1, 2)]
    assert verdicts(send(platform, *leavers)) == [Verdict.DONE, Verdict.DONE]


def test_somebody_without_what_the_login_is_made_of(connect: Connect, server: ScimServer) -> None:
    platform = connect(user_name="employee_id")
    numbered = delivery(2, profile=delivery(2).profile._replace(employee_id="E-2"))
    refused, done = send(platform, delivery(1), numbered)
    assert (refused.verdict, refused.reason) == (
        Verdict.REFUSED,
        "has no employee_id, which user_name is made of; map it",
    )
    assert done.verdict is Verdict.DONE
    assert server.user("E-2")["emails"][0]["value"] == "learner2@example.com"


@pytest.mark.parametrize(
    "name",
    ['Robert"); DROP', "a\\b", "O'Neill & <Söhne>", "x" * 300, "👩‍🚀", "line\nbreak", "{{7*7}}", "${x}"],
)
def test_hostile_names(connect: Connect, name: str) -> None:
    wanted = delivery(1, profile=Profile('"quoted\\"@example.com', name, name, name))
    platform = connect()
    (outcome,) = send(platform, wanted)
    assert outcome.verdict is Verdict.DONE
    found = platform.read_back([wanted])["d1"]
    assert found is not None
    assert differences(wanted, found, platform.keeps) == ()
    assert send(platform, wanted)[0].verdict is Verdict.ALREADY


@pytest.mark.parametrize("end", ["@example.com", "=", "+1", " two words", "?x#y%"])
def test_ids_may_hold_anything(connect: Connect, server: ScimServer, end: str) -> None:
    server.storage.id_ends = end
    server.add("Group", displayName="Premium")
    platform = connect(bulk=False, **GROUP)
    (created,) = send(platform, delivery(1))
    assert created.account.endswith(end)
    for kind, active in ((Kind.SUSPEND, False), (Kind.DELETE, False)):
        changed = delivery(1, kind, active=active, ends_at=None)
        assert verdicts(send(platform, known(changed, created))) == [Verdict.DONE]


def test_a_server_that_does_not_keep_our_key_is_found_at_the_first(
    connect: Connect, server: ScimServer
) -> None:
    server.fails(method="GET", path="/Users", edit=_without_keys)
    with pytest.raises(Unavailable, match="does not keep externalId"):
        send(connect(bulk=False), delivery(1))


def _users(body: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = body.get("Resources", [body])
    return found


def _without_licenses(body: Any) -> Any:
    for user in _users(body):
        user.pop(LICENSED, None)
    return body


def _without_keys(body: Any) -> Any:
    for user in _users(body):
        user.pop("externalId", None)
    return body


def _older_version(body: Any) -> Any:
    for user in _users(body):
        user["meta"]["version"] = 'W/"0"'
    return body
