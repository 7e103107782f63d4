"""Everybody: all accounts by pages, each once, also where people come and go meanwhile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import structlog

from connectors.platforms.scim.attributes import Json, text
from connectors.platforms.scim.translate import Translator
from connectors.platforms.scim.wire import Answer, Wire
from syncd.errors import Incomplete, Unavailable

_PASSES = 3
_log = structlog.get_logger()


def users(wire: Wire) -> Iterator[list[Json]]:
    """Every user, once. A list that moved while it was read is read again, for whom it had not shown.

    Raises `Incomplete` where it never holds still, else as `Wire.ask`.
    """
    seen = set[str]()
    for _ in range(_PASSES):
        totals, shown = set[int](), set[str]()
        for page in wire.pages("/Users", "list"):
            if isinstance(page, Answer):
                raise cannot_list(wire, page)
            totals.add(page.total)
            by_id = {text(one.get("id")): one for one in page.resources}
            shown |= by_id.keys()
            yield [one for account, one in by_id.items() if account not in seen]
            seen |= by_id.keys()
        if len(totals) == 1 and len(shown) >= totals.pop():
            return
    words = f"{wire.host} shows other users each time they are listed"
    raise Incomplete(words, next_step="run again when fewer accounts change there")


def ours(wire: Wire, translator: Translator) -> Iterator[Sequence[Json]]:
    """Those with our key. One that another account has as well is left to whoever delivers: it is refused."""
    known = set[int]()
    for page in users(wire):
        found = []
        for resource in page:
            learner = translator.learner_of(resource)
            if learner in known:
                _log.warning("scim_key_twice", host=wire.host, account=text(resource.get("id")))
            elif learner is not None:
                known.add(learner)
                found.append(resource)
        yield found


def cannot_list(wire: Wire, answer: Answer) -> Unavailable:
    """The error for a list of users that is refused."""
    if answer.status == 404:
        return Unavailable(f"{wire.host} has no /Users there (404)", next_step="check platform.url")
    words = f"{wire.host} does not list its users ({answer.status})"
    return Unavailable(words, next_step="on the platform, see what its SCIM needs; check platform.url")
