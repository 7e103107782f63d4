"""What the options of every platform reached over HTTP have in common: where it is, and how long to wait."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from connectors.http_options import HttpOptions
from syncd.settings.types import Duration, PlatformOptions


def _address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("is not of the form https://host")
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not hold a user or password")
    _ = parts.port  # raises ValueError when it is no number
    return url.rstrip("/")


Address = Annotated[str, AfterValidator(_address)]
"""An address that paths are added to, without a slash at its end."""


class RemoteOptions(HttpOptions, PlatformOptions):
    """`addresses`: by their keys, where secrets and people are sent."""

    url: Address = Field(description="where it is")
    patience: Duration = Field(
        600,
        description="how long one delivery may wait, all pauses together, while the platform asks us to slow "
        "down",
    )
    allow_clear_text: bool = Field(
        False, description="send secrets and people over http, too, where anybody on the way can read them"
    )

    @property
    def addresses(self) -> Mapping[str, str]:
        return {"url": self.url}

    @model_validator(mode="after")
    def _nobody_listens(self) -> Self:
        if (readable := self._readable) and not self.allow_clear_text:
            raise ValueError(
                f"{' and '.join(readable)} must begin with https://, or secrets and people travel readable; "
                "allow_clear_text: true accepts that"
            )
        return self

    def warnings(self) -> Iterator[tuple[str, str]]:
        yield from super().warnings()
        if self._readable:
            yield "allow_clear_text", "secrets and people travel where anybody on the way may read them"

    @property
    def _readable(self) -> list[str]:
        """The keys of addresses beyond this machine that are reached without TLS."""
        parts = {key: urlsplit(url) for key, url in self.addresses.items()}
        return [key for key, at in parts.items() if at.scheme != "https" and not _is_here(at.hostname or "")]


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
