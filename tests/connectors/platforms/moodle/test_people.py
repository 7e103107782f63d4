"""People as they are: names of every kind, logins, languages, and accounts that are somebody else's."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from connectors.platforms.moodle.translate import as_text, as_time, learner_number, username_of
from syncd.comparing import differences
from syncd.errors import ConfigError, Unavailable
from syncd.model import Kind, Outcome, Profile, Verdict
from syncd.ports import Delivery, Platform
from tests.connectors.platforms.moodle.conftest import FIELDS, Connect
from tests.contracts.platform import delivery, known, send
from tests.servers.moodle import MoodleServer, functions


def refused(platform: Platform, *wanted: Delivery) -> Outcome:
    """What the last of these is told, which has to be a refusal."""
    outcome = send(platform, *wanted)[-1]
    assert outcome.verdict is Verdict.REFUSED
    return outcome


@pytest.mark.parametrize(
    "profile",
    [
        Profile("o'brien@example.com", "Séan", "O'Brien", "R&D"),
        Profile("a@example.com", "<script>alert(1)</script>", "</b>", "<Labs> & more", "C<O"),
        Profile("b@example.com", "陳", "大文", "営業 'a' \"b\""),
        Profile("c@example.com", "", "", ""),
        Profile("d@example.com", "Cher", "", "Tab\there\nand there"),
        Profile("e@example.com", "N" * 300, "M" * 101, "D" * 300, "T" * 300),
        Profile("f@example.com", "=cmd|' /C calc'!A0", "%_\\", "wstoken=1&users[0][id]=1"),
        Profile("g+tag@example.com", " Ann ", "-", " "),
        Profile("h@example.com", "null", "0", "0", "0"),
    ],
)
def test_every_name_arrives_and_does_not_differ_afterwards(
    connect: Connect, server: MoodleServer, profile: Profile
) -> None:
    platform = connect(fields=FIELDS)
    one = delivery(1, profile=profile)
    (outcome,) = send(platform, one)
    assert outcome.verdict is Verdict.DONE
    found = platform.read_back([one])["d1"]
    assert differences(one, found, platform.keeps) == ()
    (again,) = send(platform, known(one, outcome))
    assert again.verdict is Verdict.ALREADY
    assert "<" not in f"{server.site.users[3]}"


def test_markup_an_older_site_shows_is_no_difference(connect: Connect, server: MoodleServer) -> None:
    platform = connect(fields=FIELDS)
    one = delivery(1, profile=Profile("a@example.com", "A", "B", "C", "R&D"))
    send(platform, one)
    server.site.users[3].custom["jobtitle"] = "R&amp;D"
    assert differences(one, platform.read_back([one])["d1"], platform.keeps) == ()


def test_what_somebody_changed_there_does_differ(connect: Connect, server: MoodleServer) -> None:
    platform = connect(fields=FIELDS, languages={"en": "en", "de": "de"})
    one = delivery(1, profile=Profile("a@example.com", "A", "B", "C", "Boss", language="en-GB"))
    send(platform, one)
    user = server.site.users[3]
    user.firstname, user.lang = "Anna", "de"
    user.custom |= {"jobtitle": "", "licenseends": "soon"}
    found = platform.read_back([one])["d1"]
    assert differences(one, found, platform.keeps) == ("first_name", "job_title", "language", "ends_at")
    (outcome,) = send(platform, replace(one, kind=Kind.REPAIR))
    assert outcome.verdict is Verdict.DONE
    assert differences(one, platform.read_back([one])["d1"], platform.keeps) == ()


@pytest.mark.parametrize(
    ("value", "username"),
    [
        ("Ann.Doe@Example.com", "ann.doe@example.com"),
        ("zoë+x@example.com", "zoex@example.com"),
        ("E 0815/7", "e08157"),
        ("משה", ""),
    ],
)
def test_a_username_is_what_moodle_allows(value: str, username: str) -> None:
    assert username_of(value) == username


def test_a_username_may_be_the_employee_id(connect: Connect, server: MoodleServer) -> None:
    one = delivery(1, profile=Profile("a@example.com", "A", "B", employee_id="E0815"))
    outcome = refused(connect(username="employee_id"), one, delivery(2))
    assert server.site.users[3].username == "e0815"
    assert "no username can be made of the employee id ''" in outcome.reason


def test_a_login_that_is_the_address_follows_it_and_another_does_not(
    connect: Connect, server: MoodleServer
) -> None:
    platform = connect()
    first, second = send(platform, delivery(1), delivery(2))
    server.site.users[4].username = "jdoe"
    for number, made in ((1, first), (2, second)):
        profile = Profile(f"New{number}@example.com", "A", "B")
        send(platform, known(delivery(number, Kind.UPDATE, profile=profile), made))
    assert [server.site.users[n].username for n in (3, 4)] == ["new1@example.com", "jdoe"]


def test_two_whose_usernames_are_the_same_are_told_apart(connect: Connect) -> None:
    one = delivery(1, profile=Profile("a+b@example.com", "A", "B"))
    two = delivery(2, profile=Profile("ab@example.com", "A", "B"))
    assert "the username ab@example.com belongs to account" in refused(connect(), one, two).reason


def test_accounts_log_in_as_the_admin_says(connect: Connect, server: MoodleServer) -> None:
    send(connect(), delivery(1))
    send(connect(auth="oidc"), delivery(2))
    assert [server.site.users[n].auth for n in (3, 4)] == ["manual", "oidc"]
    sent = [call.params["users"]["0"] for call in server.asked("create_users")]
    assert ["createpassword" in one for one in sent] == [True, False]


def test_a_language_is_sent_where_it_is_mapped(connect: Connect, server: MoodleServer) -> None:
    platform = connect(languages={"de": "de", "pt_BR": "pt_br"})
    people = [
        delivery(n, profile=Profile(f"p{n}@example.com", "A", "B", language=language))
        for n, language in enumerate(("de-AT", "pt-BR", "fr", ""), start=1)
    ]
    send(platform, *people)
    assert [server.site.users[n].lang for n in (3, 4, 5, 6)] == ["de", "pt_br", "en", "en"]
    there = platform.read_back(people)
    assert all(differences(one, there[one.id], platform.keeps) == () for one in people)


def test_a_language_the_site_does_not_have_is_named(connect: Connect) -> None:
    one = delivery(1, profile=Profile("a@example.com", "A", "B", language="fr"))
    outcome = refused(connect(languages={"fr": "fr"}), delivery(2), one)
    assert "look at their name, address and language" in outcome.reason


def test_an_address_that_is_too_long_is_not_even_sent(connect: Connect, server: MoodleServer) -> None:
    one = delivery(1, profile=Profile(f"{'a' * 90}@example.com", "A", "B"))
    assert "up to 100 characters" in refused(connect(), one).reason
    assert server.asked("create_users") == []


# -- accounts that are not ours


def test_an_address_in_use_is_named_with_who_has_it(connect: Connect, server: MoodleServer) -> None:
    server.site.add_user("Learner1@example.com")
    assert refused(connect(), delivery(1)).reason == (
        "learner1@example.com belongs to account 3 (user3) on Moodle, which syncd did not make; give it "
        "another address, or take it over with platform.adopt_by_email: true"
    )


def test_so_it_is_where_moodle_would_allow_it_twice(connect: Connect, server: MoodleServer) -> None:
    server.site.same_email_allowed = True
    server.site.add_user("learner1@example.com")
    assert "belongs to account 3" in refused(connect(), delivery(1)).reason


def test_an_address_of_another_learner_is_waited_for(connect: Connect) -> None:
    platform = connect()
    send(platform, delivery(1))
    taken = delivery(2, profile=delivery(1).profile)
    assert "which is still learner 1's; sync again" in refused(platform, taken).reason


def test_a_new_address_that_a_stranger_has_is_named(connect: Connect, server: MoodleServer) -> None:
    platform = connect()
    (made,) = send(platform, delivery(1))
    server.site.add_user("new@example.com")
    moved = known(delivery(1, Kind.UPDATE, profile=Profile("new@example.com", "A", "B")), made)
    assert "belongs to account 4" in refused(platform, moved).reason
    assert server.site.users[3].email == "learner1@example.com"


def test_who_is_taken_over_keeps_login_and_password(connect: Connect, server: MoodleServer) -> None:
    there = server.site.add_user("LEARNER1@example.com", username="jdoe", auth="ldap", suspended=True)
    (outcome,) = send(connect(adopt_by_email=True), delivery(1))
    assert (outcome.verdict, outcome.account) == (Verdict.DONE, str(there.id))
    assert (there.idnumber, there.username, there.auth, there.suspended) == ("syncd-1", "jdoe", "ldap", False)
    assert there.email == "learner1@example.com"


@pytest.mark.parametrize("escapes", [True, False])
@pytest.mark.parametrize("address", ["a_b@example.com", "a%b@example.com"])
def test_nobody_is_taken_over_by_a_pattern(
    connect: Connect, server: MoodleServer, monkeypatch: pytest.MonkeyPatch, address: str, escapes: bool
) -> None:
    near = server.site.add_user("axb@example.com")
    if not escapes:  # a database that takes patterns otherwise than we think
        monkeypatch.setattr(functions, "_like", lambda _: re.compile(".*"))
    one = delivery(1, profile=Profile(address, "A", "B"))
    assert send(connect(adopt_by_email=True), one)[0].verdict is Verdict.DONE
    assert near.idnumber == ""
    (asked,) = server.asked("get_users")
    assert asked.params["criteria"]["0"]["value"] == f"a\\{address[1:]}"


def test_an_account_with_the_key_of_something_else_is_not_taken_over(
    connect: Connect, server: MoodleServer
) -> None:
    there = server.site.add_user("learner1@example.com", idnumber="HR-4711")
    outcome = refused(connect(adopt_by_email=True), delivery(1))
    assert "with the ID number HR-4711; clear that there, and it is taken over" in outcome.reason
    assert there.idnumber == "HR-4711"


def test_two_accounts_of_one_address_are_nobodys_to_choose_from(
    connect: Connect, server: MoodleServer
) -> None:
    for _ in range(2):
        server.site.add_user("learner1@example.com")
    outcome = refused(connect(adopt_by_email=True), delivery(1))
    assert "accounts 3, 4 on Moodle all have the address learner1@example.com" in outcome.reason


def test_two_accounts_with_our_key_are_refused_by_name(connect: Connect, server: MoodleServer) -> None:
    for number in (1, 2):
        server.site.add_user(f"x{number}@example.com", idnumber="syncd-1")
    outcome = refused(connect(), delivery(2), delivery(1))
    assert "accounts 3, 4 on Moodle all have the ID number syncd-1" in outcome.reason


def test_an_account_moodle_cannot_show_is_named_and_stops_nobody(
    connect: Connect, server: MoodleServer
) -> None:
    platform = connect()
    send(platform, *map(delivery, range(1, 31)))
    server.site.users[9].firstname = "<i>odd"  # by an import past all checks
    outcomes = send(platform, *(delivery(n, Kind.SUSPEND, active=False) for n in range(1, 31)))
    odd = [outcome for outcome in outcomes if outcome.verdict is not Verdict.DONE]
    assert [(one.delivery, one.verdict) for one in odd] == [("d7", Verdict.REFUSED)]
    assert "cannot show their account" in odd[0].reason


def test_a_site_that_shows_nobody_is_not_told_of_person_by_person(
    connect: Connect, server: MoodleServer
) -> None:
    platform = connect()
    send(platform, *map(delivery, range(1, 31)))
    for user in server.site.users.values():
        user.firstname = "<i>"
    with pytest.raises(Unavailable, match="shows no account"):
        send(platform, *map(delivery, range(1, 31)))


def test_an_administrator_is_not_touched(connect: Connect, server: MoodleServer) -> None:
    there = server.site.add_user("boss@example.com", idnumber="syncd-1", admin=True)
    outcome = refused(connect(), delivery(1))
    assert "Cannot update admin accounts" in outcome.reason
    assert there.email == "boss@example.com"


def test_two_registers_can_share_a_site(connect: Connect, server: MoodleServer) -> None:
    send(connect(), delivery(1))
    elsewhere = delivery(1, profile=Profile("other@example.com", "A", "B"))
    assert send(connect(key_prefix="syncd-b-"), elsewhere)[0].verdict is Verdict.DONE
    assert [user.idnumber for user in server.site.users.values()][2:] == ["syncd-1", "syncd-b-1"]


def test_nobody_is_made_who_may_not_log_in(connect: Connect, server: MoodleServer) -> None:
    (outcome,) = send(connect(), delivery(1, Kind.SUSPEND, active=False))
    assert (outcome.verdict, outcome.account) == (Verdict.ALREADY, "")
    assert server.asked("create_users") == []


def test_a_custom_field_that_does_not_exist_is_found_out(connect: Connect, server: MoodleServer) -> None:
    server.site.custom_fields.discard("jobtitle")
    one = delivery(1, profile=Profile("a@example.com", "A", "B", job_title="Boss"))
    with pytest.raises(ConfigError, match="no custom profile field jobtitle"):
        send(connect(fields=FIELDS), one)


def test_so_it_is_of_people_who_are_there(connect: Connect, server: MoodleServer) -> None:
    send(connect(), delivery(1))
    server.site.custom_fields.discard("licenseends")
    with pytest.raises(ConfigError, match="no custom profile field licenseends"):
        send(connect(fields=FIELDS), delivery(1, Kind.REPAIR))


@pytest.mark.parametrize(
    ("text", "number"), [("syncd-7", 7), ("syncd-07", None), ("syncd-", None), ("7", None), ("syncd-७", None)]
)
def test_an_id_number_is_ours_or_it_is_not(text: str, number: int | None) -> None:
    assert learner_number(text, "syncd-") == number


@pytest.mark.parametrize(
    ("text", "moment"),
    [("", None), ("soon", 0), ("2027-01-15T08:00:00Z", 1_800_000_000), ("2027-01-15", 1_799_971_200)],
)
def test_a_moment_is_text_there(text: str, moment: int | None) -> None:
    assert as_time(text) == moment
    assert as_time(as_text(1_800_000_000)) == 1_800_000_000
