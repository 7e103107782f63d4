"""What a license is on a site: a cohort, or a slot of IOMAD, which overdraws and hides its reasons."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from syncd.errors import ConfigError, Unavailable
from syncd.model import Kind, Verdict
from syncd.ports import Delivery
from tests.connectors.platforms.moodle.conftest import FIELDS, Connect
from tests.contracts.platform import ENDS, delivery, known, send
from tests.servers.moodle import Kind as Fault
from tests.servers.moodle import MoodleServer, Site
from tests.servers.moodle.iomad import PREFIX, begin, with_iomad

ALLOCATE = f"{PREFIX}allocate_licenses"
YEAR = 31_536_000


class TestCohort:
    @pytest.fixture(autouse=True)
    def _cohort(self, site: Site, server: MoodleServer, connect: Connect) -> None:
        site.add_cohort("premium-old")
        self.cohort = site.add_cohort("premium")
        self.server, self.platform = server, connect(license={"cohort": "premium"})

    def test_members_come_and_go_with_their_license(self) -> None:
        made = send(self.platform, delivery(1), delivery(2, ends_at=None))
        assert self.cohort.members == {int(made[0].account)}
        send(self.platform, delivery(1, Kind.RELEASE, ends_at=None), delivery(2, Kind.ALLOCATE))
        assert self.cohort.members == {int(made[1].account)}

    def test_the_suspended_who_still_have_one_stay_in_it(self) -> None:
        (made,) = send(self.platform, delivery(1))
        send(self.platform, known(delivery(1, Kind.SUSPEND, active=False), made))
        assert self.cohort.members == {int(made.account)}

    def test_who_is_not_a_member_any_more_is_one_again(self) -> None:
        send(self.platform, delivery(1))
        self.cohort.members.clear()
        (outcome,) = send(self.platform, delivery(1, Kind.REPAIR))
        assert outcome.verdict is Verdict.DONE
        assert len(self.cohort.members) == 1

    def test_members_are_asked_for_once_a_call(self) -> None:
        send(self.platform, *map(delivery, range(1, 121)))
        assert len(self.server.asked("get_cohort_members")) == 1
        assert len(self.server.asked("add_cohort_members")) == 3

    def test_a_lost_answer_is_unknown(self) -> None:
        self.server.arm(Fault.LOST, "core_cohort_add_cohort_members")
        (outcome,) = send(self.platform, delivery(1))
        assert outcome.verdict is Verdict.UNKNOWN
        assert send(self.platform, delivery(1))[0].verdict is Verdict.ALREADY

    def test_a_cohort_that_does_not_exist_is_named(self, connect: Connect) -> None:
        with pytest.raises(ConfigError, match="no cohort with the ID number prem"):
            send(connect(license={"cohort": "prem"}), delivery(1))


class TestIomad:
    @pytest.fixture(autouse=True)
    def _company(self, site: Site, server: MoodleServer, connect: Connect) -> None:
        with_iomad(site).add_company("acme-old")
        self.company = site.add_company("acme", "sales")
        self.license = site.add_license(self.company, 3)
        self.site, self.server, self.connect = site, server, connect
        self.platform = connect(**self.options())

    def options(self, **more: Any) -> dict[str, Any]:
        iomad = {"company": "acme", "license": self.license.id, "courses": [5], "field": "slots", **more}
        return {"fields": FIELDS, "license": {"iomad": iomad}}

    def again(self, *wanted: Delivery) -> list[Verdict]:
        return [outcome.verdict for outcome in send(self.platform, *wanted)]

    def test_newcomers_come_into_the_company_and_get_a_slot(self) -> None:
        (made,) = send(self.platform, delivery(1))
        user = self.site.users[int(made.account)]
        assert self.license.taken == [(user.id, 5, False)]
        assert self.company.users == {user.id: min(self.company.departments)}
        assert user.custom["slots"] == f"{self.license.id}:5"
        assert user.custom["licenseends"].startswith("20")

    def test_into_a_department_where_one_is_named(self) -> None:
        send(self.connect(**self.options(department="sales")), delivery(1, ends_at=None))
        assert list(self.company.users.values()) == [max(self.company.departments)]
        assert self.license.used == 0

    def test_a_license_may_be_known_by_its_name(self) -> None:
        self.site.add_license(self.company, 9, name="Premium Plus")
        send(self.connect(**self.options(license="Premium")), delivery(1))
        assert self.license.used == 1

    def test_a_company_may_be_known_by_its_id(self) -> None:
        for name in ("get_companies", "get_departments", "unassign_users"):
            self.site.functions.remove(PREFIX + name)
        platform = self.connect(**self.options(company=self.company.id))
        assert [finding for finding in platform.check() if not finding.ok] == []
        assert send(platform, delivery(1))[0].verdict is Verdict.DONE

    def test_one_at_a_time_and_counted_before_and_after(self) -> None:
        send(self.platform, delivery(1), delivery(2))
        names = [call.function.removeprefix(PREFIX) for call in self.server.log]
        allocations = [at for at, name in enumerate(names) if name == "allocate_licenses"]
        assert [len(call.params["licenses"]) for call in self.server.asked("allocate_licenses")] == [1, 1]
        for at in allocations:
            assert names[at - 1] == names[at + 1] == "get_license_info"

    def test_no_account_is_made_for_whom_no_slot_is_left(self) -> None:
        outcomes = send(self.platform, *map(delivery, range(1, 6)), delivery(6, ends_at=None))
        assert [one.verdict for one in outcomes] == [
            *([Verdict.DONE] * 3),
            *([Verdict.EXHAUSTED] * 2),
            Verdict.DONE,
        ]
        assert outcomes[3].reason == (
            f"license {self.license.id} (Premium) of IOMAD has no slot left for them (3 in all, "
            "1 a learner): have its allocation raised"
        )
        assert (self.license.used, len(self.company.users)) == (3, 4)

    def test_somebody_who_waited_gets_one_when_there_is_one(self) -> None:
        self.license.used = self.license.allocation
        assert self.again(delivery(1)) == [Verdict.EXHAUSTED]
        self.license.allocation += 1
        assert self.again(delivery(1)) == [Verdict.DONE]

    def test_a_license_that_has_ended_gives_nothing(self) -> None:
        self.license.expirydate = int(self.site.clock()) - 1
        (outcome,) = send(self.platform, delivery(1))
        assert outcome.verdict is Verdict.EXHAUSTED
        assert "ended on 2026-09-" in outcome.reason

    def test_somebody_else_was_quicker(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Between our count and our call the last slots went: told by counting again."""
        for course in (5, 5, 5):
            self.license.taken.append((999, course, True))
        asked = self.server.answer

        def meanwhile(body: str) -> tuple[str, str]:
            if "allocate_licenses" in body:
                self.license.used = 3
            return asked(body)

        monkeypatch.setattr(self.server, "answer", meanwhile)
        (outcome,) = send(self.platform, delivery(1))
        assert outcome.verdict is Verdict.EXHAUSTED

    def test_a_slot_that_was_overdrawn_is_told_of(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        asked = self.server.answer

        def overdrawn(body: str) -> tuple[str, str]:
            answer = asked(body)
            if "allocate_licenses" in body:
                self.license.used = 4
            return answer

        monkeypatch.setattr(self.server, "answer", overdrawn)
        assert self.again(delivery(1), delivery(2, ends_at=None)) == [Verdict.DONE, Verdict.DONE]
        assert "moodle_license_overdrawn" in capsys.readouterr().out

    def test_a_lost_answer_is_told_by_counting(self) -> None:
        self.server.arm(Fault.LOST, ALLOCATE)
        assert self.again(delivery(1)) == [Verdict.DONE]
        assert self.again(delivery(1)) == [Verdict.ALREADY]
        assert self.license.used == 1

    def test_so_is_an_answer_that_is_spoiled(self) -> None:
        self.server.arm(Fault.SPOILED, ALLOCATE)
        assert self.again(delivery(1)) == [Verdict.DONE]
        assert self.license.used == 1

    def test_a_lost_question_is_unknown_and_asked_again_by_the_next_run(self) -> None:
        self.server.arm(Fault.DOWN, ALLOCATE)
        assert self.again(delivery(1)) == [Verdict.UNKNOWN]
        assert self.platform.read_back([delivery(1)])["d1"].licensed is False  # type: ignore[union-attr]
        assert self.again(delivery(1)) == [Verdict.DONE]
        assert self.license.used == 1

    def test_a_slot_that_was_given_before_we_broke_off_is_known_again(self) -> None:
        """By what was written down before: IOMAD would only say that something is not right."""
        self.server.arm(Fault.STATUS, f"{PREFIX}get_license_info", after=2, times=None, status=500)
        with pytest.raises(Unavailable):
            self.again(delivery(1))
        self.server.heal()
        user = self.site.by_email("learner1@example.com")
        assert (self.license.used, user.custom["slots"]) == (1, f"{self.license.id}:5?")
        assert self.again(delivery(1)) == [Verdict.DONE]
        assert (self.license.used, user.custom["slots"]) == (1, f"{self.license.id}:5")

    def test_so_it_is_when_it_was_the_last_one(self) -> None:
        self.license.allocation = 1
        self.server.arm(Fault.STATUS, f"{PREFIX}get_license_info", after=2, times=None, status=500)
        with pytest.raises(Unavailable):
            self.again(delivery(1))
        self.server.heal()
        assert self.again(delivery(1)) == [Verdict.EXHAUSTED]
        self.license.allocation = 2
        assert self.again(delivery(1)) == [Verdict.DONE]
        assert self.license.used == 1

    def test_a_refusal_is_not_taken_for_a_slot_the_next_time(self) -> None:
        self.platform = self.connect(**self.options(courses=[77]))
        for _ in range(3):
            assert self.again(delivery(1)) == [Verdict.REFUSED]
        assert self.site.by_email("learner1@example.com").custom["slots"] == f"{self.license.id}:"

    def test_a_refusal_that_cannot_be_counted_names_the_person(self) -> None:
        platform = self.connect(**self.options(courses=[77]))
        (outcome,) = send(platform, delivery(1))
        assert outcome.verdict is Verdict.REFUSED
        assert (
            f"IOMAD refused license {self.license.id}, course 77, though 3 slots are free" in outcome.reason
        )
        assert self.platform.read_back([delivery(1)])["d1"].licensed is False  # type: ignore[union-attr]

    def test_who_was_given_it_by_hand_is_seen_where_debugging_is_on(self) -> None:
        (made,) = send(self.platform, delivery(1, ends_at=None))
        self.license.taken.append((int(made.account), 5, False))
        self.license.used = 1
        wanted = known(delivery(1, Kind.ALLOCATE), made)
        assert self.again(wanted) == [Verdict.REFUSED]
        self.site.debugging = True
        assert self.again(wanted) == [Verdict.DONE]
        assert self.license.used == 1

    def test_a_suspended_account_is_let_in_before_it_gets_a_slot(self) -> None:
        (made,) = send(self.platform, delivery(1, ends_at=None))
        self.site.users[int(made.account)].suspended = True
        assert self.again(known(delivery(1, Kind.REACTIVATE), made)) == [Verdict.DONE]
        assert self.license.used == 1

    def test_nobody_takes_two_slots_however_often_they_leave(self) -> None:
        (made,) = send(self.platform, delivery(1))
        begin(self.license, int(made.account))
        for kind, ends in ((Kind.RELEASE, None), (Kind.ALLOCATE, ENDS), (Kind.RENEW, ENDS + YEAR)):
            assert self.again(known(delivery(1, kind, ends_at=ends), made)) == [Verdict.DONE]
        assert self.license.used == 1

    def test_a_renewal_is_a_slot_of_the_license_that_is_named_by_then(self) -> None:
        first, second = send(self.platform, delivery(1), delivery(2))
        following = self.site.add_license(self.company, 5, name="Premium 2028")
        self.platform = self.connect(**self.options(license=following.id))
        assert self.again(delivery(1, Kind.REPAIR), known(delivery(2, Kind.REPAIR), second)) == [
            Verdict.ALREADY,
            Verdict.ALREADY,
        ]
        assert self.again(known(delivery(1, Kind.RENEW, ends_at=ENDS + YEAR), first)) == [Verdict.DONE]
        assert (self.license.used, following.used) == (2, 1)

    def test_a_slot_of_every_course(self) -> None:
        both = self.site.add_license(self.company, 4, 5, 6)
        self.platform = self.connect(**self.options(license=both.id, courses=[5, 6]))
        assert self.again(*map(delivery, (1, 2, 3))) == [Verdict.DONE, Verdict.DONE, Verdict.EXHAUSTED]
        assert both.used == 4

    def test_a_delivery_that_broke_off_goes_on_where_it_was(self) -> None:
        both = self.site.add_license(self.company, 4, 5, 6)
        self.platform = self.connect(**self.options(license=both.id, courses=[5, 6]))
        self.server.arm(Fault.DOWN, ALLOCATE, after=1)
        assert self.again(delivery(1)) == [Verdict.UNKNOWN]
        assert self.again(delivery(1)) == [Verdict.DONE]
        assert sorted(course for _, course, _ in both.taken) == [5, 6]

    def test_leavers_keep_their_slot_unless_they_are_taken_out(self) -> None:
        (made,) = send(self.platform, delivery(1))
        gone = known(delivery(1, Kind.RELEASE, active=False, ends_at=None), made)
        send(self.platform, gone)
        assert self.license.used == 1
        self.platform = self.connect(**self.options(unassign_leavers=True))
        assert self.again(replace(gone, id="d9")) == [Verdict.DONE]
        assert (self.license.used, self.company.users) == (0, {})
        assert self.again(known(delivery(1, Kind.REACTIVATE), made)) == [Verdict.DONE]
        assert (self.license.used, list(self.company.users)) == (1, [int(made.account)])

    def test_more_people_than_a_company_may_have_is_no_refusal(self) -> None:
        self.company.maxusers = 1
        assert self.again(delivery(1), delivery(2)) == [Verdict.DONE, Verdict.DONE]

    def test_who_is_taken_over_comes_into_the_company(self) -> None:
        there = self.site.add_user("learner1@example.com")
        platform = self.connect(adopt_by_email=True, **self.options())
        assert [one.verdict for one in send(platform, delivery(1, ends_at=None))] == [Verdict.DONE]
        assert there.id in self.company.users

    @pytest.mark.parametrize(
        ("wrong", "words"),
        [
            ({"company": "acm"}, "no company with the short name acm"),
            ({"department": "law"}, "no department with the short name law"),
            ({"license": 999}, "company acme has no license 999"),
            ({"license": "Prem"}, "company acme has no license Prem"),
        ],
    )
    def test_what_does_not_exist_is_named(self, wrong: dict[str, Any], words: str) -> None:
        with pytest.raises(ConfigError, match=words):
            send(self.connect(**self.options(**wrong)), delivery(1))
