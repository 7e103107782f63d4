"""Refusals of the token endpoint, in Microsoft's shape and words.

https://learn.microsoft.com/entra/identity-platform/reference-error-codes
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.servers.entra.clock import iso
from tests.servers.entra.registration import Certificate

_SEE_KEYS = (
    "Please visit the Azure Portal, Graph Explorer or directly use MS Graph to see configured keys for app Id"
)
CREDENTIALS_PAGE = "https://aka.ms/certCreds"


class LoginError(Exception):
    """`number` as in AADSTS700016. The description never repeats a secret."""

    def __init__(self, number: int, error: str, description: str, status: int = 400) -> None:
        super().__init__(f"AADSTS{number}: {description}")
        self.number = number
        self.error = error
        self.status = status

    def body(self, now: float, trace: str, correlation: str, authority: str) -> Mapping[str, Any]:
        at = iso(now).replace("T", " ")
        ids = f"Trace ID: {trace} Correlation ID: {correlation} Timestamp: {at}"
        return {
            "error": self.error,
            "error_description": f"{self} {ids}",
            "error_codes": [self.number],
            "timestamp": at,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": f"{authority}/error?code={self.number}",
        }


def unknown_tenant(tenant: str, error: str) -> LoginError:
    text = (
        f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing "
        "into the correct cloud. Check with your subscription administrator, this may happen if there are "
        "no active subscriptions for the tenant."
    )
    return LoginError(90002, error, text)


def malformed_tenant(tenant: str, error: str) -> LoginError:
    text = f"Specified tenant identifier '{tenant}' is neither a valid DNS name, nor a valid external domain."
    return LoginError(900023, error, text)


def no_tenant() -> LoginError:
    text = "No tenant-identifying information found in either the request or implied by any credentials."
    return LoginError(50059, "invalid_request", text)


def malformed_client(client: str) -> LoginError:
    text = f"'{client}' is not a valid application identifier."
    return LoginError(700038, "unauthorized_client", text)


def disabled_client(client: str, name: str) -> LoginError:
    return LoginError(7000112, "unauthorized_client", f"Application '{client}'({name}) is disabled.")


def busy(status: int) -> LoginError:
    """When there is too much to do, or something is out of order."""
    number = 90055 if status == 429 else 90033
    text = "There are too many incoming requests." if status == 429 else "A transient error has occurred."
    return LoginError(number, "temporarily_unavailable", f"{text} Please try again.", status)


def unknown_client(client: str, tenant: str) -> LoginError:
    text = (
        f"Application with identifier '{client}' was not found in the directory '{tenant}'. This can happen "
        "if the application has not been installed by the administrator of the tenant or consented to by "
        "any user in the tenant. You may have sent your authentication request to the wrong tenant."
    )
    return LoginError(700016, "unauthorized_client", text)


def missing(parameter: str) -> LoginError:
    text = f"The request body must contain the following parameter: '{parameter}'."
    return LoginError(900144, "invalid_request", text)


def unsupported_grant(grant: str) -> LoginError:
    text = f"The app requested an unsupported grant type '{grant}'."
    return LoginError(70003, "unsupported_grant_type", text)


def invalid_scope(scope: str) -> LoginError:
    text = (
        f"The provided value for scope {scope} is not valid. Client credential flows must have a scope "
        "value with /.default suffixed to the resource identifier (application ID URI)."
    )
    return LoginError(1002012, "invalid_scope", text)


def unknown_resource(resource: str, tenant: str) -> LoginError:
    text = (
        f"The resource principal named {resource} was not found in the tenant named {tenant}. This can "
        "happen if the application has not been installed by the administrator of the tenant or consented "
        "to by any user in the tenant. You might have sent your authentication request to the wrong tenant."
    )
    return LoginError(500011, "invalid_resource", text)


def no_credential() -> LoginError:
    grant = "the 'client_credentials' grant type"
    text = f"'client_assertion', 'client_secret' or 'request' is required for {grant}."
    return LoginError(7000216, "invalid_client", text, 401)


def wrong_secret(client: str) -> LoginError:
    text = (
        "Invalid client secret provided. Ensure the secret being sent in the request is the client secret "
        f"value, not the client secret ID, for a secret added to app '{client}'."
    )
    return LoginError(7000215, "invalid_client", text, 401)


def expired_secret(client: str) -> LoginError:
    text = (
        f"The provided client secret keys for app '{client}' are expired. Visit the Azure portal to create "
        "new keys for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials "
        f"for added security: {CREDENTIALS_PAGE}."
    )
    return LoginError(7000222, "invalid_client", text, 401)


def malformed_assertion() -> LoginError:
    return LoginError(50027, "invalid_client", "JWT token is invalid or malformed.", 401)


def unknown_certificate(thumbprint: str, client: str) -> LoginError:
    text = (
        "The certificate with identifier used to sign the client assertion is not registered on application. "
        f"[Reason - The key was not found., Thumbprint of key used by client: '{thumbprint}', {_SEE_KEYS} "
        f"'{client}'.]"
    )
    return LoginError(700027, "invalid_client", text, 401)


def bad_certificate(reason: str, certificate: Certificate, client: str) -> LoginError:
    dates = f"Start={iso(certificate.starts_at)}, End={iso(certificate.ends_at)}"
    text = (
        f"Client assertion failed signature validation. [Reason - {reason}, Thumbprint of key used by "
        f"client: '{certificate.thumbprint}', Found key '{dates}', {_SEE_KEYS} '{client}'.]"
    )
    return LoginError(700027, "invalid_client", text, 401)


def wrong_audience() -> LoginError:
    text = "Client assertion audience claim does not match Realm issuer. Review the documentation."
    return LoginError(700023, "invalid_client", text, 401)


def wrong_issuer_claim() -> LoginError:
    text = "Client assertion application identifier doesn't match 'client_id' parameter."
    return LoginError(700030, "invalid_client", text, 401)


def outside_time_range(now: float, starts: float, ends: float) -> LoginError:
    text = (
        f"Client assertion is not within its valid time range. Current time: {iso(now)}, assertion valid "
        f"from {iso(starts)}, expiry time of assertion {iso(ends)}. Review the documentation at "
        "https://docs.microsoft.com/azure/active-directory/develop/active-directory-certificate-credentials ."
    )
    return LoginError(700024, "invalid_client", text, 401)


def no_federation(number: int, what: str, value: str) -> LoginError:
    """700211 for the issuer, 700212 for the audience, 700213 for the subject."""
    text = (
        f"No matching federated identity record found for presented assertion {what} '{value}'. Check your "
        "federated identity credential Subject, Audience and Issuer against the presented assertion. "
        "https://learn.microsoft.com/entra/workload-id/workload-identity-federation"
    )
    return LoginError(number, "invalid_client", text, 401)


def blocked_by_policy() -> LoginError:
    text = (
        "Access has been blocked by Conditional Access policies. The access policy does not allow token "
        "issuance."
    )
    return LoginError(53003, "invalid_grant", text)
