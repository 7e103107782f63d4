"""A SCIM platform keeps the promises of its port: on two servers, whatever they offer and a license is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import pytest

from connectors.platforms.scim.face import Scim
from syncd.ports import Platform
from tests.connectors.platforms.scim.conftest import SECRET, options
from tests.contracts.platform import PlatformContract
from tests.servers.scim import LICENSED, Scimmy, ScimServer, scim_server

NO = {"supported": False}
GROUP = "Premium"


class Contract(PlatformContract):
    """`chosen`: options besides the address. `offers`: what the server does, as its configuration has it."""

    chosen: ClassVar[dict[str, Any]] = {}
    offers: ClassVar[dict[str, Any]] = {}
    largest_page: ClassVar[int] = 0

    @pytest.fixture
    def server(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[ScimServer | Scimmy]:
        with scim_server(largest_page=self.largest_page, **self.offers) as server:
            monkeypatch.setenv(SECRET, server.token)
            server.add("Group", displayName=GROUP)
            yield server

    @pytest.fixture
    def platform(self, server: ScimServer | Scimmy) -> Scim:
        self.server = server
        return self._connected()

    @pytest.fixture
    def adopting(self, platform: Platform) -> Scim:  # noqa: ARG002
        return self._connected(adopt_by_email=True)

    def put_stranger(self, platform: Platform, email: str) -> None:  # noqa: ARG002
        mails = [{"value": email, "type": "work", "primary": True}]
        self.server.add(userName=email, emails=mails, externalId="somebody-else-7", title="Stranger")

    def make_refuse(self, platform: Platform, email: str) -> None:  # noqa: ARG002
        self.server.refuse(email)

    def make_down(self, platform: Platform) -> None:  # noqa: ARG002
        self.server.down()

    def _connected(self, **more: Any) -> Scim:
        return Scim("scim", options(self.server.url, **self.chosen, **more), sleep=lambda _: None)


class TestAnActiveAccountIsASeat(Contract):
    pass


class TestAServerThatOffersLittle(Contract):
    """Neither PATCH nor bulk, filters or ETags; and it shows three users at a time."""

    offers: ClassVar[dict[str, Any]] = {
        "patch": NO,
        "bulk": {**NO, "maxOperations": 0, "maxPayloadSize": 0},
        "filter": {**NO, "maxResults": 1000},
        "etag": NO,
    }
    largest_page: ClassVar[int] = 3


class TestALicenseInAnExtension(Contract):
    chosen: ClassVar[dict[str, Any]] = {
        "bulk": False,
        "license": {
            "extension": {
                "schema": LICENSED,
                "attribute": "licenseType",
                "value": "premium",
                "ends_at": "licenseEnds",
            }
        },
    }


class TestALicenseByGroup(Contract):
    chosen: ClassVar[dict[str, Any]] = {"license": {"group": GROUP}}


class TestEveryField(Contract):
    """Those, too, that are not told by themselves; by PUT; a license is two values among others."""

    chosen: ClassVar[dict[str, Any]] = {
        "user_name": "key",
        "fields": ["first_name", "last_name", "department", "manager_email", "group", "role"],
        "license": {"extension": {"schema": LICENSED, "attribute": "licenseTypes", "value": ["a", "b"]}},
    }
    offers: ClassVar[dict[str, Any]] = {"patch": NO}

    def make_refuse(self, platform: Platform, email: str) -> None:  # noqa: ARG002
        self.server.refuse(email.replace("learner", "syncd-").partition("@")[0])


class ScimmyContract(Contract):
    goes_down: ClassVar[bool] = False  # it serves the next test, too

    @pytest.fixture
    def server(self, scimmy: Scimmy, monkeypatch: pytest.MonkeyPatch) -> Scimmy:
        monkeypatch.setenv(SECRET, scimmy.token)
        scimmy.empty()
        scimmy.add("Group", displayName=GROUP)
        return scimmy


class TestScimmyByEntitlement(ScimmyContract):
    chosen: ClassVar[dict[str, Any]] = {"license": {"entitlement": "premium"}}


class TestScimmyByGroup(ScimmyContract):
    chosen: ClassVar[dict[str, Any]] = {"bulk": False, "license": {"group": GROUP}}
