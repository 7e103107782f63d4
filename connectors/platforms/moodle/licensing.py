"""What a license is on a site besides an account: nothing, membership of a cohort, or a slot of IOMAD's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from connectors.platforms.moodle.translate import Account
from connectors.platforms.moodle.trouble import Lost, Refusal
from connectors.platforms.moodle.wire import Moodle
from syncd.errors import ConfigError
from syncd.model import Outcome, Verdict
from syncd.ports import Delivery


class Holder(NamedTuple):
    """Somebody with an account that is as it should be. `there` is how it was before; None for a new one."""

    delivery: Delivery
    account: int
    there: Account | None

    @property
    def wanted(self) -> bool:
        return self.delivery.ends_at is not None

    def outcome(self, verdict: Verdict, reason: str = "") -> Outcome:
        return Outcome(self.delivery.id, verdict, reason, str(self.account))

    def of(self, answer: object) -> Outcome:
        """What an answer of Moodle means for them."""
        if isinstance(answer, Lost):
            return self.outcome(Verdict.UNKNOWN, answer.value)
        if isinstance(answer, Refusal):
            return self.outcome(Verdict.REFUSED, f"Moodle refused the license: {answer.words}")
        return self.outcome(Verdict.DONE)


class Licensing(Protocol):
    """Gives and takes licenses, for the length of one call of the port."""

    @property
    def is_kept(self) -> bool:
        """Whether it can be read back who has one, besides by the date of its end."""
        ...

    def ahead(self, delivery: Delivery, there: Account | None) -> Mapping[str, str] | None:
        """Custom fields to write before the license is given, and instead of its end; None where nothing has
        to be given first."""
        ...

    def no_room(self, new: Sequence[Delivery], before: Sequence[Holder]) -> dict[str, Outcome]:
        """For which newcomers no account need be made: no license is left for them after those `before`."""
        ...

    def settle(self, holders: Sequence[Holder]) -> Iterator[Outcome]:
        """Make it so that they have one, or none; one outcome for each it did something about."""
        ...

    def has(self, account: Account) -> bool | None:
        """Whether this account has one; None where only the date of its end tells."""
        ...


class ByAccount:
    """An account that is not suspended is the license: there is nothing to give."""

    is_kept = False

    def ahead(
        self,
        delivery: Delivery,  # noqa: ARG002
        there: Account | None,  # noqa: ARG002
    ) -> Mapping[str, str] | None:
        return None

    def no_room(
        self,
        new: Sequence[Delivery],  # noqa: ARG002
        before: Sequence[Holder],  # noqa: ARG002
    ) -> dict[str, Outcome]:
        return {}

    def settle(self, holders: Sequence[Holder]) -> Iterator[Outcome]:  # noqa: ARG002
        yield from ()

    def has(self, account: Account) -> bool | None:  # noqa: ARG002
        return None


class ByCohort(ByAccount):
    """A member of the cohort has a license. Members are asked for once: their ids."""

    is_kept = True

    def __init__(self, moodle: Moodle, id_number: str) -> None:
        self._moodle = moodle
        self._id_number = id_number
        self._cohort = 0
        self._members: set[int] | None = None

    @property
    def members(self) -> set[int]:
        """Ids of accounts. Raises `ConfigError` where there is no such cohort."""
        if self._members is None:
            self._members = self._asked()
        return self._members

    def has(self, account: Account) -> bool | None:
        return account.id in self.members

    def settle(self, holders: Sequence[Holder]) -> Iterator[Outcome]:
        joining = [one for one in holders if one.wanted and one.account not in self.members]
        leaving = [one for one in holders if not one.wanted and one.account in self.members]
        yield from self._added(joining)
        for one in leaving:
            gone = {"members": [{"cohortid": self._cohort, "userid": one.account}]}
            answer = self._moodle.write("core_cohort_delete_cohort_members", gone)
            if answer is None:
                self.members.discard(one.account)
            yield one.of(answer)

    def _added(self, joining: Sequence[Holder]) -> Iterator[Outcome]:
        """Moodle's warnings do not say whom they are about: who is a member afterwards does."""
        if not joining:
            return
        cohort = {"type": "id", "value": self._cohort}
        members = [
            {"cohorttype": cohort, "usertype": {"type": "id", "value": one.account}} for one in joining
        ]
        answer = self._moodle.write("core_cohort_add_cohort_members", {"members": members})
        warnings = answer.get("warnings") if isinstance(answer, dict) else None
        if isinstance(answer, Lost):
            yield from (one.of(answer) for one in joining)
            return
        if isinstance(answer, Refusal) or warnings:
            self._members = self._asked()
            said = (
                answer
                if isinstance(answer, Refusal)
                else Refusal("", str((warnings or [{}])[0].get("message")))
            )
            yield from (one.of(None if one.account in self._members else said) for one in joining)
            return
        self.members.update(one.account for one in joining)
        yield from (one.of(None) for one in joining)

    def _asked(self) -> set[int]:
        self._cohort = self._cohort or self._found()
        params = {"cohortids": [self._cohort]}
        answer = self._moodle.listed("core_cohort_get_cohort_members", params)
        if isinstance(answer, Refusal) or not answer:
            raise self._missing()
        return set(map(int, answer[0]["userids"]))

    def _found(self) -> int:
        where = {"contextlevel": "system", "instanceid": 0}
        query = {"query": self._id_number, "context": where, "includes": "all", "limitnum": 100}
        answer = self._moodle.listed("core_cohort_search_cohorts", query, "cohorts")
        every = [] if isinstance(answer, Refusal) else answer
        same = [int(one["id"]) for one in every if one.get("idnumber") == self._id_number]
        if not same:
            raise self._missing()
        return same[0]

    def _missing(self) -> ConfigError:
        return ConfigError(
            f"Moodle has no cohort with the ID number {self._id_number}",
            next_step="make one (Site administration > Users > Cohorts), or correct platform.license.cohort",
        )
