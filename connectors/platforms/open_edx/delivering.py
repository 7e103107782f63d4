"""Delivering: stretches of people are brought to hold a license of the plan, or to hold none.

revoke    done -> gone · not done -> one by one, then looked at: gone, or refused in license-manager's words
assign    done -> theirs · short -> as many as are left, in order; the rest: no license left
          not taken -> one by one, so that it concerns one person
no answer looked at: done, or unknown; where the server itself failed and has not done it, it is down
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from connectors.platforms.open_edx import licenses as table
from connectors.platforms.open_edx.licenses import Do, Held, Known, License, Step, shall_hold
from connectors.platforms.open_edx.trouble import Broken
from connectors.platforms.open_edx.wire import Json, LicenseManager, Reply
from syncd.errors import SyncdError, Unanswered
from syncd.model import Outcome, Verdict
from syncd.ports import Delivery

Wanting = Sequence[Delivery]
_NONE_LEFT = "the plan has no license left; add some there"


def look(manager: LicenseManager, wanted: Wanting) -> list[License]:
    """The licenses these people have, or that are at their addresses."""
    uuids = {one.account for one in wanted if one.account}
    return manager.find(uuids, {one.profile.email.lower() for one in wanted})


def stretches(deliveries: Wanting, size: int) -> Iterator[list[Delivery]]:
    """In order, up to so many at a time: nobody and no address twice, and all to hold a license or none."""
    stretch: list[Delivery] = []
    seen = set[int | str]()
    for one in deliveries:
        marks: set[int | str] = {one.learner, one.profile.email.lower()}
        if stretch and (len(stretch) == size or marks & seen or shall_hold(one) != shall_hold(stretch[0])):
            yield stretch
            stretch, seen = [], set()
        stretch.append(one)
        seen |= marks
    if stretch:
        yield stretch


class Delivering:
    """One call of `deliver`. `asked`: for whom this process has asked for a license, by address."""

    def __init__(self, manager: LicenseManager, asked: dict[str, int], *, adopts: bool, size: int) -> None:
        self._manager = manager
        self._asked = asked
        self._known = Known(asked, adopts)
        self._size = size
        self._held = Held()
        self._outcomes: dict[str, Outcome] = {}
        self._over = ""
        self._none_left = False

    def carry(self, deliveries: Wanting) -> Iterator[Outcome]:
        self._over = _over(self._manager.plan())
        self._held = Held(look(self._manager, deliveries))
        for stretch in stretches(deliveries, self._size):
            trouble = self._tried(stretch)
            told = [self._outcomes.pop(one.id) for one in stretch if one.id in self._outcomes]
            yield from (replace(outcome, more=True) for outcome in told[:-1])
            yield from told[-1:]
            if trouble is not None:
                raise trouble

    def _tried(self, stretch: Wanting) -> SyncdError | None:
        try:
            self._bring(stretch)
        except SyncdError as exc:
            return exc
        return None

    def _bring(self, stretch: Wanting) -> None:
        steps = {one.id: table.decide(one, self._held, self._known) for one in stretch}
        losing = [(one, lost) for one in stretch if (lost := steps[one.id].lost) is not None]
        if losing:
            self._revoke(losing)
        for one in stretch:
            if one.id not in self._outcomes:
                self._settle(one, steps[one.id])
        self._assign([one for one in stretch if one.id not in self._outcomes])

    def _settle(self, one: Delivery, step: Step) -> None:
        """What is clear without a license being assigned."""
        if step.do is Do.REFUSE:
            self._say(one, Verdict.REFUSED, step.reason)
        elif step.do is Do.NOTHING:
            self._say(one, Verdict.ALREADY, step.reason, step.license)
        elif step.do in (Do.TAKE, Do.REVOKE):
            self._say(one, Verdict.DONE, "", step.license)

    # -- taking away

    def _revoke(self, losing: Sequence[tuple[Delivery, License]]) -> None:
        """An outcome for everybody who keeps a license that had to go; the others have none now."""
        try:
            reply = self._manager.revoke([license_.email for _, license_ in losing])
        except Unanswered as exc:
            self._looked_for(losing, exc)
            return
        if reply.done:
            self._gone([license_ for _, license_ in losing])
        elif len(losing) > 1:
            for pair in losing:
                self._revoke([pair])
        else:
            self._kept(*losing[0], reply)

    def _kept(self, one: Delivery, license_: License, reply: Reply) -> None:
        if self._manager.find({license_.uuid}, ()):
            self._say(one, Verdict.REFUSED, f"{license_.email} keeps the license: {reply.words}{_cap(reply)}")
        else:
            self._gone([license_])

    def _looked_for(self, losing: Sequence[tuple[Delivery, License]], exc: Unanswered) -> None:
        still = {one.uuid for one in self._manager.find({license_.uuid for _, license_ in losing}, ())}
        self._gone([license_ for _, license_ in losing if license_.uuid not in still])
        if still and isinstance(exc, Broken):
            raise exc
        for one, license_ in losing:
            if license_.uuid in still:
                self._say(one, Verdict.UNKNOWN, exc.message)

    def _gone(self, licenses: Sequence[License]) -> None:
        for license_ in licenses:
            self._held.drop(license_)
            self._asked.pop(license_.email.lower(), None)
            self._none_left = False  # each makes room for another one

    # -- giving

    def _assign(self, wanting: Wanting) -> None:
        if not wanting:
            return
        if self._over or self._none_left:
            for one in wanting:
                self._say(one, Verdict.EXHAUSTED, self._over or _NONE_LEFT)
            return
        self._asked.update({one.profile.email.lower(): one.learner for one in wanting})
        try:
            reply = self._manager.assign([one.profile.email for one in wanting])
        except Unanswered as exc:
            self._looked_at(wanting, exc)
            return
        if reply.done:
            self._given(wanting, reply)
            return
        for one in wanting:
            self._asked.pop(one.profile.email.lower(), None)
        if reply.short:
            left = _left(self._manager.plan())
            left = left if left < len(wanting) else len(wanting) // 2  # some have come back meanwhile
            self._assign(wanting[:left])
            self._none_left = True
            self._assign(wanting[left:])
        elif len(wanting) > 1:
            for one in wanting:
                self._assign([one])
        else:
            self._say(wanting[0], Verdict.REFUSED, f"license-manager does not take it: {reply.words}")

    def _given(self, wanting: Wanting, reply: Reply) -> None:
        """The answer names who got one, in any order. Who is missing had one a moment before."""
        rows = reply.body.get("license_assignments") if isinstance(reply.body, dict) else None
        given = {str(row["user_email"]).lower(): str(row["license"]) for row in rows or ()}
        for one in wanting:
            if (uuid := given.get(one.profile.email.lower())) is not None:
                self._hold(one, License(uuid, one.profile.email.lower(), activated=False))
        missing = [one for one in wanting if one.id not in self._outcomes]
        if not missing:
            return
        there = Held(look(self._manager, missing))
        for one in missing:
            found = next(iter(there.at(one.profile.email)), None)
            if found is None:
                self._say(one, Verdict.UNKNOWN, "license-manager did not say what became of it")
            elif rows is None or self._known.adopts:
                self._hold(one, found)
            else:
                self._asked.pop(one.profile.email.lower(), None)
                self._say(one, Verdict.REFUSED, table.somebody_elses(one.profile.email))

    def _looked_at(self, wanting: Wanting, exc: Unanswered) -> None:
        there = Held(look(self._manager, wanting))
        for one in wanting:
            if found := there.at(one.profile.email):
                self._hold(one, found[0])
        missing = [one for one in wanting if one.id not in self._outcomes]
        if missing and isinstance(exc, Broken):
            raise exc
        for one in missing:
            self._say(one, Verdict.UNKNOWN, exc.message)

    def _hold(self, one: Delivery, license_: License) -> None:
        self._held.add(license_)
        self._say(one, Verdict.DONE, "", license_)

    def _say(
        self, one: Delivery, verdict: Verdict, reason: str = "", license_: License | None = None
    ) -> None:
        self._outcomes[one.id] = Outcome(one.id, verdict, reason, license_.uuid if license_ else "")


def _left(plan: Json) -> int:
    counts = plan.get("licenses")
    found = counts.get("unassigned") if isinstance(counts, dict) else None
    return found if isinstance(found, int) else 0


def _over(plan: Json) -> str:
    """Why nobody gets a license of this plan any more; empty while they do."""
    if plan.get("is_active") is False:
        return "the plan is not active; activate it there, or name another one in subscription_plan"
    days = plan.get("days_until_expiration")
    if isinstance(days, int) and days < 0:
        return "the plan is over; name the one that follows it in subscription_plan"
    return ""


def _cap(reply: Reply) -> str:
    capped = "revocation" in reply.words.lower()
    return "; raise the plan's limit of revocations there, or wait for its end" if capped else ""
