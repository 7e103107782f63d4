"""Chats: a real post by Apprise, nobody's name in it, and no token of its URL in what is said of failures."""

from __future__ import annotations

import logging

import pytest

from tests.notify.conftest import Town
from tests.servers.web import WebServer, web_server

TOKEN = "t0ken-of-the-room"


def wired(town: Town, url: str) -> None:
    (town.folder / "url").write_text(url + "\n")
    town.notify = "to: [{ name: ops, chat: { file: url }, on: [shortfall, usage, order_assigned] }]"


def busy(town: Town) -> None:
    town.company.order(1)
    town.company.hire("ann", "bob")
    town.company.sync()


def url_of(site: WebServer) -> str:
    return (
        site.url.replace("http://", "jsons://" if site.url.startswith("https") else "json://") + f"/{TOKEN}"
    )


def test_a_round_is_one_post_without_names(town: Town) -> None:
    with web_server() as site:
        wired(town, url_of(site))
        site.status = 200
        busy(town)
        assert town.tell().sent == 3
    (post,) = site.received
    body = post.body.decode()
    assert post.path == f"/{TOKEN}"
    assert "Contoso: 3 notices about your licenses" in body
    assert "1 person waits for a license" in body
    assert "licenses request 1" in body
    assert "bob" not in body.lower()


def test_a_failing_service_is_tried_again_and_its_url_told_to_nobody(
    town: Town, caplog: pytest.LogCaptureFixture
) -> None:
    with web_server() as site, caplog.at_level(logging.WARNING):
        wired(town, url_of(site))
        site.status = 500
        busy(town)
        tally = town.tell()
        assert (tally.sent, tally.deferred) == (0, 3)
        told = "".join([*tally.troubles.values(), *(posting.error for posting in town.postings())])
        assert told
        assert TOKEN not in told + caplog.text
        site.status = 200
        town.later(60)
        assert town.tell().sent == 3


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("mailto://user:s3cret@contoso.com", "use `mail` and `smtp` instead"),
        ("nosuchthing://s3cret", "is no URL that Apprise knows"),
        ("", "is empty or not set"),
    ],
)
def test_a_url_that_is_none_is_said_without_repeating_it(town: Town, url: str, why: str) -> None:
    wired(town, url)
    busy(town)
    (said,) = town.tell().troubles.values()
    assert why in said
    assert "s3cret" not in said
