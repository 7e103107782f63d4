"""The daemon against a real Active Directory where people come, go and change, and killed again and again.

    python -m benchmarks.hour [--minutes 60] [--people 5000] [--rate 1] [--database postgresql] [--seed N]

`syncd serve` follows a Samba domain by DirSync. Every second something happens to somebody there. About
once a minute the daemon is killed (SIGKILL), two times in three in the middle of a run, and started again.
After each kill, and at the end against what the directory itself says, it must be true that nobody is lost
and nobody is there twice, that who was renamed is still who they were, that no lot gives more than it has,
and that the trail, told again, comes to what the register holds. At last everybody is read anew: that must
find nothing.
"""

from __future__ import annotations

import argparse
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory

from syncd.model import Kind, RunState
from tests.daemon.serving import Serving, serving
from tests.office import Office
from tests.servers.postgresql import Postgresql
from tests.servers.samba import Samba
from tests.servers.turnover import Turnover
from tests.usage import usage
from tests.witness import Witness, listed, witnessing

PASSWORD = "DIRECTORY_PASSWORD"
SMALL_BATCHES = "import syncd.run; syncd.run._BATCH = 10"  # so that a kill finds some done and some not
BETWEEN_KILLS = 60.0  # seconds, on average
BETWEEN_ORDERS = 300.0
BURST = 60  # changes just before the kills that are to hit a run
CONFIGURATION = """
company: Contoso
database: {{ url: "{database}" }}
directories:
  - name: corp
    type: active_directory
    servers: [{server.url}]
    tls: {{ ca_file: {server.ca} }}
    bind: {{ user: "{server.following_account.user}", password: {{ env: {password} }} }}
    base_dn: "{server.staff}"
    group_base_dn: "{server.groups}"
scope: {{ exclude: [ {{ group: nobody }} ] }}
match: {{ adopt_by_email: true }}
leavers: {{ release_after: 30s }}
guard: {{ max_creations: none, max_suspensions: none, max_updates: none }}
schedule: {{ every: 10s, full_after: 1d }}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--people", type=int, default=5000)
    parser.add_argument("--rate", type=float, default=1.0, help="changes a second")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    chosen = parser.parse_args()
    print(f"{chosen.minutes:g} minutes, {chosen.people:,} people, {chosen.database}, seed {chosen.seed}")
    with (
        TemporaryDirectory(prefix="syncd-") as place,
        TemporaryDirectory(prefix="syncd-") as folder,
        database(chosen.database, Path(place)) as url,
        Samba.start(Path(folder), people=chosen.people) as server,
    ):
        os.environ[PASSWORD] = server.following_account.password
        office = Office(Path(place))
        office.configure(CONFIGURATION.format(database=url, server=server, password=PASSWORD))
        turnover = Turnover(server, chosen.seed, outsiders="nobody")
        office.order(max(1, len(turnover.in_scope()) - 50))  # so that some wait from the start
        with witnessing(url) as witness, ExitStack() as stack:
            hour = Hour(office, turnover, witness, chosen.seed, stack)
            hour.live(chosen.minutes * 60, 1 / chosen.rate)
            hour.settle()
            hour.report()


@contextmanager
def database(kind: str, place: Path) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite:///{place}/syncd.db"
        return
    with (
        TemporaryDirectory(prefix="syncd-") as folder,
        Postgresql.start(Path(folder)) as server,
        server.database() as url,
    ):
        yield url


_CHANGES = {f"count_{kind.name.lower()}" for kind in Kind if kind is not Kind.SKIP}


class Hour:
    """Changes, kills and orders, each by a clock of its own; and what came of it."""

    def __init__(
        self, office: Office, turnover: Turnover, witness: Witness, seed: int, stack: ExitStack
    ) -> None:
        self._office = office
        self._turnover = turnover
        self._witness = witness
        self._random = Random(seed)
        self._stack = stack
        self._kills: Counter[str] = Counter()
        self._catching_up: list[float] = []
        self._largest_mb = 0.0

    def live(self, seconds: float, between: float) -> None:
        """For so long, something every `between` seconds. The daemon is up at the end."""
        self._start()
        end = time.monotonic() + seconds
        kill, order = time.monotonic() + BETWEEN_KILLS / 2, time.monotonic() + BETWEEN_ORDERS
        while (now := time.monotonic()) < end:
            self._turnover.step()
            if now > kill:
                self._kill(in_a_run=self._kills.total() % 3 > 0)
                self._start()
                kill = time.monotonic() + self._random.expovariate(1 / BETWEEN_KILLS)
            if now > order:
                self._office.order(self._random.randint(5, 40))
                order += BETWEEN_ORDERS
            time.sleep(max(0.0, between - (time.monotonic() - now)))

    def settle(self) -> None:
        """Let it catch up, end it, and look at everything."""
        self._turnover.settle()
        while self._sync():
            pass
        time.sleep(31)  # the licenses of the last leavers become free, and the line moves up
        while self._sync():
            pass
        assert self._daemon.end() == 0
        self._stack.close()
        self._witness.look()
        counts = self._office.json("sync", "--full", code=None)["counts"]
        assert {name: many for name, many in counts.items() if name != "skip"} == {}, counts
        self._witness.swear(self._turnover)

    def report(self) -> None:
        done, waits = self._turnover.done, sorted(self._catching_up)
        print(f"changes   {done.total():,}: {listed(done)}")
        print(f"kills     {self._kills.total()}: {listed(self._kills)}")
        print(f"starts    ready again after {median(waits):.1f} s (median), {waits[-1]:.1f} s (longest)")
        print(f"memory    {self._largest_mb:.0f} MB resident at the most")
        print(*self._witness.account(), sep="\n")
        print("Nobody lost, nobody twice, everybody who they were, no lot overdrawn, and the trail agrees.")

    def _start(self) -> None:
        began = time.monotonic()
        self._daemon: Serving = self._stack.enter_context(serving(self._office, first=SMALL_BATCHES))
        self._daemon.until("run_finished", state="done")
        self._catching_up.append(time.monotonic() - began)

    def _sync(self) -> int:
        """Sync, and how many changes that made."""
        done = self._ask()
        finished = self._daemon.until("run_finished", run_id=done)
        assert finished["state"] == "done", finished
        return sum(many for name, many in finished.items() if name in _CHANGES)

    def _ask(self) -> int:
        """Ask for a run; its number, once it has begun."""
        before = len(self._daemon.seen("run_started"))
        self._daemon.send(signal.SIGUSR1)
        wait_for(lambda: len(self._daemon.seen("run_started")) > before)
        return int(self._daemon.seen("run_started")[-1]["run_id"])

    def _kill(self, *, in_a_run: bool) -> None:
        if in_a_run:
            for _ in range(BURST):
                self._turnover.step()
            self._ask()
            time.sleep(self._random.uniform(0, 0.4))
        self._largest_mb = max(self._largest_mb, usage(self._daemon.process.pid).resident_mb)
        self._daemon.kill()
        self._stack.close()
        state = self._witness.look()
        in_one = state in (RunState.PLANNING, RunState.APPLYING)
        self._kills[f"while {state}" if in_one else "between two runs"] += 1


def wait_for(holds: Callable[[], bool], patience: float = 120.0) -> None:
    deadline = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.005)


if __name__ == "__main__":
    main()
