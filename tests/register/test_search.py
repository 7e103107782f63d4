"""Finding people by a part of their name or address, in any case and every script."""

from __future__ import annotations

import pytest

from tests.company import Company

PEOPLE = {"émile": ("Émile", "Weiß"), "anna_k": ("Анна", "Каренина"), "per%": ("Per", "O'Cent")}


@pytest.fixture
def staff(company: Company) -> Company:
    for handle, (first, last) in PEOPLE.items():
        company.people.add(f"id-{handle}", email=f"{handle}@example.com", first_name=first, last_name=last)
    company.sync()
    return company


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("Émile", ["émile"]),
        ("émile weiß", ["émile"]),
        ("ÉMILE", ["émile"]),
        ("КАРЕНИНА", ["anna_k"]),
        ("o'cent", ["per%"]),
        ("@EXAMPLE.com", ["anna_k", "per%", "émile"]),
        ("%", ["per%"]),
        ("_", ["anna_k"]),
        ("nobody", []),
        ("' OR 1=1 --", []),
    ],
)
def test_search_finds_any_part_in_any_case(staff: Company, search: str, found: list[str]) -> None:
    learners = staff.register.learners.find(search=search, now=staff.now, limit=10)
    assert [one.profile.email.partition("@")[0] for one in learners] == found
    run = staff.register.runs.latest(1)[0].id
    changes = [entry.change.email for entry in staff.register.journal.read(run, search=search)]
    assert sorted(changes) == [f"{handle}@example.com" for handle in found]


@pytest.mark.parametrize("page", [1, 2, 3, 100])
def test_a_plan_is_read_page_by_page_each_change_once(staff: Company, page: int) -> None:
    staff.hire(*"abcde")
    staff.people.disable("id-per%")
    facts = staff.plan()
    whole = [(entry.change.kind, entry.change.key) for entry in staff.register.journal.read(facts.run)]
    paged = [
        (entry.change.kind, entry.change.key) for entry in staff.register.journal.read(facts.run, page=page)
    ]
    batches = [len(batch) for batch in staff.register.journal.batches(facts.run, page)]
    assert paged == whole == sorted(set(whole))
    assert sum(batches) == len(whole) == sum(facts.counts.values())
    assert set(batches[:-1]) <= {page}
