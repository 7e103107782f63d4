"""The properties of Graph's directory objects that the server knows, and what is special about each.

A property that is not here is refused, as Graph refuses a name that its schema does not have.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

EXTENSION_ATTRIBUTES = tuple(f"extensionAttribute{n}" for n in range(1, 16))
DIRECTORY_EXTENSION = re.compile(r"extension_[0-9a-f]{32}_\w+")


class Resource(NamedTuple):
    """One type of directory object. `standard` is what a reply holds without $select."""

    name: str
    collection: str
    standard: tuple[str, ...]
    known: frozenset[str]
    lists: frozenset[str]
    navigation: frozenset[str]
    elsewhere: frozenset[str] = frozenset()  # kept by the mailbox or the profile, not by the directory

    @property
    def type(self) -> str:
        return f"#microsoft.graph.{self.name}"

    @property
    def label(self) -> str:
        """As the error messages call it."""
        return self.name[0].upper() + self.name[1:]

    def has(self, name: str) -> bool:
        return name in self.known or bool(DIRECTORY_EXTENSION.fullmatch(name))

    def blank(self, name: str) -> Any:
        """The value of a property nobody has set."""
        if name in self.lists:
            return []
        return dict.fromkeys(EXTENSION_ATTRIBUTES) if name == "onPremisesExtensionAttributes" else None


# fmt: off
_HYBRID = (
    "onPremisesDistinguishedName", "onPremisesDomainName", "onPremisesExtensionAttributes",
    "onPremisesImmutableId", "onPremisesLastSyncDateTime", "onPremisesProvisioningErrors",
    "onPremisesSamAccountName", "onPremisesSecurityIdentifier", "onPremisesSyncEnabled",
    "onPremisesUserPrincipalName",
)
_USER_STANDARD = (
    "businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone", "officeLocation",
    "preferredLanguage", "surname", "userPrincipalName", "id",
)
_USER_MORE = (
    "accountEnabled", "ageGroup", "assignedLicenses", "assignedPlans", "city", "companyName",
    "consentProvidedForMinor", "country", "createdDateTime", "creationType", "deletedDateTime", "department",
    "employeeHireDate", "employeeId", "employeeLeaveDateTime", "employeeOrgData", "employeeType",
    "externalUserState", "externalUserStateChangeDateTime", "faxNumber", "identities", "imAddresses",
    "isManagementRestricted", "isResourceAccount", "lastPasswordChangeDateTime",
    "legalAgeGroupClassification", "licenseAssignmentStates", "mailNickname", "otherMails",
    "passwordPolicies", "passwordProfile", "postalCode", "preferredDataLocation", "provisionedPlans",
    "proxyAddresses", "securityIdentifier", "serviceProvisioningErrors", "showInAddressList",
    "signInActivity", "signInSessionsValidFromDateTime", "state", "streetAddress", "usageLocation",
    "userType",
)
_USER_ELSEWHERE = (
    "aboutMe", "birthday", "hireDate", "interests", "mailboxSettings", "mySite", "pastProjects",
    "preferredName", "responsibilities", "schools", "skills",
)
_USER_LISTS = (
    "assignedLicenses", "assignedPlans", "businessPhones", "identities", "imAddresses",
    "licenseAssignmentStates", "onPremisesProvisioningErrors", "otherMails", "provisionedPlans",
    "proxyAddresses", "serviceProvisioningErrors",
)
_USER_LINKS = (
    "createdObjects", "directReports", "manager", "memberOf", "ownedDevices", "ownedObjects",
    "registeredDevices", "transitiveMemberOf",
)
_GROUP_STANDARD = (
    "id", "deletedDateTime", "classification", "createdDateTime", "creationOptions", "description",
    "displayName", "expirationDateTime", "groupTypes", "isAssignableToRole", "mail", "mailEnabled",
    "mailNickname", "membershipRule", "membershipRuleProcessingState", "onPremisesDomainName",
    "onPremisesLastSyncDateTime", "onPremisesNetBiosName", "onPremisesSamAccountName",
    "onPremisesSecurityIdentifier", "onPremisesSyncEnabled", "preferredDataLocation", "preferredLanguage",
    "proxyAddresses", "renewedDateTime", "resourceBehaviorOptions", "resourceProvisioningOptions",
    "securityEnabled", "securityIdentifier", "theme", "uniqueName", "visibility",
    "onPremisesProvisioningErrors", "serviceProvisioningErrors",
)
_GROUP_MORE = (
    "assignedLabels", "assignedLicenses", "hasMembersWithLicenseErrors", "isManagementRestricted",
    "licenseProcessingState",
)
_GROUP_LISTS = (
    "assignedLabels", "assignedLicenses", "creationOptions", "groupTypes", "onPremisesProvisioningErrors",
    "proxyAddresses", "resourceBehaviorOptions", "resourceProvisioningOptions", "serviceProvisioningErrors",
)
_GROUP_LINKS = ("memberOf", "members", "owners", "transitiveMemberOf", "transitiveMembers")
_DEVICE = ("id", "deletedDateTime", "accountEnabled", "deviceId", "displayName", "operatingSystem")
_SERVICE = ("id", "deletedDateTime", "accountEnabled", "appId", "displayName", "servicePrincipalType")
_CONTACT = ("id", "deletedDateTime", "displayName", "mail", "companyName")
# fmt: on

USER = Resource(
    "user",
    "users",
    _USER_STANDARD,
    frozenset((*_USER_STANDARD, *_USER_MORE, *_HYBRID, *_USER_ELSEWHERE)),
    frozenset(_USER_LISTS),
    frozenset(_USER_LINKS),
    frozenset(_USER_ELSEWHERE),
)
GROUP = Resource(
    "group",
    "groups",
    _GROUP_STANDARD,
    frozenset((*_GROUP_STANDARD, *_GROUP_MORE)),
    frozenset(_GROUP_LISTS),
    frozenset(_GROUP_LINKS),
)


def _plain(name: str, collection: str, standard: tuple[str, ...]) -> Resource:
    return Resource(name, collection, standard, frozenset(standard), frozenset(), frozenset())


DEVICE = _plain("device", "devices", _DEVICE)
SERVICE_PRINCIPAL = _plain("servicePrincipal", "servicePrincipals", _SERVICE)
CONTACT = _plain("orgContact", "contacts", _CONTACT)
RESOURCES = {one.name: one for one in (USER, GROUP, DEVICE, SERVICE_PRINCIPAL, CONTACT)}
