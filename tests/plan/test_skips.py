"""Skips in a word: every way to be left as one is has its reason."""

from __future__ import annotations

import pytest

from syncd.model import Change, Kind
from syncd.plan.skips import Reason, by_reason, reason


def skip(**data: object) -> Change:
    return Change(Kind.SKIP, "people/1", "", "", "a sentence", data=data)


@pytest.mark.parametrize("word", sorted(Reason))
def test_a_skip_says_its_reason(word: Reason) -> None:
    assert reason(skip(reason=str(word), where="line 2")) is word


def test_whoever_may_be_two_people_is_a_conflict_and_who_says_nothing_came_by_hand() -> None:
    assert reason(skip(conflict=["people/2"])) is Reason.CONFLICT
    assert reason(skip(where="new.csv, line 3")) is Reason.BY_HAND


def test_reasons_are_counted_in_order() -> None:
    skips = [skip(reason="no_address"), skip(conflict=[]), skip(reason="no_address"), skip()]
    assert list(by_reason(skips).items()) == [("by_hand", 1), ("conflict", 1), ("no_address", 2)]
