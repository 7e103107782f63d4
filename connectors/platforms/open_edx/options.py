"""What the admin says about a subscription plan of Open edX: where it is, and by what we prove who we are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from connectors.platform_options import Address, RemoteOptions
from syncd.settings.types import Secret

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_API, _TOKEN = "/api/v1", "/oauth2/access_token"


class OpenEdxOptions(RemoteOptions):
    """One subscription plan."""

    url: Address = Field(description="license-manager, as in https://license-manager.example.com")
    lms_url: Address = Field(description="the LMS, which signs us in, as in https://lms.example.com")
    client_id: str = Field(min_length=1, description="client id of the application in the LMS")
    client_secret: Secret = Field(description="where that application's client secret is kept")
    subscription_plan: str = Field(description="UUID of the plan whose licenses learners get")
    notify_users: bool = Field(
        default=False, description="whether Open edX writes to learners when they get a license"
    )
    batch_size: int = Field(
        default=100, ge=1, le=1000, description="licenses assigned or revoked by one request, at most"
    )

    @field_validator("subscription_plan")
    @classmethod
    def _a_plan(cls, value: str) -> str:
        if not _UUID.fullmatch(value):
            raise ValueError("is not a UUID such as 504b1735-9d3a-4000-848d-6ae7a56e6350")
        return value.lower()

    @property
    def addresses(self) -> Mapping[str, str]:
        return {**super().addresses, "lms_url": self.lms_url}

    @property
    def plan_url(self) -> str:
        """Where the plan is. An address with a path, as that of a gateway, is taken as it stands."""
        return f"{_with_path(self.url, _API)}/subscriptions/{self.subscription_plan}"

    @property
    def token_url(self) -> str:
        return _with_path(self.lms_url, _TOKEN)

    def warnings(self) -> Iterator[tuple[str, str]]:
        yield from super().warnings()
        if self.notify_users:
            yield "notify_users", "means a mail from Open edX to everybody who gets a license, also at first"


def _with_path(url: str, path: str) -> str:
    return url if urlsplit(url).path else url + path
