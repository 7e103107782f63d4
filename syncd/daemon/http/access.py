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
ROUND_THE_PROXY = "ask through the proxy that http.behind_proxy names"
_NONE = "this needs a token, and the configuration has none: http.tokens"


@dataclass(frozen=True, slots=True)
class Holder:
    """Whoever has a token: known by its digest."""

    name: str
    role: Role
    digest: bytes


class Access:
    """The tokens as they are when this is made. Raises `ConfigError` for one that is not there."""

    def __init__(self, section: HttpSection) -> None:
        self._holders: Sequence[Holder] = tuple(
            Holder(token.name, token.role, _digest(token.token.reveal())) for token in section.tokens
        )
        self._proxies = [ip_network(network) for network in section.behind_proxy]
        self.is_secret = bool(section.tls or section.behind_proxy)
        """Whether what browsers send comes by TLS."""

    @property
    def has_tokens(self) -> bool:
        return bool(self._holders)

    def check(self, request: Request, role: Role) -> str:
        """The name of whoever asks. Answers 401 without a good token, 403 with one too weak."""
        if not self.came_right(request):
            raise HTTPException(403, ROUND_THE_PROXY)
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        found = self.holder_of(token) if scheme.lower() == "bearer" else None
        if found is None:
            raise HTTPException(401, _ASK if self.has_tokens else _NONE, {"WWW-Authenticate": "Bearer"})
        if found.role < role:
            raise HTTPException(403, f"this needs the role {role.name.lower()}")
        return found.name

    def holder_of(self, token: str) -> Holder | None:
        """Whose token this is; None where it is nobody's."""
        return self._with(_digest(token.strip()))

    def as_now(self, holder: Holder) -> Holder | None:
        """Somebody known from before, with the role they have now; None once their token is not good."""
        found = self._with(holder.digest)
        return found if found is not None and found.name == holder.name else None

    def came_right(self, request: Request) -> bool:
        """Where a proxy keeps tokens from being overheard, nobody goes round it."""
        return not self._proxies or self._is_a_proxy(request.client.host if request.client else "")

    def address_of(self, request: Request) -> str:
        """From where somebody asks, as the proxy says where there is one."""
        told = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
        here = request.client.host if request.client else ""
        return told if told and self._is_a_proxy(here) else here

    def _is_a_proxy(self, host: str) -> bool:
        return bool(host) and any(ip_address(host) in network for network in self._proxies)

    def _with(self, digest: bytes) -> Holder | None:
        found = [holder for holder in self._holders if hmac.compare_digest(holder.digest, digest)]
        return found[0] if found else None


def needs(access: Callable[[], Access], role: Role) -> Callable[[Request], str]:
    """A dependency: the name of whoever asks, once their token is good for `role`."""

    def who(request: Request) -> str:
        return access().check(request, role)

    return who


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()
