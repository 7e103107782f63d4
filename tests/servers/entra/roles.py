"""Which application permission lets one read what, the least first.

https://learn.microsoft.com/graph/permissions-reference
"""

from __future__ import annotations

from tests.servers.entra.faults import denied

DIRECTORY = ("Directory.Read.All", "Directory.ReadWrite.All")
USERS = ("User.Read.All", "User.ReadWrite.All", *DIRECTORY)
SOME_OF_USERS = ("User.ReadBasic.All", *USERS)
GROUPS = (
    *("GroupMember.Read.All", "GroupMember.ReadWrite.All"),
    *("Group.Read.All", "Group.ReadWrite.All"),
    *DIRECTORY,
)
APPLICATIONS = ("Application.Read.All", "Application.ReadWrite.All", *DIRECTORY)
ORGANIZATION = ("Organization.Read.All", *DIRECTORY)
FULL = {
    "user": USERS,
    "group": GROUPS,
    "device": ("Device.Read.All", *DIRECTORY),
    "servicePrincipal": APPLICATIONS,
    "orgContact": ("OrgContact.Read.All", *DIRECTORY),
}
"""What lets one see all of an object of each type."""

# fmt: off
BASIC_PROPERTIES = frozenset((
    "id", "displayName", "givenName", "surname", "mail", "userPrincipalName", "photo",
))
# fmt: on


def need(held: frozenset[str], *enough: str) -> None:
    """Refuse unless one of these is held."""
    if held.isdisjoint(enough):
        raise denied()


def holds(held: frozenset[str], *enough: str) -> bool:
    return not held.isdisjoint(enough)
