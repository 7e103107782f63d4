"""The retry policy repeats what may pass, and nothing else."""

from __future__ import annotations

import pytest

from connectors.retry import pause_asked, repeat
from syncd.errors import ConfigError, Incomplete, Retriable, SyncdError, Unavailable
from tests.heard import Heard


class Failing:
    """Raises these errors, one a call, and then gives 42."""

    def __init__(self, *errors: SyncdError) -> None:
        self._errors = list(errors)
        self.calls = 0

    def __call__(self) -> int:
        self.calls += 1
        if self._errors:
            raise self._errors.pop(0)
        return 42


def test_what_passes_is_repeated_with_growing_pauses() -> None:
    pauses: list[float] = []
    call = Failing(Retriable("one"), Retriable("two"))
    assert repeat(call, sleep=pauses.append) == 42
    assert call.calls == 3
    assert len(pauses) == 2
    assert all(0 <= pause <= 15 for pause in pauses)


def test_the_last_failure_is_raised_as_it_came() -> None:
    last = Retriable("three", next_step="wait")
    with pytest.raises(Retriable) as caught:
        repeat(Failing(Retriable("one"), Retriable("two"), last), sleep=lambda _: None)
    assert caught.value is last


@pytest.mark.parametrize("error", [Unavailable("password"), Incomplete("cut"), ConfigError("base")])
def test_what_does_not_pass_is_not_repeated(error: SyncdError) -> None:
    call = Failing(error)
    with pytest.raises(type(error)):
        repeat(call, sleep=lambda _: pytest.fail("paused"))
    assert call.calls == 1


def test_the_pause_is_the_one_that_was_asked_for() -> None:
    pauses: list[float] = []
    assert (
        repeat(Failing(Retriable("busy", after=7.5), Retriable("busy", after=0)), sleep=pauses.append) == 42
    )
    assert pauses == [7.5, 0]


def test_it_gives_up_where_the_next_pause_would_take_too_long() -> None:
    pauses: list[float] = []
    call = Failing(*(Retriable("busy", after=40) for _ in range(9)))
    with pytest.raises(Retriable):
        repeat(call, attempts=9, within=100, sleep=pauses.append)
    assert pauses == [40, 40]
    with pytest.raises(Retriable):
        repeat(Failing(Retriable("busy", after=3600)), within=100, sleep=lambda _: pytest.fail("paused"))


@pytest.mark.parametrize(
    ("header", "pause"),
    [
        ("10", 10),
        (" 1.5 ", 1.5),
        ("-3", 0),
        ("Thu, 01 Jan 1970 00:02:00 GMT", 20),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("", None),
        (None, None),
    ],
)
def test_how_long_to_wait_is_read_in_every_form(header: str | None, pause: float | None) -> None:
    assert pause_asked(header, now=100) == pause


def test_pauses_are_heard_of_and_whether_they_were_asked_for() -> None:
    pauses: list[float] = []
    calls = Heard()
    repeat(Failing(Retriable("busy", after=7), Retriable("gone")), sleep=pauses.append, calls=calls)
    assert calls.pauses == [(7, True), (pauses[1], False)]
    with pytest.raises(Retriable):
        repeat(Failing(Retriable("busy", after=9)), within=5, sleep=pauses.append, calls=calls)
    assert len(calls.pauses) == 2, "it was not waited for"
