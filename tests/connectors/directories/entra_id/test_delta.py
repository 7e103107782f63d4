"""Following changes: after every round, what is believed is what a whole read shows."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from random import Random

import orjson
import pytest

from connectors.directories.entra_id.graph import Graph
from connectors.directories.entra_id.groups import Groups
from syncd.errors import ConfigError, CursorLost, Incomplete, Retriable
from syncd.model import GroupRef
from syncd.ports import Answered
from tests.connectors.directories.entra_reading import NOW, Follower, Pauses, entra, request
from tests.heard import Heard
from tests.servers.entra import EntraServer, Kind, Limits, SteppedClock, Tenant, Trouble

STAFF = GroupRef("Staff")
DIRECT = GroupRef("Staff", nested=False)


def people(tenant: Tenant, count: int) -> list[str]:
    return [tenant.add_user(mail=f"p{n}@contoso.test", givenName=f"Per{n}") for n in range(count)]


def test_nothing_happened_and_nothing_is_told(server: EntraServer, tenant: Tenant) -> None:
    people(tenant, 3)
    follower = Follower(entra(server))
    follower.follow()
    assert (follower.changed, follower.gone) == (set(), set())


def test_who_is_new_changed_or_gone_is_told(server: EntraServer, tenant: Tenant) -> None:
    ann, bob, carl = people(tenant, 3)
    follower = Follower(entra(server))
    tenant.update_user(ann, surname="Archer", department=None)
    tenant.delete_user(bob)
    dora = tenant.add_user(mail="dora@contoso.test")
    follower.follow()
    assert (follower.changed, follower.gone) == ({ann, dora}, {bob})
    assert carl in follower.known
    follower.assert_true()


def test_who_was_deleted_and_restored_is_the_same_person(server: EntraServer, tenant: Tenant) -> None:
    (ann,) = people(tenant, 1)
    follower = Follower(entra(server))
    before = follower.fingerprints()
    tenant.delete_user(ann)
    follower.follow()
    assert follower.gone == {ann}
    tenant.restore_user(ann)
    follower.follow()
    assert follower.fingerprints() == before
    tenant.purge_user(ann)
    follower.follow()
    assert follower.gone == {ann}


def test_a_replay_changes_nothing(server: EntraServer, tenant: Tenant) -> None:
    ann, bob, _ = people(tenant, 3)
    follower = Follower(entra(server))
    older = follower.cursor
    tenant.update_user(ann, surname="Archer")
    tenant.delete_user(bob)
    follower.follow()
    follower.follow(older)
    follower.assert_true()


def test_somebody_told_several_times_is_as_told_last(server: EntraServer, tenant: Tenant) -> None:
    ann, bob = people(tenant, 2)
    follower = Follower(entra(server))
    tenant.update_user(ann, surname="Archer")
    tenant.update_user(bob, surname="Brown")
    tenant.update_user(ann, surname="Abbott")
    server.weather.arm(Trouble(Kind.REPEATED, path="/users/delta"))
    follower.follow()
    follower.assert_true()


def test_within_a_page_the_last_word_counts(
    server: EntraServer, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    (ann,) = people(tenant, 1)
    follower = Follower(entra(server))
    there = {"id": ann, "accountEnabled": True, "userPrincipalName": "u000000@contoso.test"}
    gone = {"id": ann, "@removed": {"reason": "changed"}}
    link = orjson.loads(follower.cursor)["users"]
    for rows, found in (([there, gone], (0, [ann])), ([gone, there], (1, []))):
        page = {"value": rows, "@odata.deltaLink": link}
        monkeypatch.setattr(Graph, "pages", lambda *_, page=page: iter([page]))
        first, _, _ = follower.directory.changes(follower.wanted, follower.cursor)
        assert (len(first.people), list(first.gone)) == found


def test_what_was_never_set_looks_the_same_in_a_delta(server: EntraServer, tenant: Tenant) -> None:
    """A list shows it as null or as nothing at all, or an empty list; a delta leaves it out."""
    (ann,) = people(tenant, 1)
    names = ("mail", "othermails", "businessphones", "extensionattribute1", "employeeorgdata.division")
    follower = Follower(entra(server), request(*names))
    tenant.update_user(ann, mail="archer@contoso.test")
    follower.follow()
    assert follower.changed == {ann}
    follower.assert_true()


def test_a_change_nobody_asked_for_is_none(server: EntraServer, tenant: Tenant) -> None:
    (ann,) = people(tenant, 1)
    follower = Follower(entra(server))
    tenant.update_user(ann, mobilePhone="1", city="Bath")
    follower.follow()
    assert follower.changed == set()


def test_a_member_who_becomes_a_guest_is_gone(server: EntraServer, tenant: Tenant) -> None:
    (ann,) = people(tenant, 1)
    follower = Follower(entra(server))
    tenant.update_user(ann, userType="Guest")
    follower.follow()
    assert follower.gone == {ann}


def test_who_reported_to_somebody_gone_cannot_be_told(server: EntraServer, tenant: Tenant) -> None:
    ann, bob = people(tenant, 2)
    tenant.set_manager(bob, ann)
    follower = Follower(entra(server), request("mail", "manager.mail"))
    tenant.delete_user(ann)
    with pytest.raises(CursorLost, match="who reported to them"):
        follower.follow()


def test_nothing_but_an_id_is_put_into_a_question(server: EntraServer, tenant: Tenant) -> None:
    (ann,) = people(tenant, 1)
    directory = entra(server)
    odd = ["", "me", "../groups", f"{ann}/manager", "ann@contoso.test"]
    pages = list(directory.again(request(), [ann, *odd]))
    assert [sighting.open().identity.id for page in pages for sighting in page.people.values()] == [ann]
    assert sorted(id_ for page in pages for id_ in page.gone) == sorted(odd)
    assert len(server.asked(f"/users/{ann}")) == 1


def test_many_changes_come_in_pages(server: EntraServer, tenant: Tenant) -> None:
    everybody = people(tenant, 25)
    server.graph.limits = Limits(delta_users=4)
    follower = Follower(entra(server))
    for id_ in everybody:
        tenant.update_user(id_, surname="New")
    follower.follow()
    assert follower.changed == set(everybody)
    follower.assert_true()


def test_joining_and_leaving_a_group_is_told(server: EntraServer, tenant: Tenant) -> None:
    ann, bob, carl = people(tenant, 3)
    staff = tenant.add_group("Staff", [ann])
    follower = Follower(entra(server), request(groups=(STAFF, DIRECT)))
    tenant.remove_member(staff, ann)
    tenant.add_member(staff, bob)
    follower.follow()
    assert follower.changed == {ann, bob}
    assert follower.known[bob].open().groups == {STAFF, DIRECT}
    assert carl in follower.known
    follower.assert_true()


def test_a_change_within_a_member_group_is_told(server: EntraServer, tenant: Tenant) -> None:
    ann, bob = people(tenant, 2)
    team = tenant.add_group("Team", [ann])
    tenant.add_group("Staff", [tenant.add_group("Department", [team])])
    follower = Follower(entra(server), request(groups=(STAFF, DIRECT)))
    tenant.add_member(team, bob)
    follower.follow()
    assert follower.changed == {bob}
    assert follower.known[bob].open().groups == {STAFF}
    follower.assert_true()


def test_a_group_put_into_another_takes_its_people_along(server: EntraServer, tenant: Tenant) -> None:
    ann, bob, carl = people(tenant, 3)
    inner = tenant.add_group("Inner", [bob])
    team = tenant.add_group("Team", [ann, inner])
    staff = tenant.add_group("Staff", [carl])
    follower = Follower(entra(server), request(groups=(STAFF,)))
    tenant.add_member(staff, team)
    follower.follow()
    assert follower.changed == {ann, bob}
    tenant.add_member(inner, carl)  # from now on the new ones are watched, too
    tenant.remove_member(inner, bob)
    follower.follow()
    assert follower.changed == {bob, carl}
    tenant.remove_member(staff, team)
    follower.follow()
    assert follower.changed >= {ann}
    follower.assert_true()


def test_a_nested_group_is_noticed_before_the_delta_tells(server: EntraServer, tenant: Tenant) -> None:
    (ann,) = people(tenant, 1)
    team, staff = tenant.add_group("Team", [ann]), tenant.add_group("Staff")
    follower = Follower(entra(server), request(groups=(STAFF,)))
    server.stand_still()
    tenant.add_member(staff, team)
    follower.follow()
    assert follower.changed == {ann}
    server.catch_up()
    follower.follow()
    follower.assert_true()


def test_a_nested_group_is_noticed_before_the_index_knows(
    server: EntraServer, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, bob = people(tenant, 2)
    team, staff = tenant.add_group("Team", [ann]), tenant.add_group("Staff")
    follower = Follower(entra(server), request(groups=(STAFF,)))
    tenant.add_member(staff, team)
    with monkeypatch.context() as lagging:
        lagging.setattr(Groups, "inner", lambda *_: frozenset())
        follower.follow()
    assert follower.changed == {ann}
    tenant.add_member(team, bob)  # it is watched from then on
    follower.follow()
    assert bob in follower.changed
    follower.assert_true()


def test_who_moves_between_the_groups_of_two_rules_is_right_in_both(
    server: EntraServer, tenant: Tenant
) -> None:
    (ann,) = people(tenant, 1)
    team = tenant.add_group("Team", [ann])
    staff, vip = tenant.add_group("Staff", [team]), tenant.add_group("VIP")
    follower = Follower(entra(server), request(groups=(STAFF, GroupRef("VIP"))))
    tenant.remove_member(staff, team)
    tenant.add_member(vip, team)
    follower.follow()
    assert follower.known[ann].open().groups == {GroupRef("VIP")}
    follower.assert_true()


def test_fifty_groups_are_not_the_most(server: EntraServer, tenant: Tenant) -> None:
    (ann,) = people(tenant, 1)
    teams = [tenant.add_group(f"Team {n}") for n in range(60)]
    tenant.add_group("Staff", teams)
    follower = Follower(entra(server), request(groups=(STAFF,)))
    for team in (teams[0], teams[-1]):
        tenant.add_member(team, ann)
        follower.follow()
        assert follower.changed == {ann}
        tenant.remove_member(team, ann)
        follower.follow()
        assert follower.changed == {ann}
    follower.assert_true()


def test_a_managers_new_address_is_told_of_the_team(server: EntraServer, tenant: Tenant) -> None:
    ann, bob, carl = people(tenant, 3)
    tenant.set_manager(bob, ann)
    follower = Follower(entra(server), request("mail", "manager.mail"))
    tenant.update_user(ann, mail="archer@contoso.test")
    follower.follow()
    assert follower.changed == {ann, bob}
    follower.assert_true()
    tenant.set_manager(bob, carl)
    follower.follow()
    assert follower.changed == {bob}
    tenant.set_manager(bob, None)
    follower.follow()
    follower.assert_true()


def test_a_group_and_a_manager_at_once(server: EntraServer, tenant: Tenant) -> None:
    ann, bob, carl = people(tenant, 3)
    staff = tenant.add_group("Staff", [ann, bob])
    tenant.set_manager(bob, ann)
    follower = Follower(entra(server), request("mail", "manager.mail", groups=(STAFF, DIRECT)))
    tenant.update_user(ann, mail="archer@contoso.test")
    tenant.remove_member(staff, bob)
    tenant.add_member(staff, carl)
    follower.follow()
    follower.assert_true()


@pytest.mark.parametrize("seed", range(6))
def test_whatever_happens_what_is_believed_is_true(server: EntraServer, tenant: Tenant, seed: int) -> None:
    """A year in a company, in random order, followed with and without groups and managers."""
    dice = Random(seed)
    ids = people(tenant, 12)
    groups = [tenant.add_group(name) for name in ("Staff", "Team", "Club", "Den")]
    server.graph.limits = Limits(delta_users=3, delta_links=2)
    wanted = [
        request(),
        request(groups=(STAFF, DIRECT)),
        request("mail", "department", "manager.mail", groups=(STAFF, GroupRef("Club"))),
    ][seed % 3]
    follower = Follower(entra(server, page_size=5), wanted)
    for _ in range(8):
        for _ in range(dice.randrange(1, 12)):
            _happen(dice, tenant, ids, groups)
        try:
            follower.follow()
        except CursorLost:  # somebody is gone while managers are followed
            follower = Follower(follower.directory, wanted)
        follower.assert_true()


def _happen(dice: Random, tenant: Tenant, ids: list[str], groups: list[str]) -> None:
    """One thing, if it is possible."""
    living = tenant.users()
    one, other = dice.choice(living), dice.choice(living)
    group = dice.choice(groups)
    match dice.randrange(9):
        case 0:
            ids.append(tenant.add_user(mail=f"n{len(ids)}@contoso.test"))
        case 1:
            tenant.update_user(one, department=dice.choice(["IT", "HR", None]))
        case 2:
            tenant.update_user(one, mail=f"m{dice.randrange(99)}@contoso.test")
        case 3:
            kind = dice.choice(["Guest", "Member"])
            tenant.update_user(one, accountEnabled=dice.random() < 0.5, userType=kind)
        case 4 if len(living) > 4:
            tenant.delete_user(one)
        case 5:
            tenant.set_manager(one, other)
        case 6:
            tenant.add_member(group, dice.choice([one, dice.choice(groups[groups.index(group) :])]))
        case 7:
            held = _members(tenant, group)
            if held:
                tenant.remove_member(group, dice.choice(held))
        case 8:
            gone = [id_ for id_ in ids if id_ not in living]
            if gone:
                tenant.restore_user(dice.choice(gone))


def _members(tenant: Tenant, group: str) -> list[str]:
    return [*tenant.get(group).members]  # type: ignore[union-attr]


# -- when the place to go on from is no good ---------------------------------------------------------------


FORGOTTEN = [Kind.GONE, Kind.RESYNC_REQUIRED, Kind.SYNC_STATE_NOT_FOUND, Kind.PAGE_EXPIRED]


@pytest.mark.parametrize("kind", FORGOTTEN, ids=lambda kind: kind.name)
@pytest.mark.parametrize("path", ["/users/delta", "/groups/delta"])
def test_a_forgotten_link_means_reading_everybody(
    server: EntraServer, tenant: Tenant, kind: Kind, path: str
) -> None:
    tenant.add_group("Staff", people(tenant, 1))
    follower = Follower(entra(server), request(groups=(STAFF,)))
    server.weather.arm(Trouble(kind, path=path))
    with pytest.raises(CursorLost):
        follower.follow()


def test_a_month_old_link_is_forgotten(tmp_path: Path) -> None:
    clock = SteppedClock(NOW)
    with EntraServer(Tenant(clock=clock), tmp_path, clock=clock) as server:
        people(server.tenant, 2)
        follower = Follower(entra(server))
        clock.advance(days=31)
        with pytest.raises(CursorLost, match="syncStateNotFound"):
            entra(server).changes(follower.wanted, follower.cursor).__next__()


@pytest.mark.parametrize("text", ["", "{}", "no json", '{"v":0}', '{"v":1,"users":"x"}', "[]"])
def test_a_cursor_of_another_version_means_reading_everybody(server: EntraServer, text: str) -> None:
    with pytest.raises(CursorLost, match="another version"):
        list(entra(server).changes(request(), text))


def test_our_token_is_sent_nowhere_a_cursor_says(server: EntraServer, tenant: Tenant) -> None:
    people(tenant, 1)
    follower = Follower(entra(server))
    elsewhere = orjson.loads(follower.cursor) | {"users": "https://graph.example/v1.0/users/delta?x"}
    with pytest.raises(CursorLost, match="another Graph"):
        follower.follow(orjson.dumps(elsewhere).decode())


def test_a_name_that_means_another_group_means_reading_everybody(server: EntraServer, tenant: Tenant) -> None:
    staff = tenant.add_group("Staff", people(tenant, 1))
    follower = Follower(entra(server), request(groups=(STAFF,)))
    tenant.update_group(staff, displayName="Old Staff")
    with pytest.raises(ConfigError, match="no group 'Staff'"):
        follower.follow()
    tenant.add_group("Staff")
    with pytest.raises(CursorLost, match="another group"):
        follower.follow()


def test_a_deleted_group_within_another_means_reading_everybody(server: EntraServer, tenant: Tenant) -> None:
    team = tenant.add_group("Team", people(tenant, 1))
    tenant.add_group("Staff", [team])
    follower = Follower(entra(server), request(groups=(STAFF,)))
    tenant.delete_group(team)
    with pytest.raises(CursorLost, match="was deleted"):
        follower.follow()


# -- weather -----------------------------------------------------------------------------------------------


def test_what_breaks_off_is_never_taken_for_the_end(server: EntraServer, tenant: Tenant) -> None:
    everybody = people(tenant, 9)
    server.graph.limits = Limits(delta_users=3)
    follower = Follower(entra(server))
    for id_ in everybody:
        tenant.update_user(id_, surname="New")
    server.weather.arm(Trouble(Kind.RESET, path="/users/delta", after=1, times=None))
    with pytest.raises(Incomplete):
        follower.follow()
    server.weather.heal()
    follower.follow()
    assert follower.changed == set(everybody)
    server.weather.arm(Trouble(Kind.UNAVAILABLE, path="/users/delta", times=None))
    with pytest.raises(Retriable):
        follower.follow()


@pytest.mark.parametrize("kind", [Kind.LOOP, Kind.FOREIGN_LINK], ids=lambda kind: kind.name)
def test_links_that_lead_astray_are_not_followed(server: EntraServer, tenant: Tenant, kind: Kind) -> None:
    people(tenant, 2)
    follower = Follower(entra(server))
    server.weather.arm(Trouble(kind, path="/users/delta", times=None))
    with pytest.raises(Incomplete):
        follower.follow()


def test_throttled_questions_of_a_batch_are_asked_again_alone(server: EntraServer, tenant: Tenant) -> None:
    ids = people(tenant, 30)
    tenant.add_group("Staff", ids)
    pauses, calls = Pauses(), Heard()
    follower = Follower(entra(server, sleep=pauses, calls=calls), request(groups=(STAFF,)))
    for id_ in ids:
        tenant.update_user(id_, surname="New")
    server.weather.arm(Trouble(Kind.THROTTLED, path="/users/*/transitiveMemberOf", times=5, retry_after="7"))
    follower.follow()
    assert follower.changed == set(ids)
    assert pauses == [7.0]
    assert calls.pauses == [(7.0, True)]
    asked = [one for one in server.asked() if one.path.endswith("/transitiveMemberOf")]
    assert len(asked) == 35
    follower.assert_true()


def test_what_a_slow_replica_has_not_seen_is_told_later(server: EntraServer, tenant: Tenant) -> None:
    ann, bob = people(tenant, 2)
    follower = Follower(entra(server))
    server.stand_still()
    tenant.update_user(ann, surname="Archer")
    tenant.delete_user(bob)
    follower.follow()
    assert (follower.changed, follower.gone) == (set(), set())
    server.catch_up()
    follower.follow()
    assert (follower.changed, follower.gone) == ({ann}, {bob})
    follower.assert_true()


def test_the_place_to_go_on_from_moves_with_every_round(server: EntraServer, tenant: Tenant) -> None:
    (ann,) = people(tenant, 1)
    follower = Follower(entra(server))
    cursors = [follower.cursor]
    for name in ("Archer", "Abbott", "Allen"):
        tenant.update_user(ann, surname=name)
        follower.follow()
        cursors.append(follower.cursor)
    assert all(before != after for before, after in pairwise(cursors))


def test_every_call_is_heard_of_by_what_it_was_for(server: EntraServer, tenant: Tenant) -> None:
    ids = people(tenant, 3)
    tenant.add_group("Staff", ids)
    calls, pauses = Heard(), Pauses()
    follower = Follower(entra(server, calls=calls, sleep=pauses), request(groups=(STAFF,)))
    tenant.update_user(ids[0], surname="New")
    server.weather.arm(Trouble(Kind.THROTTLED, path="/users/delta", times=1, retry_after="3"))
    follower.follow()
    assert {operation for operation, _ in calls.calls} == {"sign in", "read", "changes", "batch"}
    assert calls.calls.count(("changes", Answered.THROTTLED)) == 1
    assert {answered for _, answered in calls.calls} == {Answered.OK, Answered.THROTTLED}
    assert calls.pauses == [(3.0, True)]
