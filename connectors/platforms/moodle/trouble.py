"""Refusals of Moodle: those about the site as a whole as errors, those about what was sent as values.

Every answer is HTTP 200. An error has `exception` and `errorcode`, or `error` and `errorcode`, and its reason
(`debuginfo`) only where the site shows debugging messages.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from html import unescape
from typing import Any, NamedTuple

from syncd.errors import Retriable, SyncdError, Unavailable

_TAG = re.compile(r"<[^>]*>")
_SERVICES = "Site administration > Server > Web services"
_LOG_IN = "log in on the site as the token's user once and do what it asks"


class Refusal(NamedTuple):
    """Moodle would not do this, and may well do the next."""

    code: str
    text: str
    reason: str = ""

    @property
    def words(self) -> str:
        return self.reason or self.text or self.code


class Lost(Enum):
    """It was sent, and nobody knows what came of it."""

    ANSWER = "the answer never came"


class Words(NamedTuple):
    text: str
    next_step: str
    kind: type[SyncdError] = Unavailable


CODES: Mapping[str, Words] = {
    "invalidtoken": Words(
        "does not know the token", f"check the secret, or make a new token: {_SERVICES} > Manage tokens"
    ),
    "invalidtimedtoken": Words("says the token has ended", f"make a new one: {_SERVICES} > Manage tokens"),
    "accessexception": Words(
        "does not let the token do this",
        f"{_SERVICES} > External services: add the function to the token's service; check the service's "
        "authorised users, the token's IP restriction, and that its user is not suspended",
    ),
    "nopermissions": Words(
        "says the token's user lacks a capability",
        "add it to the role of the token's user; `syncd check` names what is needed",
    ),
    "sitemaintenance": Words("is in maintenance mode", "run again when it is back"),
    "upgraderunning": Words("is being upgraded", "run again when that is done"),
    "enablewsdescription": Words(
        "has web services turned off", "Site administration > Advanced features > Enable web services"
    ),
    "servicenotavailable": Words("has the token's service turned off", f"{_SERVICES} > External services"),
    "forcepasswordchangenotice": Words("wants the token's user to change the password", _LOG_IN),
    "usernotfullysetup": Words("wants the token's user to complete the profile", _LOG_IN),
    "sitepolicynotagreed": Words("wants the token's user to agree to the site's policy", _LOG_IN),
    "requireloginerror": Words("does not let the token's user in", _LOG_IN),
    "dbconnectionfailed": Words("cannot reach its database", "run again later", Retriable),
    "dmlconnectionexception": Words("cannot reach its database", "run again later", Retriable),
}


def judged(host: str, function: str, error: Mapping[str, Any]) -> Refusal:
    """What an error means, where it is about what was sent. Raises where it is about the whole site."""
    code, reason = plain(error.get("errorcode")), plain(error.get("debuginfo"))
    text = plain(error.get("message") or error.get("error"))
    if code == "invalidrecord" and "external_functions" in f"{text} {reason}":
        raise Unavailable(
            f"{host} has no function {function}", next_step="it needs Moodle 4.1 or newer, or IOMAD where set"
        )
    if (known := CODES.get(code)) is None:
        return Refusal(code, text, reason)
    said = f": {text}" if code == "nopermissions" and text else ""
    raise known.kind(f"{host} {known.text} ({function}, {code}{said})", next_step=known.next_step)


def is_error(answer: object) -> bool:
    return isinstance(answer, Mapping) and ("exception" in answer or {"error", "errorcode"} <= answer.keys())


def plain(text: object) -> str:
    """Words without markup: Moodle puts HTML into messages and even into codes."""
    return " ".join(unescape(_TAG.sub(" ", str(text or ""))).split())[:300]
