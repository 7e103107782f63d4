"""What several directories say of one person, field by field: the table in `syncd.plan.merging`."""

from __future__ import annotations

from itertools import permutations

import pytest

from syncd.model import Profile
from syncd.plan.merging import Precedence, Voice, merge
from syncd.plan.roster import Said

LISTED = ("ad", "cloud", "hr")
AD = Profile("ann@ad.example.com", "Ann", "Doe", department="Sales")
CLOUD = Profile("ann@cloud.example.com", "Anna", "Doe", job_title="Clerk", role="manager")
HR = Profile("ann@hr.example.com", "Anne", "Doe", department="S1", job_title="Senior Clerk", language="en")


def voices(**profiles: Profile) -> list[Voice]:
    places = {"ad": 3, "cloud": 1, "hr": 2}
    return [Voice(name, f"{name}/1", Said(profile, places[name])) for name, profile in profiles.items()]


def test_the_directory_listed_first_counts_and_gives_way_where_it_has_nothing() -> None:
    merged = merge(Precedence(LISTED, {}), voices(ad=AD, cloud=CLOUD, hr=HR)).profile
    assert (merged.email, merged.first_name, merged.department) == ("ann@ad.example.com", "Ann", "Sales")
    assert (merged.job_title, merged.language) == ("Clerk", "en")
    assert merged.employee_id == ""


@pytest.mark.parametrize(
    ("named", "title"),
    [(["hr"], "Senior Clerk"), (["ad", "hr"], "Senior Clerk"), (["ad"], "Clerk"), (["cloud", "hr"], "Clerk")],
)
def test_a_field_names_whose_word_counts_and_the_others_follow(named: list[str], title: str) -> None:
    merged = merge(Precedence(LISTED, {"job_title": named}), voices(ad=AD, cloud=CLOUD, hr=HR)).profile
    assert merged.job_title == title
    assert merged.first_name == "Ann", "no other field"


def test_who_is_not_there_has_no_say() -> None:
    merged = merge(Precedence(LISTED, {"email": ["ad"]}), voices(cloud=CLOUD, hr=HR)).profile
    assert (merged.email, merged.department) == ("ann@cloud.example.com", "S1")


def test_one_voice_is_the_profile() -> None:
    (only,) = voices(hr=HR)
    assert merge(Precedence(LISTED, {}), [only]) == only.said


def test_a_manager_anywhere_is_a_manager_and_the_best_place_in_line_counts() -> None:
    merged = merge(Precedence(LISTED, {}), voices(ad=AD, cloud=CLOUD, hr=HR))
    assert merged.profile.role == "manager"
    assert merged.priority == 1
    assert merge(Precedence(LISTED, {}), voices(ad=AD, hr=HR)).profile.role == "learner"


def test_the_order_of_the_voices_is_of_no_account() -> None:
    everybody = voices(ad=AD, cloud=CLOUD, hr=HR)
    precedence = Precedence(LISTED, {"department": ["hr"]})
    assert len({merge(precedence, order) for order in permutations(everybody)}) == 1


def test_two_identities_in_one_directory_are_told_apart_by_their_key() -> None:
    """As after an account was made anew while the old one is still seen."""
    old, new = Voice("ad", "ad/1", Said(AD)), Voice("ad", "ad/2", Said(HR))
    assert merge(Precedence(LISTED, {}), [new, old]).profile.first_name == "Ann"
