"""Pure: the properties of Graph's user: how each is spelled, and which are no use to us.

https://learn.microsoft.com/graph/api/resources/user
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from syncd.errors import ConfigError

Path = tuple[str, ...]

_HYBRID = "onPremisesExtensionAttributes"
_PLAIN = [
    "accountEnabled",
    "ageGroup",
    "businessPhones",
    "city",
    "companyName",
    "consentProvidedForMinor",
    "country",
    "createdDateTime",
    "creationType",
    "deletedDateTime",
    "department",
    "displayName",
    "employeeHireDate",
    "employeeId",
    "employeeType",
    "externalUserState",
    "externalUserStateChangeDateTime",
    "faxNumber",
    "givenName",
    "id",
    "imAddresses",
    "isResourceAccount",
    "jobTitle",
    "lastPasswordChangeDateTime",
    "legalAgeGroupClassification",
    "mail",
    "mailNickname",
    "mobilePhone",
    "officeLocation",
    "onPremisesDistinguishedName",
    "onPremisesDomainName",
    "onPremisesImmutableId",
    "onPremisesLastSyncDateTime",
    "onPremisesSamAccountName",
    "onPremisesSecurityIdentifier",
    "onPremisesSyncEnabled",
    "onPremisesUserPrincipalName",
    "otherMails",
    "passwordPolicies",
    "postalCode",
    "preferredDataLocation",
    "preferredLanguage",
    "proxyAddresses",
    "securityIdentifier",
    "showInAddressList",
    "signInSessionsValidFromDateTime",
    "state",
    "streetAddress",
    "surname",
    "usageLocation",
    "userPrincipalName",
    "userType",
]
_SPELLED = {name.lower(): name for name in (*_PLAIN, "manager", "employeeOrgData", _HYBRID)}
_HYBRID_PARTS = {f"extensionattribute{n}": f"extensionAttribute{n}" for n in range(1, 16)}
_PARTS = {"employeeorgdata": {"costcenter": "costCenter", "division": "division"}}
# Kept by the mailbox or the profile: Graph shows them of one person at a time only.
_NOT_OF_MANY = frozenset(
    [
        "aboutme",
        "birthday",
        "hiredate",
        "interests",
        "mailboxsettings",
        "mysite",
        "pastprojects",
        "preferredname",
        "responsibilities",
        "schools",
        "skills",
    ]
)

_NOT_TEXT = frozenset(
    [
        "assignedlicenses",
        "assignedplans",
        "authorizationinfo",
        "customsecurityattributes",
        "employeeorgdata",
        "identities",
        "licenseassignmentstates",
        "onpremisesextensionattributes",
        "onpremisesprovisioningerrors",
        "passwordprofile",
        "provisionedplans",
        "serviceprovisioningerrors",
        "signinactivity",
    ]
)


def spelling(extensions: Collection[str]) -> Mapping[str, str]:
    """By the names in lower case, how Graph spells them."""
    return _SPELLED | {name.lower(): name for name in extensions}


def require_readable(directory: str, name: str) -> None:
    """Raise `ConfigError` for what cannot be read of many people, or is no text."""
    hint = f"do not use {name} in mapping, scope or link_attribute"
    if name.partition(".")[0] in _NOT_OF_MANY:
        raise ConfigError(f"{directory}: Graph does not show {name} of many people at once", next_step=hint)
    if name in _NOT_TEXT:
        raise ConfigError(
            f"{directory}: {name} is not text", next_step=f"{hint}; some have parts that are text"
        )


def path_of(name: str, spelled: Mapping[str, str]) -> Path:
    """Where in a person's JSON an attribute is: a property, or a property and a part of it."""
    if name in _HYBRID_PARTS:
        return (_HYBRID, _HYBRID_PARTS[name])
    head, dot, part = name.partition(".")
    if not dot:
        return ("manager", "id") if name == "manager" else (spelled.get(name, name),)
    if head == _HYBRID.lower():
        return (_HYBRID, _HYBRID_PARTS.get(part, part))
    if name in spelled:  # a schema extension, such as ext…_staff.costCenter
        head, _, part = spelled[name].partition(".")
        return (head, part)
    if head == "manager":
        return ("manager", spelled.get(part, part))
    return (spelled.get(head, head), _PARTS.get(head, {}).get(part, part))
