"""Bad weather: what goes wrong on the way or there, the words for it, and that nothing is done twice."""

from __future__ import annotations

import logging
import socket
from pathlib import Path

import pytest

from connectors.platforms.open_edx.face import OpenEdx
from syncd.errors import ConfigError, Retriable, Unavailable
from syncd.model import Kind, Outcome, Profile, Verdict
from syncd.ports import Answered
from tests.connectors.platforms.open_edx.conftest import Connect, options_for
from tests.contracts.platform import delivery, known, send
from tests.heard import Heard
from tests.servers.certificates import Authority
from tests.servers.open_edx import OpenEdxServer, Plan, open_edx_server

BOTH = ("learner1@example.com", "learner2@example.com")


def until_it_fails(platform: OpenEdx, *numbers: int) -> tuple[list[Outcome], Unavailable]:
    """The outcomes there were, and why there were no more."""
    outcomes: list[Outcome] = []
    with pytest.raises(Unavailable) as failure:
        outcomes.extend(platform.deliver([delivery(number) for number in numbers]))
    return outcomes, failure.value


def test_a_dead_server(connect: Connect, server: OpenEdxServer) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        _, why = until_it_fails(connect(url=url), 1)
    assert why.message == f"{url.removeprefix('http://')} refused the connection"
    assert server.writes() == []


def test_a_wrong_secret(
    platform: OpenEdx,
    server: OpenEdxServer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("OPEN_EDX_SECRET", "hunter2-wrong")
    caplog.set_level(logging.DEBUG)
    _, why = until_it_fails(platform, 1)
    assert "refused the sign-in (401: invalid_client)" in why.message
    assert "client_secret" in why.next_step
    assert [one.operation for one in server.asked] == ["token"], "wrong credentials are sent once"
    assert "hunter2" not in f"{why!r}{why.next_step}{caplog.text}{platform!r}"


def test_a_secret_that_is_not_there(platform: OpenEdx, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPEN_EDX_SECRET")
    with pytest.raises(ConfigError, match="OPEN_EDX_SECRET is empty or not set"):
        send(platform, delivery(1))


def test_a_token_that_is_no_jwt(platform: OpenEdx, server: OpenEdxServer) -> None:
    server.token_type = "Bearer"
    assert "a token of type Bearer, not a JWT" in until_it_fails(platform, 1)[1].message


def test_a_token_that_ends_on_the_way(connect: Connect, server: OpenEdxServer) -> None:
    server.before("assign", server.expire_tokens, after=1)
    outcomes = send(connect(batch_size=1), delivery(1), delivery(2))
    assert [one.verdict for one in outcomes] == [Verdict.DONE] * 2
    assert [one.operation for one in server.asked].count("token") == 2


def test_a_sign_in_without_an_answer_is_tried_again(platform: OpenEdx, server: OpenEdxServer) -> None:
    """Also where it comes before a write: that was never sent."""
    server.before("assign", server.expire_tokens)
    server.faults.arm("unsaid", "token", after=1, times=1)
    assert [one.verdict for one in send(platform, delivery(1))] == [Verdict.DONE]


def test_a_token_nobody_accepts(platform: OpenEdx, server: OpenEdxServer) -> None:
    server.faults.arm("status", "plan", status=401, body={"detail": "Error decoding token."})
    _, why = until_it_fails(platform, 1)
    assert "does not accept the LMS's token (401: Error decoding token)" in why.message


def test_a_user_without_rights(platform: OpenEdx, server: OpenEdxServer) -> None:
    server.administers = False
    _, why = until_it_fails(platform, 1)
    assert f"our user may not manage plan {server.plan.uuid}, or there is none (403" in why.message


def test_a_plan_that_is_not_there(connect: Connect) -> None:
    nowhere = connect(subscription_plan="00000000-0000-4000-8000-000000000000")
    for ask in (lambda: send(nowhere, delivery(1)), lambda: nowhere.read_back([delivery(1)])):
        with pytest.raises(Unavailable, match="has no plan 00000000"):
            ask()


def test_throttling_is_waited_for(platform: OpenEdx, server: OpenEdxServer, slept: list[float]) -> None:
    slower = {"status": 429, "headers": {"Retry-After": "7"}, "body": {"detail": "Request was throttled."}}
    server.faults.arm("status", "assign", times=2, **slower)
    (outcome,) = send(platform, delivery(1))
    assert (outcome.verdict, slept) == (Verdict.DONE, [7, 7])


def test_patience_ends(connect: Connect, server: OpenEdxServer, slept: list[float]) -> None:
    server.faults.arm("status", "assign", status=429, headers={"Retry-After": "45"})
    outcomes, why = until_it_fails(connect(patience="1m", batch_size=1), 1)
    assert (outcomes, slept) == ([], [45])
    assert "asks us to slow down (429)" in why.message


def test_a_locked_plan_is_tried_again(platform: OpenEdx, server: OpenEdxServer, slept: list[float]) -> None:
    server.faults.arm("status", "assign", times=5, status=423, body="Assignment currently locked …")
    (outcome,) = send(platform, delivery(1))
    assert (outcome.verdict, slept) == (Verdict.DONE, [1, 2, 4, 8, 16])


def test_a_lock_left_behind_is_outlived(connect: Connect, server: OpenEdxServer, slept: list[float]) -> None:
    """A worker that dies leaves it for five minutes."""
    server.plan.locked = True
    _, why = until_it_fails(connect(), 1)
    assert isinstance(why, Retriable)
    assert "somebody else is assigning licenses" in why.message
    assert 300 < sum(slept) <= 600


def test_the_answer_that_was_lost_is_looked_up(platform: OpenEdx, server: OpenEdxServer) -> None:
    server.faults.arm("unsaid", "assign", times=1)
    outcomes = send(platform, delivery(1), delivery(2))
    assert [one.verdict for one in outcomes] == [Verdict.DONE] * 2
    assert all(one.account for one in outcomes)
    assert len(server.writes()) == 1, "what may have arrived is not sent twice"


def test_half_an_answer_is_none(platform: OpenEdx, server: OpenEdxServer) -> None:
    server.faults.arm("half", "assign", times=1)
    server.faults.arm("half", "list", times=1)
    assert [one.verdict for one in send(platform, delivery(1))] == [Verdict.DONE]
    assert len(server.writes()) == 1


def test_the_request_that_was_lost_is_unknown(connect: Connect, server: OpenEdxServer) -> None:
    server.faults.arm("unheard", "assign", times=1)
    platform = connect(batch_size=2)
    outcomes = send(platform, *map(delivery, (1, 2, 3)))
    assert [one.verdict for one in outcomes] == [Verdict.UNKNOWN] * 2 + [Verdict.DONE]
    assert platform.read_back([delivery(1)]) == {"d1": None}
    assert [one.verdict for one in send(platform, delivery(1))] == [Verdict.DONE]


def test_an_answer_that_is_late_is_read_back(platform: OpenEdx, server: OpenEdxServer) -> None:
    """The server goes on with what we have given up on."""
    server.faults.arm("unheard", "assign", times=1)
    assert [one.verdict for one in send(platform, delivery(1))] == [Verdict.UNKNOWN]
    server.plan.assign(["learner1@example.com"], notify=False)
    found = platform.read_back([delivery(1)])["d1"]
    assert found is not None
    assert found.account


def test_a_failure_in_the_middle_keeps_what_was_done(connect: Connect, server: OpenEdxServer) -> None:
    server.faults.arm("status", "assign", after=1, status=500, body="oops")
    outcomes, why = until_it_fails(connect(batch_size=2), *range(1, 7))
    assert [one.delivery for one in outcomes] == ["d1", "d2"]
    assert "answered with an error of its own (500)" in why.message
    assert server.plan.holders == list(BOTH)
    assert len(server.writes()) == 2


def test_a_failure_after_it_was_done_is_seen_through(platform: OpenEdx, server: OpenEdxServer) -> None:
    """As when the queue of its mails is away."""
    server.faults.arm("failed", "assign", status=500, body="oops")
    assert [one.verdict for one in send(platform, delivery(1), delivery(2))] == [Verdict.DONE] * 2
    assert len(server.writes()) == 1


@pytest.mark.parametrize(("how", "verdict"), [("unsaid", Verdict.DONE), ("unheard", Verdict.UNKNOWN)])
def test_a_revocation_without_an_answer(
    platform: OpenEdx, server: OpenEdxServer, how: str, verdict: Verdict
) -> None:
    (created,) = send(platform, delivery(1))
    leaver = known(delivery(1, Kind.SUSPEND, active=False), created)
    server.faults.arm(how, "bulk-revoke", times=1)
    assert [one.verdict for one in send(platform, leaver)] == [verdict]
    assert [one.operation for one in server.writes()] == ["assign", "bulk-revoke"]
    assert (server.plan.holders == []) == (verdict is Verdict.DONE)


def test_a_server_that_fails_to_revoke_is_down(platform: OpenEdx, server: OpenEdxServer) -> None:
    (created,) = send(platform, delivery(1))
    server.faults.arm("status", "bulk-revoke", status=502)
    with pytest.raises(Unavailable, match="502"):
        send(platform, known(delivery(1, Kind.SUSPEND, active=False), created))


def test_a_list_that_changes_while_it_is_read_is_read_anew(connect: Connect, server: OpenEdxServer) -> None:
    server.largest_page = 2
    learners = [known(delivery(n), one) for n, one in enumerate(send(connect(), *map(delivery, range(5))))]
    server.before("list", lambda: server.plan.revoke(["learner0@example.com"]), after=1)
    found = connect().read_back(learners)
    assert [one is not None for one in found.values()] == [False, True, True, True, True]


def test_a_list_whose_last_page_goes_is_read_anew(connect: Connect, server: OpenEdxServer) -> None:
    server.largest_page = 2
    learners = [known(delivery(n), one) for n, one in enumerate(send(connect(), *map(delivery, range(3))))]
    server.before("list", lambda: server.plan.revoke(["learner2@example.com"]), after=1)
    found = connect().read_back(learners)
    assert [one is not None for one in found.values()] == [True, True, False]


def test_a_list_that_ends_too_soon_is_no_list(platform: OpenEdx, server: OpenEdxServer) -> None:
    row = {"uuid": "u", "user_email": "a@example.com", "status": "assigned"}
    server.faults.arm("status", "list", status=200, body={"count": 2, "next": None, "results": [row]})
    assert "changed each time they were read" in until_it_fails(platform, 1)[1].message


def test_a_list_that_never_stands_still(connect: Connect, server: OpenEdxServer) -> None:
    server.largest_page = 1
    send(connect(), delivery(1), delivery(2))

    def again() -> None:
        server.plan.add("another@example.com")
        server.before("list", again)

    again()
    with pytest.raises(Unavailable, match="changed each time they were read"):
        connect().read_back([delivery(1)])


@pytest.mark.parametrize(
    "body", ["<html>login</html>", [], {"results": "none"}, {"count": 1, "results": [{}]}]
)
def test_an_answer_of_somebody_else(platform: OpenEdx, server: OpenEdxServer, body: object) -> None:
    server.faults.arm("status", "list", status=200, body=body)
    _, why = until_it_fails(platform, 1)
    assert why.message.endswith("an answer that is not license-manager's")


def test_hostile_words_come_out_tame(platform: OpenEdx, server: OpenEdxServer) -> None:
    server.faults.arm("status", "assign", status=400, body={"user_emails": ["\x1b[2Jgone\r\n" + "x" * 999]})
    (outcome,) = send(platform, delivery(1))
    assert outcome.reason.isprintable()
    assert len(outcome.reason) < 300


@pytest.mark.parametrize(
    "email", ['"><script>@example.com', "a b@example.com", "x\n@example.com", "", "é" * 999]
)
def test_hostile_addresses_concern_one_person(platform: OpenEdx, plan: Plan, email: str) -> None:
    outcomes = send(platform, delivery(1), delivery(2, profile=Profile(email, "\u202eevil", "\x00")))
    assert [one.verdict for one in outcomes] == [Verdict.DONE, Verdict.REFUSED]
    assert plan.holders == ["learner1@example.com"]


def test_a_certificate_nobody_trusts(tmp_path: Path, plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPEN_EDX_SECRET", "the client's secret")
    certificate = Authority.create(tmp_path).issue("127.0.0.1")
    with open_edx_server(plan, certificate) as server:
        distrusting = OpenEdx("open_edx", options_for(server), sleep=lambda _: None)
        _, why = until_it_fails(distrusting, 1)
        assert "its certificate comes from an unknown authority" in why.message
        assert server.asked == []
        trusting = OpenEdx("open_edx", options_for(server, ca_file=str(certificate.ca)))
        assert [one.verdict for one in send(trusting, delivery(1))] == [Verdict.DONE]


def test_calls_are_counted_by_what_they_are(connect: Connect, server: OpenEdxServer) -> None:
    calls = Heard()
    server.faults.arm("status", "assign", times=1, status=429, headers={"Retry-After": "3"})
    send(connect(calls=calls), delivery(1))
    assert calls.calls == [
        ("sign in", Answered.OK),
        ("plan", Answered.OK),
        ("list", Answered.OK),
        ("assign", Answered.THROTTLED),
        ("assign", Answered.OK),
    ]
    assert calls.pauses == [(3, True)]
