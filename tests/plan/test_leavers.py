"""When somebody who is no longer wanted is suspended, and when their seat is freed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncd.model import Account, Identity, Kind, Presence, Profile
from syncd.plan.leavers import Grace, decide, has_left
from syncd.plan.roster import KnownIdentity, KnownLearner
from syncd.plan.sight import Sight

DAY = 86400
NOW = 100 * DAY
AD = KnownIdentity(1, Identity("ad", "x"), 7, Presence.PRESENT, 0)
CLOUD = KnownIdentity(2, Identity("cloud", "y"), 7, Presence.PRESENT, 0)
ANN = KnownLearner(7, Profile("ann@example.com"), Account.ACTIVE, identities=(AD,), lot=3, seat_ends_at=9**9)
AT_ONCE = Grace()


def sight(*complete: str, **seen: Presence | None) -> Sight:
    """`ad` and `cloud`: how this run saw that identity; None for skipped."""
    result = Sight(2)
    for name, presence in seen.items():
        number = {"ad": 1, "cloud": 2}[name]
        result.skipped(number) if presence is None else result.saw(number, presence)
    result.complete.update(complete)
    return result


def kinds(learner: KnownLearner, seen: Sight, grace: Grace = AT_ONCE, *, linked: bool = False) -> list[Kind]:
    changes = list(decide(grace, learner, seen, NOW, linked=linked))
    assert any(change.kind is Kind.SUSPEND for change in changes) <= has_left(learner, seen, linked=linked)
    return [change.kind for change in changes]


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        pytest.param(sight("ad"), [Kind.NOTE, Kind.SUSPEND], id="read and absent"),
        pytest.param(sight(), [], id="not read to its end"),
        pytest.param(sight("cloud"), [], id="another directory was read"),
        pytest.param(sight("ad", ad=Presence.PRESENT), [], id="present"),
        pytest.param(sight("ad", ad=None), [], id="skipped is not absent"),
        pytest.param(sight("ad", ad=Presence.DISABLED), [Kind.SUSPEND], id="disabled"),
        pytest.param(sight(ad=Presence.DISABLED), [Kind.SUSPEND], id="disabled, whatever else is there"),
        pytest.param(sight("ad", ad=Presence.OUT_OF_SCOPE), [Kind.SUSPEND], id="out of scope"),
    ],
)
def test_who_has_left(seen: Sight, expected: list[Kind]) -> None:
    assert kinds(ANN, seen) == expected


def test_the_last_directory_keeps_them() -> None:
    both = replace(ANN, identities=(AD, CLOUD))
    assert kinds(both, sight("ad", "cloud", cloud=Presence.PRESENT)) == [Kind.NOTE]
    assert kinds(both, sight("ad")) == [Kind.NOTE], "the other was not read: it has them still"
    assert kinds(both, sight("ad", "cloud")) == [Kind.NOTE, Kind.NOTE, Kind.SUSPEND]


def test_who_was_found_under_a_new_identity_has_not_left() -> None:
    assert kinds(ANN, sight("ad"), linked=True) == [Kind.NOTE]


def test_a_learner_no_directory_answers_for_never_leaves() -> None:
    assert kinds(replace(ANN, identities=()), sight("ad")) == []


@pytest.mark.parametrize(
    ("grace", "days_ago", "expected"),
    [
        (Grace(), 0, [Kind.SUSPEND]),
        (Grace(), 14, [Kind.SUSPEND, Kind.RELEASE]),
        (Grace(suspend_after=3 * DAY), 2, []),
        (Grace(suspend_after=3 * DAY), 3, [Kind.SUSPEND]),
        (Grace(suspend_after=3 * DAY, release_after=0), 2, []),
        (Grace(suspend_after=3 * DAY, release_after=0), 3, [Kind.SUSPEND, Kind.RELEASE]),
        (Grace(release_after=0), 0, [Kind.SUSPEND, Kind.RELEASE]),
    ],
)
def test_both_graces_count_from_leaving(grace: Grace, days_ago: int, expected: list[Kind]) -> None:
    left = replace(ANN, left_at=NOW - days_ago * DAY)
    assert kinds(left, sight("ad", ad=Presence.DISABLED), grace) == expected


def test_who_is_suspended_already_only_gives_the_seat_back() -> None:
    gone = replace(ANN, account=Account.SUSPENDED, left_at=NOW - 14 * DAY)
    (change,) = decide(Grace(), gone, sight("ad", ad=Presence.DISABLED), NOW)
    assert (change.kind, change.lot) == (Kind.RELEASE, 3)
    assert kinds(replace(gone, lot=None), sight("ad", ad=Presence.DISABLED)) == []


def test_leaving_is_remembered_once_while_the_grace_period_runs() -> None:
    patient = Grace(suspend_after=9 * DAY)
    seen = sight("ad", ad=Presence.OUT_OF_SCOPE)
    (note,) = decide(patient, ANN, seen, NOW)
    assert (note.kind, note.data, note.why) == (Kind.NOTE, {"left_at": NOW}, "no longer in scope")
    assert kinds(replace(ANN, left_at=NOW), seen, patient) == []
