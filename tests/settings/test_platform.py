"""The platform's section: its type decides which keys there are; left out, it is the register."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pytest
from pydantic import Field

from connectors.catalog import PLATFORMS, Connector
from syncd.settings import platform as section
from syncd.settings.types import PlatformOptions
from tests.settings.conftest import Loaded, Wrong

FILE = "company: Contoso\ndirectories: [{ name: people, type: file, path: people.csv, id: id }]\n"


class Options(PlatformOptions):
    url: str = Field(description="where it is")
    verify: Literal["yes", "no"] = "yes"

    def warnings(self) -> Iterator[tuple[str, str]]:
        if self.verify == "no":
            yield "verify", "means that anybody may be the platform"


@pytest.fixture(autouse=True)
def academy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A platform of the type `academy`."""
    monkeypatch.setitem(PLATFORMS, "academy", Connector(f"{__name__}:Options", ""))
    monkeypatch.setattr(section, "TYPES", (section.EMBEDDED, "academy"))


@pytest.mark.parametrize("text", ["", "platform:", "platform: { type: embedded }"])
def test_by_itself_the_register_is_the_platform(also: Loaded, text: str) -> None:
    assert also(text).platform == section.PlatformSettings("embedded", "embedded", None)


def test_its_options_are_those_of_its_type(also: Loaded) -> None:
    found = also("platform: { type: academy, url: https://a.example, adopt_by_email: true }").platform
    assert isinstance(found.options, Options)
    assert (found.type, found.options.url, found.options.adopt_by_email) == (
        "academy",
        "https://a.example",
        True,
    )


def test_what_is_unwise_is_told_with_its_line(also: Loaded) -> None:
    (warning,) = also("platform:\n  type: academy\n  url: https://a.example\n  verify: 'no'\n").warnings
    assert str(warning).endswith("syncd.yaml:7: platform.verify means that anybody may be the platform")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("platform: academy", "platform must be a section that begins with `type:`"),
        ("platform: {}", "platform.type is required (what kind of platform it is)"),
        (
            "platform: { type: acadmy }",
            "platform.type must be one of embedded, academy; did you mean academy?",
        ),
        ("platform: { type: academy }", "platform.url is required (where it is)"),
        ("platform: { type: embedded, url: x }", "platform.url is not a known key; there are type, name"),
        ("platform: { type: 7 }", "platform.type must be text; put the value in quotes"),
    ],
)
def test_mistakes_are_told_with_their_line(also_wrong: Wrong, text: str, problem: str) -> None:
    assert also_wrong(text) == [f"syncd.yaml:4: {problem}"]
