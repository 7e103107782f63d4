"""The system query options of a request, checked as Graph checks them before it looks at any object."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple
from urllib.parse import quote

from tests.servers.entra.faults import bad_query, bad_request
from tests.servers.entra.properties import Resource
from tests.servers.entra.wire import Request

BIGGEST_PAGE = 999
USUAL_PAGE = 100
OPTIONS = frozenset(
    f"${name}"
    for name in (
        *("select", "top", "filter", "count", "orderby", "expand", "search", "skip", "format"),
        *("skiptoken", "deltatoken", "apply", "compute"),
    )
)


class Query(NamedTuple):
    """`given` holds each option by its name in lower case, with the dollar; `eventual` is the header."""

    given: Mapping[str, str]
    eventual: bool

    @classmethod
    def of(cls, request: Request) -> Query:
        given: dict[str, str] = {}
        for name, value in request.query:
            option = _option(name)
            if option in given:
                raise bad_query(f"Query option '{option}' was specified more than once.")
            given[option] = value
        level = request.headers.get("consistencylevel", "")
        if level and level.lower() not in ("eventual", "session"):
            raise bad_request(f"Invalid value specified for header 'ConsistencyLevel': '{level}'.")
        return cls(given, level.lower() == "eventual")

    @property
    def advanced(self) -> bool:
        """The header and $count=true. Without the header, $count is silently ignored."""
        return self.eventual and self.given.get("$count", "").lower() == "true"

    @property
    def top(self) -> int | None:
        text = self.given.get("$top")
        if text is None:
            return None
        if not text.lstrip("-").isdigit():
            raise bad_query(f"Invalid value '{text}' for $top query option found.")
        if not 1 <= int(text) <= BIGGEST_PAGE:
            raise bad_request(
                f"Invalid page size specified: '{int(text)}'. Must be between 1 and {BIGGEST_PAGE} inclusive."
            )
        return int(text)

    @property
    def page_size(self) -> int:
        return self.top or USUAL_PAGE

    def allow(self, options: Iterable[str]) -> None:
        """Refuse every other option."""
        if "$skip" in self.given:
            raise bad_request("'$skip' is not supported by the service.")
        for name in sorted(set(self.given) - set(options)):
            raise bad_request(f"The query option '{name}' is not supported for this request.")

    def select(self, resource: Resource, standard: tuple[str, ...]) -> tuple[str, ...]:
        """The properties to show, in the order asked for; links have none of their own."""
        text = self.given.get("$select", "")
        if not text:
            return standard
        names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
        if "*" in names:
            return standard
        for name in names:
            if not resource.has(name) and name not in resource.navigation:
                raise bad_query(
                    "Parsing OData Select and Expand failed: Could not find a property named "
                    f"'{name}' on type 'microsoft.graph.{resource.name}'."
                )
        return tuple(name for name in names if name not in resource.navigation)

    def link(self, url: str, **more: str) -> str:
        """The URL of the next page: these options, and what it must remember."""
        kept = {name: value for name, value in self.given.items() if name != "$skiptoken"}
        pairs = kept | {f"${name}": value for name, value in more.items()}
        return f"{url}?" + "&".join(f"{name}={quote(value, safe='')}" for name, value in pairs.items())


def _option(name: str) -> str:
    """The name with its dollar, which may be left out, but for those of the tokens."""
    lowered = name.lower()
    if lowered in OPTIONS:
        return lowered
    if f"${lowered}" in OPTIONS - {"$skiptoken", "$deltatoken"}:
        return f"${lowered}"
    raise bad_request(f"Unrecognized query argument specified: '{name}'.")
