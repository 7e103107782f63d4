"""What bulk requests save: new learners delivered to a SCIM server one by one and in bulk, in turns.

    python -m benchmarks.deliver_scim [--people 1000] [--rounds 3]

The server is scim2-server, in a process of its own. The ratio of one run means something; seconds do not.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

from connectors.platforms.scim.face import Scim
from connectors.platforms.scim.options import ScimOptions
from syncd.model import Verdict
from syncd.ports import Answered
from tests.contracts.platform import delivery

_SECRET = "SCIM_TOKEN"
_SERVE = """
import sys
from tests.servers.scim import scim_server
with scim_server() as server:
    print(server.url, server.token, flush=True)
    sys.stdin.read()
"""


class Measure(NamedTuple):
    seconds: float
    requests: int


class _Count:
    """Counts what is sent."""

    def __init__(self) -> None:
        self.calls = Counter[str]()

    def ended(self, operation: str, answered: Answered, seconds: float) -> None:  # noqa: ARG002
        self.calls[operation] += 1

    def paused(self, seconds: float, *, throttled: bool) -> None:
        """Nobody asks us to."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    found: dict[bool, list[Measure]] = {False: [], True: []}
    for _ in range(chosen.rounds):
        for bulk, measures in found.items():
            measures.append(_measured(chosen.people, bulk=bulk))
    seconds = {bulk: median(one.seconds for one in measures) for bulk, measures in found.items()}
    for bulk, words in ((False, "one by one"), (True, "in bulk")):
        print(f"{words:12}{seconds[bulk]:8.1f} s {found[bulk][0].requests:8} requests")
    print(f"{seconds[False] / seconds[True]:.1f} times as fast in bulk")


def _measured(people: int, *, bulk: bool) -> Measure:
    with _served() as url:
        auth = {"token": {"env": _SECRET}}
        count = _Count()
        platform = Scim(
            "scim", ScimOptions.model_validate({"url": url, "auth": auth, "bulk": bulk}), calls=count
        )
        started = time.perf_counter()
        outcomes = list(platform.deliver([delivery(number) for number in range(people)]))
        took = time.perf_counter() - started
    assert {outcome.verdict for outcome in outcomes} == {Verdict.DONE}
    return Measure(took, count.calls.total())


@contextmanager
def _served() -> Iterator[str]:
    """A server with nobody on it."""
    server = subprocess.Popen(
        [sys.executable, "-c", _SERVE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[1],
    )
    assert server.stdout
    try:
        url, os.environ[_SECRET] = server.stdout.readline().split()
        yield url
    finally:
        server.communicate()


if __name__ == "__main__":
    main()
