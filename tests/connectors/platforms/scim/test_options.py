"""What an admin may write about a SCIM platform, and what is refused with words that help."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from connectors.platforms.scim.options import ScimOptions

TOKEN = {"token": {"env": "SCIM_TOKEN"}}
CLIENT = {"token_url": "https://login.example/token", "client_id": "x", "client_secret": {"env": "S"}}
URN = "urn:example:User"


def options(**changes: Any) -> ScimOptions:
    return ScimOptions.model_validate({"url": "https://learn.example/scim/v2", "auth": TOKEN} | changes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"url": "learn.example/scim"}, "of the form https://host"),
        ({"url": "ftp://learn.example"}, "of the form https://host"),
        ({"url": "https://learn.example/scim?tenant=1"}, "of the form https://host"),
        ({"url": "https://me:hunter2@learn.example"}, "must not hold a user or password"),
        ({"url": "http://learn.example"}, "must begin with https://"),
        ({"url": "http://127.example.com"}, "must begin with https://"),
        ({"auth": {**CLIENT, "token_url": "http://login.example/token"}}, "must begin with https://"),
        ({"auth": {}}, "exactly one of"),
        ({"auth": {**TOKEN, **CLIENT}}, "exactly one of"),
        ({"auth": {"token": "hunter2"}}, "must not be written here"),
        ({"auth": {"user": "me"}}, "needs all of"),
        ({"auth": {**CLIENT, "client_id": None}}, "needs all of"),
        ({"license": "seat"}, "license"),
        ({"license": {"group": "a", "entitlement": "b"}}, "one of account, extension"),
        ({"license": {"extension": {"schema": URN}}}, "needs attribute and value, or ends_at"),
        ({"license": {"extension": {"schema": URN, "attribute": "x"}}}, "belong together"),
        ({"license": {"extension": {"schema": "x", "ends_at": "x"}}}, "schema"),
        ({"key_prefix": "syncd1"}, "key_prefix"),
        ({"key_prefix": 'a" or "'}, "key_prefix"),
        ({"fields": ["email"]}, "fields"),
        ({"read_timeout": 0}, "wait without end"),
    ],
)
def test_what_cannot_be_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        options(**changes)
    told = str(caught.value)
    assert words in told
    assert "hunter2" not in told


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8:8080", "[::1]:9"])
def test_nobody_listens_on_the_loopback(host: str) -> None:
    assert list(options(url=f"http://{host}/scim").warnings()) == []


def test_in_clear_only_where_that_is_said_and_never_without_a_warning() -> None:
    (warning,) = options(url="http://learn.example", allow_clear_text=True).warnings()
    assert warning[0] == "allow_clear_text"
    assert list(options(allow_clear_text=True).warnings()) == []


def test_the_address_may_end_in_a_slash() -> None:
    assert options(url="https://learn.example/scim/v2/").url == "https://learn.example/scim/v2"


@pytest.mark.parametrize("value", ["premium", True, ["a", "b"]])
def test_a_license_may_hold_what_vendors_have(value: Any) -> None:
    extension = {"schema": URN, "attribute": "license", "value": value}
    found = options(license={"extension": extension}).license.extension
    assert found is not None
    assert found.value == (tuple(value) if isinstance(value, list) else value)


def test_secrets_are_never_shown() -> None:
    assert "hunter2" not in repr(options(auth={"token": {"env": "hunter"}}))
