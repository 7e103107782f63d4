"""Access tokens: how they are written at the end of a login, and what Graph makes of one."""

from __future__ import annotations

from functools import cache
from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from tests.servers.entra.faults import GraphError, unauthenticated
from tests.servers.entra.registration import Registration

GRAPH = "https://graph.microsoft.com"
GRAPH_APP = "00000003-0000-0000-c000-000000000000"
KEY_ID = "signing-key-1"
TOLERANCE = 300
LIFETIME = 3599


@cache
def signing_key() -> rsa.RSAPrivateKey:
    """One for all servers of a process, as making one takes a while."""
    return rsa.generate_private_key(65537, 2048)


class Tokens:
    """Writes and reads. A token of another server, or of this one before it was started anew, is refused."""

    def __init__(self, tenant_id: str) -> None:
        self._tenant_id = tenant_id
        self._key = signing_key()
        self._known: dict[str, dict[str, Any]] = {}

    def issue(self, app: Registration, resource: str, now: float, lifetime: float = LIFETIME) -> str:
        claims = {
            "aud": resource,
            "iss": f"https://sts.windows.net/{self._tenant_id}/",
            "iat": int(now),
            "nbf": int(now),
            "exp": int(now + lifetime),
            "appid": app.client_id,
            "app_displayname": app.name,
            "idtyp": "app",
            "oid": app.service_principal_id,
            "sub": app.service_principal_id,
            "tid": self._tenant_id,
            "uti": uuid4().hex[:22],
            "ver": "1.0",
        }
        if app.roles:
            claims["roles"] = sorted(app.roles)
        token = jwt.encode(claims, self._key, "RS256", {"kid": KEY_ID})
        self._known[token] = claims
        return token

    def roles(self, authorization: str, now: float) -> frozenset[str]:
        """The permissions in the token of an Authorization header, or Graph's refusal of it."""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise unauthenticated("Access token is empty.")
        claims = self._read(token.strip())
        if claims["aud"].rstrip("/") not in (GRAPH, GRAPH_APP):
            raise unauthenticated("Access token validation failure. Invalid audience.")
        if not claims["nbf"] - TOLERANCE <= now < claims["exp"]:
            expired = now >= claims["exp"]
            what = "the token is expired" if expired else "the token is not yet valid"
            raise unauthenticated(f"Lifetime validation failed, {what}.")
        return frozenset(claims.get("roles", ()))

    def public_keys(self) -> dict[str, Any]:
        key = RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {"keys": [{"kid": KEY_ID, "use": "sig", "alg": "RS256", **key}]}

    def _read(self, token: str) -> dict[str, Any]:
        claims = self._known.get(token)
        if claims is None:
            raise _unreadable(token)
        return claims


def _unreadable(token: str) -> GraphError:
    if token.count(".") != 2:
        return unauthenticated("IDX14100: JWT is not well formed, there are no dots (.).")
    return unauthenticated("Access token validation failure. Invalid signature.")
