"""Many a call, fewer variables than PHP reads, and nobody stopped by somebody else's refusal."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connectors.platforms.moodle.wire import flat
from syncd.errors import Unavailable
from syncd.model import Kind, Profile, Verdict
from tests.connectors.platforms.moodle.conftest import FIELDS, Connect
from tests.contracts.platform import delivery, known, send
from tests.heard import Heard
from tests.servers.moodle import MoodleServer


def sizes(server: MoodleServer, function: str) -> list[int]:
    return [len(call.params.get("users", ())) for call in server.asked(function)]


def test_fifty_are_made_at_a_time(connect: Connect, server: MoodleServer) -> None:
    outcomes = send(connect(), *map(delivery, range(1, 121)))
    assert {outcome.verdict for outcome in outcomes} == {Verdict.DONE}
    assert [outcome.delivery for outcome in outcomes] == [f"d{n}" for n in range(1, 121)]
    assert sizes(server, "create_users") == [50, 50, 20]
    assert len(server.site.users) == 122


def test_what_was_done_together_is_told_before_a_run_may_end(connect: Connect) -> None:
    outcomes = send(connect(), *map(delivery, range(1, 61)))
    assert [number for number, one in enumerate(outcomes, 1) if not one.more] == [50, 60]


def test_fewer_where_there_is_more_to_say_of_each(connect: Connect, server: MoodleServer) -> None:
    profile = Profile("x", "A", "B", "C", "Boss", "boss@example.com", "0815", "en", "G", "learner")
    fields = {**FIELDS, "group": "team", "role": "role"}
    server.site.custom_fields |= set(fields.values())
    wanted = [
        replace(one, profile=profile._replace(email=f"p{one.learner}@example.com"))
        for one in map(delivery, range(1, 101))
    ]
    send(connect(fields=fields, languages={"en": "en"}), *wanted)
    assert max(call.variables for call in server.log) < 1000
    assert sum(sizes(server, "create_users")) == 100
    assert len(server.asked("create_users")) > 2


def test_a_second_time_nothing_is_written(connect: Connect, server: MoodleServer) -> None:
    platform = connect(fields=FIELDS)
    send(platform, *map(delivery, range(1, 61)))
    server.log.clear()
    outcomes = send(platform, *map(delivery, range(1, 61)))
    assert {outcome.verdict for outcome in outcomes} == {Verdict.ALREADY}
    assert {call.function for call in server.log} == {"core_user_get_users_by_field"}


def test_somebody_told_of_twice_in_one_breath_is_made_once(connect: Connect, server: MoodleServer) -> None:
    outcomes = send(connect(), delivery(1), delivery(1, Kind.ALLOCATE, id="d9"), delivery(2))
    assert [one.verdict for one in outcomes] == [Verdict.DONE, Verdict.ALREADY, Verdict.DONE]
    assert outcomes[0].account == outcomes[1].account
    assert len(server.site.users) == 4


def test_of_a_refused_batch_everybody_else_is_made(connect: Connect, server: MoodleServer) -> None:
    for number in (7, 31):
        server.site.add_user(f"else{number}@example.com", username=f"learner{number}@example.com")
    outcomes = {one.delivery: one for one in send(connect(), *map(delivery, range(1, 51)))}
    refused = {key for key, one in outcomes.items() if one.verdict is Verdict.REFUSED}
    assert refused == {"d7", "d31"}
    assert outcomes["d7"].reason == (
        "the username learner7@example.com belongs to account 3 on Moodle; rename it there"
    )
    assert {one.verdict for key, one in outcomes.items() if key not in refused} == {Verdict.DONE}
    assert len(server.asked("create_users")) < 25


def test_a_site_that_reads_less_gets_less(connect: Connect, server: MoodleServer) -> None:
    server.site.max_input_vars = 100
    outcomes = send(connect(), *map(delivery, range(1, 41)))
    assert {outcome.verdict for outcome in outcomes} == {Verdict.DONE}
    assert len(server.site.users) == 42


def test_who_was_cut_off_between_two_people_is_not_said_to_be_made(
    connect: Connect, server: MoodleServer
) -> None:
    server.site.max_input_vars = 3 + 8 * 7
    platform = connect()
    outcomes = send(platform, *map(delivery, range(1, 11)))
    assert [one.verdict for one in outcomes] == [Verdict.DONE] * 7 + [Verdict.UNKNOWN] * 3
    there = platform.read_back([delivery(n) for n in (7, 8)])
    assert (there["d7"] is None, there["d8"] is None) == (False, True)


def test_the_id_comes_last_so_that_half_a_change_is_no_change(connect: Connect, server: MoodleServer) -> None:
    platform = connect()
    made = send(platform, *map(delivery, range(1, 31)))
    changed = [
        known(replace(delivery(n), active=False, kind=Kind.SUSPEND), one) for n, one in enumerate(made, 1)
    ]
    server.site.max_input_vars = 3 + 2 * 20 + 1
    send(platform, *changed)
    assert all(user.suspended for user in server.site.users.values() if user.idnumber)
    body = server.asked("update_users")[-1].params["users"]["0"]
    assert list(body) == ["suspended", "id"]


def test_who_is_deleted_makes_room_for_a_newcomer(connect: Connect, server: MoodleServer) -> None:
    platform = connect()
    (first,) = send(platform, delivery(1))
    gone = known(delivery(1, Kind.DELETE, active=False, profile=Profile("deleted-1")), first)
    again = delivery(2, profile=Profile("learner1@example.com", "A", "B"))
    assert [one.verdict for one in send(platform, gone, again)] == [Verdict.DONE, Verdict.DONE]
    assert server.site.by_email("learner1@example.com").idnumber == "syncd-2"


def test_a_site_that_refuses_everybody_is_not_told_of_person_by_person(
    connect: Connect, server: MoodleServer
) -> None:
    with pytest.raises(Unavailable) as caught:
        send(connect(auth="saml2"), *map(delivery, range(1, 51)))
    assert "refuses everybody: Invalid parameter value detected" in caught.value.message
    assert "platform.auth" in caught.value.next_step
    assert len(server.asked("create_users")) < 50
    server.site.debugging = True
    with pytest.raises(Unavailable, match="Invalid authentication type: saml2"):
        send(connect(auth="saml2"), *map(delivery, range(1, 51)))


def test_calls_are_told_of_in_a_handful_of_words(connect: Connect) -> None:
    heard = Heard()
    platform = connect(calls=heard)
    (made,) = send(platform, delivery(1))
    send(platform, known(delivery(1, active=False), made))
    send(platform, known(delivery(1, Kind.DELETE), made))
    assert {operation for operation, _ in heard.calls} == {"read", "create", "update", "delete"}


def test_values_are_sent_as_php_reads_them() -> None:
    sent = {"users": [{"id": 7, "on": True, "more": [{"type": "x", "value": ""}]}], "text": "ä&="}
    assert list(flat(sent)) == [
        ("users[0][id]", "7"),
        ("users[0][on]", "1"),
        ("users[0][more][0][type]", "x"),
        ("users[0][more][0][value]", ""),
        ("text", "ä&="),
    ]
