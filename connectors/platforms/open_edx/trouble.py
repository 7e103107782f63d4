"""Refusals of license-manager and the LMS as errors: our words, their own where they help, and what to do."""

from __future__ import annotations

import json
from typing import Any

import requests

from connectors.http_trouble import host_of
from syncd.errors import Retriable, SyncdError, Unanswered, Unavailable

LOCKED, SLOWER = 423, 429
_LOG = "run again; if it stays, look into the log of {host}"


class Missing(Unavailable):
    """There is nothing at that address."""


class Broken(Unanswered):
    """It answered with an error of its own, and nobody knows what it did before that."""


def body_of(answer: requests.Response) -> Any:
    """The JSON of an answer, None where it is none."""
    try:
        return json.loads(answer.content)
    except ValueError:
        return None


def words_of(body: Any) -> str:
    """What a refusal says: a text, `detail`, or the first complaint of a form."""
    while isinstance(body, (dict, list)) and body:
        values = list(body.values()) if isinstance(body, dict) else body
        body = body["detail"] if isinstance(body, dict) and "detail" in body else values[0]
    said = body if isinstance(body, str) else ""
    plain = "".join(letter if letter.isprintable() else " " for letter in said)
    return " ".join(plain.split())[:200].rstrip(".")


def failed(answer: requests.Response, *, reading: bool) -> SyncdError:
    """The error for an answer that something is wrong with the server."""
    host = host_of(answer.url)
    words, hint = f"{host} answered with an error of its own ({answer.status_code})", _LOG.format(host=host)
    return Retriable(words, next_step=hint) if reading else Broken(words, next_step=hint)


def busy(answer: requests.Response, after: float | None) -> Retriable:
    """The error for an answer that asks us to come back. Nothing was done."""
    host = host_of(answer.url)
    if answer.status_code == LOCKED:
        hint = "run again; a lock that a crash has left behind is gone after five minutes"
        return Retriable(f"{host}: somebody else is assigning licenses", next_step=hint, after=after)
    hint = "run again later, or have our user listed where license-manager does not limit users"
    return Retriable(f"{host} asks us to slow down ({answer.status_code})", next_step=hint, after=after)


def refused(answer: requests.Response, plan: str) -> SyncdError:
    """The error for an answer that concerns the plan or us as a whole."""
    host, status = host_of(answer.url), answer.status_code
    said = words_of(body_of(answer))
    named = f"({status}: {said})" if said else f"({status})"
    if status == 401:
        return Unavailable(
            f"{host} does not accept the LMS's token {named}",
            next_step="check that url and lms_url belong together, and license-manager's JWT settings",
        )
    if status == 403:
        return Unavailable(
            f"our user may not manage plan {plan}, or there is none {named}",
            next_step="check subscription_plan; give the user of the LMS application a role that manages the "
            "customer's licenses: see docs/platforms.md, Open edX",
        )
    if status == 404:
        return Missing(
            f"{host} has no plan {plan} {named}", next_step="check subscription_plan, and the path in url"
        )
    return Unavailable(f"{host} refused {named}", next_step=_LOG.format(host=host))


def strange(host: str) -> Retriable:
    return Retriable(
        f"{host}: an answer that is not license-manager's", next_step="check url, and proxies on the way"
    )


def sign_in_refused(answer: requests.Response) -> SyncdError:
    host, status = host_of(answer.url), answer.status_code
    body = body_of(answer)
    code = str(body.get("error") or "") if isinstance(body, dict) else ""
    named = f"({status}: {code})" if code else f"({status})"
    if status == 404:
        return Unavailable(f"{host} signs nobody in {named}", next_step="check lms_url")
    hint = "check client_id and client_secret: LMS admin > Django OAuth Toolkit > Applications"
    if code == "unauthorized_client" or code == "unsupported_grant_type":
        hint = "its Authorization grant type must be Client credentials, and its client type Confidential"
    return Unavailable(f"{host} refused the sign-in {named}", next_step=hint)


def no_jwt(host: str, kind: str) -> SyncdError:
    return Unavailable(
        f"{host} gave a token of type {kind or 'unknown'}, not a JWT, and license-manager takes no other",
        next_step="check lms_url, and that the LMS may issue JWTs",
    )
