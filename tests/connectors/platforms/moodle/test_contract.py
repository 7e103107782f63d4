"""A Moodle site keeps the promises of a platform, whatever a license is there."""

from __future__ import annotations

from typing import Any, ClassVar, cast

import pytest

from connectors.platforms.moodle.face import MoodlePlatform
from syncd.model import Kind, Profile, Verdict
from syncd.ports import CredentialWatch, Platform
from tests.connectors.platforms.moodle.conftest import FIELDS, Connect
from tests.contracts.platform import PlatformContract, delivery, send
from tests.servers.moodle import Kind as Fault
from tests.servers.moodle import MoodleServer, Site
from tests.servers.moodle.iomad import with_iomad


class TestAccounts(PlatformContract):
    """An account is the license."""

    odd_address: ClassVar[str] = "o'zoe+tag@example.com"

    @pytest.fixture
    def options(self, site: Site) -> dict[str, Any]:  # noqa: ARG002
        return {}

    @pytest.fixture(autouse=True)
    def _server(self, server: MoodleServer, connect: Connect) -> None:
        self.server, self.connect = server, connect

    @pytest.fixture
    def platform(self, options: dict[str, Any]) -> Platform:
        return self.connect(**options)

    @pytest.fixture
    def adopting(self, options: dict[str, Any]) -> Platform:
        return self.connect(adopt_by_email=True, **options)

    def put_stranger(self, platform: Platform, email: str) -> None:  # noqa: ARG002
        self.server.site.add_user(email)

    def make_refuse(self, platform: Platform, email: str) -> None:  # noqa: ARG002
        self.server.site.add_user("else@example.com", username=email)

    def make_down(self, platform: Platform) -> None:  # noqa: ARG002
        self.server.arm(Fault.DOWN, times=None)

    def test_an_address_it_does_not_take_is_refused_by_name(self, platform: Platform) -> None:
        odd = delivery(1, profile=Profile("zoë@example.com", "Zoë", "Doe"))
        first, second = send(platform, odd, delivery(2))
        assert (first.verdict, second.verdict) == (Verdict.REFUSED, Verdict.DONE)
        assert "does not take the address zoë@example.com" in first.reason

    def test_it_is_a_watch(self, platform: Platform) -> None:
        assert isinstance(platform, CredentialWatch)
        assert isinstance(platform, MoodlePlatform)


class TestDates(TestAccounts):
    """The end of the license is kept in a custom field, and more of the profile in others."""

    @pytest.fixture
    def options(self, site: Site) -> dict[str, Any]:  # noqa: ARG002
        return {"fields": FIELDS, "languages": {"en": "en", "pt-BR": "pt_br"}}

    def test_all_of_that_is_kept(self, platform: Platform) -> None:
        assert set(platform.keeps) == {
            *("email", "first_name", "last_name", "department"),
            *("job_title", "manager_email", "employee_id", "language", "license", "ends_at"),
        }


class TestCohort(TestAccounts):
    """Members of a cohort have a license."""

    @pytest.fixture
    def options(self, site: Site) -> dict[str, Any]:
        site.add_cohort("premium-2")
        site.add_cohort("premium")
        return {"license": {"cohort": "premium"}}


class TestIomad(TestAccounts):
    """A slot of each course of a license of IOMAD."""

    @pytest.fixture
    def options(self, site: Site) -> dict[str, Any]:
        company = with_iomad(site).add_company("acme", "sales")
        license_ = site.add_license(company, 40, 5, 6)
        iomad = {"company": "acme", "department": "sales", "license": license_.id}
        return {
            "fields": FIELDS,
            "license": {"iomad": {**iomad, "courses": [5, 6], "field": "slots"}},
        }


def test_everything_there_is_comes_from_the_options_and_nothing_connects(connect: Connect) -> None:
    platform = connect(url="https://nowhere.invalid")
    assert set(platform.keeps) == {"email", "first_name", "last_name", "department"}


def test_the_contract_is_about_a_real_server(server: MoodleServer, connect: Connect) -> None:
    platform = cast(Platform, connect())
    send(platform, delivery(1), delivery(2, Kind.CREATE))
    assert [len(call.params["users"]) for call in server.asked("create_users")] == [2]
