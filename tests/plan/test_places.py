"""One learner has one place in each directory: the table in `syncd.plan.places`."""

from __future__ import annotations

from itertools import permutations

import pytest

from syncd.plan.places import EMAIL, LINK, Places


def seated(*claims: tuple[str, int]) -> list[tuple[str, str]]:
    places = Places()
    for key, by in claims:
        places.claim(1, key, by)
    return [*places.of(1)]


@pytest.mark.parametrize(
    ("claims", "there"),
    [
        ([("ad/a", EMAIL)], ["ad/a"]),
        ([("ad/a", LINK), ("cloud/a", LINK)], ["ad/a", "cloud/a"]),
        ([("ad/a", EMAIL), ("ad/b", EMAIL)], []),
        ([("ad/a", LINK), ("ad/b", EMAIL)], ["ad/a"]),
        ([("ad/a", LINK), ("ad/b", LINK), ("ad/c", EMAIL)], []),
        ([("ad/a", LINK), ("ad/b", EMAIL), ("ad/c", EMAIL)], ["ad/a"]),
    ],
)
def test_who_has_a_place_does_not_depend_on_who_came_first(
    claims: list[tuple[str, int]], there: list[str]
) -> None:
    for order in permutations(claims):
        assert sorted(key for _, key in seated(*order)) == there


def test_whom_the_register_knows_keeps_their_place() -> None:
    places = Places()
    places.keep(1, "ad/a")
    assert places.claim(1, "ad/b", LINK) == (False, "ad/a", False)
    assert [*places.of(1)] == []
    assert places.learners() == set()


def test_whoever_was_put_off_finds_the_place_they_took_or_that_it_is_contested() -> None:
    places = Places()
    places.claim(1, "ad/a", EMAIL)
    assert places.claim(1, "ad/a", EMAIL)[0]
    places.claim(1, "ad/b", EMAIL)
    assert places.claim(1, "ad/a", EMAIL) == (False, "ad/b", False)
