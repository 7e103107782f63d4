"""Many changes in one request: each answer finds its own, and what is missing was not done."""

from __future__ import annotations

from typing import Any

import pytest

from syncd.model import Kind, Verdict
from tests.connectors.platforms.scim.conftest import Connect
from tests.contracts.platform import delivery, send
from tests.servers.scim import ScimServer, scim_server

THREE = [delivery(number) for number in (1, 2, 3)]


def bulks(server: ScimServer) -> list[int]:
    """How many operations each bulk request had."""
    return [len(one.json["Operations"]) for one in server.requests if one.path == "/Bulk"]


def verdicts(outcomes: list[Any]) -> list[Verdict]:
    return [outcome.verdict for outcome in outcomes]


def test_all_go_in_one_request(connect: Connect, server: ScimServer) -> None:
    assert verdicts(send(connect(), *THREE)) == [Verdict.DONE] * 3
    assert (bulks(server), server.writes()) == ([3], ["POST /Bulk"])


def test_a_hundred_at_a_time(connect: Connect, server: ScimServer) -> None:
    outcomes = send(connect(), *(delivery(number) for number in range(130)))
    assert bulks(server) == [100, 30]
    ends = [number for number, outcome in enumerate(outcomes) if not outcome.more]
    assert ends == [99, 129], "a run may end where a request does"


def test_no_more_than_the_server_takes(connect: Connect) -> None:
    offered = {"supported": True, "maxOperations": 4, "maxPayloadSize": 2500}
    with scim_server(bulk=offered) as server:
        outcomes = send(connect(url=server.url), *(delivery(number) for number in range(9)))
        assert verdicts(outcomes) == [Verdict.DONE] * 9
        sizes = [len(one.body) for one in server.requests if one.path == "/Bulk"]
        assert max(bulks(server)) <= 4
        assert max(sizes) <= 2500


def test_what_is_missing_was_not_done_and_is_sent_alone(connect: Connect, server: ScimServer) -> None:
    """As of a server that stops at the first error."""

    def only_the_first(body: Any) -> Any:
        assert server.storage.resources
        for one in server.storage.resources[1:]:
            server.storage._remove(("User", str(one.id)))
        return {**body, "Operations": body["Operations"][:1]}

    server.fails(path="/Bulk", times=1, edit=only_the_first)
    assert verdicts(send(connect(), *THREE)) == [Verdict.DONE] * 3
    assert server.writes() == ["POST /Bulk", "POST /Users", "POST /Users"]
    assert len(server.users()) == 3


def test_an_order_of_its_own_and_a_status_in_full(connect: Connect, server: ScimServer) -> None:
    def turned(body: Any) -> Any:
        for one in body["Operations"]:
            one["status"] = {"code": one["status"]}
        return {**body, "Operations": body["Operations"][::-1]}

    server.refuse("learner3@example.com")
    server.fails(path="/Bulk", edit=turned)
    outcomes = send(connect(), *THREE)
    assert verdicts(outcomes) == [Verdict.DONE, Verdict.DONE, Verdict.REFUSED]
    assert outcomes[0].account == server.user("learner1@example.com")["id"]


def test_changes_are_matched_by_their_address_where_the_bulk_id_is_not_given_back(
    connect: Connect, server: ScimServer
) -> None:
    def without_ids(body: Any) -> Any:
        for one in body["Operations"]:
            one.pop("bulkId", None)
        return body

    platform = connect()
    send(platform, *THREE)
    server.fails(path="/Bulk", edit=without_ids)
    leavers = [delivery(number, Kind.SUSPEND, active=False) for number in (3, 1)]
    assert verdicts(send(platform, *leavers)) == [Verdict.DONE, Verdict.DONE]
    assert [one for one in server.writes() if "Bulk" not in one] == []


def test_one_that_is_throttled_is_sent_alone(connect: Connect, server: ScimServer) -> None:
    def too_much(body: Any) -> Any:
        server.storage._remove(("User", body["Operations"][1]["location"].rpartition("/")[2]))
        body["Operations"][1] = {"method": "POST", "bulkId": "n1", "status": "429"}
        return body

    server.fails(path="/Bulk", times=1, edit=too_much)
    assert verdicts(send(connect(), *THREE)) == [Verdict.DONE] * 3


def test_one_that_failed_inside_is_unknown(connect: Connect, server: ScimServer) -> None:
    def failed(body: Any) -> Any:
        body["Operations"][1] = {"method": "POST", "bulkId": "n1", "status": "500"}
        return body

    server.fails(path="/Bulk", times=1, edit=failed)
    assert verdicts(send(connect(), *THREE)) == [Verdict.DONE, Verdict.UNKNOWN, Verdict.DONE]


@pytest.mark.parametrize("status", [400, 404, 405, 413, 501])
def test_bulk_that_is_promised_and_refused_is_one_by_one(
    connect: Connect, server: ScimServer, status: int
) -> None:
    server.fails(path="/Bulk", status=status)
    assert verdicts(send(connect(), *THREE)) == [Verdict.DONE] * 3
    assert server.writes() == ["POST /Bulk", *["POST /Users"] * 3]
