"""An application registered in the tenant: what it may do, and by what it proves who it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.servers.entra.encoding import base64url

READS = ("User.Read.All", "GroupMember.Read.All")
EXCHANGE = "api://AzureADTokenExchange"


class Secret(NamedTuple):
    value: str
    starts_at: float
    ends_at: float
    key_id: str
    name: str


class Certificate(NamedTuple):
    """What was uploaded: the public half. Thumbprints are as an assertion names them."""

    public: x509.Certificate
    key_id: str
    name: str

    @property
    def starts_at(self) -> float:
        return self.public.not_valid_before_utc.timestamp()

    @property
    def ends_at(self) -> float:
        return self.public.not_valid_after_utc.timestamp()

    @property
    def thumbprint(self) -> str:
        return self.public.fingerprint(hashes.SHA1()).hex().upper()

    @property
    def names(self) -> Mapping[str, str]:
        """As the header of an assertion may name it."""
        every = {"x5t": hashes.SHA1(), "x5t#S256": hashes.SHA256()}
        return {name: base64url(self.public.fingerprint(how)) for name, how in every.items()}


class Federation(NamedTuple):
    """A subject for whom the word of a foreign issuer is taken, such as a Kubernetes service account."""

    issuer: ForeignIssuer
    subject: str
    audience: str = EXCHANGE


class ForeignIssuer:
    """An identity provider outside the tenant: `assertion(…)` is what it would write into a token file."""

    def __init__(self, url: str = "https://oidc.cluster.test") -> None:
        self.url = url
        self.key = rsa.generate_private_key(65537, 2048)

    def assertion(
        self, subject: str, *, now: float, audience: str = EXCHANGE, lifetime: float = 3600, **claims: Any
    ) -> str:
        times = {"iat": int(now), "nbf": int(now), "exp": int(now + lifetime)}
        payload = {"iss": self.url, "sub": subject, "aud": audience} | times | claims
        return jwt.encode(payload, self.key, "RS256", {"kid": "cluster"})


@dataclass
class Registration:
    """`roles` are the application permissions with admin consent; without any, Graph refuses every call.

    blocked    a Conditional Access policy for workload identities stands in the way
    disabled   an administrator has switched it off
    """

    client_id: str
    name: str
    service_principal_id: str
    object_id: str = ""  # a managed identity has no registration of its own
    roles: set[str] = field(default_factory=lambda: set(READS))
    secrets: list[Secret] = field(default_factory=list)
    certificates: list[Certificate] = field(default_factory=list)
    federations: list[Federation] = field(default_factory=list)
    blocked: bool = False
    disabled: bool = False

    def certificate_of(self, header: Mapping[str, Any]) -> Certificate | None:
        """The one that the header of an assertion names."""
        return next(
            (
                one
                for one in self.certificates
                if any(str(header.get(name, "")).rstrip("=") == value for name, value in one.names.items())
            ),
            None,
        )
