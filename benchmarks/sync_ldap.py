"""What a whole sync costs, against `ldapsearch` reading the same people, in turns.

    python -m benchmarks.sync_ldap [--people 100000] [--rounds 3] [--database postgresql]

Each round makes a new register, SQLite or PostgreSQL: licenses are ordered, everybody is read, planned,
created and licensed; then a second run finds nothing to do. All three are whole processes, start
included; what the servers do, slapd and PostgreSQL, counts in the wall time alone.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.read_ldap import PASSWORD, PEOPLE, Measure, measure
from tests.servers.postgresql import Postgresql
from tests.servers.slapd import Slapd

NewDatabase = Callable[[], AbstractContextManager[str]]
MAPPED = ("mail", "givenName", "sn", "departmentNumber", "title", "employeeNumber", "preferredLanguage")
READ = ("entryUUID", "nsAccountLock", "pwdAccountLockedTime", "shadowExpire", *MAPPED)
CONFIGURATION = """
company: Contoso
database: {database}
directories:
  - name: corp
    type: ldap
    servers: [{url}]
    tls: {tls}
    allow_clear_text_password: {clear}
    bind: {{ user: "{user}", password: {{ env: {password} }} }}
    base_dn: "{base}"
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    chosen = parser.parse_args()
    with (
        TemporaryDirectory(prefix="syncd-") as folder,
        Slapd.start(Path(folder), people=chosen.people) as server,
        databases(chosen.database) as new_database,
    ):
        print(
            f"{chosen.people:,} people, {chosen.database}, {chosen.rounds} rounds in turns, "
            f"{os.cpu_count()} cores; medians\n"
        )
        print(f"{'':28}{'wall s':>8}{'ratio':>7}{'CPU s':>7}{'peak MB':>9}")
        for label, url in (("LDAP", server.plain_url), ("LDAPS", server.url)):
            rounds = [one_round(server, url, chosen.people, new_database) for _ in range(chosen.rounds)]
            for place, name in enumerate(("ldapsearch", "first sync", "second sync")):
                show(f"{name}, {label}", [results[place] for results in rounds], [one[0] for one in rounds])


@contextmanager
def databases(kind: str) -> Iterator[NewDatabase]:
    """What lends the URL of an empty database, as often as one is needed."""
    if kind == "sqlite":
        yield lambda: nullcontext("sqlite:///syncd.db")
    else:
        with TemporaryDirectory(prefix="syncd-") as folder, Postgresql.start(Path(folder)) as server:
            yield server.database


def one_round(
    server: Slapd, url: str, people: int, new_database: NewDatabase
) -> tuple[Measure, Measure, Measure]:
    """`ldapsearch`, a first sync and a second one."""
    secret = {PASSWORD: server.sync_account.password, "LDAPTLS_CACERT": str(server.ca)}
    search = ["ldapsearch", "-LLL", "-x", "-H", url, "-D", server.sync_account.user]
    search += [
        "-w",
        server.sync_account.password,
        "-b",
        server.staff,
        "-E",
        "pr=1000/noprompt",
        PEOPLE,
        *READ,
    ]
    quietly = ["sh", "-c", 'exec "$@" > /dev/null 2>&1', "sh"]
    with TemporaryDirectory(prefix="syncd-") as folder, new_database() as database:
        file = Path(folder, "syncd.yaml")
        file.write_text(configuration(server, url, database), encoding="utf-8")
        syncd = [*quietly, sys.executable, "-m", "syncd", "--config", str(file)]
        measure([*syncd, "licenses", "request", str(people)], secret)
        measure([*syncd, "licenses", "assign", "1"], secret)
        return (
            measure([*quietly, *search], secret),
            measure([*syncd, "sync", "--allow", "creations"], secret),
            measure([*syncd, "sync"], secret),
        )


def configuration(server: Slapd, url: str, database: str) -> str:
    tls = url.startswith("ldaps")
    return CONFIGURATION.format(
        database=database,
        url=url,
        tls=f"{{ ca_file: {server.ca} }}" if tls else "{}",
        clear=str(not tls).lower(),
        user=server.sync_account.user,
        password=PASSWORD,
        base=server.staff,
    )


def show(name: str, measured: list[Measure], base: list[Measure]) -> None:
    ratios = [one.process / other.process for one, other in zip(measured, base, strict=True)]
    print(
        f"{name:28}{median(m.process for m in measured):8.2f}{median(ratios):7.2f}"
        f"{median(m.cpu for m in measured):7.2f}{max(m.peak_mb for m in measured):9.0f}"
    )


if __name__ == "__main__":
    main()
