"""Whatever goes wrong on the way, in the end everybody is there as they shall be, once, with one slot."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from syncd.comparing import differences
from syncd.errors import SyncdError
from syncd.model import Kind, Profile, Verdict
from syncd.ports import Delivery
from tests.connectors.platforms.moodle.conftest import FIELDS, Connect
from tests.contracts.platform import ENDS, delivery
from tests.servers.moodle import Kind as Fault
from tests.servers.moodle import MoodleServer, Site
from tests.servers.moodle.iomad import with_iomad

PEOPLE = range(1, 13)
READS = ("core_user_get*", "*get_cohort*", "*get_license_info")
WRITES = ("*create_users", "*update_users", "*cohort_add*", "*assign_users", "*allocate_licenses")


def wish(chance: Random, number: int) -> Delivery:
    """How somebody shall be for a while."""
    profile = Profile(
        email=f"p{number}{chance.choice('abc')}@example.com",
        first_name=chance.choice(["Ann", "<b>Bold", "", "Zoë 🦊"]),
        last_name=chance.choice(["Doe", "E & F", ""]),
        department=chance.choice(["", "R&D <Labs>", "Law"]),
        job_title=chance.choice(["", "Boss", "C<O"]),
    )
    active = chance.random() < 0.8
    ends_at = chance.choice([None, ENDS, ENDS + 86_400]) if active else None
    return replace(delivery(number, Kind.UPDATE), profile=profile, active=active, ends_at=ends_at)


def go_wrong(chance: Random, server: MoodleServer) -> None:
    kind = chance.choice([*Fault])
    if kind is Fault.SLOW:
        return  # as a lost answer, and takes a second
    places = WRITES if kind is Fault.SPOILED else (*WRITES, *READS)
    how = {"after": chance.randint(0, 4), "times": chance.randint(1, 3)}
    server.arm(kind, chance.choice(places), status=chance.choice([429, 500, 502, 503]), **how)


def somebody_edits(chance: Random, site: Site) -> None:
    ours = [user for user in site.users.values() if user.idnumber]
    if ours:
        user = chance.choice(ours)
        user.suspended, user.department = not user.suspended, "edited"


def license_of(site: Site, kind: str) -> dict[str, Any]:
    if kind == "cohort":
        site.add_cohort("premium")
        return {"cohort": "premium"}
    if kind == "iomad":
        license_ = site.add_license(with_iomad(site).add_company("acme"), 99, 5, 6)
        return {"iomad": {"company": "acme", "license": license_.id, "courses": [5, 6], "field": "slots"}}
    return {}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", ["account", "cohort", "iomad"])
def test_in_the_end_everything_is_as_it_shall_be(
    connect: Connect, server: MoodleServer, kind: str, seed: int
) -> None:
    chance, site = Random(seed), server.site
    platform = connect(fields=FIELDS, patience="0s", license=license_of(site, kind))
    wanted = {number: wish(chance, number) for number in PEOPLE}
    for _ in range(20):
        wanted |= {number: wish(chance, number) for number in chance.sample(PEOPLE, 4)}
        go_wrong(chance, server)
        with suppress(SyncdError):
            for outcome in platform.deliver([wanted[number] for number in chance.sample(PEOPLE, 9)]):
                assert outcome.verdict is not Verdict.REFUSED, outcome.reason
        server.heal()
        somebody_edits(chance, site)
    everybody = list(wanted.values())
    assert {outcome.verdict for outcome in platform.deliver(everybody)} <= {Verdict.DONE, Verdict.ALREADY}
    there = platform.read_back(everybody)
    assert [one for one in everybody if differences(one, there[one.id], platform.keeps)] == []
    assert {outcome.verdict for outcome in platform.deliver(everybody)} == {Verdict.ALREADY}
    numbers = [user.idnumber for user in site.users.values() if user.idnumber]
    assert len(numbers) == len(set(numbers)), "nobody has two accounts"
    for license_ in site.licenses.values():
        assert license_.used == len({slot[:2] for slot in license_.taken}), "nobody has two slots of a course"
