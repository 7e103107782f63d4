"""`syncd check` for a SCIM platform: credentials, features, fields, the license, accounts. Reads only."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

from connectors.platforms.scim.attributes import Attribute, text
from connectors.platforms.scim.listing import cannot_list
from connectors.platforms.scim.options import ScimOptions
from connectors.platforms.scim.site import Site, Sites
from connectors.platforms.scim.translate import ENTITLEMENTS, EXTERNAL_ID, PLACES
from connectors.platforms.scim.wire import Answer
from syncd.errors import SyncdError
from syncd.model import Finding

_DAY = 86_400
_SOON = 30 * _DAY


def check(sites: Sites, options: ScimOptions) -> Iterator[Finding]:
    """Findings from the connection inwards; what cannot work without the one before is left out."""
    try:
        with sites.opened() as site:
            page = site.wire.page("/Users", "list", startIndex="1", count="1")
            if isinstance(page, Answer):
                raise cannot_list(site.wire, page)
            who = sites.credentials.what
            yield Finding(site.wire.host, True, f"{who} is let in and may read {_accounts(page.total)}")
            yield Finding("SCIM", True, site.features.in_words)
            yield from _credential(sites)
            yield from _fields(site)
            yield from _license(site)
            yield from _ours(site)
    except SyncdError as exc:
        yield Finding(f"platform {options.url}", False, exc.message, exc.next_step, exc.exit_code)


def _credential(sites: Sites) -> Iterator[Finding]:
    for ending in sites.credentials.endings():
        left = (ending.ends_at - int(time.time())) // _DAY
        day = datetime.fromtimestamp(ending.ends_at, UTC).date()
        hint = "make a new one: without it nobody is told of" if left * _DAY <= _SOON else ""
        yield Finding("credential", left >= 0, f"{ending.what} ends on {day}: {max(left, 0)} days left", hint)


def _fields(site: Site) -> Iterator[Finding]:
    lost = [name for name in site.options.fields if name not in site.translator.fields]
    for name in lost:
        words = f"{name} is not sent: this server does not know {PLACES[name].path}"
        yield Finding(
            "fields", True, words, f"take {name} out of platform.fields, or let the platform have it"
        )
    told = ", ".join(("email", *site.translator.fields))
    yield Finding("fields", True, f"sent and compared: {told}")


def _license(site: Site) -> Iterator[Finding]:
    chosen = site.options.license
    if site.group is not None:
        members = len(site.members)
        yield Finding("license", True, f"group {chosen.group}: {_so_many(members, 'member')}")
        if not site.features.patch:
            words = "this server knows no PATCH, by which a single member is put into a group"
            yield Finding("license", False, words, "express the license otherwise: platform.license")
        return
    extension = chosen.extension
    names = (extension.attribute, extension.ends_at) if extension else ()
    places = [Attribute(name, schema=extension.urn) for name in names if extension and name]
    places += [ENTITLEMENTS] if chosen.entitlement else []
    for place in places:
        known = site.features.knows(place)
        words = place.path if known else f"this server does not know {place.path}"
        yield Finding("license", known, words, "" if known else "correct platform.license")
    if not places:
        yield Finding("license", True, "an active account is a seat")


def _ours(site: Site) -> Iterator[Finding]:
    """How many accounts are ours, where a filter can tell."""
    prefix = site.options.key_prefix
    asked = {"filter": f'externalId sw "{prefix}"', "startIndex": "1", "count": "1"}
    page = site.wire.page("/Users", "list", **asked)
    if isinstance(page, Answer):
        words = f"this server cannot count them: {page.status} for a filter on externalId"
        yield Finding("accounts", True, words)
        return
    if any(not text(EXTERNAL_ID.of(one)).startswith(prefix) for one in page.resources):
        yield Finding("accounts", True, "this server does not heed filters: every run lists all its users")
        return
    yield Finding("accounts", True, f"{_accounts(page.total)} of ours, by externalId {prefix}…")


def _accounts(count: int) -> str:
    return _so_many(count, "account")


def _so_many(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
