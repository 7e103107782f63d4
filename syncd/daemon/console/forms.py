"""Forms: whether what is sent to us was filled in on a page of ours, by the browser that asked for it.

A form carries a proof that only we can make, of its browser's cookie; and browsers say from where a form
is sent. Pages send no referrer, and for that browsers leave out the Origin, too; then Sec-Fetch-Site counts.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

from starlette.requests import Request

LARGEST = 8192  # bytes of a form


class Forms:
    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def proof(self, cookie: str) -> str:
        """What a form carries for the browser with this cookie."""
        return hmac.digest(self._key, cookie.encode(), "sha256").hex()

    def proves(self, cookie: str, proof: str) -> bool:
        return bool(cookie) and hmac.compare_digest(self.proof(cookie).encode(), proof.encode())


def is_from_us(request: Request) -> bool:
    """Whether the browser says that the form is on a page of this site."""
    origin, site = request.headers.get("origin", "null"), request.headers.get("sec-fetch-site")
    if origin != "null" and urlsplit(origin).netloc != request.headers.get("host"):
        return site == "same-origin" and origin.startswith("https://")  # a proxy may have changed the host
    return site == "same-origin" if site is not None else origin != "null"


async def filled_in(request: Request) -> Mapping[str, str] | None:
    """The fields of a form; None for what is none, or too large."""
    if request.headers.get("content-type", "").partition(";")[0] != "application/x-www-form-urlencoded":
        return None
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LARGEST:
            return None
    fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=None)
    return {name: values[0] for name, values in fields.items()}
