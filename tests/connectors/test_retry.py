"""The retry policy repeats what may pass, and nothing else."""

from __future__ import annotations

import pytest

from connectors.retry import repeat
from syncd.errors import ConfigError, Incomplete, Retriable, SyncdError, Unavailable


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
