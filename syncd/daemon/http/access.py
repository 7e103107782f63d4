"""Access: who is asking, and whether their token is good for it. Tokens are never kept or logged."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import ip_address, ip_network

from fastapi import HTTPException, Request
from fastapi.security import HTTPBearer

from syncd.settings.http import HttpSection, Role

bearer = HTTPBearer(auto_error=False, description="a token of the configuration's `http.tokens`")

_ASK = "give a token: Authorization: Bearer …"
_NONE = "this needs a token, and the configuration has none: http.tokens"


@dataclass(frozen=True, slots=True)
class _Holder:
    name: str
    role: Role
    digest: bytes


class Access:
    """The tokens as they are when this is made. Raises `ConfigError` for one that is not there."""

    def __init__(self, section: HttpSection) -> None:
        self._holders: Sequence[_Holder] = tuple(
            _Holder(token.name, token.role, _digest(token.token.reveal())) for token in section.tokens
        )
        self._proxies = [ip_network(network) for network in section.behind_proxy]

    @property
    def has_tokens(self) -> bool:
        return bool(self._holders)

    def check(self, request: Request, role: Role) -> str:
        """The name of whoever asks. Answers 401 without a good token, 403 with one too weak."""
        self._from_the_proxy(request)
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        given = _digest(token.strip()) if scheme.lower() == "bearer" else b""
        found = [holder for holder in self._holders if hmac.compare_digest(holder.digest, given)]
        if not found:
            raise HTTPException(401, _ASK if self.has_tokens else _NONE, {"WWW-Authenticate": "Bearer"})
        if found[0].role < role:
            raise HTTPException(403, f"this needs the role {role.name.lower()}")
        return found[0].name

    def _from_the_proxy(self, request: Request) -> None:
        """Where a proxy keeps tokens from being overheard, nobody goes round it."""
        if self._proxies and not (
            request.client and any(ip_address(request.client.host) in network for network in self._proxies)
        ):
            raise HTTPException(403, "ask through the proxy that http.behind_proxy names")


def needs(access: Callable[[], Access], role: Role) -> Callable[[Request], str]:
    """A dependency: the name of whoever asks, once their token is good for `role`."""

    def who(request: Request) -> str:
        return access().check(request, role)

    return who


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()
