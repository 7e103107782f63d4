"""What goes wrong on the way: nobody is told of twice, nobody is refused for it, and the rest waits."""

from __future__ import annotations

import pytest

from connectors.platforms.scim.face import Scim
from syncd.errors import Retriable, Unanswered, Unavailable
from syncd.model import Kind, Outcome, Verdict
from tests.connectors.platforms.scim.conftest import SECRET, Connect, gathered
from tests.contracts.platform import delivery, known, send
from tests.servers.certificates import Authority
from tests.servers.scim import ScimServer, scim_server
from tests.servers.tcp import free_port, silent_server


@pytest.fixture
def single(connect: Connect) -> Scim:
    return connect(bulk=False)


def told(platform: Scim, *numbers: int) -> tuple[list[Outcome], Unavailable | None]:
    return gathered(platform.deliver([delivery(number) for number in numbers]))


def until_down(platform: Scim, *numbers: int) -> tuple[list[Outcome], Unavailable]:
    """The same, of a platform that fails for certain."""
    outcomes, failure = told(platform, *numbers)
    assert failure is not None
    return outcomes, failure


def names(server: ScimServer) -> list[str]:
    return sorted(one["userName"].partition("@")[0] for one in server.users())


def test_a_server_that_is_not_there(connect: Connect, pauses: list[float]) -> None:
    platform = connect(url=f"http://127.0.0.1:{free_port()}/v2")
    _, failure = until_down(platform, 1)
    assert isinstance(failure, Retriable)
    assert "refused the connection" in failure.message
    assert len(pauses) == 4


def test_a_server_that_never_answers(connect: Connect) -> None:
    with silent_server() as port:
        platform = connect(url=f"http://127.0.0.1:{port}/v2", read_timeout="1s", patience=0)
        _, failure = until_down(platform, 1)
    assert "sent nothing" in failure.message


def test_a_wrong_token_is_named_and_sent_once(
    single: Scim, server: ScimServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SECRET, "not-that-one")
    _, failure = until_down(single, 1)
    assert (
        failure.message
        == f"{server.url[7:-3]} does not accept the token in environment variable {SECRET} (401)"
    )
    assert not isinstance(failure, Retriable)
    refused = [one for one in server.requests if one.path != "/ServiceProviderConfig"]
    assert len(refused) == 1
    assert "not-that-one" not in repr(failure.args)


def test_a_token_without_the_right_to_write_stops_and_refuses_nobody(
    single: Scim, server: ScimServer
) -> None:
    server.fails(method="POST", status=403, detail="Insufficient scope")
    outcomes, failure = told(single, 1, 2)
    assert outcomes == []
    assert failure is not None
    assert "Insufficient scope" in failure.message
    assert "right to read and write" in failure.next_step


def test_asked_to_slow_down_it_waits_as_long_and_sends_again(
    single: Scim, server: ScimServer, pauses: list[float]
) -> None:
    server.fails(method="POST", status=429, headers={"Retry-After": "7"}, times=2)
    server.fails(method="GET", path="/Users", status=503, headers={"Retry-After": "3"}, times=1)
    assert [one.verdict for one in send(single, delivery(1))] == [Verdict.DONE]
    assert pauses == [3, 7, 7]


def test_slowed_down_beyond_patience_the_rest_waits_for_the_next_run(
    connect: Connect, server: ScimServer
) -> None:
    server.fails(method="POST", status=429, headers={"Retry-After": "40"}, after=1)
    platform = connect(bulk=False, patience="1m")
    outcomes, failure = told(platform, 1, 2, 3)
    assert [(one.delivery, one.verdict) for one in outcomes] == [("d1", Verdict.DONE)]
    assert isinstance(failure, Retriable)
    assert failure.after == 40
    server.mend()
    assert [one.verdict for one in send(platform, *map(delivery, (1, 2, 3)))][1:] == [Verdict.DONE] * 2


def test_a_server_that_fails_in_the_middle(single: Scim, server: ScimServer) -> None:
    """One failure may be about one person; two in a row are not."""
    server.fails(method="POST", status=500, detail="boom", after=1)
    outcomes, failure = told(single, 1, 2, 3, 4)
    assert [(one.delivery, one.verdict) for one in outcomes] == [
        ("d1", Verdict.DONE),
        ("d2", Verdict.UNKNOWN),
    ]
    assert isinstance(failure, Unanswered)
    assert "boom (500)" in failure.message
    assert names(server) == ["learner1"]


def test_one_person_it_fails_for_stops_nobody_else(single: Scim, server: ScimServer) -> None:
    server.fails(method="POST", status=500, after=1, times=1)
    outcomes, failure = told(single, 1, 2, 3)
    assert failure is None
    assert [one.verdict for one in outcomes] == [Verdict.DONE, Verdict.UNKNOWN, Verdict.DONE]


@pytest.mark.parametrize("how", ["lost", "cut"])
def test_an_answer_that_is_lost_is_unknown_and_not_sent_again(
    single: Scim, server: ScimServer, how: str
) -> None:
    server.fails(method="POST", times=1, **{how: True})
    (unknown, done), failure = told(single, 1, 2)
    assert failure is None
    assert (unknown.verdict, done.verdict) == (Verdict.UNKNOWN, Verdict.DONE)
    assert single.read_back([delivery(1)])["d1"] is not None
    assert server.writes() == ["POST /Users", "POST /Users"]
    assert send(single, delivery(1))[0].verdict is Verdict.ALREADY


def test_a_bulk_answer_that_is_lost_is_unknown_for_all_of_it(connect: Connect, server: ScimServer) -> None:
    server.fails(path="/Bulk", lost=True, times=1)
    platform = connect()
    assert {one.verdict for one in send(platform, delivery(1), delivery(2))} == {Verdict.UNKNOWN}
    assert None not in platform.read_back([delivery(1), delivery(2)]).values()


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_lost_answer_to_a_change(single: Scim, server: ScimServer, method: str) -> None:
    (created,) = send(single, delivery(1))
    kind = Kind.DELETE if method == "DELETE" else Kind.SUSPEND
    gone = known(delivery(1, kind, active=False), created)
    server.fails(method=method, lost=True, times=1)
    assert send(single, gone)[0].verdict is Verdict.UNKNOWN
    assert send(single, gone)[0].verdict is Verdict.ALREADY
    assert server.writes().count(f"{method} /Users/{created.account}") == 1


def test_half_a_list_is_no_list(connect: Connect, server: ScimServer) -> None:
    platform = connect(patience=0)
    send(platform, delivery(1), delivery(2))
    server.fails(method="GET", path="/Users", cut=True)
    with pytest.raises(Unavailable):
        list(platform.everybody())


def test_a_login_page_in_its_place(connect: Connect, server: ScimServer) -> None:
    server.fails(status=200, body=b"<html>please sign in</html>")
    _, failure = until_down(connect(patience=0), 1)
    assert "no JSON" in failure.message


def test_a_wrong_address_is_told_from_an_empty_platform(connect: Connect, server: ScimServer) -> None:
    platform = connect(url=f"{server.url}/people")
    _, failure = until_down(platform, 1)
    assert "has no /Users there (404)" in failure.message
    assert failure.next_step == "check platform.url"


def test_over_tls(connect: Connect, certificates: Authority) -> None:
    with scim_server(certificate=certificates.issue("localhost")) as server:
        assert send(connect(url=server.url, ca_file=certificates.ca), delivery(1))[0].verdict is Verdict.DONE
        _, failure = until_down(connect(url=server.url), 1)
    assert "unknown authority" in failure.message


def test_over_tls_that_has_expired(connect: Connect, certificates: Authority) -> None:
    with scim_server(certificate=certificates.expired("localhost")) as server:
        _, failure = until_down(connect(url=server.url, ca_file=certificates.ca), 1)
    assert "has expired" in failure.message
