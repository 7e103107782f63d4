"""Pages of a collection: a link that remembers where it was, and grows stale.

https://learn.microsoft.com/graph/paging
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import blake2b
from itertools import islice
from typing import Any

from tests.servers.entra.call import Call
from tests.servers.entra.encoding import seal, unseal
from tests.servers.entra.entry import Entry
from tests.servers.entra.faults import bad_request, expired_page

Row = dict[str, Any]


def page(
    call: Call,
    url: str,
    entries: Callable[[int], Iterable[Entry]],
    show: Callable[[Entry], Row],
    *,
    context: str,
) -> dict[str, Any]:
    """The page a request asks for, of `entries` with a number above the one given, in their order."""
    after = _after(call)
    seen_here = (entry for entry in entries(after) if entry.born < call.horizon)
    rows = list(islice(seen_here, call.query.page_size + 1))
    body: dict[str, Any] = {"@odata.context": f"{call.root}/$metadata#{context}"}
    if call.query.advanced and after < 0:
        body["@odata.count"] = sum(entry.born < call.horizon for entry in entries(-1))
    if len(rows) > call.query.page_size:
        rows.pop()
        token = seal({"after": rows[-1].number, "of": _fingerprint(call), "at": call.now})
        body["@odata.nextLink"] = call.query.link(url, skiptoken=token)
    body["value"] = [show(entry) for entry in rows]
    return body


def ranked(entries: Sequence[Entry]) -> Callable[[int], Iterator[Entry]]:
    """For an order that is not that of the numbers: continue behind the entry with this one."""

    def behind(after: int) -> Iterator[Entry]:
        if after < 0:
            return iter(entries)
        places = (place for place, entry in enumerate(entries) if entry.number == after)
        place = next(places, None)
        if place is None:
            raise expired_page()
        return iter(entries[place + 1 :])

    return behind


def _after(call: Call) -> int:
    token = call.query.given.get("$skiptoken")
    if token is None:
        return -1
    try:
        state = unseal(token)
        after, of, at = int(state["after"]), state["of"], float(state["at"])
    except (ValueError, KeyError, TypeError) as exc:
        raise bad_request("Badly formed token.") from exc
    if of != _fingerprint(call) or call.now - at > call.limits.page_token_seconds:
        raise expired_page()
    return after


def _fingerprint(call: Call) -> str:
    """A link is good for the same query only, asked with the same header."""
    kept = [f"{name}={call.query.given.get(name, '')}" for name in ("$filter", "$orderby", "$count")]
    asked = "&".join((call.request.path, str(call.query.eventual), *kept))
    return blake2b(asked.encode(), digest_size=6).hexdigest()
