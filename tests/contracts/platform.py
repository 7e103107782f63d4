"""PlatformContract: what every platform promises, by one suite for the real ones and the one in memory."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import pytest

from syncd.comparing import differences
from syncd.errors import Unavailable
from syncd.model import Kind, Outcome, Profile, Verdict
from syncd.ports import Delivery, Listing, Platform, PlatformLearner

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
    """Subclass it, and provide the fixtures `platform`, one with nobody on it, and `adopting`, the same one
    where it takes over accounts by their address.

    Where `refuses`, override `make_refuse`; where `goes_down`, override `make_down`; where there may be
    `strangers`, override `put_stranger`. A platform that cannot be asked (a hand-off by file) sets
    `reads_back` to False, and keeps nothing; one that names another account when somebody returns, or has
    another address, sets `accounts_last` to False. `odd_address` is as odd as it takes them.
    """

    reads_back: ClassVar[bool] = True
    accounts_last: ClassVar[bool] = True
    odd_address: ClassVar[str] = "zoë@example.com"
    strangers: ClassVar[bool] = True
    refuses: ClassVar[bool] = True
    goes_down: ClassVar[bool] = True

    @pytest.fixture
    def platform(self) -> Platform:
        raise NotImplementedError("the subclass provides an empty platform")

    @pytest.fixture
    def adopting(self, platform: Platform) -> Platform:
        raise NotImplementedError("the subclass provides it as one that takes over accounts")

    def put_stranger(self, platform: Platform, email: str) -> None:
        """Somebody has an account with this address, and it is not ours."""
        raise NotImplementedError

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
        one = delivery(1, profile=Profile(self.odd_address, "Zoë 🦊", "משה", "R&D <Labs>"))
        (outcome,) = send(platform, one)
        found = platform.read_back([known(one, outcome)])[one.id]
        assert found is not None
        assert (found.account, found.learner) == (outcome.account, one.learner)
        assert differences(one, found, platform.keeps) == ()

    def test_a_license_that_has_ended_is_taken_and_may_come_back(self, platform: Platform) -> None:
        self._must_read_back()
        (created,) = send(platform, delivery(1))
        for number, ends_at in enumerate([None, ENDS + 86_400]):
            wanted = known(delivery(1, Kind.RENEW, id=f"e{number}", ends_at=ends_at), created)
            send(platform, wanted)
            assert differences(wanted, self._found(platform, wanted), platform.keeps) == ()

    def test_somebody_without_a_license_has_an_account(self, platform: Platform) -> None:
        self._must_read_back()
        wanted = delivery(1, ends_at=None)
        send(platform, wanted)
        assert differences(wanted, self._found(platform, wanted), platform.keeps) == ()

    def test_what_is_missing_is_made_again(self, platform: Platform) -> None:
        self._must_read_back()
        (created,) = send(platform, delivery(1))
        send(platform, known(delivery(1, Kind.DELETE, id="d8", active=False), created))
        wanted = known(delivery(1, Kind.REPAIR, id="d9"), created)
        (outcome,) = send(platform, wanted)
        assert outcome.verdict is Verdict.DONE
        again = known(wanted, outcome)
        assert differences(wanted, self._found(platform, again), platform.keeps) == ()

    def test_what_differs_is_put_right(self, platform: Platform) -> None:
        self._must_read_back()
        wanted = delivery(1)
        (created,) = send(platform, replace(wanted, active=False, profile=Profile("else@example.com", "X")))
        send(platform, known(replace(wanted, kind=Kind.REPAIR), created))
        assert differences(wanted, self._found(platform, known(wanted, created)), platform.keeps) == ()

    def test_an_account_that_is_not_ours_is_left_alone(self, platform: Platform) -> None:
        """Whose address we would need is told, and what to do."""
        self._may_have_strangers()
        self.put_stranger(platform, "learner1@example.com")
        before, *_ = send(platform, delivery(1), delivery(2))
        assert (before.verdict, bool(before.reason)) == (Verdict.REFUSED, True)
        assert self._found(platform, delivery(1)) is None
        assert self._found(platform, delivery(2)) is not None

    def test_an_account_is_taken_over_where_that_is_wanted(self, adopting: Platform) -> None:
        self._may_have_strangers()
        self.put_stranger(adopting, "Learner1@example.com")
        wanted = delivery(1)
        (outcome,) = send(adopting, wanted)
        assert (outcome.verdict, bool(outcome.account)) == (Verdict.DONE, True)
        found = self._found(adopting, wanted)
        assert found is not None
        assert (found.account, found.learner) == (outcome.account, 1)
        assert differences(wanted, found, adopting.keeps) == ()

    def test_everybody_who_is_ours_is_listed_once(self, platform: Platform) -> None:
        if not isinstance(platform, Listing):
            pytest.skip("lists nobody")
        if self.strangers:
            self.put_stranger(platform, "stranger@example.com")
        wanted = {number: delivery(number) for number in range(1, 8)}
        send(platform, *wanted.values())
        listed = [account for page in platform.everybody() for account in page]
        assert sorted(account.learner or 0 for account in listed) == list(wanted)
        for account in listed:
            assert differences(wanted[account.learner or 0], account, platform.keeps) == ()

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
        (outcome,) = send(platform, back)
        account = created.account if self.accounts_last else outcome.account
        found = platform.read_back([replace(back, account=account)])["d9"]
        assert found is not None
        assert (found.account, found.active) == (account, True)

    def test_a_new_email_is_the_same_learner(self, platform: Platform) -> None:
        self._must_read_back()
        (created,) = send(platform, delivery(1))
        renamed = known(delivery(1, Kind.UPDATE, id="d9", profile=Profile("new@example.com", "New")), created)
        (outcome,) = send(platform, renamed)
        account = created.account if self.accounts_last else outcome.account
        found = platform.read_back([replace(renamed, account=account)])["d9"]
        assert outcome.verdict is Verdict.DONE
        assert found is not None
        assert (found.account, found.profile.email) == (account, "new@example.com")

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
        if isinstance(platform, Listing):
            with pytest.raises(Unavailable):
                list(platform.everybody())

    def test_check_finds_nothing_wrong(self, platform: Platform) -> None:
        findings = list(platform.check())
        assert findings
        assert [finding for finding in findings if not finding.ok] == []

    def test_it_says_whether_it_can_be_asked(self, platform: Platform) -> None:
        assert bool(platform.keeps) is self.reads_back

    def _must_read_back(self) -> None:
        if not self.reads_back:
            pytest.skip("cannot be asked")

    def _may_have_strangers(self) -> None:
        self._must_read_back()
        if not self.strangers:
            pytest.skip("has no accounts but ours")

    def _found(self, platform: Platform, wanted: Delivery) -> PlatformLearner | None:
        return platform.read_back([wanted])[wanted.id]
