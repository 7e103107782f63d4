"""What a delivery needs of a plan. Pure: the table below, and nothing else.

somebody who shall hold a license:
  their license              at their address        ->
  at that address            that one                nothing
  activated, elsewhere       anything                nothing: it follows their account in the LMS
  pending, elsewhere         nothing                 move: revoke it, assign another
  none                       one, and we know them   nothing: it is theirs
  none                       nothing                 assign
  none, or pending           somebody's              take, where accounts are adopted; else refuse
somebody who shall not:
  one                                                revoke
  none                                               nothing

A license has no id of ours. It is theirs by the uuid the register keeps; of somebody whom the register knows
to be on the platform, so is whatever is assigned to their address: it was given anew, or renewed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import NamedTuple

from syncd.model import Kind, Profile
from syncd.ports import Delivery, PlatformLearner


class License(NamedTuple):
    """One that somebody holds: assigned, or `activated` by an account in the LMS. `email` as it is stored."""

    uuid: str
    email: str
    activated: bool


class Held:
    """Licenses that people hold, by uuid and by address."""

    def __init__(self, licenses: Iterable[License] = ()) -> None:
        self._by_uuid: dict[str, License] = {}
        self._by_email: dict[str, list[License]] = {}
        for license_ in licenses:
            self.add(license_)

    def add(self, license_: License) -> None:
        self.drop(license_)
        self._by_uuid[license_.uuid] = license_
        self._by_email.setdefault(license_.email.lower(), []).append(license_)

    def drop(self, license_: License) -> None:
        if (known := self._by_uuid.pop(license_.uuid, None)) is not None:
            self._by_email[known.email.lower()].remove(known)

    def of(self, uuid: str) -> License | None:
        return self._by_uuid.get(uuid)

    def at(self, email: str) -> Sequence[License]:
        """Those of an address, in any case. Two of one plan are an accident, and happen."""
        return tuple(self._by_email.get(email.lower(), ()))


class Known(NamedTuple):
    """What makes a license at an address theirs: we have asked for it for them, or any is (`adopts`).

    `asked`: for which learner, by address in lower case."""

    asked: Mapping[str, int]
    adopts: bool


class Do(Enum):
    NOTHING = "nothing"
    ASSIGN = "assign"
    MOVE = "move"
    TAKE = "take"
    REVOKE = "revoke"
    REFUSE = "refuse"


class Step(NamedTuple):
    """`license`: the one they have in the end; `lost`: the one to revoke first."""

    do: Do
    license: License | None = None
    lost: License | None = None
    reason: str = ""


def shall_hold(wanted: Delivery) -> bool:
    """Whoever may not log in holds no license: there is no other way to shut them out."""
    return wanted.active and wanted.ends_at is not None and wanted.kind is not Kind.DELETE


def decide(wanted: Delivery, held: Held, known: Known) -> Step:
    own, there = held.of(wanted.account), held.at(wanted.profile.email)
    if not shall_hold(wanted):
        return _without(_theirs(wanted, held, known), held)
    if own is not None and (own in there or own.activated):
        reason = "" if own in there else f"activated as {own.email}, and follows that account's address"
        return Step(Do.NOTHING, own, reason=reason)
    if len(there) > 1:
        return Step(Do.REFUSE, reason=several(there))
    if own is not None and len(held.at(own.email)) > 1:
        return Step(Do.REFUSE, reason=several(held.at(own.email)))
    if not there:
        return Step(Do.MOVE if own else Do.ASSIGN, lost=own)
    if own is None and _is_known(wanted, known):
        return Step(Do.NOTHING, there[0])
    if known.adopts:
        return Step(Do.TAKE, there[0], lost=own)
    return Step(Do.REFUSE, reason=somebody_elses(wanted.profile.email))


def found(wanted: Delivery, held: Held, known: Known) -> PlatformLearner | None:
    """How the platform has them. Where no license is wanted and none is there, that is as it should be."""
    own = _theirs(wanted, held, known, adopts=known.adopts and shall_hold(wanted))
    if own is not None:
        email = wanted.profile.email if own.activated else own.email
        return PlatformLearner(own.uuid, wanted.learner, Profile(email), active=True, licensed=True)
    if shall_hold(wanted) or wanted.kind is Kind.DELETE:
        return None
    licensed = wanted.ends_at is not None  # of the suspended: kept for them in the register, and only there
    profile = Profile(wanted.profile.email)
    return PlatformLearner(wanted.account, wanted.learner, profile, wanted.active, licensed)


def several(licenses: Sequence[License]) -> str:
    return (
        f"{licenses[0].email} has {len(licenses)} licenses of this plan; revoke all but one in "
        "license-manager's admin site"
    )


def somebody_elses(email: str) -> str:
    return (
        f"{email} has a license of this plan that syncd did not assign, or assigned to somebody else; revoke "
        "it there, or let syncd take it over: adopt_by_email: true"
    )


def _without(own: License | None, held: Held) -> Step:
    if own is None:
        return Step(Do.NOTHING)
    twins = held.at(own.email)
    return Step(Do.REFUSE, reason=several(twins)) if len(twins) > 1 else Step(Do.REVOKE, lost=own)


def _theirs(wanted: Delivery, held: Held, known: Known, *, adopts: bool = False) -> License | None:
    own = held.of(wanted.account)
    if own is None and (adopts or _is_known(wanted, known)):
        own = next(iter(held.at(wanted.profile.email)), None)
    return own


def _is_known(wanted: Delivery, known: Known) -> bool:
    return bool(wanted.account) or known.asked.get(wanted.profile.email.lower()) == wanted.learner
