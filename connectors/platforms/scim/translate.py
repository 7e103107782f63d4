"""A learner as a SCIM user, and back: a table for the profile, a function for each kind of license. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from connectors.platforms.scim.attributes import (
    ENTERPRISE,
    Attribute,
    Json,
    Wanted,
    as_bool,
    items,
    text,
)
from connectors.platforms.scim.options import ScimExtensionOptions, ScimOptions
from syncd.model import Profile
from syncd.ports import Delivery, PlatformLearner

USER_NAME = Attribute("userName")
EXTERNAL_ID = Attribute("externalId")
DISPLAY_NAME = Attribute("displayName")
EMAILS = Attribute("emails")
ACTIVE = Attribute("active")
ENTITLEMENTS = Attribute("entitlements")
PLACES: Mapping[str, Attribute] = {
    "first_name": Attribute("name", "givenName"),
    "last_name": Attribute("name", "familyName"),
    "department": Attribute("department", schema=ENTERPRISE),
    "job_title": Attribute("title"),
    "employee_id": Attribute("employeeNumber", schema=ENTERPRISE),
    "language": Attribute("preferredLanguage"),
    "manager_email": Attribute("manager", "value", ENTERPRISE),
    "group": Attribute("division", schema=ENTERPRISE),
    "role": Attribute("userType"),
}
"""Where each field of a profile is kept, but the address."""


@dataclass(frozen=True, slots=True)
class Translator:
    """`fields`: what of a profile this platform keeps besides the address."""

    options: ScimOptions
    fields: Collection[str]

    def key(self, learner: int) -> str:
        """By what an account is known to be this learner's: its externalId."""
        return f"{self.options.key_prefix}{learner}"

    def learner_of(self, resource: Json) -> int | None:
        """The number of the learner whose account it is; None for a stranger's."""
        key = text(EXTERNAL_ID.of(resource))
        number = key.removeprefix(self.options.key_prefix)
        is_ours = key != number and number.isascii() and number.isdecimal() and str(int(number)) == number
        return int(number) if is_ours else None

    def user_name(self, delivery: Delivery) -> str:
        """Empty for somebody who lacks what it is made of."""
        if self.options.user_name == "key":
            return self.key(delivery.learner)
        return text(getattr(delivery.profile, self.options.user_name))

    def wanted(self, delivery: Delivery, there: Json) -> dict[Attribute, Any]:
        """How the account shall be; what lists hold besides is left in them."""
        profile = delivery.profile
        wanted: dict[Attribute, Any] = {
            USER_NAME: self.user_name(delivery),
            EXTERNAL_ID: self.key(delivery.learner),
            DISPLAY_NAME: profile.full_name or profile.email,
            EMAILS: _emails(profile.email, there),
            ACTIVE: delivery.active,
        }
        if is_active(there) is delivery.active and there:
            del wanted[ACTIVE]
        if not {"first_name", "last_name"} & set(self.fields):
            del wanted[DISPLAY_NAME]
        for name in self.fields:
            wanted[PLACES[name]] = getattr(profile, name) or None
        return {**wanted, **self._license(delivery.ends_at, there)}

    def learner(self, resource: Json, members: Collection[str]) -> PlatformLearner:
        """An account as the engine knows it. `members`: the accounts in the license's group."""
        account = text(resource.get("id"))
        told = {name: text(PLACES[name].of(resource)) for name in self.fields}
        active = is_active(resource)
        ends_at = self._ends_at(resource)
        return PlatformLearner(
            account=account,
            learner=self.learner_of(resource),
            profile=Profile(email_of(resource), **told),
            active=active,
            licensed=self._licensed(resource, account in members, active=active),
            ends_at=ends_at,
        )

    @property
    def keeps(self) -> Collection[str]:
        """`Platform.keeps`."""
        chosen, extension = self.options.license, self.options.license.extension
        own = ["license"] if chosen.extension or chosen.entitlement or chosen.group else []
        return ("email", *self.fields, *own, *(["ends_at"] if extension and extension.ends_at else []))

    def _license(self, ends_at: int | None, there: Json) -> Wanted:
        if (extension := self.options.license.extension) is not None:
            return dict(_extended(extension, ends_at, there))
        if (value := self.options.license.entitlement) is not None:
            held = items(ENTITLEMENTS.of(there))
            if ends_at is None:
                return {ENTITLEMENTS: [one for one in held if one.get("value") != value] or None}
            return {ENTITLEMENTS: held if _entitled(there, value) else [*held, {"value": value}]}
        return {}

    def _licensed(self, resource: Json, is_member: bool, *, active: bool) -> bool:
        chosen = self.options.license
        if chosen.group is not None:
            return is_member
        if chosen.entitlement is not None:
            return _entitled(resource, chosen.entitlement)
        if chosen.extension is None:
            return active
        place = _named(chosen.extension)
        if place is None:
            return self._ends_at(resource) is not None
        return _holds(chosen.extension.value, place.of(resource))

    def _ends_at(self, resource: Json) -> int | None:
        extension = self.options.license.extension
        if extension is None or extension.ends_at is None:
            return None
        return _moment(Attribute(extension.ends_at, schema=extension.urn).of(resource))


def is_active(resource: Json) -> bool:
    """Whoever does not say is (RFC 7643 leaves open what a missing `active` means)."""
    return as_bool(ACTIVE.of(resource)) is not False


def email_of(resource: Json) -> str:
    """The primary address, else the one for work, else the first; else a userName that is one."""
    listed = items(EMAILS.of(resource))
    found = text(listed[_main(listed)].get("value")) if listed else ""
    name = text(USER_NAME.of(resource))
    return found or (name if "@" in name else "")


def addresses_of(resource: Json) -> set[str]:
    """All by which somebody may be found, in lower case."""
    listed = [text(one.get("value")) for one in items(EMAILS.of(resource))]
    return {one.casefold() for one in (*listed, text(USER_NAME.of(resource))) if one}


def _emails(email: str, there: Json) -> list[Json]:
    listed = items(EMAILS.of(there))
    if not listed:
        return [{"value": email, "type": "work", "primary": True}]
    main = listed[_main(listed)]
    if text(main.get("value")).casefold() == email.casefold():
        return listed
    others = [
        one for one in listed if one is not main and text(one.get("value")).casefold() != email.casefold()
    ]
    return [{"value": email, "type": text(main.get("type")) or "work", "primary": True}, *others]


def _main(listed: list[Json]) -> int:
    ranks = [(as_bool(one.get("primary")) is not True, one.get("type") != "work") for one in listed]
    return ranks.index(min(ranks))


def _entitled(resource: Json, value: str) -> bool:
    return any(one.get("value") == value for one in items(ENTITLEMENTS.of(resource)))


def _named(extension: ScimExtensionOptions) -> Attribute | None:
    return None if extension.attribute is None else Attribute(extension.attribute, schema=extension.urn)


def _extended(
    extension: ScimExtensionOptions, ends_at: int | None, there: Json
) -> Iterator[tuple[Attribute, Any]]:
    if (place := _named(extension)) is not None:
        yield place, _with_value(extension.value, place.of(there), held=ends_at is not None)
    if extension.ends_at is not None:
        end = Attribute(extension.ends_at, schema=extension.urn)
        known = end.of(there)
        same = _moment(known) == ends_at
        yield end, known if same else None if ends_at is None else _written(ends_at)


def _with_value(value: Any, known: Any, *, held: bool) -> Any:
    """What the attribute shall hold: of several values only ours come and go."""
    if not isinstance(value, tuple):
        return value if held else None
    had = known if isinstance(known, list) else []
    if held:
        return [*had, *(one for one in value if one not in had)]
    return [one for one in had if one not in value] or None


def _holds(value: Any, known: Any) -> bool:
    if isinstance(value, tuple):
        return isinstance(known, list) and set(value) <= set(map(text, known))
    return as_bool(known) is value if isinstance(value, bool) else bool(known == value)


def _written(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _moment(written: Any) -> int | None:
    """Seconds since 1970; a time without a zone is UTC. Sub-seconds are dropped."""
    try:
        found = datetime.fromisoformat(text(written))
    except ValueError:
        return None
    return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp())
