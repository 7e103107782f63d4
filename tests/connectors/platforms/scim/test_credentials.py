"""How we are let in: by a token, a user's password, or as a client; and when that ends."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from typing import Any

import pytest

from syncd.errors import ConfigError, Unavailable
from syncd.model import Verdict
from syncd.ports import Answered, Ending
from tests.connectors.platforms.scim.conftest import SECRET, Connect
from tests.contracts.platform import delivery, send
from tests.heard import Heard
from tests.servers.scim import CLIENT, USER, ScimServer


@pytest.fixture
def client(server: ScimServer, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setenv("CLIENT_SECRET", CLIENT[1])
    where = server.url.removesuffix("/v2") + "/token"
    return {"token_url": where, "client_id": CLIENT[0], "client_secret": {"env": "CLIENT_SECRET"}}


def test_a_users_password(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSWORD", USER[1])
    platform = connect(auth={"user": USER[0], "password": {"env": "PASSWORD"}})
    assert send(platform, delivery(1))[0].verdict is Verdict.DONE
    assert platform.endings() == ()


@pytest.mark.parametrize("place", ["header", "body"])
def test_a_client_gets_one_token_for_many_calls(
    connect: Connect, server: ScimServer, client: dict[str, Any], place: str
) -> None:
    heard = Heard()
    platform = connect(heard, auth={**client, "client_secret_in": place, "scope": "scim"})
    for number in (1, 2):
        assert send(platform, delivery(number))[0].verdict is Verdict.DONE
    assert server.door.issued == ["issued-0-scim"]
    assert heard.calls.count(("sign in", Answered.OK)) == 1
    assert {operation for operation, _ in heard.calls} == {"sign in", "discover", "look up", "write"}


def test_a_token_that_ends_is_got_anew(connect: Connect, server: ScimServer, client: dict[str, Any]) -> None:
    server.door.lifetime = 30  # less than what is thought to be on its way
    send(connect(auth=client), delivery(1))
    assert len(server.door.issued) > 1


def test_a_token_that_was_revoked_is_got_anew_and_the_write_sent_again(
    connect: Connect, server: ScimServer, client: dict[str, Any]
) -> None:
    platform = connect(bulk=False, auth=client)
    send(platform, delivery(1))
    server.door.revoke()
    assert send(platform, delivery(2))[0].verdict is Verdict.DONE
    assert len(server.door.issued) == 2


def test_a_client_that_is_refused(
    connect: Connect, client: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLIENT_SECRET", "hunter2")
    with pytest.raises(Unavailable) as failure:
        send(connect(auth=client), delivery(1))
    assert failure.value.message.endswith("gave no token to client syncd: invalid_client")
    assert "hunter2" not in str(failure.value)


def test_a_token_that_cannot_be_had_at_the_moment(
    connect: Connect, server: ScimServer, client: dict[str, Any], pauses: list[float]
) -> None:
    server.fails(path="/token", status=503, headers={"Retry-After": "5"}, times=1)
    server.fails(path="/token", lost=True, times=1)
    assert send(connect(auth=client), delivery(1))[0].verdict is Verdict.DONE
    assert pauses[0] == 5
    assert len(pauses) == 2


def test_a_secret_that_is_not_there(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SECRET)
    with pytest.raises(ConfigError, match=SECRET):
        send(connect(), delivery(1))


def jwt(**claims: Any) -> str:
    payload = urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{payload}.c2lnbmVk"


@pytest.mark.parametrize(
    ("token", "stated", "ends_at"),
    [
        (jwt(exp=1_900_000_000), None, 1_900_000_000),
        (jwt(exp=1_900_000_000), "2027-05-31", 1_900_000_000),
        ("opaque", "2027-05-31", 1_811_721_600),
        (jwt(sub="me"), "2027-05-31", 1_811_721_600),
        ("a.b.c", None, None),
        ("opaque", None, None),
    ],
)
def test_when_a_token_ends(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, token: str, stated: str | None, ends_at: int | None
) -> None:
    monkeypatch.setenv(SECRET, token)
    found = connect(auth={"token": {"env": SECRET}, "token_expires": stated}).endings()
    what = f"token in environment variable {SECRET}"
    assert found == (() if ends_at is None else (Ending(what, ends_at),))
