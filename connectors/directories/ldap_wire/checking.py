"""`syncd check` for an LDAP directory: each server, TLS, the bind, the bases, the people and the groups."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.directories.ldap_wire.reading import Source
from syncd.model import Finding
from syncd.ports import ReadRequest


def check(source: Source, request: ReadRequest) -> Iterator[Finding]:
    yield from ()
