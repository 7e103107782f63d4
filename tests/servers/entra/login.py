"""login.microsoftonline.com: discovery, and tokens for applications by secret, certificate or federation."""

from __future__ import annotations

import hmac
import re
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

import jwt

from tests.servers.entra import logins
from tests.servers.entra.logins import LoginError
from tests.servers.entra.registration import Federation, Registration
from tests.servers.entra.tenant import Tenant
from tests.servers.entra.tokens import GRAPH, GRAPH_APP, LIFETIME, TOLERANCE, Tokens
from tests.servers.entra.wire import Request, Response, json_response

JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_TENANT = re.compile(rf"{_GUID.pattern}|([\w-]+\.)+[\w-]+", re.IGNORECASE)


class Login:
    """`lifetime` is how long, in seconds, the tokens that are issued from now on are good."""

    def __init__(
        self, tenant: Tenant, tokens: Tokens, apps: Mapping[str, Registration], clock: Callable[[], float]
    ) -> None:
        self.lifetime: float = LIFETIME
        self.issued = 0
        self.authority = ""  # known once the server listens
        self._tenant = tenant
        self._tokens = tokens
        self._apps = apps
        self._clock = clock

    def answer(self, request: Request) -> Response:
        try:
            return self._route(request)
        except LoginError as exc:
            correlation = request.headers.get("client-request-id") or str(uuid4())
            body = exc.body(self._clock(), str(uuid4()), correlation, self.authority)
            return json_response(exc.status, body)

    def _route(self, request: Request) -> Response:
        if request.path == "/common/discovery/instance":
            return json_response(200, self._instance(dict(request.query).get("authorization_endpoint", "")))
        tenant, _, rest = request.path.lstrip("/").partition("/")
        discovery = rest.endswith("openid-configuration")
        self._check_tenant(tenant, discovery=discovery)
        if rest in ("v2.0/.well-known/openid-configuration", ".well-known/openid-configuration"):
            return json_response(200, self._configuration(tenant))
        if rest.endswith("discovery/v2.0/keys"):
            return json_response(200, self._tokens.public_keys())
        if rest == "oauth2/v2.0/token":
            if request.method != "POST":
                raise LoginError(900561, "invalid_request", "The endpoint only accepts POST requests.")
            return json_response(200, self._token(request.form))
        return json_response(404, {"error": "not_found"})

    def _check_tenant(self, tenant: str, *, discovery: bool) -> None:
        error = "invalid_tenant" if discovery else "invalid_request"
        if tenant in ("common", "organizations"):
            if not discovery:
                raise logins.no_tenant()
        elif not _TENANT.fullmatch(tenant):
            raise logins.malformed_tenant(tenant, error)
        elif tenant.lower() not in (self._tenant.id, self._tenant.domain):
            raise logins.unknown_tenant(tenant, error)

    def _instance(self, endpoint: str) -> Mapping[str, Any]:
        host = self.authority.removeprefix("https://")
        return {
            "tenant_discovery_endpoint": endpoint.replace(
                "/oauth2/v2.0/authorize", "/v2.0/.well-known/openid-configuration"
            ),
            "api-version": "1.1",
            "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
        }

    def _configuration(self, tenant: str) -> Mapping[str, Any]:
        base = f"{self.authority}/{tenant}"
        return {
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
            "jwks_uri": f"{base}/discovery/v2.0/keys",
            "issuer": f"{self.authority}/{self._tenant.id}/v2.0",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
            "tenant_region_scope": "EU",
            "cloud_instance_name": "microsoftonline.com",
            "msgraph_host": "graph.microsoft.com",
        }

    # -- the token endpoint ------------------------------------------------------------------------------

    def _token(self, form: Mapping[str, str]) -> Mapping[str, Any]:
        for needed in ("grant_type", "client_id", "scope"):
            if not form.get(needed):
                raise logins.missing(needed)
        if form["grant_type"] != "client_credentials":
            raise logins.unsupported_grant(form["grant_type"])
        if not _GUID.fullmatch(form["client_id"]):
            raise logins.malformed_client(form["client_id"])
        app = self._apps.get(form["client_id"].lower())
        if app is None:
            raise logins.unknown_client(form["client_id"], self._tenant.domain)
        if app.disabled:
            raise logins.disabled_client(app.client_id, app.name)
        resource = self._resource(form["scope"])
        if form.get("client_assertion"):
            self._check_assertion(app, form)
        elif form.get("client_secret"):
            self._check_secret(app, form["client_secret"])
        else:
            raise logins.no_credential()
        if app.blocked:
            raise logins.blocked_by_policy()
        return self.grant(app, resource)

    def grant(self, app: Registration, resource: str, lifetime: float = 0) -> dict[str, Any]:
        self.issued += 1
        seconds = int(lifetime or self.lifetime)
        token = self._tokens.issue(app, resource, self._clock(), seconds)
        return {
            "token_type": "Bearer",
            "expires_in": seconds,
            "ext_expires_in": seconds,
            "access_token": token,
        }

    def _resource(self, scope: str) -> str:
        resource, slash, default = scope.rpartition("/")
        if not slash or default != ".default" or " " in scope:
            raise logins.invalid_scope(scope)
        if resource.rstrip("/") in (GRAPH, GRAPH_APP):
            return GRAPH
        if resource in self._apps or resource.removeprefix("api://") in self._apps:
            return resource
        raise logins.unknown_resource(resource, self._tenant.domain)

    def _check_secret(self, app: Registration, given: str) -> None:
        matching = [one for one in app.secrets if hmac.compare_digest(one.value.encode(), given.encode())]
        if not matching:
            raise logins.wrong_secret(app.client_id)
        if all(one.ends_at <= self._clock() for one in matching):
            raise logins.expired_secret(app.client_id)

    def _check_assertion(self, app: Registration, form: Mapping[str, str]) -> None:
        if form.get("client_assertion_type") != JWT_BEARER:
            raise logins.missing("client_assertion_type")
        assertion = form["client_assertion"]
        try:
            header = jwt.get_unverified_header(assertion)
            claims = jwt.decode(assertion, options={"verify_signature": False})
        except jwt.InvalidTokenError as exc:
            raise logins.malformed_assertion() from exc
        if "x5t" in header or "x5t#S256" in header or claims.get("iss") == app.client_id:
            self._check_certificate(app, assertion, header, claims)
        else:
            self._check_federation(app, assertion, claims)
        self._check_times(claims)

    def _check_certificate(
        self, app: Registration, assertion: str, header: Mapping[str, Any], claims: Mapping[str, Any]
    ) -> None:
        shown = str(header.get("x5t#S256") or header.get("x5t") or "")
        certificate = app.certificate_of(header)
        if certificate is None:
            raise logins.unknown_certificate(_hex(shown), app.client_id)
        if not certificate.starts_at <= self._clock() < certificate.ends_at:
            raise logins.bad_certificate("The key used is expired.", certificate, app.client_id)
        if header.get("alg") not in ("RS256", "PS256") or not _signed(
            assertion, certificate.public.public_key()
        ):
            reason = "Key was found, but use of the key to verify the signature failed."
            raise logins.bad_certificate(reason, certificate, app.client_id)
        if not claims.get("iss") == claims.get("sub") == app.client_id:
            raise logins.wrong_issuer_claim()
        if claims.get("aud") not in self._audiences():
            raise logins.wrong_audience()

    def _audiences(self) -> set[str]:
        tenants = (self._tenant.id, self._tenant.domain)
        endings = ("/oauth2/v2.0/token", "/v2.0", "/")
        return {f"{self.authority}/{tenant}{ending}" for tenant in tenants for ending in endings}

    def _check_federation(self, app: Registration, assertion: str, claims: Mapping[str, Any]) -> None:
        known = app.federations
        known = _matching(known, 700211, "issuer", claims.get("iss"), lambda one: one.issuer.url)
        known = _matching(known, 700212, "audience", claims.get("aud"), lambda one: one.audience)
        (found, *_) = _matching(known, 700213, "subject", claims.get("sub"), lambda one: one.subject)
        if not _signed(assertion, found.issuer.key.public_key()):
            raise logins.malformed_assertion()

    def _check_times(self, claims: Mapping[str, Any]) -> None:
        now, ends = self._clock(), claims.get("exp")
        starts = claims.get("nbf", claims.get("iat", 0))
        if not isinstance(ends, int | float) or not isinstance(starts, int | float):
            raise logins.malformed_assertion()
        if not starts - TOLERANCE <= now < ends + TOLERANCE:
            raise logins.outside_time_range(now, starts, ends)


def _matching(
    known: list[Federation], number: int, what: str, value: Any, of: Callable[[Federation], str]
) -> list[Federation]:
    found = [one for one in known if of(one) == value]
    if not found:
        raise logins.no_federation(number, what, str(value))
    return found


def _hex(thumbprint: str) -> str:
    """As the portal shows it."""
    try:
        return urlsafe_b64decode(thumbprint + "=" * (-len(thumbprint) % 4)).hex().upper()
    except ValueError:
        return thumbprint


def _signed(assertion: str, key: Any) -> bool:
    try:
        jwt.decode(
            assertion,
            key,
            ["RS256", "PS256"],
            options={"verify_aud": False, "verify_exp": False, "verify_nbf": False, "verify_iat": False},
        )
    except jwt.InvalidTokenError:
        return False
    return True
