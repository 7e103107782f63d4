"""What the admin says about an Entra tenant: which one, by what we prove who we are, and whom to read."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from connectors.http_options import HttpOptions
from syncd.settings.types import DirectoryOptions, Duration, Secret, Section

_GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_DOMAIN = re.compile(r"(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}")
_TOKEN_FILE = "AZURE_FEDERATED_TOKEN_FILE"


class Cloud(NamedTuple):
    """Where a cloud signs in and where its Graph is. https://learn.microsoft.com/graph/deployments"""

    authority: str
    graph: str


CLOUDS: Mapping[str, Cloud] = {
    "public": Cloud("https://login.microsoftonline.com", "https://graph.microsoft.com"),
    "us_government": Cloud("https://login.microsoftonline.us", "https://graph.microsoft.us"),
    "us_government_dod": Cloud("https://login.microsoftonline.us", "https://dod-graph.microsoft.us"),
    "china": Cloud("https://login.chinacloudapi.cn", "https://microsoftgraph.chinacloudapi.cn"),
}


class CertificateOptions(Section):
    """A certificate whose public half was uploaded to the app registration."""

    file: Path = Field(description="PEM file with the certificate and its key, or a .pfx (PKCS #12) file")
    private_key: Path | None = Field(
        None, description="PEM file with the key, where it is not in the same file"
    )
    passphrase: Secret | None = Field(None, description="where the key's passphrase is kept, if it has one")
    thumbprint: str | None = Field(
        None,
        pattern=r"^[0-9A-Fa-f: ]{40,95}$",
        description="as the portal shows it; needed only where the file holds no certificate",
    )

    @property
    def plain_thumbprint(self) -> str:
        """Hex digits in upper case; empty when none was given."""
        return re.sub(r"[^0-9A-F]", "", (self.thumbprint or "").upper())


class CredentialOptions(Section):
    """By what we prove who we are; exactly one of these."""

    secret: Secret | None = Field(None, description="where the client secret's value is kept")
    certificate: CertificateOptions | None = Field(None, description="a certificate instead of a secret")
    federated_token_file: Path | None = Field(
        None, description="file with a token that somebody else issues and renews, such as a cluster"
    )
    federated: bool = Field(False, description=f"the same, with the file that {_TOKEN_FILE} names, as on AKS")
    managed_identity: str | None = Field(
        None,
        min_length=1,
        description="on Azure: system, or the client id of a user-assigned managed identity",
    )

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        kinds = (self.secret, self.certificate, self.federated_token_file, self.managed_identity)
        if sum(kind is not None for kind in kinds) + self.federated != 1:
            raise PydanticCustomError(
                "credential",
                "must be exactly one of secret, certificate, federated_token_file, federated "
                "and managed_identity",
            )
        return self

    @field_validator("managed_identity")
    @classmethod
    def _whose(cls, value: str | None) -> str | None:
        if value is not None and value != "system" and not _GUID.fullmatch(value):
            raise ValueError("must be system, or the client id of a user-assigned identity")
        return value

    @property
    def token_file(self) -> Path | None:
        """Where the federated token is, when that is the credential."""
        if self.federated:
            return Path(os.environ.get(_TOKEN_FILE, "")) if os.environ.get(_TOKEN_FILE) else None
        return self.federated_token_file


class EntraOptions(HttpOptions, DirectoryOptions):
    """One Entra tenant."""

    mapping_defaults: ClassVar[Mapping[str, Any]] = {
        "email": {"first_of": ["mail", "otherMails"]},
        "first_name": "givenName",
        "last_name": "surname",
        "department": "department",
        "job_title": "jobTitle",
        "employee_id": "employeeId",
        "language": "preferredLanguage",
        "group": "department",
    }
    reach: ClassVar[frozenset[str]] = frozenset(
        {
            "client_id", "credential", "credential_expires", "authority", "graph_endpoint",
            "ca_file", "proxy", "connect_timeout", "read_timeout", "patience", "page_size",
        }
    )  # fmt: skip

    tenant_id: str = Field(description="Directory (tenant) ID, or a verified domain of the tenant")
    client_id: str | None = Field(
        None, description="Application (client) ID of the app registration; not for a managed identity"
    )
    credential: CredentialOptions = Field(description="by what we prove who we are")
    credential_expires: date | None = Field(
        None, description="when the secret ends, as in 2027-05-31, for when Graph does not let us see it"
    )
    cloud: Literal["public", "us_government", "us_government_dod", "china"] = Field(
        "public", description="which of Microsoft's clouds the tenant is in"
    )
    authority: str | None = Field(None, description="where to sign in, instead of the cloud's own")
    graph_endpoint: str | None = Field(None, description="where Graph is, instead of the cloud's own")
    guests: Literal["exclude", "include"] = Field(
        "exclude", description="whether guests (userType Guest, or #EXT# in the login) count as people"
    )
    link_attribute: str | None = Field(
        None, description="an attribute with the same value for the same person in another directory"
    )
    extensions: tuple[str, ...] = Field(
        (),
        description="extension attributes that mapping and scope use, as Graph spells them, such as "
        "extension_0f…_costCenter; needed where they have capital letters",
    )
    page_size: int = Field(
        999, ge=1, le=999, description="people asked for at a time; 999 is what Graph allows"
    )
    patience: Duration = Field(
        600, description="how long one read may wait, all pauses together, while Graph asks us to slow down"
    )

    @field_validator("tenant_id")
    @classmethod
    def _a_tenant(cls, value: str) -> str:
        if _GUID.fullmatch(value):
            return value.lower()
        if not _DOMAIN.fullmatch(value):
            raise ValueError(
                "is neither a Directory (tenant) ID nor a domain such as contoso.onmicrosoft.com"
            )
        return value

    @field_validator("client_id")
    @classmethod
    def _an_app(cls, value: str | None) -> str | None:
        if value is not None and not _GUID.fullmatch(value):
            raise ValueError("is not an Application (client) ID such as 00001111-aaaa-2222-bbbb-3333cccc4444")
        return value.lower() if value else None

    @field_validator("authority", "graph_endpoint")
    @classmethod
    def _https(cls, url: str | None) -> str | None:
        if url is None:
            return None
        parts = urlsplit(url)
        if parts.scheme != "https" or not parts.hostname or parts.path not in ("", "/") or parts.query:
            raise ValueError("is not of the form https://host, without a path")
        _ = parts.port  # raises ValueError when it is no number
        return url.rstrip("/")

    @model_validator(mode="after")
    def _whose_app(self) -> Self:
        if self.credential.managed_identity is None and self.client_id is None:
            raise ValueError("client_id is required: the Application (client) ID of the app registration")
        return self

    def warnings(self) -> Iterator[tuple[str, str]]:
        if self.credential.federated and self.credential.token_file is None:
            yield "credential.federated", f"needs {_TOKEN_FILE}, which is not set here"

    @property
    def sign_in(self) -> str:
        """Where tokens come from: the authority, without the tenant."""
        return self.authority or CLOUDS[self.cloud].authority

    @property
    def graph(self) -> str:
        return self.graph_endpoint or CLOUDS[self.cloud].graph

    @property
    def resource(self) -> str:
        """What tokens are asked for: Graph as its cloud calls it, also where it is reached elsewhere."""
        return CLOUDS[self.cloud].graph
