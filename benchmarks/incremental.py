"""What a sync costs that reads only what has changed, against one that reads everybody.

    python -m benchmarks.incremental [--people 100000] [--changed 100] [--rounds 5] [--directory ldap|ad]

Everybody is synced once. Then, in turns: some people are given another family name, and a sync by changes
finds them; and a sync reads everybody and finds nothing. Both are timed inside one process, from connecting
to the recorded end, since the start of Python costs more than either.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from itertools import count
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.read_ldap import PASSWORD
from syncd import logs
from syncd.app import App, opened
from syncd.facts import RunFacts
from syncd.model import LicenseType
from syncd.run import Task
from syncd.settings import load
from tests.servers.ds389 import Ds389
from tests.servers.samba import Samba
from tests.servers.slapd import Slapd

CONFIGURATION = """
company: Contoso
database: sqlite:///syncd.db
directories:
  - name: corp
    type: {type}
    servers: [{url}]
    tls: {{ ca_file: {ca} }}
    bind: {{ user: "{user}", password: {{ env: {password} }} }}
    base_dn: "{base}"
guard: {{ max_creations: none, max_updates: none }}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--changed", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--directory", choices=["ldap", "ad"], default="ldap")
    chosen = parser.parse_args()
    kind = Samba if chosen.directory == "ad" else Slapd
    logs.configure(level="error", json=True)
    with (
        TemporaryDirectory(prefix="syncd-") as folder,
        TemporaryDirectory(prefix="syncd-") as place,
        kind.start(Path(folder), people=chosen.people) as server,
    ):
        file = Path(place, "syncd.yaml")
        file.write_text(configuration(server), encoding="utf-8")
        with opened(load(file)) as app:
            licenses, now = app.register.licenses, app.clock()
            order = licenses.request(LicenseType.PREMIUM, chosen.people, by="benchmark", now=now)
            licenses.assign(order.id, by="benchmark", now=now, zone=app.settings.zone)
            sync(app)
            compare(app, server, chosen.changed, chosen.rounds)


def compare(app: App, server: Slapd | Samba, changed: int, rounds: int) -> None:
    people, family = app.register.people.count(), count(1)
    print(f"{people:,} learners, {changed} changed, {rounds} rounds in turns, {os.cpu_count()} cores\n")
    parts: list[float] = []
    wholes: list[float] = []
    for _ in range(rounds):
        name = f"Changed{next(family)}"
        for number in range(1, changed + 1):
            server.admin.replace(server.person_dn(number), {"sn": name})
        took, facts = sync(app)
        assert facts.readings["corp"]["by_changes"], facts.readings
        parts.append(took)
        took, facts = sync(app, full=True)
        assert set(facts.counts) <= {"skip"}, f"a whole read found more: {facts.counts}"
        wholes.append(took)
    print(f"everybody read    {median(wholes):8.3f} s")
    ratio = median(part / whole for part, whole in zip(parts, wholes, strict=True))
    print(f"by changes        {median(parts):8.3f} s  {ratio:.1%}")


def sync(app: App, *, full: bool = False) -> tuple[float, RunFacts]:
    start = time.monotonic()
    facts = app.run(Task("sync", "benchmark", apply=True, full=full), lambda *_: None)
    return time.monotonic() - start, facts


def configuration(server: Slapd | Samba | Ds389) -> str:
    account = server.following_account if isinstance(server, Samba) else server.sync_account
    os.environ[PASSWORD] = account.password
    return CONFIGURATION.format(
        type="active_directory" if isinstance(server, Samba) else "ldap",
        url=server.url,
        ca=server.ca,
        user=account.user,
        password=PASSWORD,
        base=server.staff,
    )


if __name__ == "__main__":
    sys.exit(main())
