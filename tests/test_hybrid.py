"""One human in two directories is one learner with one license: whatever the order, whoever comes first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.company import Company, opened
from tests.hybrid import FIELDS, NAMES, Humans, directories
from tests.servers.postgresql import Postgresql
from tests.truth import Truth

_IN_MEMORY = Path("/dev/shm")
_CHECKED = settings(derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
HUMANS = st.integers(1, 4)
PLACES = st.sampled_from(NAMES)
FACTS = st.fixed_dictionaries(
    {},
    optional={
        "first_name": st.sampled_from(["Ann", "Bo"]),
        "department": st.sampled_from(["Sales", "IT"]),
        "last_name": st.just("Doe"),
    },
)
HAPPENINGS = st.one_of(
    st.tuples(st.just("put"), HUMANS, PLACES, FACTS, st.booleans()),
    st.tuples(st.just("make_anew"), HUMANS, PLACES, FACTS, st.booleans()),
    st.tuples(st.just("delete"), HUMANS, PLACES),
    st.tuples(st.just("disable"), HUMANS, PLACES),
    st.tuples(st.just("sync")),
)
ORDERS = st.permutations(NAMES)
PRECEDENCE = st.dictionaries(
    st.sampled_from(["email", "first_name", "department"]),
    st.lists(PLACES, min_size=1, max_size=2, unique=True),
)
WORLDS = given(
    order=ORDERS,
    precedence=PRECEDENCE,
    happenings=st.lists(HAPPENINGS, max_size=14),
    random=st.randoms(use_true_random=False),
)


def live(
    url: str,
    order: Sequence[str],
    precedence: Mapping[str, Sequence[str]],
    happenings: Sequence[tuple[object, ...]],
    random: Random,
) -> None:
    """Whatever happens, in whatever order: every human is one learner after every sync."""
    with opened(url, directories=directories(order=order)) as company:
        company.order(50)
        humans = Humans(company, precedence)
        for what, *about in [*happenings, ("sync",)]:
            happen(humans, what, about)
            shuffle(company, random)


def happen(humans: Humans, what: object, about: list[object]) -> None:
    if what == "sync":
        humans.check()
        return
    human, name = int(str(about[0])), str(about[1])
    if what in ("put", "make_anew"):
        facts = dict(about[2])  # type: ignore[call-overload]
        if about[3]:  # the same address on both sides
            facts["email"] = f"h{human}@example.com"
        getattr(humans, str(what))(human, name, **facts)
    elif what == "delete":
        humans.delete(human, name)
    elif humans.entry(human, name) is not None:
        humans.directory(name).disable(humans.id_of(human, name))


def shuffle(company: Company, random: Random) -> None:
    """The order in which a directory gives its people, and how many at once, is of no account."""
    for directory in company.directories:
        people = [*directory.entries.items()]
        random.shuffle(people)
        directory.entries = dict(people)
        directory.page_size = random.randint(1, 4)


def test_every_human_is_one_learner_on_sqlite(tmp_path: Path) -> None:
    place = str(_IN_MEMORY if _IN_MEMORY.is_dir() else tmp_path)

    @settings(_CHECKED, max_examples=80)
    @WORLDS
    def worlds(**world: object) -> None:
        with TemporaryDirectory(prefix="syncd-", dir=place) as folder:
            live(f"sqlite:///{folder}/syncd.db", **world)  # type: ignore[arg-type]

    worlds()


def test_every_human_is_one_learner_on_postgresql(postgresql: Postgresql) -> None:
    @settings(_CHECKED, max_examples=12)
    @WORLDS
    def worlds(**world: object) -> None:
        with postgresql.database() as url:
            live(url, **world)  # type: ignore[arg-type]

    worlds()


# -- a company of five thousand --------------------------------------------------------------------------

ON_PREMISES, BOTH, EVERYBODY = range(2000), range(2000, 3500), range(5000)


@pytest.fixture
def company(database_url: str) -> Iterator[Company]:
    with opened(database_url, directories=directories()) as company:
        for directory in company.directories:
            directory.page_size = 1000
        company.order(6000)
        yield company


def test_five_thousand_through_a_working_life(company: Company) -> None:
    """2,000 on the premises, 1,500 in the cloud, 1,500 in both: 6,500 accounts, 5,000 licenses."""
    humans, truth = Humans(company, {"department": ["cloud"]}), Truth(company)
    for human in EVERYBODY:
        on_premises = human in ON_PREMISES or human in BOTH
        for name in (["ad"] if on_premises else []) + ([] if human in ON_PREMISES else ["cloud"]):
            humans.put(human, name, first_name=f"H{human}", last_name="Doe", department=name)
    assert company.sync().counts == {"create": 5000, "join": 1500}
    all_is_well(company, truth, humans)
    assert humans.profile(2000).department == "cloud"

    for human in BOTH[:200]:  # married, and told to the directory on the premises
        name = {"last_name": "Roe", "email": f"r{human}@ad.example.com"}
        humans.directory("ad").change(humans.id_of(human, "ad"), **name)
    for human in BOTH[100:300]:  # moved, and told to the cloud
        humans.directory("cloud").change(humans.id_of(human, "cloud"), department="Lab")
    assert company.sync().counts == {"update": 300, "note": 200}
    all_is_well(company, truth, humans)

    for human in BOTH[:100]:  # the account on the premises is no more
        humans.delete(human, "ad")
    facts = company.sync()
    assert (facts.counts["update"], facts.counts["note"]) == (100, 100)
    assert "suspend" not in facts.counts
    all_is_well(company, truth, humans)

    deleted = {human: humans.entry(human, "cloud") for human in BOTH[50:150]}
    for human in deleted:  # into the recycle bin of the cloud …
        humans.delete(human, "cloud")
    assert company.sync().counts["suspend"] == 50, "those whom nobody has any more"
    for entry in deleted.values():  # … and back
        assert entry is not None
        humans.directory("cloud").entries[entry.id] = entry
    assert company.sync().counts["reactivate"] == 50
    all_is_well(company, truth, humans)

    before = truth.everything()
    links = [f"guid:{ON_PREMISES[0]}", f"sid:S-1-5-21-{ON_PREMISES[1]}"]
    company.directories[1].add("stranger", email="stranger@example.com", links=links)
    facts = company.sync()
    assert (facts.counts, facts.conflicts) == ({"skip": 1}, 1)
    assert truth.everything() == before
    truth.close()


def all_is_well(company: Company, truth: Truth, humans: Humans) -> None:
    """One learner and one license for every human, each with what their directories say; and it lasts."""
    truth.check_seats()
    whose = truth.rows('SELECT "key", learner_id FROM identities')
    by_human = {(key.partition("-")[0], learner) for key, learner in whose}
    assert len(by_human) == len(EVERYBODY)
    assert len({learner for _, learner in by_human}) == len(EVERYBODY)
    live = "SELECT count(DISTINCT learner_id), count(*) FROM allocations WHERE state = 'live'"
    assert truth.rows(live) == [(len(EVERYBODY), len(EVERYBODY))]
    profiles = truth.rows("SELECT id, email, first_name, last_name, department FROM learners")
    shown = {number: dict(zip(FIELDS, profile, strict=True)) for number, *profile in profiles}
    for human, number in by_human:
        assert shown[number] == humans.expected(int(human))
    assert company.sync().counts == {}, "the second run is empty"
