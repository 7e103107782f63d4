"""Spans of a run: which stretches whoever looks is shown, and what each says. Never who."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace

import pytest

from syncd.errors import Incomplete
from syncd.ports import Fact, Span
from syncd.run import Task, run
from tests.company import Company, opened
from tests.contracts.memory_platform import MemoryPlatform


class Looking:
    """Keeps every span as "outer/inner" with its facts, in the order in which they began."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, dict[str, Fact]]] = []
        self._open: list[str] = []

    def __call__(self, name: str, **facts: Fact) -> AbstractContextManager[Span]:
        return self._opened(name, facts)

    @contextmanager
    def _opened(self, name: str, facts: dict[str, Fact]) -> Iterator[Span]:
        class Seen:
            def say(self, **more: Fact) -> None:
                facts.update(more)

        self._open.append(name)
        self.seen.append(("/".join(self._open), facts))
        try:
            yield Seen()
        finally:
            self._open.pop()


def look(company: Company, *, apply: bool = True) -> list[tuple[str, dict[str, Fact]]]:
    looking = Looking()
    run(replace(company.engine, span=looking), Task("sync", "test", apply=apply))
    return looking.seen


@pytest.fixture
def company(database_url: str) -> Iterator[Company]:
    with opened(database_url, platform=MemoryPlatform()) as company:
        company.order(2)
        company.hire("ann", "bob", "cem")
        yield company


def test_a_run_with_a_platform_is_seen_from_reading_to_delivery(company: Company) -> None:
    assert look(company) == [
        ("deliver", {}),
        ("plan", {"run": 1}),
        ("plan/read", {"directory": "head-office", "people": 3, "by_changes": False}),
        ("apply", {"run": 1}),
        ("apply/record", {"changes": 3}),
        ("apply/deliver", {"changes": 3}),
    ]


def test_a_plan_applies_nothing(company: Company) -> None:
    assert [name for name, _ in look(company, apply=False)] == ["plan", "plan/read"]


def test_a_read_that_breaks_off_is_the_last_to_be_seen(company: Company) -> None:
    company.people.break_after(1)
    looking = Looking()
    with pytest.raises(Incomplete):
        run(replace(company.engine, span=looking), Task("sync", "test", apply=True))
    assert looking.seen[-1] == ("plan/read", {"directory": "head-office"})
