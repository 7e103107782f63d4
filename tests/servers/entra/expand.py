"""$expand=manager, the one expansion of people that a directory sync has use for."""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.servers.entra.call import Call
from tests.servers.entra.entry import Entry
from tests.servers.entra.faults import bad_query, denied
from tests.servers.entra.odata import Query
from tests.servers.entra.paging import Row
from tests.servers.entra.properties import USER
from tests.servers.entra.roles import USERS, holds

_SHAPE = re.compile(r"(\w+)(?:\((.*)\))?", re.DOTALL)


def expansion(call: Call) -> Callable[[Entry, Row], Row] | None:
    """Adds the manager to a row; somebody without one gets no such property."""
    text = call.query.given.get("$expand")
    if text is None:
        return None
    shape = _SHAPE.fullmatch(text.strip())
    if shape is None or shape[1] != "manager":
        name = shape[1] if shape else text
        raise bad_query(
            "Parsing OData Select and Expand failed: Could not find a property named "
            f"'{name}' on type 'microsoft.graph.user'."
        )
    if not holds(call.roles, *USERS):
        raise denied()
    names = _nested_select(shape[2] or "")

    def add(entry: Entry, row: Row) -> Row:
        manager = call.tenant.get(entry.manager) if entry.manager else None
        if manager is not None and manager.deleted_at is None:
            row["manager"] = {"@odata.type": USER.type} | manager.select(names)
        return row

    return add


def _nested_select(options: str) -> tuple[str, ...]:
    given: dict[str, str] = {}
    for option in filter(None, options.split(";")):
        name, _, value = option.partition("=")
        if name.strip().lower() not in ("$select", "$levels"):
            raise bad_query(f"Term '{option}' is not valid in a $select or $expand expression.")
        given[name.strip().lower()] = value
    return Query(given, eventual=False).select(USER, USER.standard)
