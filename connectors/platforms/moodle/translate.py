"""Learners as Moodle's fields, and accounts as learners. Pure.

Moodle refuses a whole call for a value it would have to clean: markup in a name, a capital in a username. So
values are sent as it can keep them, and what is kept like that counts as the learner's own when it is read.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from typing import Any

from connectors.platforms.moodle.options import MoodleOptions
from syncd.errors import Skipped, Unavailable
from syncd.model import PROFILE_FIELDS, Profile
from syncd.ports import Delivery, PlatformLearner

EMAIL, FIRST, LAST = "email", "firstname", "lastname"
OWN = {"email": EMAIL, "first_name": FIRST, "last_name": LAST, "department": "department"}
LONGEST = {EMAIL: 100, FIRST: 100, LAST: 100, "department": 255}
NO_NAME = "-"  # Moodle wants both names
_NEEDS = {
    "suspended": "moodle/user:viewhiddendetails",
    "email": "moodle/site:viewuseridentity, and have Users > User policies > Show user identity name it",
    "username": "moodle/user:viewalldetails",
}
_MAIL_A_PASSWORD = frozenset({"manual", "email"})
_SPACES = re.compile(r"[\s\x00-\x1f\x7f]+")
_NOT_IN_A_USERNAME = re.compile(r"[^-._@a-z0-9]")
_MARKUP = str.maketrans("<>", "‹›")


@dataclass(frozen=True, slots=True)
class Account:
    """An account as the site shows it. `fields` holds its own fields, `custom` the custom ones."""

    id: int
    id_number: str
    username: str
    suspended: bool
    fields: Mapping[str, str]
    custom: Mapping[str, str]


def account(shown: Mapping[str, Any]) -> Account:
    """Raises `Unavailable` where the token's user is not shown what has to be known."""
    for name, capability in _NEEDS.items():
        if name not in shown:
            raise Unavailable(
                f"Moodle does not show the token's user the {name} of account {shown.get('id')}",
                next_step=f"give its role {capability}; `syncd check` names what else is needed",
            )
    custom = {one.get("shortname", ""): str(one.get("value") or "") for one in shown.get("customfields", ())}
    return Account(
        id=int(shown["id"]),
        id_number=str(shown.get("idnumber") or ""),
        username=str(shown["username"]),
        suspended=bool(shown["suspended"]),
        fields={name: str(shown.get(name) or "") for name in (*OWN.values(), "lang")},
        custom=custom,
    )


def learner_number(id_number: str, prefix: str) -> int | None:
    """Whose account it is, if it is ours."""
    digits = id_number.removeprefix(prefix)
    ours = digits != id_number and digits.isascii() and digits.isdecimal() and not digits.startswith("0")
    return int(digits) if ours else None


class Translator:
    """Both ways, for one site."""

    def __init__(self, options: MoodleOptions) -> None:
        self._options = options
        self._license_ends = options.fields.license_ends

    def key(self, learner: int) -> str:
        return f"{self._options.key_prefix}{learner}"

    def number(self, account: Account) -> int | None:
        return learner_number(account.id_number, self._options.key_prefix)

    @property
    def keeps(self) -> tuple[str, ...]:
        """What is stored there and can be read again."""
        kept = [*OWN, *self._options.fields.of_profile, *(["language"] if self._options.languages else [])]
        return tuple(name for name in PROFILE_FIELDS if name in kept)

    def fields(self, profile: Profile) -> dict[str, str]:
        """Moodle's own fields. Raises `Skipped` for an address it could not keep."""
        found = {theirs: cleaned(getattr(profile, ours), LONGEST[theirs]) for ours, theirs in OWN.items()}
        if found[EMAIL] != profile.email:
            raise Skipped(
                f"{profile.email[:120]} is no address Moodle can keep",
                next_step="it takes up to 100 characters, without spaces and angle brackets",
            )
        found |= {name: found[name] or NO_NAME for name in (FIRST, LAST)}
        if language := self._language(profile):
            found["lang"] = language
        return found

    def custom(self, delivery: Delivery, instead: Mapping[str, str] | None = None) -> dict[str, str]:
        """Custom fields by their short names; with others `instead` of the end of the license, if given."""
        named = self._options.fields.of_profile
        found = {short: cleaned(getattr(delivery.profile, ours), 255) for ours, short in named.items()}
        if self._license_ends and instead is None:
            found[self._license_ends] = as_text(delivery.ends_at)
        return {**found, **(instead or {})}

    def username(self, profile: Profile) -> str:
        """Raises `Skipped` where there is nothing to make one of."""
        source = self._options.username
        value = profile.email if source == "email" else profile.employee_id
        found = username_of(value)
        if not found or len(found) > 100:
            what = "e-mail address" if source == "email" else "employee id"
            raise Skipped(
                f"no username can be made of the {what} {value[:120]!r}",
                next_step=f"give them an {what} of up to 100 letters, digits and -._@; or change username",
            )
        return found

    def newcomer(self, delivery: Delivery, instead: Mapping[str, str] | None) -> dict[str, Any]:
        """All that a new account needs. Raises `Skipped`."""
        own, auth = self.fields(delivery.profile), self._options.auth
        found: dict[str, Any] = {"username": self.username(delivery.profile), "auth": auth}
        if auth in _MAIL_A_PASSWORD:
            found["createpassword"] = True
        found |= {**own, "idnumber": self.key(delivery.learner)}
        custom = self.custom(delivery, instead)
        return found | as_custom({short: value for short, value in custom.items() if value})

    def changed(
        self, delivery: Delivery, there: Account, instead: Mapping[str, str] | None
    ) -> dict[str, Any]:
        """What has to be said for the account to be as wanted; the id comes last. Raises `Skipped`."""
        wanted = self.fields(delivery.profile)
        found: dict[str, Any] = {
            name: value for name, value in wanted.items() if there.fields.get(name, "") != value
        }
        if there.id_number != self.key(delivery.learner):
            found["idnumber"] = self.key(delivery.learner)
        by_address = there.username == username_of(there.fields[EMAIL])
        if EMAIL in found and by_address and self._options.username == "email":
            found["username"] = self.username(delivery.profile)
        if there.suspended == delivery.active:
            found["suspended"] = not delivery.active
        custom = self.custom(delivery, instead)
        differing = {short: v for short, v in custom.items() if not _same(there.custom.get(short, ""), v)}
        found |= as_custom(differing)
        return {**found, "id": there.id} if found else {}

    def learner(self, there: Account, wanted: Delivery, *, licensed: bool | None) -> PlatformLearner:
        """The account as a learner; `licensed` where something else than the date of its end tells."""
        ends_at = as_time(self.ends_of(there))
        return PlatformLearner(
            account=str(there.id),
            learner=self.number(there),
            profile=self._profile(there, wanted),
            active=not there.suspended,
            licensed=ends_at is not None if licensed is None else licensed,
            ends_at=ends_at,
        )

    def ends_of(self, there: Account) -> str:
        """When their license ends, as it is kept; empty for none."""
        return unescape(there.custom.get(self._license_ends or "", ""))

    def _profile(self, there: Account, wanted: Delivery) -> Profile:
        try:
            sent = {**self.fields(wanted.profile), **self.custom(wanted, {})}
        except Skipped:
            sent = {}
        found = {}
        places = {**OWN, **self._options.fields.of_profile, "language": "lang"}
        for ours, theirs in places.items():
            stored = there.fields[theirs] if theirs in there.fields else there.custom.get(theirs, "")
            as_sent = theirs in sent and _same(stored, sent[theirs])
            unsaid = theirs == "lang" and theirs not in sent
            found[ours] = getattr(wanted.profile, ours) if as_sent or unsaid else stored
        return Profile(**{"role": wanted.profile.role, **found})

    def _language(self, profile: Profile) -> str:
        name, known = profile.language.lower().replace("_", "-"), self._options.languages
        return known.get(name) or known.get(name.partition("-")[0]) or ""


def username_of(value: str) -> str:
    """In lower case, without accents, and without what Moodle does not allow."""
    plain = unicodedata.normalize("NFKD", value).encode("ascii", "ignore").decode()
    return _NOT_IN_A_USERNAME.sub("", plain.lower())


def cleaned(value: str, longest: int) -> str:
    """As Moodle can keep it: one line, no markup, not longer than its column."""
    return _SPACES.sub(" ", value).translate(_MARKUP).strip()[:longest].strip()


def as_custom(fields: Mapping[str, str]) -> dict[str, Any]:
    """Custom fields as Moodle takes them."""
    found = [{"type": short, "value": value} for short, value in fields.items()]
    return {"customfields": found} if found else {}


def as_text(moment: int | None) -> str:
    """A moment in UTC, as it is kept in a custom field."""
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%dT%H:%M:%SZ}" if moment is not None else ""


def as_time(text: str) -> int | None:
    """The moment of such a text; 0 for one that is no time."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
        return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp())
    except ValueError:
        return 0


def _same(stored: str, sent: str) -> bool:
    """Older Moodles show custom fields as HTML."""
    return sent in (stored, unescape(stored))
