"""Directories that ring: whoever is made in one is a licensed learner at once, without a look at any clock.

The daemons here sync by nothing else: no interval, no crontab. How many seconds it takes, benchmarks/doorbell
measures, and one test bounds; the others wait as long as a busy machine needs.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.daemon.serving import Serving, serving
from tests.e2e.conftest import PASSWORD, DirectoryOffice
from tests.servers.ldap_proxy import Kind, LdapProxy, Trouble
from tests.servers.samba import Samba

ONLY_WHEN_IT_RINGS = "schedule: { every: 0s, full: null }\n"
HOURLY = "schedule: { every: 1h, full: null }\n"
PROMISED = 5.0  # seconds, from before the server is asked to create somebody to their license


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DirectoryOffice:
    monkeypatch.setenv(PASSWORD, "")
    return DirectoryOffice(tmp_path)


class Site:
    """A directory, the unit in it that an office reads, and who reads it."""

    def __init__(self, office: DirectoryOffice, type_: str, server: Any, unit: str) -> None:
        self.office, self.type, self.server, self.unit = office, type_, server, unit

    def employ(self, name: str) -> str:
        handle = name.partition(" ")[0].lower()
        return str(self.server.add_person(name, ou=self.unit, mail=f"{handle}@contoso.test"))

    def configure(self, more: str = "", *, schedule: str = ONLY_WHEN_IT_RINGS, **changed: str) -> None:
        if isinstance(self.server, Samba):
            account = self.server.following_account
            changed = {"bind": f'{{ user: "{account.user}", password: {{ env: {PASSWORD} }} }}', **changed}
        self.office.read_from(self.type, self.server, base=self.unit, more=schedule + more, **changed)

    def license_of(self, handle: str) -> str:
        return str(self.office.json("learners", "show", f"{handle}@contoso.test")["license"])


@pytest.fixture(params=["samba", "slapd"])
def site(request: pytest.FixtureRequest, office: DirectoryOffice) -> Site:
    """With somebody there already, so that the first sync is not of nobody, and licenses for all."""
    server, unit = request.getfixturevalue(request.param), request.getfixturevalue(f"{request.param}_ou")
    site = Site(office, "active_directory" if request.param == "samba" else "ldap", server, unit)
    site.employ("Ann Archer")
    site.configure()
    office.order(10)
    return site


@contextmanager
def listening(site: Site, **options: Any) -> Iterator[Serving]:
    """A daemon that has synced, hears the directory, and has nothing left to do."""
    with serving(site.office, **options) as daemon:
        settled(daemon)
        yield daemon


def settled(daemon: Serving) -> None:
    """It has begun to listen, and what it asked for then is done."""
    daemon.until("doorbell_works", directory="corp")
    daemon.until("run_started", requested_by="doorbell corp")
    daemon.until("run_finished", state="done")


@pytest.mark.parametrize("site", ["samba", "slapd", "ds389"], indirect=True)
def test_somebody_new_is_a_licensed_learner(site: Site) -> None:
    with listening(site) as daemon:
        site.employ("Bob Brown")
        daemon.until("run_finished", state="done", count_create=1)
        assert site.license_of("bob") == "live"
        assert daemon.end() == 0
        assert {event["requested_by"] for event in daemon.seen("run_started")} <= {"start", "doorbell corp"}
        by_changes = [event["by_changes"] for event in daemon.seen("directory_read")]
        assert by_changes == [False] + [True] * (len(by_changes) - 1), "a ring has only the changes read"
        assert daemon.other == []


@pytest.mark.parametrize("site", ["slapd"], indirect=True)
def test_it_takes_seconds_where_syncs_are_hourly(site: Site) -> None:
    """The quickest of three: another program may keep the machine busy for a while, but not each time."""
    site.configure(schedule=HOURLY)
    took = []
    with listening(site) as daemon:
        for name in ("Bob Brown", "Cem Cole", "Dan Drew"):
            asked = datetime.now(UTC)
            site.employ(name)
            done = daemon.until("run_finished", state="done", count_create=1)
            took.append((datetime.fromisoformat(done["timestamp"]) - asked).total_seconds())
            assert site.license_of(name.partition(" ")[0].lower()) == "live"
        assert daemon.end() == 0
    assert {event["requested_by"] for event in daemon.seen("run_started")} <= {"start", "doorbell corp"}
    assert min(took) < PROMISED, took


def test_who_joins_a_group_and_who_leaves(site: Site) -> None:
    ann, bob = site.employ("Ann Other"), site.employ("Bob Brown")
    group = site.server.add_group("Trained", [ann], ou=site.unit)
    site.configure(
        "scope: { include: [ { group: Trained } ] }\nguard: { max_suspensions: none }\n",
        group_base_dn=f'"{site.unit}"',
    )
    with listening(site) as daemon:
        site.server.admin.add_values(group, {"member": bob})
        daemon.until("run_finished", state="done", count_create=1)
        site.server.admin.remove_values(group, {"member": bob})
        daemon.until("run_finished", state="done", count_suspend=1)
        daemon.end()


def test_a_line_that_was_cut_is_opened_again_and_what_was_missed_is_seen(
    site: Site, ldap_proxy: Callable[..., LdapProxy]
) -> None:
    proxy = ldap_proxy(site.server)
    site.configure(servers=f"[{proxy.url}]")
    with listening(site) as daemon:
        proxy.arm(Trouble(Kind.CUT, times=100))
        site.employ("Bob Brown")  # the message that says so is what cuts the line
        daemon.until("doorbell_lost", directory="corp")
        proxy.heal()
        daemon.until("doorbell_works")
        daemon.until("run_finished", state="done", count_create=1)
        site.employ("Cem Cole")
        daemon.until("run_finished", state="done", count_create=1)
        daemon.end()


def test_other_settings_are_listened_by_at_once(site: Site) -> None:
    with listening(site) as daemon:
        site.configure("mapping: { department: title }\n")
        daemon.send(signal.SIGHUP)
        daemon.until("configuration_reloaded")
        settled(daemon)
        site.employ("Bob Brown")
        daemon.until("run_finished", state="done", count_create=1)
        daemon.end()


def test_only_who_leads_listens(site: Site) -> None:
    hurry = "from syncd.daemon import worker; worker._LOOK = 0.2"
    with listening(site) as leader, serving(site.office, first=hurry) as standby:
        standby.until("role_changed", role="standby")
        site.employ("Bob Brown")
        leader.until("run_finished", state="done", count_create=1)
        assert standby.seen("doorbell_works") == []
        leader.kill()
        settled(standby)
        site.employ("Cem Cole")
        standby.until("run_finished", state="done", count_create=1)
        standby.end()
