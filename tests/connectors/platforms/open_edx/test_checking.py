"""`syncd check`: what works, what is missing, and what to do about it; nothing is written."""

from __future__ import annotations

import pytest

from connectors.platforms.open_edx.face import OpenEdx
from syncd.model import Finding
from tests.connectors.platforms.open_edx.conftest import Connect
from tests.servers.open_edx import OpenEdxServer, Plan
from tests.servers.open_edx.plan import ACTIVATED


def findings(platform: OpenEdx) -> dict[str, Finding]:
    return {finding.part: finding for finding in platform.check()}


def test_what_is_well(platform: OpenEdx, server: OpenEdxServer) -> None:
    server.plan.add("a@example.com")
    server.plan.add("b@example.com", ACTIVATED)
    host = server.url.removeprefix("http://")
    assert list(platform.check()) == [
        Finding(host, True, "signed in as application syncd-client"),
        Finding(host, True, "our user may manage the plan's licenses"),
        Finding(
            "plan",
            True,
            "Contoso 2027 runs until 2027-12-31: all of its licenses end then, whatever their end here",
        ),
        Finding("licenses", True, "10: 1 activated, 1 assigned and not yet activated, 8 left"),
    ]
    assert server.writes() == []


@pytest.mark.parametrize(
    ("changed", "part", "ok", "words"),
    [
        ({"active": False}, "plan", False, "Contoso 2027 is not active"),
        ({"days_left": -1}, "plan", False, "Contoso 2027 ended on 2027-12-31"),
        ({"days_left": 30}, "plan", True, "a plan that follows has a UUID of its own"),
        ({"rows": []}, "licenses", True, "nobody gets one until there are more"),
        ({"cap": 3}, "revocations", True, "the plan allows 3 more"),
        ({"cap": 0}, "revocations", False, "have the limit raised there"),
        ({"auto_apply": True}, "auto-apply", True, "adopt_by_email: true"),
    ],
)
def test_what_to_look_after(
    platform: OpenEdx, plan: Plan, changed: dict[str, object], part: str, ok: bool, words: str
) -> None:
    for name, value in changed.items():
        setattr(plan, name, value)
    found = findings(platform)[part]
    assert found.ok is ok
    assert words in f"{found.message} {found.next_step}"


def test_who_may_not_manage_it(platform: OpenEdx, server: OpenEdxServer) -> None:
    server.administers = False
    (found,) = platform.check()
    assert not found.ok
    assert "may not manage plan" in found.message
    assert "role" in found.next_step


def test_a_wrong_client(connect: Connect) -> None:
    (found,) = connect(client_id="somebody").check()
    assert (found.ok, "invalid_client" in found.message) == (False, True)


def test_a_server_that_is_away(platform: OpenEdx, server: OpenEdxServer) -> None:
    server.faults.arm("status", "plan")
    (found,) = platform.check()
    assert (found.ok, "(503)" in found.message) == (False, True)
