"""Drafting: how what was decided of a candidate is put into changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from syncd.model import Change, Kind, Presence, Profile
from syncd.plan.candidate import Candidate
from syncd.plan.roster import KnownLearner, Said


def difference(before: Profile, after: Profile) -> tuple[dict[str, str], dict[str, str]]:
    """The fields that differ: what they were, what they shall be."""
    changed = [name for name, old, new in zip(Profile._fields, before, after, strict=True) if old != new]
    return {name: getattr(before, name) for name in changed}, {name: getattr(after, name) for name in changed}


def in_words(before: dict[str, str], after: dict[str, str]) -> str:
    return "; ".join(f"{name}: {before[name] or '—'} → {after[name] or '—'}" for name in after)


def draft(
    kind: Kind,
    candidate: Candidate,
    profile: Profile,
    why: str,
    learner: int | None,
    data: Mapping[str, object] | None = None,
) -> Change:
    name = profile.full_name
    return Change(kind, candidate.key, profile.email, name, why, learner, {} if data is None else data)


def update(known: KnownLearner, wanted: Profile, candidate: Candidate) -> Iterator[Change]:
    """What makes the learner's profile `wanted`; nothing when it is."""
    before, after = difference(known.profile, wanted)
    if after:
        data = {"set": after, "was": before}
        yield draft(Kind.UPDATE, candidate, wanted, in_words(before, after), known.id, data)


def address_of(email: str, holder: KnownLearner | None) -> str:
    """Why a learner does not get a new address."""
    other = f"learner {holder.id} ({holder.profile.full_name})" if holder else "somebody else in this sync"
    return f"the new address {email} belongs to {other}"


def own_words(change: Change) -> tuple[str, str]:
    """Address and name of the person of a change, by their own directory where the change has its word."""
    packed = change.data.get("identity", {}).get("said")
    if not packed:
        return change.email, change.name
    profile = Said.unpacked(packed).profile
    return profile.email, profile.full_name


def linked_to(known: KnownLearner, created: Change, why: str) -> Change:
    """The link of somebody who was to be created, or to join one."""
    identity = dict(created.data["identity"])
    if "profile" in created.data:
        identity["said"] = Said(created.data["profile"], created.data["priority"]).packed()
    data = {"identity": identity, "back": True}
    return Change(Kind.LINK, created.key, known.profile.email, known.profile.full_name, why, known.id, data)


def with_data(change: Change, data: Mapping[str, object]) -> Change:
    return change._replace(data={**change.data, **data})


def identity_of(candidate: Candidate, *, shared: bool = False) -> dict[str, object]:
    """What the register remembers of a candidate's identity, as it stands in a change.

    `shared`: with what it says, since the learner has, or may come to have, other identities too.
    """
    seen: dict[str, object] = {
        "directory": candidate.identity.directory,
        "key": candidate.identity.id,
        "fingerprint": candidate.fingerprint.hex(),
        "where": candidate.where,
    }
    if candidate.presence is not Presence.PRESENT:
        seen["presence"] = str(candidate.presence)
    if candidate.changes_at is not None:
        seen["fresh_until"] = candidate.changes_at
    if candidate.links:
        seen["links"] = list(candidate.links)
    if shared and candidate.profile:
        seen["said"] = Said(candidate.profile, candidate.priority).packed()
    return seen
