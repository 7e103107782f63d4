"""Comparing: what the platform has of learners against what it should have; what differs is put right.

as it should be            -> nothing
another value, or missing  -> a change of kind REPAIR: it is told again as the register has it
an account we do not know  -> left alone; it is somebody else's
still to be told           -> nothing: that comes by itself
a platform that cannot be  -> only who was never told of, as when it is configured later, is told
  asked

Somebody may have edited an account there, or restored a backup; and what a platform refused is offered again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

import structlog

from syncd.drafts import Approved, Drafts
from syncd.errors import ConfigError, SyncdError, Unavailable
from syncd.facts import RunFacts
from syncd.masking import without_secrets
from syncd.model import PROFILE_FIELDS, Change, Kind, Profile
from syncd.ports import Delivery, Listing, Platform, PlatformLearner
from syncd.register_port import QUIET, Register

_PAGE = 5000
_WORDS = {"email": "e-mail address", "active": "whether they may log in", "ends_at": "end of the license"}
_log = structlog.get_logger()
Pair = tuple[Delivery, PlatformLearner | None]


def compare(platform: Platform, register: Register, facts: RunFacts, approved: Approved) -> int:
    """Add to the plan what has to be put right; how much of it nobody has approved before.

    A platform that cannot be asked is told of in `facts`.
    """
    told_soon = _told_soon(register, facts.run)
    pairs = _pairs(platform, register)
    drafts = Drafts(register.journal, facts.run, approved)
    try:
        for wanted, there in pairs:
            differing = differences(wanted, there, platform.keeps)
            if differing and wanted.learner not in told_soon:
                drafts.write(_repair(wanted, _why(platform, there, differing)))
    except (Unavailable, ConfigError) as exc:
        facts.platform_down, facts.next_step = unavailable(platform, exc)
    drafts.flush()
    return drafts.counts[Kind.REPAIR]


def unavailable(platform: Platform, trouble: SyncdError) -> tuple[str, str]:
    """Log that the platform as a whole cannot be used. Returns why and what to do, for the run's facts."""
    why, next_step = trouble.message, trouble.next_step
    _log.warning("platform_unavailable", platform=platform.name, reason=why, next_step=next_step)
    return without_secrets(why), without_secrets(next_step)


def differences(wanted: Delivery, there: PlatformLearner | None, keeps: Collection[str]) -> tuple[str, ...]:
    """What the platform keeps otherwise than wanted, in a word each. Addresses are equal in any case.

    Who may not log in needs no account.
    """
    if there is None:
        return ("account",) if wanted.active else ()
    fields = [name for name in PROFILE_FIELDS if name in keeps]
    found = [name for name in fields if _plain(name, wanted.profile) != _plain(name, there.profile)]
    if wanted.active != there.active:
        found.append("active")
    if "license" in keeps and (wanted.ends_at is not None) != there.licensed:
        found.append("license")
    elif "ends_at" in keeps and wanted.ends_at != there.ends_at:
        found.append("ends_at")
    return tuple(found)


def _told_soon(register: Register, run: int) -> set[int | None]:
    """Of whom the platform hears anyway: by this plan, or by what earlier ones have left."""
    planned = (entry for entry in register.journal.read(run) if entry.change.kind not in QUIET)
    found = {entry.change.learner for entry in planned}
    for page in register.journal.undelivered(_PAGE):
        found.update(entry.change.learner for entry in page)
    return found


def _pairs(platform: Platform, register: Register) -> Iterator[Pair]:
    if not platform.keeps:
        return _untold(register)
    return _listed(platform, register) if isinstance(platform, Listing) else _asked(platform, register)


def _untold(register: Register) -> Iterator[Pair]:
    """Everybody who should be there and whom it was never told of."""
    for page in register.deliveries.expected(_PAGE):
        yield from ((wanted, None) for wanted in page if not wanted.account)


def _asked(platform: Platform, register: Register) -> Iterator[Pair]:
    """Everybody who should be there, asked for a page at a time."""
    for page in register.deliveries.expected(_PAGE):
        there = platform.read_back(page)
        yield from ((wanted, there.get(wanted.id)) for wanted in page)


def _listed(platform: Listing, register: Register) -> Iterator[Pair]:
    """Everybody who is there, and then those who should be and are not."""
    seen = set[int]()
    for page in platform.everybody():
        there = {account.learner: account for account in page if account.learner is not None}
        for wanted in register.deliveries.expected_of(there.keys()):
            seen.add(wanted.learner)
            yield wanted, there[wanted.learner]
    for expected in register.deliveries.expected(_PAGE):
        yield from ((wanted, None) for wanted in expected if wanted.learner not in seen)


def _why(platform: Platform, there: PlatformLearner | None, differing: Collection[str]) -> str:
    if there is None:
        return "is missing on the platform" if platform.keeps else "the platform was never told of them"
    words = ", ".join(_WORDS.get(name, name.replace("_", " ")) for name in differing)
    return f"differs on the platform: {words}"


def _repair(wanted: Delivery, why: str) -> Change:
    key, profile = f"learner/{wanted.learner}", wanted.profile
    return Change(Kind.REPAIR, key, profile.email, profile.full_name, why, wanted.learner)


def _plain(name: str, profile: Profile) -> str:
    value: str = getattr(profile, name)
    return value.casefold() if name.endswith("email") else value
