"""Open edX keeps what every platform promises."""

from __future__ import annotations

import pytest

from connectors.platforms.open_edx.face import OpenEdx
from syncd.ports import Platform
from tests.connectors.platforms.open_edx.conftest import Connect
from tests.contracts.platform import PlatformContract
from tests.servers.open_edx import OpenEdxServer


class TestOpenEdx(PlatformContract):
    accounts_last = False  # a license that was revoked stays so: whoever returns gets another one
    odd_address = "o'zoe+odd/one@example.com"  # its forms take no other letters than ASCII's

    @pytest.fixture(autouse=True)
    def there(self, server: OpenEdxServer) -> None:
        self.server = server

    @pytest.fixture
    def platform(self, connect: Connect) -> OpenEdx:
        return connect()

    @pytest.fixture
    def adopting(self, connect: Connect) -> OpenEdx:
        return connect(adopt_by_email=True)

    def put_stranger(self, platform: Platform, email: str) -> None:  # noqa: ARG002
        self.server.plan.add(email)

    def make_refuse(self, platform: Platform, email: str) -> None:  # noqa: ARG002
        self.server.plan.refused.add(email)

    def make_down(self, platform: Platform) -> None:  # noqa: ARG002
        self.server.faults.arm("status")
