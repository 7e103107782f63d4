"""How long it takes from somebody's creation in a directory to their license, where the directory rings.

    python -m benchmarks.doorbell [--people 1000] [--new 20] [--directory ldap|ad|389] [--storm 1000]

The daemon runs as an admin starts it, syncing by nothing but the doorbell. People are created one by one,
each once the one before has a license; timed is from before the server is asked to create them until the
register says that they have. Then a storm of changes, and how many syncs it is.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.incremental import configuration
from benchmarks.read_ldap import PASSWORD
from syncd.app import App, opened
from syncd.model import LicenseType
from syncd.settings import load
from tests.daemon.serving import Serving, serving
from tests.office import Office
from tests.servers.ds389 import Ds389
from tests.servers.samba import Samba
from tests.servers.slapd import Slapd

KINDS: dict[str, type[Samba] | type[Slapd] | type[Ds389]] = {"ldap": Slapd, "ad": Samba, "389": Ds389}
ONLY_WHEN_IT_RINGS = "schedule: { every: 0s, full: null }\n"
GIVEN_UP = 300.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--people", type=int, default=1_000)
    parser.add_argument("--new", type=int, default=20)
    parser.add_argument("--storm", type=int, default=1_000)
    parser.add_argument("--directory", choices=sorted(KINDS), default="ldap")
    chosen = parser.parse_args()
    with (
        TemporaryDirectory(prefix="syncd-") as folder,
        TemporaryDirectory(prefix="syncd-") as place,
        KINDS[chosen.directory].start(Path(folder), people=chosen.people) as server,
    ):
        office = Office(Path(place))
        office.configure(ONLY_WHEN_IT_RINGS + configuration(server))
        with opened(load(office.config)) as app:
            licenses, now = app.register.licenses, app.clock()
            order = licenses.request(LicenseType.PREMIUM, chosen.people * 2, by="benchmark", now=now)
            licenses.assign(order.id, by="benchmark", now=now, zone=app.settings.zone)
            with listening(office) as daemon:
                print(f"{chosen.directory}, {chosen.people:,} people, {os.cpu_count()} cores")
                one_by_one(app, server, chosen.new)
                storm(daemon, server, chosen.storm)


def one_by_one(app: App, server: Samba | Slapd | Ds389, new: int) -> None:
    for name, pause in (("after a while", 5.0), ("at once after the one before", 0.0)):
        took = [created_to_licensed(app, server, pause) for _ in range(new)]
        print(f"created {name}: median {median(took):.2f} s, longest {max(took):.2f} s")


def created_to_licensed(app: App, server: Samba | Slapd | Ds389, pause: float) -> float:
    time.sleep(pause)
    before = app.register.people.count()
    start = time.monotonic()
    server.add_person(f"New Person{before}")
    while app.register.people.count() == before:
        time.sleep(0.01)
        assert time.monotonic() - start < GIVEN_UP, "nobody came"
    return time.monotonic() - start


def storm(daemon: Serving, server: Samba | Slapd | Ds389, changes: int) -> None:
    before = len(daemon.seen("run_finished"))
    start = time.monotonic()
    with server.admin.connection() as connection:
        for number in range(changes):
            dn, name = server.person_dn(1 + number % (server.people - 1)), f"Stormy{number}"
            connection.modify(dn, {"sn": [("MODIFY_REPLACE", [name])]})
    lasted = time.monotonic() - start
    daemon.until("run_finished")
    time.sleep(15)
    runs = daemon.seen("run_finished")[before:]
    print(f"{changes:,} changes in {lasted:.1f} s: {len(runs)} syncs")


@contextmanager
def listening(office: Office) -> Iterator[Serving]:
    """The daemon, once everybody there is a learner and it has nothing to do."""
    with serving(office, **{PASSWORD: os.environ[PASSWORD]}) as daemon:
        daemon.until("run_started", requested_by="doorbell corp")
        daemon.until("run_finished", state="done")
        yield daemon
        daemon.end()


if __name__ == "__main__":
    sys.exit(main())
