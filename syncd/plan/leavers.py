"""Leavers: when somebody who is no longer wanted is suspended, and when their seat is freed.

    left, suspend_after not yet over    -> remember since when, change nothing
    left, suspend_after over            -> suspend
    suspended, release_after over       -> release the seat (both are counted from leaving),
                                           unless the license has ended: then it expires instead
    delete_after over, where it is set  -> delete

A learner has left when none of their directories has them present any more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from syncd.model import Account, Change, Kind, Presence
from syncd.plan.roster import KnownIdentity, KnownLearner
from syncd.plan.sight import Sight
from syncd.plan.skips import Reason

_WHY = {
    Presence.DISABLED: "the directory account is disabled",
    Presence.OUT_OF_SCOPE: "no longer in scope",
    Presence.MISSING: "no longer in the directory",
}

_KEPT = "has left; the license stays theirs: it has moved as often as licenses.max_moves_per_year allows"


@dataclass(frozen=True, slots=True)
class Grace:
    """Seconds after leaving. Nobody is released before they are suspended, or deleted before both.

    `delete_after` is None where nobody is ever deleted.
    """

    suspend_after: int = 0
    release_after: int = 14 * 86400
    delete_after: int | None = None

    def suspends(self, left_at: int, now: int) -> bool:
        return left_at + self.suspend_after <= now

    def releases(self, left_at: int, now: int) -> bool:
        return self.released_at(left_at) <= now

    def released_at(self, left_at: int) -> int:
        """From when on the seat of somebody who left then is for somebody else."""
        return left_at + max(self.suspend_after, self.release_after)

    def deletes(self, left_at: int, now: int) -> bool:
        after = self.delete_after
        return after is not None and self.releases(left_at, now) and left_at + after <= now


def decide(
    grace: Grace,
    learner: KnownLearner,
    sight: Sight,
    now: int,
    *,
    linked: bool = False,
    kept: Collection[int] = (),
) -> Iterator[Change]:
    """What `learner`'s leaving comes to, now that every directory has been read; nothing if they stayed.

    `linked`: this run found them under an identity the register does not have yet.
    `kept`: the lots of whose seats theirs may not go to anybody else.
    """
    last = _last(learner, sight)
    yield from _absent(learner, last, now)
    if not has_left(learner, sight, linked=linked):
        return
    left_at = now if learner.left_at is None else learner.left_at
    why = _WHY[last[0][1]]
    suspended = learner.account is Account.SUSPENDED
    if not suspended and grace.suspends(left_at, now):
        suspended = True
        yield _change(Kind.SUSPEND, learner, why, {"left_at": left_at})
    elif learner.left_at is None:
        data: dict[str, object] = {"left_at": left_at, **({"leaves_line": True} if suspended else {})}
        yield _change(Kind.NOTE, learner, why, data, key=f"learner/{learner.id}")
    if suspended and grace.releases(left_at, now):
        yield from releases(learner, f"{why}, the grace period is over", left_at, now, kept)
    if suspended and grace.deletes(left_at, now) and not kept:
        why = f"{why} for longer than leavers.delete_after"
        yield _change(Kind.DELETE, learner, why, {}, key=f"learner/{learner.id}")


def has_left(learner: KnownLearner, sight: Sight, *, linked: bool = False) -> bool:
    """Whether no directory has the learner present, now that every directory has been read."""
    last = _last(learner, sight)
    return bool(last) and not linked and all(presence is not Presence.PRESENT for _, presence in last)


def releases(
    learner: KnownLearner, why: str, left_at: int, now: int, kept: Collection[int]
) -> Iterator[Change]:
    """Their seat, and the one that was to follow. One that is over is nobody's to give back."""
    held = [(learner.key, learner.lot, learner.seat_ends_at)]
    if learner.scheduled is not None:
        held.append((f"{learner.key}/renewal", learner.scheduled.lot, learner.scheduled.ends_at))
    for key, lot, ends_at in held:
        if lot is None or ends_at <= now:
            continue
        if lot in kept:
            yield _change(Kind.SKIP, learner, _KEPT, {"reason": Reason.MOVES}, key=f"{key}/license", lot=lot)
        else:
            yield _change(Kind.RELEASE, learner, why, {"left_at": left_at}, key=key, lot=lot)


def _last(learner: KnownLearner, sight: Sight) -> list[tuple[KnownIdentity, Presence]]:
    return [
        (entry, sight.presence(entry.number, entry.identity.directory, entry.presence))
        for entry in learner.identities
    ]


def _absent(learner: KnownLearner, last: list[tuple[KnownIdentity, Presence]], now: int) -> Iterator[Change]:
    """Identities that have just gone missing: the register remembers since when."""
    for entry, presence in last:
        if presence is Presence.MISSING and entry.presence is not Presence.MISSING:
            seen = {"identity": {"number": entry.number, "presence": str(presence), "since": now}}
            yield _change(Kind.NOTE, learner, _WHY[presence], seen, key=entry.key)


def _change(
    kind: Kind,
    learner: KnownLearner,
    why: str,
    data: Mapping[str, object],
    *,
    key: str = "",
    lot: int | None = None,
) -> Change:
    return Change(
        kind,
        key or learner.key,
        learner.profile.email,
        learner.profile.full_name,
        why,
        learner.id,
        data,
        lot=lot,
    )
