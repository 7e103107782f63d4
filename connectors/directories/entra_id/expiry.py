"""When what we sign in by ends: as Graph says, else the certificate itself, else the admin."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time

from connectors.directories.entra_id import certificate
from connectors.directories.entra_id.codes import APPLICATIONS
from connectors.directories.entra_id.graph import Call, Graph, Json
from connectors.directories.entra_id.options import EntraOptions
from connectors.directories.entra_id.reading import Source
from syncd.ports import Ending

_HINT = 3  # of a secret's characters Graph tells the first three


def endings(source: Source) -> Sequence[Ending]:
    """`CredentialWatch.endings`. Nothing for a managed identity or a federated token: others renew those."""
    if source.options.credential.secret is None:
        return endings_of(source.options, None)
    with source.opened() as graph:
        return endings_of(source.options, graph)


def endings_of(options: EntraOptions, graph: Graph | None) -> Sequence[Ending]:
    """The same over a session that is open. Without one, Graph is not asked."""
    credential = options.credential
    if credential.certificate is not None:
        end = certificate.load(credential.certificate).ends_at
        return _known(f"certificate {credential.certificate.file}", end or _stated(options))
    if credential.secret is None:
        return ()
    shown = _shown(options, graph, credential.secret.reveal()) if graph else None
    return _known(f"client secret in {credential.secret.place}", shown or _stated(options))


def _known(what: str, end: int | None) -> Sequence[Ending]:
    return () if end is None else (Ending(what, end),)


def _stated(options: EntraOptions) -> int | None:
    day = options.credential_expires
    return None if day is None else int(datetime.combine(day, time(), UTC).timestamp())


def _shown(options: EntraOptions, graph: Graph, secret: str) -> int | None:
    """What Graph tells of our secret: it knows its first letters; of several such, the first to end."""
    if graph.tokens.roles().isdisjoint(APPLICATIONS):
        return None
    path = f"/applications(appId='{options.client_id}')"
    app = graph.get(Call(path, {"$select": "id,passwordCredentials"}, enough=APPLICATIONS))
    secrets: list[Json] = app.get("passwordCredentials") or []
    ours = [one for one in secrets if one.get("hint") == secret[:_HINT]]
    ends = [_moment(str(one["endDateTime"])) for one in ours or secrets if one.get("endDateTime")]
    return min(ends, default=None)


def _moment(text: str) -> int:
    """Graph writes up to seven decimals, more than a datetime holds."""
    return int(datetime.fromisoformat(text[:19]).replace(tzinfo=UTC).timestamp())
