"""How fast everybody is read over LDAP, against OpenLDAP's own `ldapsearch` asking for the same, in turns.

    python -m benchmarks.read_ldap [--people 100000] [--rounds 5]

Ratios of one run mean something; seconds on a shared machine do not. Each way runs in a process of
its own, whose peak memory and CPU time, start included, are measured.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

from tests.servers.slapd import Slapd

ATTRIBUTES = ("mail", "givenname", "sn", "departmentnumber", "title", "employeenumber")
PEOPLE = "(|(objectClass=inetOrgPerson)(objectClass=person)(objectClass=posixAccount))"
PASSWORD = "SYNCD_BENCHMARK_PASSWORD"


_LAUNCHER = """
import os, sys, time
start = time.monotonic()
pid = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ)
_, status, used = os.wait4(pid, 0)
print(time.monotonic() - start, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
sys.exit(os.waitstatus_to_exitcode(status))
"""  # a small parent: memory counts from the fork on, and ours is large


class Measure(NamedTuple):
    """`read`: from connecting to the end, without the start of the program where that can be told."""

    read: float
    process: float
    cpu: float
    peak_mb: float


class Way(NamedTuple):
    name: str
    run: Callable[[], Measure]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--one-read", nargs=4, metavar=("URL", "CA", "USER", "WHAT"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.one_read:
        read_once(*chosen.one_read)
        return
    with TemporaryDirectory(prefix="syncd-") as folder:
        folder_path = Path(folder)
        with Slapd.start(folder_path, people=chosen.people) as server:
            compare(ways(server), chosen.rounds, chosen.people)


def ways(server: Slapd) -> list[Way]:
    def ldapsearch(url: str) -> Way:
        fixed = ("entryUUID", "nsAccountLock", "pwdAccountLockedTime", "shadowExpire")
        command = [
            *(
                "sh",
                "-c",
                'exec ldapsearch "$@" > /dev/null',
                "ldapsearch",
                "-LLL",
                "-x",
                "-H",
                url,
                "-D",
                server.sync_account.user,
                "-w",
            ),
            *(server.sync_account.password, "-b", server.staff, "-E", "pr=1000/noprompt", PEOPLE),
            *(*fixed, *ATTRIBUTES),
        ]
        label = "LDAPS" if url.startswith("ldaps") else "LDAP"
        return Way(f"ldapsearch, {label}", lambda: measure(command, {"LDAPTLS_CACERT": str(server.ca)}))

    def syncd(url: str, what: str, label: str) -> Way:
        arguments = [url, str(server.ca), server.sync_account.user, what]
        command = [sys.executable, "-m", "benchmarks.read_ldap", "--one-read", *arguments]
        return Way(f"syncd, {label}", lambda: measure(command, {PASSWORD: server.sync_account.password}))

    return [
        ldapsearch(server.plain_url),
        syncd(server.plain_url, "nothing", "start Python and bind"),
        syncd(server.plain_url, "fingerprints", "LDAP, fingerprints"),
        syncd(server.plain_url, "related", "LDAP, fingerprints, group and manager.mail"),
        syncd(server.plain_url, "opened", "LDAP, everybody opened"),
        ldapsearch(server.url),
        syncd(server.url, "fingerprints", "LDAPS, fingerprints"),
    ]


def compare(competitors: Sequence[Way], rounds: int, people: int) -> None:
    """Let them run in turns, and print the best of each against the first."""
    results: dict[str, list[Measure]] = {way.name: [] for way in competitors}
    for _ in range(rounds):
        for way in competitors:
            results[way.name].append(way.run())
    base = results[competitors[0].name]
    print(f"{people:,} people, {rounds} rounds in turns, {os.cpu_count()} cores; the best of the rounds\n")
    print(f"{'':46}{'read s':>8}{'ratio':>7}{'median':>8}{'process s':>11}{'CPU s':>7}{'peak MB':>9}")
    for name, measured in results.items():
        best = min(measured)
        ratios = [one.read / other.read for one, other in zip(measured, base, strict=True)]
        print(
            f"{name:46}{best.read:8.2f}{best.read / min(base).read:7.2f}{median(ratios):8.2f}"
            f"{best.process:11.2f}{best.cpu:7.2f}{best.peak_mb:9.0f}"
        )


def measure(command: Sequence[str], environment: dict[str, str]) -> Measure:
    """One process from its start to its end. Its own output is the seconds it read, or goes nowhere."""
    launcher = [sys.executable, "-I", "-S", "-c", _LAUNCHER]
    result = subprocess.run(
        [*launcher, *command],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
        check=True,
    )
    *own, usage = result.stdout.splitlines()
    process, cpu, peak = map(float, usage.split())
    return Measure(float(own[0]) if own else process, process, cpu, peak)


def read_once(url: str, ca: str, user: str, what: str) -> None:
    """In the measured process: one read, as a run does it."""
    from connectors.directories.ldap.face import LdapDirectory
    from connectors.directories.ldap.options import LdapOptions
    from syncd.model import GroupRef
    from syncd.ports import ReadRequest

    tls = {"ca_file": ca} if url.startswith("ldaps") else {}
    values = {
        "servers": url,
        "tls": tls,
        "allow_clear_text_password": not tls,
        "bind": {"user": user, "password": {"env": PASSWORD}},
        "base_dn": "ou=people,dc=contoso,dc=test",
    }
    related = what == "related"
    request = ReadRequest(
        frozenset(ATTRIBUTES) | ({"manager.mail"} if related else frozenset()),
        frozenset({GroupRef("everyone")} if related else ()),
        b"salt",
    )
    options = LdapOptions.model_validate(values)
    if what == "nothing":
        options = options.model_copy(update={"filter": "(uid=u000001)"})
    start = time.monotonic()
    for page in LdapDirectory("benchmark", options).read(request):
        if what == "opened":
            for sighting in page:
                sighting.open()
    print(time.monotonic() - start)


if __name__ == "__main__":
    main()
