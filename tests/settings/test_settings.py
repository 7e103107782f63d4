"""Settings give the engine its policy, and tell it when people must be judged afresh."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from syncd.model import GroupRef, LicenseType
from syncd.plan.guard import Limit, Limits
from syncd.plan.leavers import Grace
from syncd.plan.policy import Matching, Policy
from syncd.plan.scope import Scope
from syncd.plan.seats import OnShortfall, SeatPolicy
from tests.settings.conftest import Loaded

TWO = """\
company: x
directories:
  - name: ad
    type: active_directory
    servers: [ldaps://dc1]
    bind: { user: u, password: { env: X } }
    base_dn: [DC=x]
  - { name: hr, type: file, path: a.csv, id: nr }
scope: { include: [{ group: Staff, directory: ad }, { attribute: Title, present: true }] }
managers: [{ group: Bosses }]
licenses: { priority: [{ group: New, directory: hr }] }
"""


def test_the_defaults_are_those_of_the_plan(also: Loaded) -> None:
    settings = also("")
    mapping = settings.policy.mapping
    assert settings.policy == Policy(mapping=mapping)
    assert settings.zone == ZoneInfo("UTC")
    assert settings.platform.type == "embedded"
    assert (settings.log.level, settings.log.format) == ("info", "auto")
    assert settings.warnings == ()


def test_everything_reaches_the_policy(also: Loaded) -> None:
    policy = also(
        """\
        match: { by: [email], adopt_by_email: true }
        licenses: { type: trial, on_shortfall: hold, min_remaining: 3d, renew: automatic,
                    max_moves_per_year: 2 }
        leavers: { suspend_after: 1d, release_after: 2w, delete_after: 365d }
        guard: { max_suspensions: 3, max_creations: none, max_updates: { percent: 5%, count: 9 },
                 max_deletions: 1, max_repairs: 7, min_directory_size: 90%, floor: 0 }
        """
    ).policy
    assert policy.scope == Scope()
    assert policy.matching == Matching(by_link=False, by_email=True, adopt_by_email=True)
    assert policy.seats == SeatPolicy(
        LicenseType.TRIAL, OnShortfall.HOLD, 3 * 86_400, renews=True, max_moves=2
    )
    assert policy.grace == Grace(86_400, 14 * 86_400, 365 * 86_400)
    assert policy.limits == Limits(Limit(3), Limit(), Limit(9, 5.0), Limit(1), Limit(7), 90.0, 0)


def test_a_read_asks_for_what_its_directory_needs(loaded: Loaded) -> None:
    settings = loaded(TWO)
    request = settings.read_request("ad", 1_700_000_000)
    assert request.groups == {GroupRef("Staff"), GroupRef("Bosses")}
    assert {"mail", "givenname", "title"} <= request.attributes
    assert request.now == 1_700_000_000
    assert settings.read_request("hr", 0).groups == {GroupRef("Bosses"), GroupRef("New")}


def test_a_directory_that_is_not_configured_has_no_request(loaded: Loaded) -> None:
    with pytest.raises(KeyError):
        loaded(TWO).read_request("nowhere", 0)


def test_directories_keep_their_order_and_options(loaded: Loaded, tmp_path: Path) -> None:
    ad, hr = loaded(TWO).directories
    assert (ad.name, ad.type, hr.name, hr.type) == ("ad", "active_directory", "hr", "file")
    assert vars(hr.options)["path"] == tmp_path / "a.csv"


def test_the_same_settings_give_the_same_salts(loaded: Loaded) -> None:
    first, second = loaded(TWO), loaded("# another comment\n" + TWO)
    assert first.salts == second.salts
    assert first.salt == second.salt
    assert len(first.salt) <= 64
    assert first.salts["ad"] != first.salts["hr"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("group: Staff", "group: Stuff"),
        ("group: Staff", "group: Staff, nested: false"),
        ("group: Bosses", "group: Managers"),
        ("group: New", "group: Newer"),
        ("present: true", "present: false"),
        ("company: x", "company: x\nmatch: { by: [email] }"),
        ("company: x", "company: x\nmapping: { language: { default: en } }"),
    ],
)
def test_another_judgement_changes_every_salt(loaded: Loaded, old: str, new: str) -> None:
    before, after = loaded(TWO), loaded(TWO.replace(old, new))
    assert before.salt != after.salt
    assert all(before.salts[name] != after.salts[name] for name in ("ad", "hr"))


@pytest.mark.parametrize(("old", "new"), [("DC=x", "DC=y"), ("base_dn:", "filter: (a=b)\n    base_dn:")])
def test_another_way_of_reading_changes_the_salt_of_its_directory(loaded: Loaded, old: str, new: str) -> None:
    before, after = loaded(TWO), loaded(TWO.replace(old, new))
    assert before.salts["ad"] != after.salts["ad"]
    assert before.salts["hr"] == after.salts["hr"]
    assert before.salt != after.salt


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("ldaps://dc1", "ldaps://dc2"),
        ("env: X", "file: /run/secrets/x"),
        ("user: u", "user: v"),
        ("base_dn:", "receive_timeout: 5m\n    base_dn:"),
        (
            "company: x",
            "company: y\nlog: { level: error }\nguard: { floor: 1 }\nleavers: { release_after: 1d }",
        ),
    ],
)
def test_what_judges_nobody_leaves_the_salts_alone(loaded: Loaded, old: str, new: str) -> None:
    assert loaded(TWO).salts == loaded(TWO.replace(old, new)).salts
