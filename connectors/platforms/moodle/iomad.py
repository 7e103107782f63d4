"""A license of IOMAD: slots of a company, one a course. Traps seen on a running one decide what is done here.

It counts first and writes then, so parallel calls overdraw: one at a time, counted before and after.
Taking a slot back does not work on any release, and hides a lost one: slots stay with who got them, until the
account leaves the company. It tells neither who has which nor, without debugging, why it refused: a custom
field keeps the one, counting again tells the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import structlog

from connectors.platforms.moodle.accounts import Accounts
from connectors.platforms.moodle.licensing import ByAccount, Holder
from connectors.platforms.moodle.options import IomadOptions
from connectors.platforms.moodle.slots import Slots
from connectors.platforms.moodle.translate import Account, Translator, as_custom, as_text
from connectors.platforms.moodle.trouble import Lost, Refusal
from connectors.platforms.moodle.wire import Moodle
from syncd.errors import ConfigError, Unavailable
from syncd.model import Finding, Outcome, Verdict
from syncd.ports import Delivery

_PREFIX = "block_iomad_company_admin_"
_log = structlog.get_logger()


class Pool(NamedTuple):
    """A license as IOMAD counts it."""

    id: int
    name: str
    slots: int
    used: int
    ends_at: int

    @property
    def free(self) -> int:
        return max(0, self.slots - self.used)


class ByIomad(ByAccount):
    def __init__(
        self,
        moodle: Moodle,
        options: IomadOptions,
        accounts: Accounts,
        translator: Translator,
        now: Callable[[], float],
    ) -> None:
        self._moodle = moodle
        self._options = options
        self._accounts = accounts
        self._translator = translator
        self._now = now
        self._company = options.company if isinstance(options.company, int) else 0
        self._license = 0
        self._department: int | None = None

    def ahead(self, delivery: Delivery, there: Account | None) -> Mapping[str, str] | None:
        """Who has it for this very term needs nothing of it, whatever `license` says today.

        What is about to be taken is written down first: if we never hear of it, a refusal means that it was.
        """
        if delivery.ends_at is None:
            return None
        ends = self._translator.ends_of(there) if there else ""
        slots = self._slots(there)
        missing = slots.missing(self._options.courses)
        if ends == as_text(delivery.ends_at) or not missing:
            return None
        return {self._options.field: str(slots.asking(missing))} if delivery.active else {}

    def no_room(self, new: Sequence[Delivery], before: Sequence[Holder]) -> dict[str, Outcome]:
        wanting = [one for one in new if one.ends_at is not None]
        if not wanting:
            return {}
        pool = self.pool()
        ahead = sum(self.ahead(one.delivery, one.there) is not None for one in before)
        fit = 0 if self._is_over(pool) else max(0, pool.free // len(self._options.courses) - ahead)
        return {one.id: Outcome(one.id, Verdict.EXHAUSTED, self._short(pool)) for one in wanting[fit:]}

    def settle(self, holders: Sequence[Holder]) -> Iterator[Outcome]:
        new = [one for one in holders if one.there is None or not one.there.id_number]
        refused = self._assign(new)
        for one in holders:
            if one.account in refused:
                yield one.of(refused[one.account])
            elif self.ahead(one.delivery, one.there) is not None:
                yield self._give(one)
            elif self._leaves(one):
                yield self._unassign(one)

    def check(self) -> Iterator[Finding]:
        """How many slots there are. Raises `ConfigError` for what there is not."""
        self.department()
        pool = self.pool()
        ok = pool.free >= len(self._options.courses) and not self._is_over(pool)
        words = f"{pool.name}: {pool.free} of {pool.slots} slots are free"
        yield Finding(
            f"license {pool.id}", ok, words if ok else self._short(pool), "" if ok else "order more"
        )

    # -- giving

    def _give(self, one: Holder) -> Outcome:
        """A slot of each course that they do not have yet, with a word in the account after each."""
        if not one.delivery.active:
            words = "IOMAD gives no license to an account that is suspended; they get it when they are back"
            return one.outcome(Verdict.REFUSED, words)
        if one.there is not None and (bad := self._assign([one])):
            return one.of(bad[one.account])
        slots = self._slots(one.there)
        missing, tried = slots.missing(self._options.courses), slots.trying
        slots = slots.asking(missing)
        for course in missing:
            problem = self._allocate(one, course, tried=course in tried)
            if problem is not None:
                if problem.verdict is not Verdict.UNKNOWN:
                    still = tried if problem.verdict is Verdict.EXHAUSTED else ()
                    left = slots.asking([each for each in slots.trying if each in still])
                    self._write(one, {self._options.field: str(left)})
                return problem
            slots = slots.having(course)
            done = {} if slots.trying else self._translator.custom(one.delivery)
            if (unwritten := self._write(one, {**done, self._options.field: str(slots)})) is not None:
                return one.of(unwritten)
        return one.outcome(Verdict.DONE)

    def _allocate(self, one: Holder, course: int, *, tried: bool) -> Outcome | None:
        """None once they have the slot. `tried`: it was asked for before, and perhaps given."""
        before = self.pool()
        if not tried and (self._is_over(before) or not before.free):
            return one.outcome(Verdict.EXHAUSTED, self._short(before))
        slot = {"licenseid": before.id, "userid": one.account, "licensecourseid": course}
        answer = self._moodle.write(f"{_PREFIX}allocate_licenses", {"licenses": [slot]})
        after = self.pool()
        if after.used > after.slots:
            _log.warning("moodle_license_overdrawn", license=after.id, slots=after.slots, used=after.used)
        if answer is True or (isinstance(answer, Lost) and after.used > before.used):
            return None
        if isinstance(answer, Lost):
            return one.of(answer)
        said = answer.words if isinstance(answer, Refusal) else "an answer that is not IOMAD's"
        if "already has an unused license" in said:
            return None
        if self._is_over(after) or not after.free:
            return one.outcome(Verdict.EXHAUSTED, self._short(after))
        return None if tried else one.outcome(Verdict.REFUSED, self._unexplained(after, course, said))

    def _unexplained(self, pool: Pool, course: int, said: str) -> str:
        return (
            f"IOMAD refused license {pool.id}, course {course}, though {pool.free} slots are free: {said}; "
            "check that the course is one of its courses; who was given the license by hand has to have "
            f"{Slots(pool.id, self._options.courses)} in the field {self._options.field}"
        )

    def _write(self, one: Holder, custom: dict[str, str]) -> Refusal | Lost | None:
        fields = {**as_custom(custom), "id": one.account}
        return next(iter(self._accounts.update([(one, fields)])))[1]

    # -- companies

    def _assign(self, holders: Sequence[Holder]) -> dict[int, Refusal | Lost]:
        """Into the company, by account: what became of those it did not take."""
        if not holders:
            return {}
        place = {"companyid": self.company(), "departmentid": self.department()}
        users = [{"userid": one.account, **place, "managertype": 0, "educator": 0} for one in holders]
        answer = self._moodle.write(f"{_PREFIX}assign_users", {"users": users})
        if isinstance(answer, (Refusal, Lost)):
            return {one.account: answer for one in holders}
        said = {int(one["userid"]): one for one in (answer or {}).get("users", ())}
        bad: dict[int, Refusal | Lost] = {}
        for one in holders:
            result = said.get(one.account, {})
            if not result.get("result"):
                text = result.get("message") or f"company {self._options.company} did not take them"
                bad[one.account] = Refusal("assign_users", str(text))
        return bad

    def _leaves(self, one: Holder) -> bool:
        held = one.there is not None and one.there.custom.get(self._options.field)
        return bool(self._options.unassign_leavers and not one.wanted and not one.delivery.active and held)

    def _unassign(self, one: Holder) -> Outcome:
        users = [{"userid": one.account, "companyid": self.company(), "usertype": 0}]
        answer = self._moodle.write(f"{_PREFIX}unassign_users", {"users": users})
        if isinstance(answer, (Refusal, Lost)):
            return one.of(answer)
        return one.of(self._write(one, {self._options.field: ""}))

    # -- what there is; asked for by name once, counted each time

    def pool(self) -> Pool:
        """Raises `ConfigError` where there is no such license."""
        wanted = self._license or self._options.license
        key = {"key": "id" if isinstance(wanted, int) else "name", "value": wanted}
        criteria = [key, {"key": "companyid", "value": self.company()}]
        every = self._asked("get_license_info", criteria, "licenses")
        found = [one for one in every if wanted in (int(one["id"]), one["name"])]  # names are patterns there
        if len(found) != 1:
            how = "several licenses" if found else "no license"
            raise ConfigError(
                f"company {self._options.company} has {how} {self._options.license} with slots",
                next_step="give its id in platform.license.iomad.license",
            )
        one = found[0]
        self._license = int(one["id"])
        return Pool(
            self._license, str(one["name"]), int(one["allocation"]), int(one["used"]), int(one["expirydate"])
        )

    def company(self) -> int:
        if not self._company:
            name = str(self._options.company)
            criteria = [{"key": "shortname", "value": name}]
            self._company = self._named("get_companies", criteria, "companies", name, "company")
        return self._company

    def department(self) -> int:
        """0 for the top one."""
        if self._department is None:
            name = self._options.department
            criteria = [{"key": "company", "value": self.company()}]
            self._department = (
                self._named("get_departments", criteria, "departments", name, "department") if name else 0
            )
        return self._department

    def _named(self, function: str, criteria: list[Any], key: str, name: str, what: str) -> int:
        """IOMAD looks for parts of names: only the whole one counts."""
        same = [one for one in self._asked(function, criteria, key) if one.get("shortname") == name]
        if len(same) != 1:
            raise ConfigError(
                f"IOMAD has {'no' if not same else 'several times a'} {what} with the short name {name}",
                next_step=f"correct platform.license.iomad.{what}",
            )
        return int(same[0]["id"])

    def _asked(self, function: str, criteria: list[Any], key: str) -> list[Any]:
        answer = self._moodle.listed(f"{_PREFIX}{function}", {"criteria": criteria}, key)
        if isinstance(answer, Refusal):
            raise Unavailable(
                f"IOMAD refused {function}: {answer.words}", next_step="look at the site's logs"
            )
        return answer

    # -- who has what

    def _slots(self, there: Account | None) -> Slots:
        return Slots.read(there.custom.get(self._options.field, "") if there else "", self._id())

    def _id(self) -> int:
        return self._license or self.pool().id

    def _is_over(self, pool: Pool) -> bool:
        return pool.ends_at <= self._now()

    def _short(self, pool: Pool) -> str:
        if self._is_over(pool):
            day = f"{datetime.fromtimestamp(pool.ends_at, UTC):%Y-%m-%d}"
            return (
                f"license {pool.id} ({pool.name}) of IOMAD ended on {day}: name another in platform.license"
            )
        return (
            f"license {pool.id} ({pool.name}) of IOMAD has no slot left for them ({pool.slots} in all, "
            f"{len(self._options.courses)} a learner): have its allocation raised"
        )
