"""The application's own registration with the dates its credentials end, and the organization."""

from __future__ import annotations

from typing import Any

from tests.servers.entra import roles
from tests.servers.entra.call import Call
from tests.servers.entra.clock import iso
from tests.servers.entra.faults import bad_query, not_found
from tests.servers.entra.groups import check_id
from tests.servers.entra.properties import USER
from tests.servers.entra.registration import Registration


def get_application(call: Call, key: str) -> dict[str, Any]:
    """By object id. A secret's value is never shown, only its dates."""
    return _application(call, key, next((one for one in call.apps.values() if one.object_id == key), None))


def get_application_by_app_id(call: Call, app_id: str) -> dict[str, Any]:
    return _application(call, app_id, call.apps.get(app_id.lower()))


def get_service_principal_by_app_id(call: Call, app_id: str) -> dict[str, Any]:
    """The application as this tenant sees it: what it logs in by is kept at the registration, not here."""
    roles.need(call.roles, *roles.APPLICATIONS)
    call.query.allow(("$select",))
    check_id(app_id)
    app = call.apps.get(app_id.lower())
    if app is None:
        raise not_found(app_id)
    row = {
        "id": app.service_principal_id,
        "appId": app.client_id,
        "displayName": app.name,
        "accountEnabled": not app.disabled,
        "servicePrincipalType": "Application" if app.object_id else "ManagedIdentity",
        "passwordCredentials": [],
        "keyCredentials": [],
    }
    context = f"{call.root}/$metadata#servicePrincipals/$entity"
    return {"@odata.context": context, **_selected(call, row, "servicePrincipal")}


def organization(call: Call) -> dict[str, Any]:
    roles.need(call.roles, *roles.ORGANIZATION)
    call.query.allow(("$select",))
    tenant = call.tenant
    hybrid = any(one.values.get("onPremisesSyncEnabled") for one in tenant.live(USER)) or None
    row = {
        "id": tenant.id,
        "displayName": tenant.seed.title(),
        "tenantType": "AAD",
        "countryLetterCode": "DE",
        "onPremisesSyncEnabled": hybrid,
        "verifiedDomains": [
            {"name": tenant.domain, "type": "Managed", "isDefault": True, "isInitial": False}
        ],
    }
    context = f"{call.root}/$metadata#organization"
    return {"@odata.context": context, "value": [_selected(call, row, "organization")]}


def _application(call: Call, key: str, app: Registration | None) -> dict[str, Any]:
    roles.need(call.roles, *roles.APPLICATIONS)
    call.query.allow(("$select",))
    check_id(key)
    if app is None or not app.object_id:
        raise not_found(key)
    row = {
        "id": app.object_id,
        "appId": app.client_id,
        "displayName": app.name,
        "signInAudience": "AzureADMyOrg",
        "passwordCredentials": [
            {"customKeyIdentifier": None, "displayName": secret.name, "hint": secret.value[:3]}
            | {"keyId": secret.key_id, "secretText": None}
            | {"startDateTime": iso(secret.starts_at), "endDateTime": iso(secret.ends_at)}
            for secret in app.secrets
        ],
        "keyCredentials": [
            {"customKeyIdentifier": one.thumbprint, "displayName": one.name, "keyId": one.key_id, "key": None}
            | {"type": "AsymmetricX509Cert", "usage": "Verify"}
            | {"startDateTime": iso(one.starts_at), "endDateTime": iso(one.ends_at)}
            for one in app.certificates
        ],
    }
    context = f"{call.root}/$metadata#applications/$entity"
    return {"@odata.context": context, **_selected(call, row, "application")}


def _selected(call: Call, row: dict[str, Any], name: str) -> dict[str, Any]:
    text = call.query.given.get("$select")
    if not text:
        return row
    names = [part.strip() for part in text.split(",")]
    for one in names:
        if one not in row:
            raise bad_query(
                f"Parsing OData Select and Expand failed: Could not find a property named '{one}' on type "
                f"'microsoft.graph.{name}'."
            )
    return {one: row[one] for one in names}
