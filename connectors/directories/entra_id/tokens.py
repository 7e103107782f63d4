"""Tokens: msal gets and keeps them, over our own HTTP session; we say in words why there is none."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import Mapping
from typing import Any, Protocol

import msal
import orjson
import requests

from connectors.directories.entra_id import certificate, trouble
from connectors.directories.entra_id.options import CredentialOptions, EntraOptions
from connectors.http import Http
from connectors.http_trouble import host_of
from connectors.retry import pause_asked
from syncd.errors import ConfigError, Retriable, SyncdError, Unavailable

_DISCOVERY = "/.well-known/openid-configuration"


class _Client(Protocol):
    def acquire(self) -> Mapping[str, Any]: ...


class Tokens:
    """The app's tokens for Graph. `token` is cheap while one is good; msal renews it before it ends."""

    def __init__(self, options: EntraOptions, http: Http) -> None:
        self._options = options
        self._http = http
        self._client: _Client | None = None
        self._roles: tuple[str, frozenset[str]] = ("", frozenset())

    def token(self) -> str:
        """Raises `Retriable`, `Unavailable` or `ConfigError`, in words."""
        if self._client is None:
            self._client = _client_of(self._options, self._http)
        answer = self._client.acquire()
        found = answer.get("access_token")
        if not isinstance(found, str):
            raise trouble.sign_in_refused(answer, host_of(self._options.sign_in), self._http.clock_ahead)
        return found

    def forget(self) -> None:
        """Drop what is cached: the next token is a new one, by a secret or certificate read anew."""
        self._client = None

    def roles(self) -> frozenset[str]:
        """The application permissions the current token carries; none where it cannot be read."""
        token = self.token()
        if self._roles[0] != token:
            self._roles = (token, _claimed(token))
        return self._roles[1]


class _Confidential:
    """An app registration: secret, certificate or federated token."""

    def __init__(self, options: EntraOptions, http: Http) -> None:
        self._scopes = [f"{options.resource}/.default"]
        self._app = msal.ConfidentialClientApplication(
            options.client_id,
            client_credential=_proof(options.credential),
            authority=f"{options.sign_in}/{options.tenant_id}",
            instance_discovery=False,  # the authority is named: no other host need vouch for it
            http_client=_Transport(http, host_of(options.sign_in)),
        )

    def acquire(self) -> Mapping[str, Any]:
        return dict(self._app.acquire_token_for_client(self._scopes) or {})


class _Managed:
    """An identity Azure gives to the machine."""

    def __init__(self, options: EntraOptions, http: Http) -> None:
        whose = options.credential.managed_identity
        identity = (
            msal.SystemAssignedManagedIdentity()
            if whose == "system"
            else msal.UserAssignedManagedIdentity(client_id=whose)
        )
        self._resource = options.resource
        self._app = msal.ManagedIdentityClient(
            identity, http_client=_Transport(http, "managed identity", direct=True)
        )

    def acquire(self) -> Mapping[str, Any]:
        try:
            answer = dict(self._app.acquire_token_for_client(resource=self._resource))
        except Retriable as exc:
            raise Retriable(f"no managed identity answers here: {exc.message}", next_step=_MANAGED) from exc
        if "access_token" not in answer:
            reason = str(answer.get("error_description") or answer.get("error"))[:200]
            raise Unavailable(f"no token by managed identity: {reason}", next_step=_MANAGED)
        return answer


_MANAGED = "give this machine the identity (Identity > System assigned), or check credential.managed_identity"


def _client_of(options: EntraOptions, http: Http) -> _Client:
    try:
        return (
            _Managed(options, http) if options.credential.managed_identity else _Confidential(options, http)
        )
    except ValueError as exc:  # msal on an authority or a key it does not like
        raise ConfigError(
            f"{options.sign_in}: {str(exc)[:200]}", next_step="check authority, tenant_id and credential"
        ) from exc


def _proof(credential: CredentialOptions) -> Any:
    if credential.secret is not None:
        return credential.secret.reveal()
    if credential.certificate is not None:
        pair = certificate.load(credential.certificate)
        return pair.for_msal(credential.certificate.plain_thumbprint)
    return {"client_assertion": lambda: _federated(credential)}


def _federated(credential: CredentialOptions) -> str:
    """The token file's content, read each time: whoever issues it renews it every hour or so."""
    path = credential.token_file
    if path is None:
        raise ConfigError(
            "AZURE_FEDERATED_TOKEN_FILE is not set",
            next_step="turn workload identity on here, or name the file: credential.federated_token_file",
        )
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as exc:
        why = exc.strerror if isinstance(exc, OSError) else "it holds no token"
        raise ConfigError(
            f"the token file {path} cannot be used: {why}", next_step="check the path, and what writes it"
        ) from exc


class _Transport:
    """What msal sends through. Passing failures never reach it: it would remember them and stay silent."""

    def __init__(self, http: Http, host: str, *, direct: bool = False) -> None:
        self._http = http
        self._host = host
        self._direct = direct

    def get(self, url: str, *, params: Any = None, headers: Any = None, **_: Any) -> requests.Response:
        answer = self._sent("GET", url, params=params, headers=headers)
        if answer.status_code >= 400 and url.endswith(_DISCOVERY):
            raise self._refused(answer)
        return answer

    def post(
        self, url: str, *, params: Any = None, data: Any = None, headers: Any = None, **_: Any
    ) -> requests.Response:
        return self._sent("POST", url, params=params, headers=headers, body=data)

    def close(self) -> None:
        """The session is not msal's to close."""

    def _sent(self, method: str, url: str, **how: Any) -> requests.Response:
        answer = self._http.send(method, url, direct=self._direct, operation="sign in", **how)
        if answer.status_code in trouble.BUSY:
            pause = pause_asked(answer.headers.get("Retry-After"), self._http.their_time)
            words = f"{self._host} cannot give a token at the moment ({answer.status_code})"
            raise Retriable(words, next_step="run again later", after=pause)
        if answer.status_code == 200 and not _is_json(answer.content):
            hint = "run again; look at proxies on the way"
            raise Retriable(f"{self._host} sent an answer that is no JSON", next_step=hint)
        return answer

    def _refused(self, answer: requests.Response) -> SyncdError:
        try:
            body = orjson.loads(answer.content)
        except orjson.JSONDecodeError:
            body = {}
        if not isinstance(body, dict) or "error" not in body:
            return ConfigError(
                f"{self._host} does not sign anybody in ({answer.status_code})",
                next_step="check authority, cloud and tenant_id",
            )
        return trouble.sign_in_refused(body, self._host, self._http.clock_ahead)


def _is_json(content: bytes) -> bool:
    try:
        return isinstance(orjson.loads(content), dict)
    except orjson.JSONDecodeError:
        return False


def _claimed(token: str) -> frozenset[str]:
    """The claim `roles` of a token. We only look: whether it is genuine is for Graph to say."""
    try:
        payload = token.split(".")[1]
        claims = orjson.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return frozenset(map(str, claims.get("roles") or ()))
    except (IndexError, ValueError, AttributeError):
        return frozenset()
