"""What a SCIM server's refusals mean: no seat left, this person, or us."""

from __future__ import annotations

import re

from connectors.platforms.scim.attributes import Json, text
from syncd.errors import Unavailable

# Neither RFC 7644 nor its scimType has a word for it; these statuses and words are what servers use.
_NO_SEAT = frozenset({402, 507})
_PERHAPS = frozenset({400, 403, 409, 412, 422})
_WORDS = re.compile(
    r"licen[cs]e|\bseats?\b|\bquota\b|limit[ _]?(is |was |has been )?(reached|exceeded)|capacity"
    r"|increase_seats",
    re.IGNORECASE,
)
_NEVER = frozenset({"uniqueness", "mutability", "invalidpath", "invalidfilter", "notarget", "invalidvers"})


def no_seat_left(status: int, body: Json) -> bool:
    """Whether the platform says that it has no seat left."""
    if status in _NO_SEAT:
        return True
    if status not in _PERHAPS or text(body.get("scimType")).lower() in _NEVER:
        return False
    said = " ".join(
        text(body.get(name)) for name in ("detail", "scimType", "message", "error", "code", "title")
    )
    return _WORDS.search(said) is not None


def said(status: int, body: Json) -> str:
    """A refusal in the server's own words, with its code."""
    words = next(
        (text(body.get(name)) for name in ("detail", "message", "error", "title") if body.get(name)), ""
    )
    short = " ".join(words.split())[:200].rstrip(".") or "no reason given"
    kind = text(body.get("scimType"))
    return f"{short} ({status}{f' {kind}' if kind else ''})"


def not_let_in(host: str, status: int, body: Json, who: str) -> Unavailable:
    """The error for a 401, and for a 403 that does not speak of seats."""
    if status == 401:
        words = f"{host} does not accept {who} (401)"
        return Unavailable(
            words, next_step="put a valid one there; on the platform, see whether it has ended"
        )
    words = f"{host} does not let {who} do that: {said(status, body)}"
    hint = "on the platform, give it the right to read and write users (and groups), or check platform.auth"
    return Unavailable(words, next_step=hint)
