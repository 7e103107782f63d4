"""Refusals of Entra and Graph as errors: our words, their own code, and the id to ask Microsoft about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.directories.entra_id.codes import DENIED, GRAPH, LOST, PORTAL, SIGN_IN, WHAT_FOR
from syncd.errors import ConfigError, CursorLost, Retriable, SyncdError, Unavailable

BUSY = frozenset({408, 429, 500, 502, 503, 504, 509})
_CLOCK, _OFF = 700024, 60


def sign_in_refused(answer: Mapping[str, Any], host: str, ahead: int) -> SyncdError:
    """The error for a token endpoint's refusal. `ahead`: how many seconds our clock is ahead of theirs."""
    description = str(answer.get("error_description") or answer.get("error") or "no reason given")
    code = _aadsts(answer, description)
    trace = answer.get("trace_id") or _after(description, "Trace ID:")
    name = f"AADSTS{code}" if code else str(answer.get("error") or "no code")
    named = f"{name}, trace {trace}" if trace else name
    if (known := SIGN_IN.get(code)) is None:
        text = description.partition(": ")[2].partition("Trace ID:")[0] or description
        look = (
            f"look it up: https://login.microsoftonline.com/error?code={code}" if code else "check credential"
        )
        return Unavailable(f"{host} refused the sign-in: {_short(text)} ({named})", next_step=look)
    clock = ""
    if code == _CLOCK and abs(ahead) > _OFF:
        clock = f"; our clock is {abs(ahead)} s {'ahead' if ahead > 0 else 'behind'}"
    words = f"{host} refused the sign-in: {known.text}{clock} ({named})"
    return known.kind(words, next_step=known.next_step)


def refused(
    status: int,
    body: Mapping[str, Any],
    headers: Mapping[str, str],
    *,
    enough: tuple[str, ...],
    roles: frozenset[str],
) -> SyncdError:
    """The error for an answer of Graph that is neither good nor passing.

    `enough`: the permissions of which one is needed for what was asked; `roles`: those the app has.
    """
    error = _error(body)
    code, message = str(error.get("code") or f"status {status}"), str(error.get("message") or "")
    named = f"{code}{_request_id(error, headers)}"
    if code.lower() == DENIED:
        return _denied(enough, roles, named)
    if "Could not find a property named" in message:
        name = _after(message, "named").strip("'")
        return ConfigError(
            f"Graph has no attribute {name} of people ({named})",
            next_step=f"correct {name} in mapping or scope; list an extension with capitals in extensions",
        )
    if (known := GRAPH.get(code.lower())) is not None:
        words = f"Graph refused: {known.text} ({named}: {_short(message)})"
        return known.kind(words, next_step=known.next_step)
    words = f"Graph refused: {_short(message) or 'no reason given'} ({named})"
    return Unavailable(words, next_step="run again; if it stays, ask Microsoft with that request id")


def _denied(enough: tuple[str, ...], roles: frozenset[str], named: str) -> SyncdError:
    least, purpose = enough[0], WHAT_FOR.get(enough, "this")
    if roles.isdisjoint(enough):
        has = f"it has {', '.join(sorted(roles))}" if roles else "it has none"
        words = f"the app lacks the application permission {least}, which {purpose} needs; {has} ({named})"
        return Unavailable(words, next_step=consent(least))
    return Unavailable(
        f"the app has what {purpose} needs, and was refused ({named})",
        next_step="a new grant takes some minutes; some attributes need a permission of their own",
    )


def consent(permission: str) -> str:
    """How an admin grants a permission, in the portal's own words."""
    way = "API permissions > Microsoft Graph > Application permissions"
    return f"{PORTAL} > {way} > {permission}, then Grant admin consent"


def busy(status: int, body: Mapping[str, Any], headers: Mapping[str, str], after: float | None) -> Retriable:
    """The error for an answer that asks us to come back."""
    error = _error(body)
    named = f"{error.get('code') or status}{_request_id(error, headers)}"
    words = "asks us to slow down" if status == 429 else "is not available at the moment"
    words += f", for {after:g} s" if after else ""
    return Retriable(f"Graph {words} ({named})", next_step="run again later", after=after)


def is_lost(status: int, body: Mapping[str, Any]) -> bool:
    """Whether this answer to a delta link means that only a whole read can tell."""
    codes, error = set(), _error(body)
    while error:
        codes.add(str(error.get("code") or "").lower())
        error = _inner(error)
    return status == 410 or not codes.isdisjoint(LOST)


def lost(body: Mapping[str, Any]) -> CursorLost:
    code = _error(body).get("code") or "410 Gone"
    return CursorLost(f"Graph no longer knows what has changed since the last run ({code})")


def _error(body: Mapping[str, Any]) -> Mapping[str, Any]:
    found = body.get("error")
    return found if isinstance(found, Mapping) else {}


def _inner(error: Mapping[str, Any]) -> Mapping[str, Any]:
    found = error.get("innerError") or error.get("innererror")
    return found if isinstance(found, Mapping) else {}


def _request_id(error: Mapping[str, Any], headers: Mapping[str, str]) -> str:
    found = _inner(error).get("request-id") or headers.get("request-id")
    return f", request {found}" if found else ""


def _aadsts(answer: Mapping[str, Any], description: str) -> int:
    digits = _after(description, "AADSTS")
    if digits.isdecimal():
        return int(digits)
    codes = answer.get("error_codes")
    return int(codes[0]) if isinstance(codes, list) and codes and str(codes[0]).isdecimal() else 0


def _after(text: str, label: str) -> str:
    """The word behind a label."""
    words = text.partition(label)[2].split()
    return words[0].rstrip(":.,") if words else ""


def _short(text: str) -> str:
    return " ".join(text.split())[:200].rstrip(".")
