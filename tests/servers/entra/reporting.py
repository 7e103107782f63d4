"""/users/{id}/directReports: who has this person as their manager."""

from __future__ import annotations

from typing import Any

from tests.servers.entra import roles
from tests.servers.entra.call import Call
from tests.servers.entra.collection import LINKED, context, listed, reveal_any
from tests.servers.entra.groups import linked
from tests.servers.entra.paging import page
from tests.servers.entra.properties import USER
from tests.servers.entra.users import find_user


def direct_reports(call: Call, key: str, cast: str | None = None) -> dict[str, Any]:
    roles.need(call.roles, *roles.USERS)
    call.query.allow(LINKED)
    boss = find_user(call, key)
    team = [one for one in call.tenant.live(USER) if one.manager == boss.id]
    segments = ["users", boss.id, "directReports", *([f"microsoft.graph.{cast}"] if cast else [])]
    shown = reveal_any(call)
    return page(
        call,
        call.url(*segments),
        linked(call, listed(team), cast),
        shown,
        context=context("directoryObjects", call),
    )
