"""What one delivery takes, given the accounts that are there; and what it comes to, by what is there then.

ours      holder of its address     ->
two                                    refused: which two
none      none                         make it (nothing to do, where it is to be gone or inactive)
none      a stranger                   refused; with adopt_by_email, it becomes ours
none      another learner's            refused
one                                    change what differs; nothing differs: already
"""

from __future__ import annotations

from collections.abc import Sequence

from connectors.platforms.scim.attributes import Json, differing, member, patch, text, whole
from connectors.platforms.scim.features import Features
from connectors.platforms.scim.site import Site
from connectors.platforms.scim.translate import EXTERNAL_ID, addresses_of
from connectors.platforms.scim.trouble import no_seat_left, said
from connectors.platforms.scim.wire import Answer, path_of
from connectors.platforms.scim.writing import Operation
from syncd.model import Kind, Outcome, Verdict
from syncd.ports import Delivery, PlatformLearner

_INACTIVE = "it left the account inactive, as platforms do without a free seat"
_UNLICENSED = (
    "it did not take the license: it has no seat left, or does not know how we name it (platform.license)"
)


def is_unwanted(delivery: Delivery) -> bool:
    """Whether nobody need be made for it."""
    return delivery.kind is Kind.DELETE or not delivery.active


def takes_seat(delivery: Delivery, there: PlatformLearner | None) -> bool:
    """Whether it takes a seat that this learner does not have there yet."""
    has = there is not None and there.active and there.licensed
    return not is_unwanted(delivery) and delivery.ends_at is not None and not has


def needs_address(site: Site, delivery: Delivery, ours: Sequence[Json]) -> set[str]:
    """The addresses it is about to use and does not have yet."""
    if len(ours) > 1 or (is_unwanted(delivery) and (not ours or delivery.kind is Kind.DELETE)):
        return set()
    has = addresses_of(ours[0]) if ours else set()
    wanted = {delivery.profile.email, site.translator.user_name(delivery)} - {""}
    return {address for address in wanted if address.casefold() not in has}


def decide(
    site: Site, delivery: Delivery, ours: Sequence[Json], holders: Sequence[Json]
) -> Operation | Outcome:
    """The one thing to do about the account itself, or what has become of it without."""
    if len(ours) > 1:
        ids = " and ".join(sorted(text(one.get("id")) for one in ours))
        words = f"accounts {ids} both have externalId {site.translator.key(delivery.learner)}"
        return Outcome(delivery.id, Verdict.REFUSED, f"{words}; take it away from the wrong one there")
    others = [one for one in holders if not ours or one.get("id") != ours[0].get("id")]
    if is_unwanted(delivery) and not ours:
        return Outcome(delivery.id, Verdict.ALREADY)
    if delivery.kind is Kind.DELETE:
        return Operation("DELETE", _path(ours[0]), None, _version(site.features, ours[0]))
    if not site.translator.user_name(delivery):
        name = site.options.user_name
        return Outcome(delivery.id, Verdict.REFUSED, f"has no {name}, which user_name is made of; map it")
    if others and (ours or len(others) > 1 or not _may_adopt(site, others[0])):
        return _taken(site, delivery, others[0])
    return _write(site, delivery, ours[0] if ours else others[0] if others else None)


def refused(delivery: Delivery, answer: Answer, there: PlatformLearner | None) -> Outcome:
    """What a refusal comes to that is about this person, or about seats."""
    account = there.account if there else ""
    words = said(answer.status, answer.body)
    if takes_seat(delivery, there) and no_seat_left(answer.status, answer.body):
        return Outcome(delivery.id, Verdict.EXHAUSTED, f"no seat left there: {words}", account)
    if delivery.kind is Kind.DELETE:
        words += "; delete the account there"
    else:
        words += "; correct it in the directory, or what the platform allows"
    return Outcome(delivery.id, Verdict.REFUSED, f"the platform refused: {words}", account)


def judged(delivery: Delivery, truth: PlatformLearner, verdict: Verdict) -> Outcome:
    """The outcome, by what is there now and not by what was answered: some say 201 and do something else."""
    account, licensed = truth.account, delivery.ends_at is not None
    if delivery.active and not truth.active:
        return Outcome(delivery.id, Verdict.EXHAUSTED if licensed else Verdict.REFUSED, _INACTIVE, account)
    if truth.active and not delivery.active:
        words = "it leaves the account active; deactivate it there"
        return Outcome(delivery.id, Verdict.REFUSED, words, account)
    return Outcome(delivery.id, verdict, account=account)


def license_judged(delivery: Delivery, truth: PlatformLearner, so_far: Outcome) -> Outcome:
    """The same, where a license is more than an active account."""
    licensed = delivery.ends_at is not None
    if so_far.verdict not in (Verdict.DONE, Verdict.ALREADY) or truth.licensed is licensed:
        return so_far
    if licensed:
        return Outcome(delivery.id, Verdict.EXHAUSTED, _UNLICENSED, truth.account)
    return Outcome(delivery.id, Verdict.REFUSED, "it keeps the license; take it away there", truth.account)


def _write(site: Site, delivery: Delivery, there: Json | None) -> Operation | Outcome:
    wanted = site.translator.wanted(delivery, there or {})
    if there is None:
        return Operation("POST", "/Users", whole(wanted, {}))
    changes = differing(wanted, there)
    if not changes:
        return Outcome(delivery.id, Verdict.ALREADY, account=text(there.get("id")))
    version = _version(site.features, there)
    if site.features.patch:
        return Operation("PATCH", _path(there), patch(changes), version)
    return Operation("PUT", _path(there), {"id": there.get("id"), **whole(changes, there)}, version)


def _may_adopt(site: Site, stranger: Json) -> bool:
    return site.options.adopt_by_email and site.translator.learner_of(stranger) is None


def _taken(site: Site, delivery: Delivery, holder: Json) -> Outcome:
    email, account = delivery.profile.email, text(holder.get("id"))
    key = text(EXTERNAL_ID.of(holder))
    if site.translator.learner_of(holder) is not None:
        words = f"{email} belongs to account {account}, which is another learner's ({key})"
        return Outcome(delivery.id, Verdict.REFUSED, f"{words}; give that one another address first")
    words = f"{email} belongs to account {account}, which syncd did not make"
    hint = "set adopt_by_email to take it over, or change its address there"
    return Outcome(delivery.id, Verdict.REFUSED, f"{words}; {hint}")


def _path(resource: Json) -> str:
    return path_of("Users", text(resource.get("id")))


def _version(features: Features, resource: Json) -> str:
    """What a change is meant for, so that nobody else's is lost."""
    return text(member(member(resource, "meta"), "version")) if features.etag else ""
