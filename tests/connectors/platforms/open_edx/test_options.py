"""The options of a plan, and what is wrong with them."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from connectors.platforms.open_edx.options import OpenEdxOptions

PLAN = "504B1735-9d3a-4000-848d-6ae7a56e6350"
PLAIN: dict[str, Any] = {
    "url": "https://licenses.example.com/",
    "lms_url": "https://lms.example.com",
    "client_id": "syncd",
    "client_secret": {"env": "X"},
    "subscription_plan": PLAN,
}


def options(**changed: object) -> OpenEdxOptions:
    return OpenEdxOptions.model_validate({**PLAIN, **changed})


def test_where_things_are() -> None:
    found = options()
    assert found.plan_url == f"https://licenses.example.com/api/v1/subscriptions/{PLAN.lower()}"
    assert found.token_url == "https://lms.example.com/oauth2/access_token"
    assert list(found.warnings()) == []


def test_a_gateway_has_paths_of_its_own() -> None:
    found = options(
        url="https://api.example.com/enterprise/v1", lms_url="https://api.example.com/oauth2/v1/access_token"
    )
    assert found.plan_url == f"https://api.example.com/enterprise/v1/subscriptions/{PLAN.lower()}"
    assert found.token_url == "https://api.example.com/oauth2/v1/access_token"


@pytest.mark.parametrize("url", ["http://127.0.0.1:18170", "http://[::1]:1", "http://localhost"])
def test_only_this_machine_is_reached_without_tls(url: str) -> None:
    assert options(url=url, lms_url=url).url == url


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"url": "http://licenses.example.com"}, "must begin with https://"),
        ({"lms_url": "http://localhost.example.com"}, "must begin with https://"),
        ({"lms_url": "lms.example.com"}, "is not of the form https://host"),
        ({"url": "https://"}, "is not of the form https://host"),
        ({"url": "https://host?x=1"}, "is not of the form https://host"),
        ({"url": "https://u:p@host"}, "must not hold a user or password"),
        ({"url": "https://host:port"}, "could not be cast to integer"),
        ({"subscription_plan": "Contoso 2027"}, "is not a UUID"),
        ({"client_secret": "hunter2"}, "must not be written here"),
        ({"batch_size": 0}, "greater than or equal to 1"),
    ],
)
def test_what_cannot_be(changed: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words) as failure:
        options(**changed)
    assert "hunter2" not in str(failure.value)


def test_mails_to_everybody_are_warned_of() -> None:
    assert [where for where, _ in options(notify_users=True).warnings()] == ["notify_users"]
