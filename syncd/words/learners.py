"""Learners in words: how somebody stands with their account and license."""

from __future__ import annotations

from syncd.dates import day, moment
from syncd.register.learners import LearnerRecord
from syncd.settings import Settings

_BY = {
    "sync": " (by the sync: has left)",
    "expiry": " (the license has ended)",
    "hand": " (by hand)",
}


def standing(settings: Settings, learner: LearnerRecord) -> list[tuple[str, str]]:
    """How somebody stands: account, license and since when, as names and values; some are empty."""
    zone, by = settings.zone, _BY.get(learner.suspended_by, "")
    ends = f", {'ends' if learner.license == 'live' else 'ended'} {day(learner.ends_at, zone)}"
    ends += passed_on(settings, learner) if learner.license == "live" else ""
    return [
        ("account", f"{learner.account}{by}"),
        ("license", f"{learner.license}{ends if learner.ends_at else ''}"),
        ("renewed until", day(learner.renewed_until, zone)),
        ("waiting since", moment(learner.waiting_since, zone)),
        ("has left", moment(learner.left_at, zone)),
        ("no learner since", moment(learner.deleted_at, zone)),
        ("known since", moment(learner.created_at, zone)),
        ("refused", learner.refused),
        ("on the platform", learner.platform_account),
    ]


def passed_on(settings: Settings, record: LearnerRecord) -> str:
    """From when on somebody else may have the license of a learner who has left; empty where nobody may."""
    policy = settings.policy
    if record.left_at is None or record.ends_at is None or policy.seats.max_moves is not None:
        return ""
    at = policy.grace.released_at(record.left_at)
    back = "unless they are back before"
    return f"; for somebody else from {moment(at, settings.zone)}, {back}" if at < record.ends_at else ""
