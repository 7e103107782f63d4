"""The codes by which Entra and Graph refuse, in words, with what to do next; and who may do what.

https://learn.microsoft.com/entra/identity-platform/reference-error-codes
https://learn.microsoft.com/graph/errors
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from syncd.errors import ConfigError, Incomplete, Retriable, SyncdError, Unavailable


class Words(NamedTuple):
    text: str
    next_step: str
    kind: type[SyncdError] = Unavailable


# -- permissions: any of these is enough; the first is the least, and the one to ask for -------------------

PEOPLE = ("User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All")
GROUPS = (
    "GroupMember.Read.All",
    "GroupMember.ReadWrite.All",
    "Group.Read.All",
    "Group.ReadWrite.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
)
APPLICATIONS = (
    "Application.Read.All",
    "Application.ReadWrite.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
)
WHAT_FOR: Mapping[tuple[str, ...], str] = {
    PEOPLE: "reading people",
    GROUPS: "reading who is in a group",
    APPLICATIONS: "seeing when the client secret ends",
}

# -- signing in: AADSTS and a number -----------------------------------------------------------------------

PORTAL = "Entra admin center > App registrations > your app"
_SECRETS = f"{PORTAL} > Certificates & secrets"
_NEW_SECRET = f"make a new one ({_SECRETS}) and put its Value where credential.secret says"
_UPLOAD = f"upload it ({_SECRETS} > Certificates), or correct credential.certificate"
_FEDERATION = f"compare with {_SECRETS} > Federated credentials"
_CLOUD = "check cloud, authority and graph_endpoint"

SIGN_IN: Mapping[int, Words] = {
    90002: Words("there is no such tenant in this cloud", "check tenant_id and cloud", ConfigError),
    900023: Words("Entra knows no tenant of that id or domain", "check tenant_id", ConfigError),
    90013: Words("the request was not understood", "check tenant_id, client_id and authority"),
    700016: Words(
        "there is no such app in this tenant",
        "check client_id and tenant_id: the Application (client) ID and the Directory (tenant) ID on the "
        "app's Overview page, not its Object ID",
        ConfigError,
    ),
    7000112: Words("the app is disabled", "enable it: Enterprise applications > your app > Properties"),
    7000215: Words(
        "the client secret is wrong; often the secret's ID was copied instead of its Value",
        f"copy the column Value, shown only right after making the secret; if it is gone, {_NEW_SECRET}",
    ),
    7000222: Words("the client secret has expired", _NEW_SECRET),
    7000216: Words("no credential was sent", "check credential"),
    700027: Words("the app does not have the certificate we signed with, or it has ended", _UPLOAD),
    700030: Words("what we signed names another app", "check client_id"),
    50027: Words("what we signed is not understood", "check credential"),
    700021: Words("what we signed is for another app", "check client_id"),
    700023: Words("what we signed is for somebody else", "check authority and tenant_id"),
    700024: Words(
        "what we signed is not valid at this time: a wrong clock, or an old token file",
        "set this machine's clock (NTP), or look at what renews the token file",
    ),
    700211: Words("no federated credential has the issuer of our token", _FEDERATION),
    700212: Words("no federated credential has the audience of our token", _FEDERATION),
    700213: Words("no federated credential has the subject of our token", _FEDERATION),
    70021: Words("no federated credential fits our token", _FEDERATION),
    53003: Words(
        "a Conditional Access policy does not let the app in from here",
        "Entra admin center > Sign-in logs > Service principal sign-ins names the policy; let it pass the "
        "app, or this machine's address",
    ),
    530034: Words("the tenant's security defaults do not let the app in", "let the app pass"),
    500011: Words("this tenant does not know Graph under that name", _CLOUD, ConfigError),
    1002012: Words("the scope was not accepted", _CLOUD, ConfigError),
    65001: Words(
        "nobody consented to the app's permissions", f"{PORTAL} > API permissions > Grant admin consent"
    ),
    90033: Words("a passing failure on Microsoft's side", "run again", Retriable),
    50196: Words("too many sign-ins in a row", "wait a few minutes", Retriable),
}

# -- Graph: a word, in lower case --------------------------------------------------------------------------

GRAPH: Mapping[str, Words] = {
    "invalidauthenticationtoken": Words("the token is not accepted", f"check this machine's clock; {_CLOUD}"),
    "authentication_unauthorized": Words("the app may not use Graph", "grant it permissions, with consent"),
    "authorization_identitynotfound": Words("the tenant does not know the app", "grant admin consent in it"),
    "directory_expiredpagetoken": Words("the place in the list is forgotten", "run again", Incomplete),
    "notimplemented": Words("an attribute is not told of many people at once", "do not map it", ConfigError),
    "request_unsupportedquery": Words("the question is not supported", "report this as a fault of syncd"),
    "request_resourcenotfound": Words("it does not exist", "run again; check group names", ConfigError),
    "directory_quotaexceeded": Words("the tenant's quota is used up", "wait, or ask Microsoft"),
}
DENIED = "authorization_requestdenied"

# What happened since a link is not known any more; the last only where it is about a delta.
LOST = frozenset(
    (
        "syncstatenotfound",
        "resyncrequired",
        "resyncapplydifferences",
        "resyncuploaddifferences",
        "directory_expiredpagetoken",
    )
)
