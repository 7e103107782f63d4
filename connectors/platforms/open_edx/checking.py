"""What `syncd check` says of a plan: from the sign-in inwards, each finding with what to do about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connectors.http_trouble import host_of
from connectors.platforms.open_edx.options import OpenEdxOptions
from connectors.platforms.open_edx.wire import Json, LicenseManager
from syncd.errors import SyncdError
from syncd.model import Finding

_SOON = 30


def check(options: OpenEdxOptions, manager: LicenseManager) -> Iterator[Finding]:
    """What cannot work without the one before is left out. Writes nothing."""
    try:
        plan = manager.plan()
        who = f"signed in as application {options.client_id}"
        yield Finding(host_of(options.lms_url), True, who)
        manager.find((), ())
        yield Finding(host_of(options.url), True, "our user may manage the plan's licenses")
        yield _term(plan)
        yield _licenses(plan)
        yield from _revocations(plan)
        yield from _cautions(plan)
    except SyncdError as exc:
        yield Finding(host_of(options.url), False, exc.message, exc.next_step)


def _term(plan: Json) -> Finding:
    title, end, days = plan.get("title"), str(plan.get("expiration_date"))[:10], _count(plan, "days")
    if plan.get("is_active") is False:
        return Finding("plan", False, f"{title} is not active", "activate it, or name another plan")
    if days < 0:
        hint = "name the plan that follows it in subscription_plan"
        return Finding("plan", False, f"{title} ended on {end}", hint)
    hint = "have it renewed there; a plan that follows has a UUID of its own" if days <= _SOON else ""
    words = f"{title} runs until {end}: all of its licenses end then, whatever their end here"
    return Finding("plan", True, words, hint)


def _licenses(plan: Json) -> Finding:
    counts = _mapping(plan, "licenses")
    total, left = counts.get("total"), counts.get("unassigned")
    pending, active = counts.get("assigned"), counts.get("activated")
    words = f"{total}: {active} activated, {pending} assigned and not yet activated, {left} left"
    hint = "" if left else "nobody gets one until there are more"
    return Finding("licenses", True, words, hint)


def _revocations(plan: Json) -> Iterator[Finding]:
    if not plan.get("is_revocation_cap_enabled"):
        return
    left = _mapping(plan, "revocations").get("remaining")
    words = f"the plan allows {left} more; each learner who leaves or is suspended takes one"
    yield Finding("revocations", bool(left), words, "" if left else "have the limit raised there")


def _cautions(plan: Json) -> Iterator[Finding]:
    if plan.get("should_auto_apply_licenses"):
        words = "the plan also gives licenses to people who log in, without us"
        hint = "turn it off there, or set adopt_by_email: true to take these over"
        yield Finding("auto-apply", True, words, hint)
    if plan.get("is_locked_for_renewal_processing"):
        words = "the plan is about to be renewed, and locked until then"
        yield Finding("renewal", True, words, "name the plan that follows it once that is there")


def _count(plan: Json, name: str) -> int:
    found = plan.get(f"{name}_until_expiration")
    return found if isinstance(found, int) else 0


def _mapping(plan: Json, name: str) -> Mapping[str, Any]:
    found = plan.get(name)
    return found if isinstance(found, dict) else {}
