"""Webhooks as a receiver sees them: signed, recognisable when they come twice, refused when they are old."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import time
from pathlib import Path
from typing import Any

import pytest

from syncd.licensing.notices import PostingState
from tests.notify.conftest import Town
from tests.servers.certificates import Authority
from tests.servers.tcp import free_port
from tests.servers.web import Post, WebServer, web_server

KEY = base64.b64encode(b"thirty-two bytes of a signing key").decode()


def verified(post: Post, key: str, now: int) -> dict[str, object]:
    """What docs/notices.md tells a receiver to do."""
    stamp, id_ = post.headers["webhook-timestamp"], post.headers["webhook-id"]
    assert abs(now - int(stamp)) <= 300, "replayed"
    signed = f"{id_}.{stamp}.".encode() + post.body
    digest = hmac.new(base64.b64decode(key.removeprefix("whsec_")), signed, hashlib.sha256).digest()
    wanted = "v1," + base64.b64encode(digest).decode()
    assert hmac.compare_digest(wanted, post.headers["webhook-signature"])
    facts = json.loads(post.body)
    assert isinstance(facts, dict)
    return facts


def test_the_receiver_in_the_docs_takes_what_we_send_and_nothing_else(town: Town) -> None:
    page = (Path(__file__).parents[2] / "docs/notices.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    receiver: dict[str, Any] = {}
    exec(example, receiver)
    town.company.now = int(time.time())
    with web_server() as site:
        wired(town, site)
        town.company.order(1)
        town.tell()
    (post,) = site.received
    receiver["verify"](f"whsec_{KEY}", post.headers, post.body)
    old = {**post.headers, "webhook-timestamp": str(town.company.now - 301)}
    for headers, body in ((post.headers, post.body + b" "), (old, post.body)):
        with pytest.raises(ValueError, match="not from syncd"):
            receiver["verify"](f"whsec_{KEY}", headers, body)


def wired(town: Town, site: WebServer, *, more: str = "", key: str = f"whsec_{KEY}") -> None:
    (town.folder / "key").write_text(key)
    target = f"name: siem, webhook: '{site.url}/in', secret: {{ file: key }}, on: [order_assigned, usage]"
    town.notify = f"to: [{{ {target}{more} }}]"


def test_every_notice_is_posted_by_itself_and_signed(each_town: Town, certificates: Authority) -> None:
    certificate = certificates.issue()
    with web_server(certificate) as site:
        town = each_town
        wired(town, site, more=f", ca_file: {certificate.ca}")
        town.company.order(1)
        town.company.hire("ann")
        town.company.sync()
        assert town.tell().sent == 2
        facts = [verified(post, KEY, town.company.now) for post in site.received]
    assert [fact["type"] for fact in facts] == ["order_assigned", "usage"]
    assert facts[0]["timestamp"] == "2027-01-15T08:00:00Z"
    data = facts[1]["data"]
    assert isinstance(data, dict)
    assert (data["company"], data["type"], data["percent"]) == ("Contoso", "premium", 100)
    assert data["title"] == "Every premium license is in use"
    assert site.received[0].path == "/in"


def test_a_changed_body_or_another_key_is_noticed(town: Town) -> None:
    with web_server() as site:
        wired(town, site)
        town.company.order(1)
        town.tell()
    (post,) = site.received
    verified(post, KEY, town.company.now)
    with pytest.raises(AssertionError):
        verified(post._replace(body=post.body + b" "), KEY, town.company.now)
    with pytest.raises(AssertionError):
        verified(post, base64.b64encode(b"x" * 32).decode(), town.company.now)
    with pytest.raises(AssertionError, match="replayed"):
        verified(post, KEY, town.company.now + 301)


@pytest.mark.parametrize("status", [500, 404, 301])
def test_what_was_not_taken_comes_again_under_the_same_id_and_a_new_time(town: Town, status: int) -> None:
    with web_server() as site, web_server() as elsewhere:
        wired(town, site)
        site.status, site.location = status, elsewhere.url if status == 301 else ""
        town.company.order(1)
        tally = town.tell()
        assert (tally.sent, tally.deferred) == (0, 1)
        assert town.postings()[0].error == f"answered {status}"
        site.status = 204
        town.later(60)
        assert town.tell().sent == 1
        assert town.tell().sent == 0
        assert elsewhere.received == []
    first, second = site.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) == 60
    verified(second, KEY, town.company.now)


def test_gone_means_never_again(town: Town) -> None:
    with web_server() as site:
        wired(town, site)
        site.status = 410
        town.company.order(1)
        assert town.tell().refused == 1
        town.later(7200)
        town.tell()
    assert len(site.received) == 1
    assert town.postings()[0].state is PostingState.REFUSED


def test_a_certificate_nobody_vouches_for_gets_nothing(town: Town, certificates: Authority) -> None:
    with web_server(certificates.issue()) as site:
        wired(town, site)
        town.company.order(1)
        assert town.tell().deferred == 1
    assert site.received == []
    assert town.postings()[0].error == "its certificate is not trusted, or TLS failed"


def test_a_receiver_that_is_away_is_tried_again(town: Town) -> None:
    wired(town, WebServer(f"http://127.0.0.1:{free_port()}"))
    town.company.order(1)
    assert town.tell().troubles == {"webhook:siem": "cannot be reached"}


@pytest.mark.parametrize(
    ("key", "why"),
    [("k3y", "too short"), ("whsec_!!!", "is not base64"), ("", "is empty or not set")],
)
def test_a_key_that_is_none_is_said_without_repeating_it(town: Town, key: str, why: str) -> None:
    with web_server() as site:
        wired(town, site, key=key)
        town.company.order(1)
        (said,) = town.tell().troubles.values()
    assert why in said
    assert not key or key not in said.replace("whsec_", "", 1)
    assert site.received == []


def test_a_key_may_be_any_long_text(town: Town) -> None:
    with web_server() as site:
        wired(town, site, key="a long enough pass phrase")
        town.company.order(1)
        town.tell()
    encoded = base64.b64encode(b"a long enough pass phrase").decode()
    verified(site.received[0], encoded, town.company.now)


def test_a_target_that_is_no_longer_configured_is_told_nothing_more(town: Town) -> None:
    wired(town, WebServer(f"http://127.0.0.1:{free_port()}"))
    town.company.order(1)
    town.tell()
    town.notify = "to: [{ mail: ada@contoso.com, on: [held] }]"
    town.later(60)
    assert town.tell().refused == 1
    assert town.postings()[0].error == "is not in the configuration any more"


def test_no_password_comes_out_of_a_netrc(
    town: Town, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login x password s3cret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with web_server() as site:
        wired(town, site)
        town.company.order(1)
        town.tell()
    assert "authorization" not in site.received[0].headers
