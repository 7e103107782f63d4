"""Writing: operations one by one, or many in a bulk request.

answered -> that answer      no answer came -> None: nobody knows      missing in a bulk answer -> sent alone
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import unquote

import structlog

from connectors.platforms.scim.attributes import Json, items, member, text
from connectors.platforms.scim.features import Features
from connectors.platforms.scim.wire import Answer, Wire
from syncd.errors import Unanswered

_REQUEST = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
_ENVELOPE = 200  # bytes of a bulk request around its operations, and more than that
_log = structlog.get_logger()


class Operation(NamedTuple):
    """One write. `version`: what it must find there, where the server has versions."""

    method: str
    path: str
    data: Json | None = None
    version: str = ""


Answered = tuple[int, Answer | None]


@dataclass(slots=True)
class Writer:
    """Sends for one call. After a second answer in a row that never came it raises: that is no accident."""

    wire: Wire
    features: Features
    silences: int = 0

    def send(self, operations: Sequence[Operation]) -> Iterator[Answered]:
        """The number of each operation with its answer, in any order. Raises as `Platform.deliver`."""
        numbered = list(enumerate(operations))
        while numbered:
            size = self._fitting([operation for _, operation in numbered])
            some, numbered = numbered[:size], numbered[size:]
            if size > 1:
                yield from self._together(some)
            else:
                yield from self._alone(some)

    def _fitting(self, operations: Sequence[Operation]) -> int:
        """How many go into the next request."""
        room, fitting = (self.features.payload or 1 << 20) - _ENVELOPE, 0
        for operation in operations[: self.features.bulk]:
            room -= len(json.dumps(_as_item(0, operation))) + _ENVELOPE
            if room < 0:
                break
            fitting += 1
        return max(fitting, 1)

    def _alone(self, numbered: Sequence[tuple[int, Operation]]) -> Iterator[Answered]:
        for number, one in numbered:
            try:
                answer = self.wire.tell(one.method, one.path, one.data, one.version)
            except Unanswered as exc:
                self._fell_silent(exc)
                yield number, None
            else:
                self.silences = 0
                yield number, answer

    def _together(self, numbered: Sequence[tuple[int, Operation]]) -> Iterator[Answered]:
        body = {"schemas": [_REQUEST], "Operations": [_as_item(*one) for one in numbered]}
        try:
            answer = self.wire.tell("POST", "/Bulk", body, operation="bulk")
        except Unanswered as exc:
            self._fell_silent(exc)
            yield from ((number, None) for number, _ in numbered)
            return
        self.silences = 0
        if not answer.ok:
            _log.info("scim_bulk_unusable", host=self.wire.host, status=answer.status)
            self.features.bulk = 0
            yield from self._alone(numbered)
            return
        told = _told(numbered, items(member(answer.body, "Operations")))
        yield from (
            (number, found if found.status < 500 or found.status in (501, 507) else None)
            for number, found in told.items()
        )
        yield from self._alone([one for one in numbered if one[0] not in told])

    def _fell_silent(self, exc: Unanswered) -> None:
        self.silences += 1
        if self.silences > 1:
            raise exc


def _as_item(number: int, operation: Operation) -> dict[str, Any]:
    item: dict[str, Any] = {
        "method": operation.method,
        "bulkId": f"n{number}",
        "path": operation.path,
    }
    if operation.data is not None:
        item["data"] = operation.data
    if operation.version:
        item["version"] = operation.version
    return item


def _told(numbered: Sequence[tuple[int, Operation]], results: Sequence[Json]) -> dict[int, Answer]:
    """The answers by number: by `bulkId`, or, as servers leave it out of all but POST, by address and method.

    One that asks to be sent later, as it is too much now, was not done: it counts as missing.
    """
    known = {f"n{number}": number for number, _ in numbered}
    places = {(one.method, _end(one.path)): number for number, one in numbered if one.method != "POST"}
    found: dict[int, Answer] = {}
    for result in results:
        location = text(member(result, "location"))
        place = text(member(result, "method")).upper(), _end(location)
        number = known.get(text(member(result, "bulkId")), places.get(place))
        status = member(result, "status")
        code = text(member(status, "code") if isinstance(status, dict) else status)
        if number is not None and code.isdecimal() and int(code) != 429:
            body = member(result, "response")
            found[number] = Answer(int(code), body if isinstance(body, dict) else {}, location)
    return found


def _end(address: str) -> str:
    """The kind of a resource and its id, which are the end of every address it has."""
    return unquote("/".join(address.rstrip("/").split("/")[-2:]))
