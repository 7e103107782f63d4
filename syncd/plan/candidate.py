"""Candidate: one directory user judged on their own, before anybody else is looked at.

cannot be decoded or mapped     -> skip, with the reason
disabled in the directory       -> disabled
out of scope                    -> out of scope, with the rule
otherwise                       -> present, with their profile
"""

from __future__ import annotations

from typing import NamedTuple

from syncd.errors import Skipped
from syncd.model import DirectoryUser, Identity, Presence, Profile
from syncd.plan import mapping, scope
from syncd.plan.policy import Policy


class Candidate(NamedTuple):
    """`profile` is there exactly when `presence` is PRESENT and `skip` is empty.

    `key` names the person in changes: one text, shared by all that refer to it.
    """

    key: str
    identity: Identity
    where: str
    fingerprint: bytes
    changes_at: int | None
    links: tuple[str, ...]
    presence: Presence
    why: str
    profile: Profile | None = None
    priority: int = 0
    skip: str = ""


def judge(policy: Policy, user: DirectoryUser, fingerprint: bytes) -> Candidate:
    """What `user` is to the sync, on the policy alone."""
    presence, why, profile, skip = _standing(policy, user)
    return Candidate(
        key=f"{user.identity.directory}/{user.identity.id}",
        identity=user.identity,
        where=user.where,
        fingerprint=fingerprint,
        changes_at=user.changes_at,
        links=user.links if policy.matching.by_link else (),
        presence=presence,
        why=why,
        profile=profile,
        priority=priority_of(policy, user) if profile else 0,
        skip=skip,
    )


def _standing(policy: Policy, user: DirectoryUser) -> tuple[Presence, str, Profile | None, str]:
    if not user.enabled:
        return Presence.DISABLED, user.disabled_because or "disabled in the directory", None, ""
    verdict = scope.judge(policy.scope, user)
    if not verdict.included:
        return Presence.OUT_OF_SCOPE, verdict.why, None, ""
    role = "manager" if any(rule.holds(user) for rule in policy.managers) else "learner"
    try:
        profile = mapping.apply(policy.mapping[user.identity.directory], user, role=role)
    except Skipped as exc:
        return Presence.PRESENT, verdict.why, None, exc.why
    return Presence.PRESENT, verdict.why, profile, ""


def priority_of(policy: Policy, user: DirectoryUser) -> int:
    """The place of the first priority rule that holds; after all of them for everybody else."""
    for place, rule in enumerate(policy.priority):
        if rule.holds(user):
            return place
    return len(policy.priority)
