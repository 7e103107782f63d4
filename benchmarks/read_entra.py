"""How fast a tenant is read over Graph, against a bare `requests` loop that fetches the same pages, in turns.

    python -m benchmarks.read_entra [--people 100000] [--rounds 5]

Graph is the tests' own server, in a process of its own. Each way runs in a process of its own, whose peak
memory and CPU time, start included, are measured. Ratios of one run mean something; seconds do not.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

ATTRIBUTES = ("mail", "othermails", "givenname", "surname", "department", "jobtitle", "employeeid")
SELECT = (
    "id,userPrincipalName,accountEnabled,userType,onPremisesImmutableId,onPremisesSecurityIdentifier,"
    "department,employeeId,givenName,jobTitle,mail,otherMails,surname"
)
EVERYBODY = "Everybody"
CHANGES = 100
_LAUNCHER = """
import os, sys
pid = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ)
_, status, used = os.wait4(pid, 0)
print(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
sys.exit(os.waitstatus_to_exitcode(status))
"""  # a small parent: memory counts from the fork on, and ours is large


class Measure(NamedTuple):
    """`read`: seconds from signing in to the end. `requests`: what Graph was asked meanwhile."""

    read: float
    requests: int
    cpu: float
    peak_mb: float


WAYS = {
    "bare": "requests and json, nothing else",
    "fingerprints": "syncd, fingerprints",
    "related": "syncd, a group of everybody, manager.mail",
    "opened": "syncd, everybody opened",
    "changes": "syncd, 100 changes since",
    "changes-group": "syncd, 100 changes since, with the group",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--serve", metavar="FOLDER", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--one", nargs=2, metavar=("WAY", "FOLDER"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.serve:
        serve(chosen.serve, chosen.people)
    elif chosen.one:
        print(json.dumps(run_one(chosen.one[0], Path(chosen.one[1]))))
    else:
        with TemporaryDirectory(prefix="syncd-") as folder, served(Path(folder), chosen.people):
            compare(Path(folder), chosen.rounds, chosen.people)


def compare(folder: Path, rounds: int, people: int) -> None:
    """Let them run in turns, and print the best of each against the first."""
    results: dict[str, list[Measure]] = {way: [] for way in WAYS}
    for _ in range(rounds):
        for way in WAYS:
            results[way].append(measure(way, folder))
    base = results["bare"]
    print(f"{people:,} people, {rounds} rounds in turns, {os.cpu_count()} cores; the best of the rounds\n")
    print(f"{'':44}{'read s':>8}{'ratio':>7}{'median':>8}{'requests':>10}{'CPU s':>7}{'peak MB':>9}")
    for way, measured in results.items():
        best = min(measured)
        ratios = [one.read / other.read for one, other in zip(measured, base, strict=True)]
        print(
            f"{WAYS[way]:44}{best.read:8.2f}{best.read / min(base).read:7.2f}{median(ratios):8.2f}"
            f"{best.requests:10}{best.cpu:7.2f}{best.peak_mb:9.0f}"
        )


def measure(way: str, folder: Path) -> Measure:
    launcher = [sys.executable, "-I", "-S", "-c", _LAUNCHER]
    command = [sys.executable, "-m", "benchmarks.read_entra", "--one", way, str(folder)]
    done = subprocess.run([*launcher, *command], stdout=subprocess.PIPE, text=True, check=True)
    own, usage = done.stdout.splitlines()[-2:]
    cpu, peak = map(float, usage.split())
    return Measure(*json.loads(own), cpu, peak)


# -- in the measured process -------------------------------------------------------------------------------


def run_one(way: str, folder: Path) -> tuple[float, int]:
    """The seconds it took, and how often Graph was asked."""
    import logging

    import structlog

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    places = json.loads((folder / "entra.json").read_text())
    return read_bare(places) if way == "bare" else read_by_syncd(way, places)


def read_bare(places: dict[str, Any]) -> tuple[float, int]:
    """What anybody would write first: the token, then page after page, decoded."""
    import requests

    start, asked = time.monotonic(), 0
    with requests.Session() as session:
        session.verify, session.trust_env = places["ca_file"], False
        form = {
            "grant_type": "client_credentials",
            "client_id": places["client_id"],
            "client_secret": places["secret"],
            "scope": "https://graph.microsoft.com/.default",
        }
        answer = session.post(f"{places['authority']}/oauth2/v2.0/token", data=form, timeout=60)
        session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        url = f"{places['graph_url']}/users?$select={SELECT}&$top=999"
        while url:
            page = session.get(url, timeout=60).json()
            url, asked = page.get("@odata.nextLink", ""), asked + 1
    return time.monotonic() - start, asked


def read_by_syncd(way: str, places: dict[str, Any]) -> tuple[float, int]:
    from connectors.directories.entra_id.face import EntraId
    from connectors.directories.entra_id.options import EntraOptions
    from connectors.http import Http
    from syncd.model import GroupRef
    from syncd.ports import ReadRequest

    asked = [0]
    send = Http.send

    def counted(http: Http, method: str, url: str, **how: Any) -> Any:
        asked[0] += "/v1.0/" in url
        return send(http, method, url, **how)

    Http.send = counted  # type: ignore[method-assign,assignment]
    os.environ["SYNCD_BENCHMARK_SECRET"] = places["secret"]
    values = {
        "tenant_id": places["tenant_id"],
        "client_id": places["client_id"],
        "credential": {"secret": {"env": "SYNCD_BENCHMARK_SECRET"}},
        "authority": places["host_url"],
        "graph_endpoint": places["host_url"],
        "ca_file": places["ca_file"],
    }
    grouped = way in ("related", "changes-group")
    names = frozenset(ATTRIBUTES) | ({"manager.mail"} if way == "related" else frozenset())
    request = ReadRequest(names, frozenset({GroupRef(EVERYBODY)} if grouped else ()), b"salt")
    directory = EntraId("benchmark", EntraOptions.model_validate(values))
    cursor = directory.mark(request) if way.startswith("changes") else ""
    if cursor:
        let_something_happen(places)
    asked[0], start = 0, time.monotonic()
    seen = 0
    for page in directory.changes(request, cursor) if cursor else ():
        seen += len(page.people)
    for sightings in () if cursor else directory.read(request):
        for sighting in sightings if way == "opened" else ():
            sighting.open()
    assert not cursor or seen == CHANGES
    return time.monotonic() - start, asked[0]


def let_something_happen(places: dict[str, Any]) -> None:
    """The server changes people when told to, and says when it is done."""
    done = Path(places["done"])
    before = done.stat().st_size
    os.kill(places["pid"], signal.SIGUSR1)
    while done.stat().st_size == before:
        time.sleep(0.01)


# -- the server --------------------------------------------------------------------------------------------


@contextmanager
def served(folder: Path, people: int) -> Iterator[None]:
    command = [sys.executable, "-m", "benchmarks.read_entra", "--serve", str(folder), "--people", str(people)]
    with subprocess.Popen(command) as server:
        while not (folder / "entra.json").exists():
            if server.poll() is not None:
                raise SystemExit("the server did not start")
            time.sleep(0.1)
        try:
            yield
        finally:
            server.terminate()


def serve(folder: Path, people: int) -> None:
    """A company of this size, of whom a hundred change with every SIGUSR1."""
    from tests.servers.entra import EntraServer
    from tests.servers.entra.company import make_company

    signals = {signal.SIGTERM, signal.SIGUSR1}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    tenant = make_company(people)
    everybody = [one for one in tenant.users() if "employeeId" in tenant.user(one)]
    tenant.add_group(EVERYBODY, everybody)
    done = folder / "done"
    done.touch()
    with EntraServer(tenant, folder) as server:
        places = {
            "authority": server.authority,
            "host_url": server.host_url,
            "graph_url": server.graph_url,
            "tenant_id": server.tenant_id,
            "client_id": server.client_id,
            "ca_file": str(server.ca_file),
            "secret": server.secret,  # of a tenant that ends with this process
            "pid": os.getpid(),
            "done": str(done),
        }
        written = folder / "entra.new"
        written.write_text(json.dumps(places))
        written.rename(folder / "entra.json")
        days = 0
        while signal.sigwait(signals) == signal.SIGUSR1:
            days += 1
            for one in everybody[days * CHANGES :][:CHANGES]:
                tenant.update_user(one, department=f"Moved {days}")
            with done.open("a") as file:
                file.write(".")


if __name__ == "__main__":
    main()
