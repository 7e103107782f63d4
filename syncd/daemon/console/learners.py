"""Learners: who is known, with which license; one of them in full."""

from __future__ import annotations

from collections.abc import Sequence
from shlex import quote

from syncd.daemon.console.tables import SHOWN, Cell, table, turned_already
from syncd.daemon.console.visit import Answer, Page, Visit, missing, path
from syncd.dates import day, moment
from syncd.model import Account, Holding
from syncd.register.learners import AllocationRecord, IdentityRecord, LearnerRecord
from syncd.words.learners import standing

_LIST = ("WHO", "NUMBER", "E-MAIL", "DEPARTMENT", "ACCOUNT", "LICENSE", "ENDS")
_IDENTITIES = ("DIRECTORY", "PRESENCE", "SINCE", "WHERE", "KEY")
_LICENSES = ("LOT", "SEAT", "STATE", "ALLOCATED", "ENDS", "ENDED", "BECAUSE")
_TONES = {
    Holding.LIVE: "good",
    Holding.WAITING: "warn",
    Holding.EXPIRED: "bad",
    "active": "good",
    "suspended": "quiet",
    "present": "good",
    "missing": "bad",
}
LICENSES = tuple(map(str, Holding))
ACCOUNTS = tuple(map(str, Account))


def show_list(visit: Visit) -> Answer:
    """Those whose name or address contains what is searched, by address."""
    search, license_ = visit.word("search"), visit.chosen("license", LICENSES)
    account = visit.chosen("account", ACCOUNTS)
    found = visit.app.register.learners.find(
        search=search,
        license_=license_,
        account=account,
        now=visit.now,
        limit=SHOWN + 1,
        skip=(visit.page - 1) * SHOWN,
    )
    shown, turning = turned_already(
        visit, found, "learners", search=search, license=license_, account=account
    )
    facts = {
        "learners": table("Learners", _LIST, [_row(visit, each) for each in shown]),
        "turning": turning,
        "search": search,
        "license": license_,
        "account": account,
        "licenses": LICENSES,
        "accounts": ACCOUNTS,
    }
    return Page("learners.html", "Learners", "learners", facts)


def show(visit: Visit) -> Answer:
    """One learner, by number."""
    who = visit.path["number"]
    learner = visit.app.register.learners.get(who, visit.now)
    if learner is None:
        return missing(f"There is no learner {who}.")
    profile = learner.profile
    register = visit.app.register.learners
    facts = {
        "learner": learner,
        "name": profile.full_name or profile.email,
        "profile": [(name.replace("_", " "), value) for name, value in profile._asdict().items() if value],
        "standing": [(name, value) for name, value in standing(visit.app.settings, learner) if value],
        "identities": _identities(visit, register.identities(learner.id)),
        "licenses": _licenses(visit, register.allocations(learner.id)),
        "explain": f"syncd explain {quote(profile.email)}",
    }
    return Page("learner.html", f"Learner {learner.id}", "learners", facts)


def _row(visit: Visit, learner: LearnerRecord) -> Sequence[Cell | str]:
    profile = learner.profile
    return (
        Cell(profile.full_name or profile.email, path("learners", learner.id)),
        str(learner.id),
        profile.email,
        profile.department,
        _toned(learner.account),
        _toned(learner.license),
        day(learner.ends_at, visit.zone),
    )


def _identities(visit: Visit, found: Sequence[IdentityRecord]) -> object:
    rows = [
        (each.directory, _toned(each.presence), moment(each.since, visit.zone), each.where, each.key)
        for each in found
    ]
    return table("Directories", _IDENTITIES, rows)


def _licenses(visit: Visit, found: Sequence[AllocationRecord]) -> object:
    rows = [
        (
            str(each.lot),
            str(each.seat),
            _toned(each.state),
            moment(each.allocated_at, visit.zone),
            day(each.ends_at, visit.zone),
            moment(each.ended_at, visit.zone),
            each.ended_because,
        )
        for each in found
    ]
    return table("Licenses", _LICENSES, rows, right=(1,))


def _toned(word: str) -> Cell:
    return Cell(str(word), tone=_TONES.get(str(word), ""))
