"""What an admin may say of a Moodle site, and what is pointed out to them."""

from __future__ import annotations

from datetime import date

import pytest
from pydantic import ValidationError

from connectors.platforms.moodle.face import MoodlePlatform
from connectors.platforms.moodle.options import MoodleOptions
from syncd.ports import Ending

IOMAD = {"company": "acme", "license": 7, "courses": [5], "field": "slots"}


def options(**more: object) -> MoodleOptions:
    return MoodleOptions.model_validate({"url": "https://a.example", "token": {"env": "T"}, **more})


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("https://a.example/", "https://a.example/webservice/rest/server.php"),
        ("https://a.example/moodle", "https://a.example/moodle/webservice/rest/server.php"),
        (
            "https://a.example/webservice/rest/server.php",
            "https://a.example/webservice/rest/server.php",
        ),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/webservice/rest/server.php"),
        ("http://[::1]:8080", "http://[::1]:8080/webservice/rest/server.php"),
    ],
)
def test_the_address_is_that_of_the_site(url: str, endpoint: str) -> None:
    assert options(url=url).endpoint == endpoint


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"url": "a.example"}, "is not of the form https://host"),
        ({"url": "https://me:hunter2@a.example"}, "must not hold a user or password"),
        ({"url": "http://a.example"}, "must begin with https://"),
        ({"token": "hunter2"}, "must not be written here"),
        ({"key_prefix": "sync d"}, "key_prefix"),
        ({"key_prefix": "s1"}, "key_prefix"),
        ({"license": "group"}, "license"),
        ({"license": {"cohort": "x", "iomad": IOMAD}}, "one of cohort and iomad"),
        ({"license": {"iomad": IOMAD}}, "fields.license_ends is required"),
        ({"license": {"iomad": {**IOMAD, "courses": []}}, "fields": {"license_ends": "ends"}}, "courses"),
        ({"languages": {"en": "EN US"}}, "languages"),
    ],
)
def test_mistakes_are_told(wrong: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        options(**wrong)
    assert words in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_token_in_the_clear_is_warned_of() -> None:
    assert list(options().warnings()) == []
    (warning,) = options(url="http://a.example", allow_clear_text=True).warnings()
    assert warning[0] == "allow_clear_text"


def test_an_account_is_the_license_unless_said_otherwise() -> None:
    assert options(license="account").license == options().license
    assert options(license={"cohort": "premium"}).license.cohort == "premium"


def test_a_call_is_about_as_many_people_as_it_may_take_seconds() -> None:
    assert [options(read_timeout=text).batch for text in ("20s", "1m", "5m")] == [20, 50, 50]


def test_the_end_of_the_token_is_what_the_admin_says() -> None:
    assert MoodlePlatform("moodle", options()).endings() == ()
    known = MoodlePlatform("moodle", options(token_expires=date(2027, 5, 31)))
    assert known.endings() == (Ending("the web service token", 1_811_721_600),)


def test_the_token_is_in_no_text() -> None:
    assert "env" not in repr(options()) or "T" in repr(options().token)
    assert str(options().token) == "Secret(environment variable T)"
