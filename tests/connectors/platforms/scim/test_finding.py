"""Accounts are found, and all of them listed, whatever a server makes of filters and pages."""

from __future__ import annotations

from typing import Any

import pytest
from structlog.testing import capture_logs

from connectors.platforms.scim.face import Scim
from syncd.errors import Incomplete, Unavailable
from syncd.model import Verdict
from tests.connectors.platforms.scim.conftest import SECRET, Connect, options
from tests.contracts.platform import delivery, send
from tests.servers.scim import Scimmy, ScimServer, scim_server

SEVEN = [delivery(number) for number in range(1, 8)]


def listed(platform: Scim) -> list[int | None]:
    return [account.learner for page in platform.everybody() for account in page]


def filters(server: ScimServer) -> list[str]:
    return [one.query["filter"][0] for one in server.requests if "filter" in one.query]


def looked_up(platform: Scim, server: ScimServer) -> list[str]:
    """The filters it takes to find seven who are there and one who is not."""
    del server.requests[:]
    there = platform.read_back([*SEVEN, delivery(99)])
    assert {id_ for id_, found in there.items() if found} == {wanted.id for wanted in SEVEN}
    return filters(server)


def test_twenty_are_asked_for_at_a_time(connect: Connect, server: ScimServer) -> None:
    platform = connect()
    send(platform, *SEVEN)
    (asked,) = looked_up(platform, server)
    assert asked.startswith('externalId eq "syncd-1" or externalId eq "syncd-2" or ')
    del server.requests[:]
    platform.read_back([delivery(number) for number in range(45)])
    assert len(filters(server)) == 3


def test_many_newcomers_are_not_looked_for_on_a_small_platform(connect: Connect, server: ScimServer) -> None:
    server.add(userName="learner7@example.com")
    outcomes = send(connect(), *(delivery(number) for number in range(100)))
    assert [one.delivery for one in outcomes if one.verdict is not Verdict.DONE] == ["d7"]
    asked = filters(server)
    assert len([one for one in asked if " or " in one]) == 5, "read back, twenty at a time"
    assert len(asked) == 10, "and five about the one whose address is taken"


def test_many_newcomers_are_looked_for_on_a_large_one(connect: Connect, server: ScimServer) -> None:
    server.fails(path="/Users", times=1, edit=lambda body: {**body, "totalResults": 5000})
    send(connect(), *(delivery(number) for number in range(40)))
    assert len(filters(server)) == 8


def test_somebody_who_comes_after_the_list_is_not_taken_for_new(connect: Connect, server: ScimServer) -> None:
    server.add(userName="other", emails=[{"value": "learner3@example.com"}], externalId="syncd-3")
    server.fails(path="/Users", times=2, edit=lambda _: {"totalResults": 0})
    refused = {"scim_type": "uniqueness", "times": 1, "after": 3, "status": 409}
    server.fails(method="POST", path="/Users", **refused)
    outcomes = send(connect(bulk=False), *(delivery(number) for number in range(30)))
    assert {one.verdict for one in outcomes} == {Verdict.DONE}
    assert len(server.users()) == 30


def test_a_lost_answer_casts_doubt_on_the_list(connect: Connect, server: ScimServer) -> None:
    """Who was to be made is told of again in the same delivery, when they may be there."""
    first, *others = (delivery(number) for number in range(30))
    server.fails(method="POST", path="/Users", lost=True, times=1)
    again = delivery(0, id="again")
    outcomes = send(connect(bulk=False), first, again, *others)
    assert [one.verdict for one in outcomes[:2]] == [Verdict.UNKNOWN, Verdict.ALREADY]
    assert server.writes().count("POST /Users") == 30


def test_one_at_a_time_where_a_filter_is_too_much(connect: Connect, server: ScimServer) -> None:
    platform = connect()
    send(platform, *SEVEN)
    server.fails(filters=" or ", status=400)
    asked = looked_up(platform, server)
    assert asked.count('externalId eq "syncd-7"') == 1
    assert len([one for one in asked if " or " in one]) == 1


@pytest.mark.parametrize("status", [400, 404, 414, 501])
def test_all_are_listed_where_filters_are_refused(connect: Connect, server: ScimServer, status: int) -> None:
    platform = connect(bulk=False, page_size=3)
    send(platform, *SEVEN)
    server.fails(filters=" eq ", status=status)
    looked_up(platform, server)
    assert send(platform, delivery(8))[0].verdict is Verdict.DONE


def test_all_are_listed_where_filters_are_not_heeded(connect: Connect, server: ScimServer) -> None:
    platform = connect()
    send(platform, *SEVEN)
    server.add(userName="stranger@example.com")
    server.weather.is_deaf = True
    looked_up(platform, server)
    refused, done = send(platform, delivery(20, profile=SEVEN[0].profile), delivery(21))
    assert (refused.verdict, done.verdict) == (Verdict.REFUSED, Verdict.DONE)
    del server.requests[:]
    platform.read_back([delivery(number) for number in range(100)])
    assert len(filters(server)) == 2, "tried for many and for one, and never again"


def test_addresses_that_cannot_be_filtered_are_left_to_the_server(
    connect: Connect, server: ScimServer
) -> None:
    server.add(userName="learner1@example.com")
    server.fails(filters="emails", status=400)
    server.fails(filters="userName", status=400)
    (outcome,) = send(connect(bulk=False), delivery(1))
    assert outcome.verdict is Verdict.REFUSED
    assert "uniqueness" in outcome.reason


def test_an_account_is_adopted_in_any_case_where_filters_go_by_the_letter(
    scimmy: Scimmy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SECRET, scimmy.token)
    scimmy.empty()
    account = scimmy.add(userName="LEARNER1@example.com")
    platform = Scim("scim", options(scimmy.url, adopt_by_email=True))
    (outcome,) = send(platform, delivery(1))
    assert (outcome.verdict, outcome.account) == (Verdict.DONE, account)


@pytest.mark.parametrize("largest", [0, 1, 3])
def test_everybody_is_listed_by_pages_however_short(connect: Connect, largest: int) -> None:
    with scim_server(largest_page=largest) as server:
        platform = connect(url=server.url, page_size=5)
        send(platform, *SEVEN)
        assert sorted(listed(platform)) == list(range(1, 8))


def test_a_list_that_moves_is_read_again(connect: Connect, server: ScimServer) -> None:
    """Somebody on the first page goes while the second one is asked for: one slips through between them."""
    platform = connect(page_size=3)
    send(platform, *SEVEN)
    strangers = [server.add(userName=f"stranger{number}") for number in range(6)]

    pages = platform.everybody()
    found = [account.learner for account in next(pages)]
    for account in strangers:
        server.storage._remove(("User", account))
    with capture_logs() as logs:
        found += [account.learner for page in pages for account in page]
    assert [one["event"] for one in logs if one["event"] == "scim_key_twice"] == []
    assert sorted(map(int, filter(None, found))) == list(range(1, 8))


def test_a_list_that_never_holds_still_is_no_list(connect: Connect, server: ScimServer) -> None:
    platform = connect(page_size=2)
    send(platform, *SEVEN)
    totals = iter(range(7, 99))

    def other(body: Any) -> Any:
        return {**body, "totalResults": next(totals)} if "totalResults" in body else body

    server.fails(method="GET", path="/Users", edit=other)
    with pytest.raises(Incomplete):
        listed(platform)


def test_a_list_that_is_shorter_than_it_says_is_no_list(connect: Connect, server: ScimServer) -> None:
    platform = connect()
    send(platform, *SEVEN)
    server.fails(method="GET", path="/Users", edit=lambda body: {**body, "totalResults": 8})
    with pytest.raises(Incomplete, match="says it has 8 in /Users and shows 7"):
        listed(platform)


def test_the_same_page_again_and_again_is_no_list(connect: Connect, server: ScimServer) -> None:
    platform = connect(page_size=2)
    send(platform, *SEVEN)
    first: list[Any] = []

    def same(body: Any) -> Any:
        first.append(body)
        return first[0]

    server.fails(method="GET", path="/Users", edit=same)
    with pytest.raises(Incomplete):
        listed(platform)


def test_what_is_no_list_at_all(connect: Connect, server: ScimServer) -> None:
    server.fails(method="GET", path="/Users", status=200, body=b'{"hello": "world"}')
    with pytest.raises(Unavailable, match="not SCIM's"):
        listed(connect())


def test_a_key_on_two_accounts_is_listed_once(connect: Connect, server: ScimServer) -> None:
    platform = connect()
    send(platform, *SEVEN)
    server.add(userName="copy", externalId="syncd-1")
    assert sorted(map(int, filter(None, listed(platform)))) == list(range(1, 8))
