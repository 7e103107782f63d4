"""PlatformContract: what every platform promises, by one suite for the real ones and the one in memory."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import pytest

from syncd.errors import Unavailable
from syncd.model import Kind, Outcome, Profile, Verdict
from syncd.ports import Delivery, Platform

ENDS = 1_791_536_000


def delivery(number: int, kind: Kind = Kind.CREATE, **changes: object) -> Delivery:
    """A delivery for learner `number`: active, with a license, at an address of their own."""
    profile = Profile(f"learner{number}@example.com", f"First{number}", f"Last{number}", "Sales")
    plain = Delivery(f"d{number}", kind, number, "", profile, active=True, ends_at=ENDS)
    return replace(plain, **changes)  # type: ignore[arg-type]


def send(platform: Platform, *deliveries: Delivery) -> list[Outcome]:
    return list(platform.deliver(deliveries))


def known(delivered: Delivery, outcome: Outcome) -> Delivery:
    """The same learner, now that the platform has named their account."""
    return replace(delivered, account=outcome.account)


class PlatformContract:
    """Subclass it, and provide the fixture `platform`: one with nobody on it.

    Where `refuses`, override `make_refuse`; where `goes_down`, override `make_down`. A platform that
    cannot be asked (a hand-off by file) sets `reads_back` to False.
    """

    reads_back: ClassVar[bool] = True
    refuses: ClassVar[bool] = True
    goes_down: ClassVar[bool] = True

    @pytest.fixture
    def platform(self) -> Platform:
        raise NotImplementedError("the subclass provides an empty platform")

    def make_refuse(self, platform: Platform, email: str) -> None:
        """From now on the platform refuses this person."""
        raise NotImplementedError

    def make_down(self, platform: Platform) -> None:
        """From now on the platform cannot be used."""
        raise NotImplementedError

    def test_every_delivery_has_one_outcome_in_order(self, platform: Platform) -> None:
        wanted = [delivery(n) for n in (3, 1, 2)]
        outcomes = send(platform, *wanted)
        assert [outcome.delivery for outcome in outcomes] == ["d3", "d1", "d2"]
        assert {outcome.verdict for outcome in outcomes} == {Verdict.DONE}

    def test_nothing_to_deliver_is_nothing(self, platform: Platform) -> None:
        assert send(platform) == []

    def test_delivering_twice_is_safe(self, platform: Platform) -> None:
        (first,) = send(platform, delivery(1))
        again, with_account = send(platform, delivery(1), known(delivery(1), first))
        assert {again.verdict, with_account.verdict} <= {Verdict.ALREADY, Verdict.DONE}
        assert again.account == with_account.account == first.account

    def test_what_was_delivered_is_read_back(self, platform: Platform) -> None:
        self._must_read_back()
        one = delivery(1, profile=Profile("zoë@example.com", "Zoë 🦊", "משה", "R&D <Labs>"))
        (outcome,) = send(platform, one)
        found = platform.read_back([known(one, outcome)])[one.id]
        assert found is not None
        assert (found.account, found.active) == (outcome.account, True)
        assert found.profile[:4] == one.profile[:4]

    def test_nobody_is_read_back_as_nobody(self, platform: Platform) -> None:
        self._must_read_back()
        send(platform, delivery(1))
        assert platform.read_back([delivery(2)]) == {"d2": None}

    def test_a_lost_answer_is_found_without_an_account(self, platform: Platform) -> None:
        """UNKNOWN is settled by what the platform has, for we never learned the account."""
        self._must_read_back()
        send(platform, delivery(1))
        found = platform.read_back([delivery(1)])["d1"]
        assert found is not None
        assert found.profile.email == "learner1@example.com"

    def test_the_suspended_are_kept_and_inactive(self, platform: Platform) -> None:
        self._must_read_back()
        (created,) = send(platform, delivery(1))
        leaver = known(delivery(1, Kind.SUSPEND, id="d9", active=False), created)
        (outcome,) = send(platform, leaver)
        found = platform.read_back([leaver])["d9"]
        assert outcome.verdict is Verdict.DONE
        assert found is not None
        assert (found.account, found.active) == (created.account, False)

    def test_the_returned_are_active_under_their_old_account(self, platform: Platform) -> None:
        self._must_read_back()
        (created,) = send(platform, delivery(1))
        send(platform, known(delivery(1, Kind.SUSPEND, id="d8", active=False), created))
        back = known(delivery(1, Kind.REACTIVATE, id="d9"), created)
        send(platform, back)
        found = platform.read_back([back])["d9"]
        assert found is not None
        assert (found.account, found.active) == (created.account, True)

    def test_a_new_email_is_the_same_learner(self, platform: Platform) -> None:
        self._must_read_back()
        (created,) = send(platform, delivery(1))
        renamed = known(delivery(1, Kind.UPDATE, id="d9", profile=Profile("new@example.com", "New")), created)
        (outcome,) = send(platform, renamed)
        found = platform.read_back([renamed])["d9"]
        assert outcome.verdict is Verdict.DONE
        assert found is not None
        assert (found.account, found.profile.email) == (created.account, "new@example.com")

    def test_the_deleted_are_gone_however_often_that_is_said(self, platform: Platform) -> None:
        (created,) = send(platform, delivery(1))
        gone = known(delivery(1, Kind.DELETE, id="d9", active=False, profile=Profile("deleted-1")), created)
        assert [outcome.verdict for outcome in send(platform, gone)] == [Verdict.DONE]
        assert [outcome.verdict for outcome in send(platform, gone)] == [Verdict.ALREADY]
        if self.reads_back:
            assert platform.read_back([gone])["d9"] is None

    def test_one_refusal_is_named_and_stops_nobody_else(self, platform: Platform) -> None:
        if not self.refuses:
            pytest.skip("refuses nobody")
        self.make_refuse(platform, "learner2@example.com")
        outcomes = {outcome.delivery: outcome for outcome in send(platform, *map(delivery, (1, 2, 3)))}
        assert outcomes["d2"].verdict is Verdict.REFUSED
        assert outcomes["d2"].reason
        assert outcomes["d1"].verdict is outcomes["d3"].verdict is Verdict.DONE

    def test_a_platform_that_is_down_raises_and_refuses_nobody(self, platform: Platform) -> None:
        if not self.goes_down:
            pytest.skip("is never down")
        self.make_down(platform)
        with pytest.raises(Unavailable):
            send(platform, delivery(1))
        if self.reads_back:
            with pytest.raises(Unavailable):
                platform.read_back([delivery(1)])

    def test_check_finds_nothing_wrong(self, platform: Platform) -> None:
        findings = list(platform.check())
        assert findings
        assert [finding for finding in findings if not finding.ok] == []

    def _must_read_back(self) -> None:
        if not self.reads_back:
            pytest.skip("cannot be asked")
