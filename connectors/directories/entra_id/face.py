"""The `Directory` of Entra ID, which also tells what has changed and when its credential ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence

from connectors.directories.entra_id import delta
from connectors.directories.entra_id.checking import check
from connectors.directories.entra_id.expiry import endings
from connectors.directories.entra_id.options import EntraOptions
from connectors.directories.entra_id.reading import Source
from connectors.directories.entra_id.sighting import EntraSighting
from syncd.model import Finding
from syncd.ports import UNHEARD, Calls, Changed, Ending, ReadRequest


class EntraId:
    """People of one tenant, identified by their object id."""

    def __init__(
        self,
        name: str,
        options: EntraOptions,
        *,
        calls: Calls = UNHEARD,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.name = name
        self._source = Source.of(name, options, calls, sleep)

    def read(self, request: ReadRequest) -> Iterator[Sequence[EntraSighting]]:
        return self._source.read(request)

    def check(self, request: ReadRequest) -> Iterator[Finding]:
        return check(self._source, request)

    def mark(self, request: ReadRequest) -> str:
        return delta.mark(self._source, request)

    def changes(self, request: ReadRequest, cursor: str) -> Iterator[Changed]:
        return delta.changes(self._source, request, cursor)

    def again(self, request: ReadRequest, ids: Collection[str]) -> Iterator[Changed]:
        return delta.again(self._source, request, ids)

    def endings(self) -> Sequence[Ending]:
        return endings(self._source)
