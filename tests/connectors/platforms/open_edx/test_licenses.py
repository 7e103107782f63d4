"""The table of what a delivery needs, row by row."""

from __future__ import annotations

import pytest

from connectors.platforms.open_edx.delivering import stretches
from connectors.platforms.open_edx.licenses import Do, Held, Known, License, decide, found, shall_hold
from syncd.comparing import differences
from syncd.model import Kind, Profile
from tests.contracts.platform import delivery

HERE, ELSEWHERE = "learner1@example.com", "old@example.com"
PENDING, ACTIVATED = License("own", ELSEWHERE, activated=False), License("own", ELSEWHERE, activated=True)
AT_HOME, OTHER = License("own", HERE, activated=False), License("other", HERE, activated=True)
NOBODY, ANYBODY, US = Known({}, adopts=False), Known({}, adopts=True), Known({HERE: 1}, adopts=False)


@pytest.mark.parametrize(
    ("account", "licenses", "known", "do"),
    [
        ("own", (AT_HOME,), NOBODY, Do.NOTHING),
        ("own", (ACTIVATED,), NOBODY, Do.NOTHING),
        ("own", (ACTIVATED, OTHER), NOBODY, Do.NOTHING),
        ("own", (PENDING,), NOBODY, Do.MOVE),
        ("own", (PENDING, OTHER), NOBODY, Do.REFUSE),
        ("own", (PENDING, OTHER), ANYBODY, Do.TAKE),
        ("own", (), NOBODY, Do.ASSIGN),
        ("", (), NOBODY, Do.ASSIGN),
        ("gone", (OTHER,), NOBODY, Do.NOTHING),
        ("", (OTHER,), US, Do.NOTHING),
        ("", (OTHER,), Known({HERE: 2}, adopts=False), Do.REFUSE),
        ("", (OTHER,), NOBODY, Do.REFUSE),
        ("", (OTHER,), ANYBODY, Do.TAKE),
        ("", (OTHER, AT_HOME), ANYBODY, Do.REFUSE),
        ("own", (PENDING, License("twin", ELSEWHERE, activated=False)), NOBODY, Do.REFUSE),
    ],
)
def test_who_shall_hold_a_license(account: str, licenses: tuple[License, ...], known: Known, do: Do) -> None:
    step = decide(delivery(1, account=account), Held(licenses), known)
    assert step.do is do
    assert bool(step.reason) == (do is Do.REFUSE or ACTIVATED in licenses)


@pytest.mark.parametrize(
    ("account", "licenses", "known", "lost"),
    [
        ("own", (AT_HOME,), NOBODY, "own"),
        ("own", (ACTIVATED,), NOBODY, "own"),
        ("own", (ACTIVATED, OTHER), NOBODY, "own"),
        ("gone", (OTHER,), NOBODY, "other"),
        ("", (OTHER,), US, "other"),
        ("", (OTHER,), NOBODY, ""),
        ("", (OTHER,), ANYBODY, ""),
        ("own", (), NOBODY, ""),
    ],
)
def test_who_shall_hold_none(account: str, licenses: tuple[License, ...], known: Known, lost: str) -> None:
    wanted = delivery(1, Kind.SUSPEND, account=account, active=False)
    step = decide(wanted, Held(licenses), known)
    assert (step.lost.uuid if step.lost else "") == lost
    there = found(wanted, Held(licenses), known)
    differs = differences(wanted, there, ("email", "license"))
    assert bool(differs) == bool(lost), "told again just where it helps"


@pytest.mark.parametrize(
    ("wanted", "holds"),
    [
        (delivery(1), True),
        (delivery(1, active=False), False),
        (delivery(1, ends_at=None), False),
        (delivery(1, Kind.DELETE), False),
    ],
)
def test_a_license_is_for_those_who_may_log_in(wanted: object, holds: bool) -> None:
    assert shall_hold(wanted) is holds  # type: ignore[arg-type]


def test_an_address_is_the_same_in_any_case() -> None:
    held = Held([License("own", "Learner1@Example.com", activated=False)])
    assert decide(delivery(1, account="own"), held, NOBODY).do is Do.NOTHING


def test_what_is_dropped_is_nowhere() -> None:
    held = Held([AT_HOME, OTHER])
    held.drop(AT_HOME)
    held.drop(AT_HOME)
    assert (held.of("own"), held.at(HERE)) == (None, (OTHER,))


def test_a_stretch_is_of_one_kind_and_has_nobody_twice() -> None:
    same = delivery(9, profile=Profile(HERE))
    wanted = [*map(delivery, (1, 2, 3)), delivery(3), same, *map(delivery, (1, 4)), delivery(5, active=False)]
    cut = [[one.learner for one in stretch] for stretch in stretches(wanted, 2)]
    assert cut == [[1, 2], [3], [3, 9], [1, 4], [5]]
