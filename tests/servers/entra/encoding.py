"""Opaque tokens of paging and of delta: what the server must remember, in the client's hands."""

from __future__ import annotations

import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from typing import Any

import orjson


def base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def seal(state: Any) -> str:
    return base64url(zlib.compress(orjson.dumps(state), 1))


def unseal(token: str) -> Any:
    """Raises ValueError for a token that was tampered with."""
    try:
        return orjson.loads(zlib.decompress(urlsafe_b64decode(token + "=" * (-len(token) % 4))))
    except (Error, zlib.error, ValueError) as exc:
        raise ValueError("not one of our tokens") from exc
