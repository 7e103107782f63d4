"""Which property takes which operator of $filter, by default or only in advanced queries.

https://learn.microsoft.com/graph/aad-advanced-queries. A property not here cannot be filtered by at all.
`null` stands for a comparison with null. Whatever takes eq takes ne and not, in advanced queries only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tests.servers.entra.properties import DIRECTORY_EXTENSION, GROUP, USER, Resource

ENDS_WITH = {"mail", "otherMails", "userPrincipalName", "proxyAddresses"}


class Operators(NamedTuple):
    default: frozenset[str]
    advanced: frozenset[str]


# fmt: off
_USER = """
accountEnabled ageGroup consentProvidedForMinor creationType: eq in |
assignedLicenses assignedPlans businessPhones identities: eq |
city country department: eq ge le in startswith | null
companyName mobilePhone officeLocation: | eq ge le in startswith null
postalCode preferredLanguage streetAddress: | eq ge le in startswith null
createdDateTime deletedDateTime: eq ge le | in
displayName: eq in startswith | null
employeeHireDate onPremisesImmutableId: | eq ge le in
onPremisesLastSyncDateTime onPremisesExtensionAttributes: | eq ge le in
employeeId: eq in startswith | ge le null
employeeType onPremisesSamAccountName: | eq ge le in startswith
externalUserState: eq in | null
givenName surname state: eq ge le in startswith | null
id: eq in |
imAddresses: eq ge le startswith |
proxyAddresses: eq ge le startswith | null
isResourceAccount: eq |
jobTitle: eq ge le in startswith | null
mail mailNickname onPremisesUserPrincipalName usageLocation: eq ge le in startswith | null
otherMails: eq ge le in startswith |
onPremisesSecurityIdentifier: eq in | null
onPremisesSyncEnabled: eq in | null
passwordPolicies: | eq null
showInAddressList: | eq ge le in
signInActivity: eq ge le |
userPrincipalName: eq ge le in startswith |
userType: eq in | null
"""
_GROUP = """
id: eq in |
assignedLicenses: eq |
classification: | eq ge le in startswith null
createdDateTime: eq in | null
description: eq ge le startswith | null
displayName: eq ge le in startswith | null
expirationDateTime renewedDateTime: eq ge le in |
groupTypes: eq | null
hasMembersWithLicenseErrors: eq |
isAssignableToRole: eq in | null
mail mailNickname: eq ge le in startswith | null
mailEnabled: eq |
membershipRule membershipRuleProcessingState: | eq startswith in null
onPremisesLastSyncDateTime: eq ge le in |
onPremisesSamAccountName: | eq ge le in startswith null
onPremisesSecurityIdentifier: eq in | null
onPremisesSyncEnabled: eq in | null
preferredDataLocation: | eq in startswith null
preferredLanguage: | eq ge le in startswith null
proxyAddresses: eq ge le startswith | null
securityEnabled: eq in |
uniqueName: eq in startswith |
visibility: | eq in
"""
# fmt: on


def _rows(table: str) -> Iterator[tuple[str, Operators]]:
    for line in table.strip().splitlines():
        names, _, operators = line.partition(":")
        default, _, advanced = operators.partition("|")
        both = Operators(frozenset(default.split()), frozenset(advanced.split()))
        yield from ((name, both) for name in names.split())


FILTERABLE = {USER.name: dict(_rows(_USER)), GROUP.name: dict(_rows(_GROUP))}
_EXTENSION = Operators(frozenset(("eq", "in", "startswith")), frozenset(("ge", "le", "null")))
_NOTHING = Operators(frozenset(), frozenset())


def operators_of(name: str, resource: Resource) -> Operators:
    if DIRECTORY_EXTENSION.fullmatch(name):
        return _EXTENSION
    return FILTERABLE.get(resource.name, {}).get(name, _NOTHING)


SORTABLE = {
    USER.name: {
        "displayName": "default",
        "userPrincipalName": "default",
        "createdDateTime": "advanced",
        "deletedDateTime": "advanced",
    },
    GROUP.name: {"displayName": "default", "deletedDateTime": "advanced"},
}
