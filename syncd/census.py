"""Census: how many people a directory has, and what the policy makes of them. Only reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from syncd.errors import Skipped
from syncd.model import Presence
from syncd.plan import candidate
from syncd.plan.policy import Policy
from syncd.ports import Directory, ReadRequest, Sighting


@dataclass(frozen=True, slots=True)
class Census:
    """People of one directory: read = in scope + disabled + out of scope + skipped.

    `unnamed`: those in scope who have neither a first nor a last name.
    """

    directory: str
    read: int
    in_scope: int
    disabled: int
    out_of_scope: int
    skipped: int
    unnamed: int


def take(policy: Policy, directory: Directory, request: ReadRequest) -> Census:
    """Read a directory to its end and count. Raises what `Directory.read` raises."""
    counts: Counter[str] = Counter()
    for page in directory.read(request):
        counts.update(_standings(policy, page))
    return Census(
        directory=directory.name,
        read=counts.total(),
        in_scope=counts[Presence.PRESENT] + counts["unnamed"],
        disabled=counts[Presence.DISABLED],
        out_of_scope=counts[Presence.OUT_OF_SCOPE],
        skipped=counts["skipped"],
        unnamed=counts["unnamed"],
    )


def _standings(policy: Policy, page: Sequence[Sighting]) -> Iterator[str]:
    for sighting in page:
        try:
            found = candidate.judge(policy, sighting.open(), sighting.fingerprint)
        except Skipped:
            yield "skipped"
        else:
            if found.skip:
                yield "skipped"
            elif found.profile and not (found.profile.first_name or found.profile.last_name):
                yield "unnamed"
            else:
                yield found.presence
