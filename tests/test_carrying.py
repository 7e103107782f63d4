"""A platform of its own: what is recorded is delivered, and what it refuses is undone by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from syncd.errors import STOPPED, ConfigError, SyncdError, Unavailable
from syncd.model import Account, ChangeState, Kind, Outcome, RunState
from syncd.ports import Delivery
from syncd.run import Task, run
from tests.company import DAY, Company, opened
from tests.contracts.memory_platform import DeafPlatform, MemoryPlatform


@pytest.fixture
def platform() -> MemoryPlatform:
    return MemoryPlatform()


@pytest.fixture
def company(database_url: str, platform: MemoryPlatform) -> Iterator[Company]:
    with opened(database_url, platform=platform) as company:
        yield company
        company.check_books()


def there(platform: MemoryPlatform) -> dict[str, tuple[bool, bool]]:
    """On the platform, by handle: active, licensed."""
    everybody = platform.learners.values()
    return {one.profile.email.partition("@")[0]: (one.active, one.ends_at is not None) for one in everybody}


def test_learners_arrive_on_the_platform_with_their_license(
    company: Company, platform: MemoryPlatform
) -> None:
    company.order(2)
    company.hire("ann", "bob", "cem")
    facts = company.sync()
    assert there(platform) == {"ann": (True, True), "bob": (True, True)}
    assert company.learner("cem").account is Account.PLANNED
    assert (facts.undelivered, facts.refused) == (0, 0)
    assert company.sync().counts == {}
    assert len(platform.deliveries) == 2


def test_the_whole_life_of_a_learner_is_carried(company: Company, platform: MemoryPlatform) -> None:
    company.order(1)
    company.hire("ann", "boss")
    company.sync()
    company.people.change("id-ann", email="roe@example.com")
    company.sync()
    assert there(platform) == {"roe": (True, True)}
    company.people.disable("id-ann")
    company.sync()
    assert there(platform) == {"roe": (False, True)}
    company.now += 15 * DAY
    company.sync()
    assert there(platform) == {"roe": (False, False), "boss": (True, True)}


def test_a_platform_that_is_down_delays_delivery_and_nothing_else(
    company: Company, platform: MemoryPlatform
) -> None:
    company.order(2)
    company.hire("ann", "bob")
    platform.down(Unavailable("refused token=hunter2"), after=1)
    facts = company.sync()
    assert facts.platform_down == "refused token=***"
    assert (facts.exit_code, facts.undelivered) == (4, 1)
    assert company.learners("live") == ["ann", "bob"]
    assert company.learner("bob").account is Account.PLANNED
    platform.mend()
    facts = company.sync()
    assert (facts.exit_code, facts.counts) == (0, {})
    assert there(platform) == {"ann": (True, True), "bob": (True, True)}
    assert company.learner("bob").account is Account.ACTIVE


def test_a_refused_learner_gives_the_seat_back_and_is_tried_again(
    company: Company, platform: MemoryPlatform
) -> None:
    company.order(2)
    company.hire("ann", "bob")
    platform.refuse("ann@example.com", "domain not allowed")
    facts = company.sync()
    assert (facts.refused, facts.exit_code) == (1, 1)
    assert company.learner("ann").refused == "domain not allowed"
    assert company.free_seats() == 1
    (refused,) = company.register.journal.read(facts.run, state=ChangeState.REFUSED)
    assert (refused.change.email, refused.outcome) == ("ann@example.com", "domain not allowed")
    platform.mend()
    assert company.sync().counts == {"create": 1}
    assert company.learner("ann").refused == ""
    assert there(platform)["ann"] == (True, True)


def test_a_platform_without_seats_stops_grants_and_lets_people_wait(
    company: Company, platform: MemoryPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("syncd.run._BATCH", 2)
    company.order(6)
    company.hire(*"abcdef")
    platform.exhaust_after(1)
    facts = company.sync()
    assert there(platform) == {"a": (True, True)}
    assert company.learners("waiting") == list("bcdef")
    assert company.free_seats() == 5
    offered = [one for one in platform.deliveries if one.kind is Kind.CREATE]
    assert len(offered) == 2, "nobody else was offered a seat"
    assert facts.refused == 5


@pytest.mark.parametrize("fault", ["lose_answer", "lose_request"])
def test_an_unknown_result_is_read_back_before_it_is_repeated(
    company: Company, platform: MemoryPlatform, fault: str
) -> None:
    company.order(2)
    company.hire("ann", "bob")
    getattr(platform, fault)("ann@example.com")
    facts = company.sync()
    assert facts.undelivered == (0 if fault == "lose_answer" else 1)
    company.sync()
    assert there(platform) == {"ann": (True, True), "bob": (True, True)}
    assert len(platform.learners) == 2
    assert company.learner("ann").account is Account.ACTIVE


def test_a_run_can_be_ended_between_two_answers(company: Company, platform: MemoryPlatform) -> None:
    """Who had an answer is settled; the next run delivers the rest, and nobody twice."""
    company.order(3)
    company.hire("ann", "bob", "cem")

    def stop(stage: str, done: int, _total: int | None) -> None:
        if (stage, done) == ("delivering", 2):
            raise SyncdError(STOPPED)

    with pytest.raises(SyncdError, match="asked to stop"):
        run(replace(company.engine, progress=stop), Task("sync", "test", apply=True))
    assert [*there(platform)] == ["ann", "bob"]
    assert company.learner("ann").account is Account.ACTIVE
    reading = company.register.gauges.read(company.now)
    assert (reading.undelivered, reading.refused) == (1, 0)
    assert [company.register.learners.untold(company.learner(who).id) for who in ("ann", "cem")] == [0, 1]
    facts = company.sync()
    assert (facts.exit_code, facts.counts) == (0, {})
    assert [one.profile.email[:3] for one in platform.deliveries] == ["ann", "bob", "cem"]
    assert company.register.gauges.read(company.now).undelivered == 0


def test_a_run_does_not_end_within_one_answer(database_url: str) -> None:
    """What a platform has done for several by one request is known of all of them."""

    class Batching(MemoryPlatform):
        def deliver(self, deliveries: Sequence[Delivery]) -> Iterator[Outcome]:
            outcomes = list(super().deliver(deliveries))
            yield from (replace(one, more=one is not outcomes[-1]) for one in outcomes)

    def stop(stage: str, *_: object) -> None:
        if stage == "delivering":
            raise SyncdError(STOPPED)

    with opened(database_url, platform=Batching()) as company:
        company.order(3)
        company.hire("ann", "bob", "cem")
        with pytest.raises(SyncdError, match="asked to stop"):
            run(replace(company.engine, progress=stop), Task("sync", "test", apply=True))
        accounts = [company.learner(who).platform_account for who in ("ann", "bob", "cem")]
        assert accounts == ["memory/m1", "memory/m2", "memory/m3"]
        assert company.sync().counts == {}


def test_those_it_would_not_have_are_counted(company: Company, platform: MemoryPlatform) -> None:
    company.order(2)
    company.hire("ann", "bob")
    platform.refuse("ann@example.com", "the domain is not allowed")
    company.sync()
    assert company.register.gauges.read(company.now).refused == 1
    accounts = [company.learner(who).platform_account for who in ("ann", "bob")]
    assert accounts == ["", "memory/m1"]
    platform.mend()
    company.sync()
    assert company.register.gauges.read(company.now).refused == 0


def test_addresses_passed_on_arrive_in_whatever_order_they_are_told(
    company: Company, platform: MemoryPlatform
) -> None:
    """ann gets bob's, bob gets cem's, cem a new one: the first can only be told once the others have been."""
    company.order(3)
    company.hire("ann", "bob", "cem")
    company.sync()
    for handle, after in zip(["ann", "bob", "cem"], ["bob", "cem", "zoe"], strict=True):
        company.people.change(f"id-{handle}", email=f"{after}@example.com")
    facts = company.sync()
    assert (facts.counts, facts.refused) == ({"update": 3}, 0)
    addresses = {account: one.profile.email[:3] for account, one in platform.learners.items()}
    assert addresses == {"m1": "bob", "m2": "cem", "m3": "zoe"}


def test_two_who_swap_addresses_are_named_and_offered_but_twice(
    company: Company, platform: MemoryPlatform
) -> None:
    company.order(3)
    company.hire("ann", "bob", "cem")
    company.sync()
    for handle, after in (("ann", "bob"), ("bob", "ann"), ("cem", "zoe")):
        company.people.change(f"id-{handle}", email=f"{after}@example.com")
    before = len(platform.deliveries)
    facts = company.sync()
    assert (facts.refused, facts.exit_code, len(platform.deliveries) - before) == (2, 1, 5)
    refused = company.register.journal.read(facts.run, state=ChangeState.REFUSED)
    assert {entry.outcome for entry in refused} == {
        "bob@example.com belongs to account m2",
        "ann@example.com belongs to account m1",
    }


def test_a_secret_that_is_gone_delays_delivery_and_nothing_else(
    company: Company, platform: MemoryPlatform
) -> None:
    company.order(1)
    company.hire("ann")
    platform.down(ConfigError("the secret is not there", next_step="put it there"))
    facts = company.sync()
    assert (facts.state, facts.exit_code, facts.undelivered) == (RunState.DONE, 4, 1)
    assert (facts.platform_down, facts.next_step) == ("the secret is not there", "put it there")


def test_what_cannot_be_asked_for_is_sent_again(database_url: str) -> None:
    platform = DeafPlatform()
    with opened(database_url, platform=platform) as company:
        company.order(2)
        company.hire("ann", "bob")
        platform.lose_request("ann@example.com")
        assert company.sync().undelivered == 1
        assert company.sync().undelivered == 0
        assert there(platform) == {"ann": (True, True), "bob": (True, True)}
