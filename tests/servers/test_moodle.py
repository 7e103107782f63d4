"""The made-up Moodle answers as running ones were seen to: always 200, and every trap in its place."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
import requests

from connectors.platforms.moodle.wire import flat
from tests.servers.moodle import MoodleServer, Site
from tests.servers.moodle.iomad import PREFIX, begin, with_iomad

AUTH = ("wstoken", "wsfunction", "moodlewsrestformat")


@pytest.fixture
def site() -> Site:
    return with_iomad(Site())


@pytest.fixture
def server(site: Site) -> Iterator[MoodleServer]:
    with MoodleServer(site) as running:
        yield running


def person(number: int, **changes: object) -> dict[str, Any]:
    address = f"p{number}@example.com"
    known = {
        "username": address,
        "createpassword": True,
        "firstname": "P",
        "lastname": "Doe",
        "email": address,
    }
    return {**known, "idnumber": f"x-{number}", **changes}


def post(server: MoodleServer, function: str, *, last: bool = False, **params: Any) -> str:
    """The answer as text, always with status 200. `last`: token and format behind everything else."""
    head = zip(AUTH, (server.site.token, function, "json"), strict=True)
    pairs = [*flat(params), *head] if last else [*head, *flat(params)]
    url = f"{server.url}/webservice/rest/server.php"
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = requests.post(url, data=urlencode(pairs), headers=form, timeout=10)
    assert answer.status_code == 200
    return answer.text


def ask(server: MoodleServer, function: str, **params: Any) -> Any:
    return json.loads(post(server, function, **params))


def create(server: MoodleServer, *people: dict[str, Any]) -> Any:
    return ask(server, "core_user_create_users", users=list(people))


def test_whatever_is_wrong_is_answered_with_200(server: MoodleServer, site: Site) -> None:
    assert ask(server, "core_nothing")["errorcode"] == "invalidrecord"
    site.functions.remove("core_user_delete_users")
    assert ask(server, "core_user_delete_users", userids=[3])["errorcode"] == "accessexception"
    site.maintenance = True
    assert ask(server, "core_webservice_get_site_info")["errorcode"] == "sitemaintenance"


def test_so_is_a_wrong_token(server: MoodleServer) -> None:
    url = f"{server.url}/webservice/rest/server.php"
    form = {"wstoken": "x", "wsfunction": "y", "moodlewsrestformat": "json"}
    answer = requests.post(url, data=form, timeout=10)
    assert (answer.status_code, answer.json()["errorcode"]) == (200, "invalidtoken")


def test_creation_is_all_or_none(server: MoodleServer, site: Site) -> None:
    assert [one["username"] for one in create(server, person(1), person(2))] == [
        "p1@example.com",
        "p2@example.com",
    ]
    for bad in (
        person(9, email="p1@example.com"),
        person(9, username="p1@example.com"),
        person(9, email="P1@EXAMPLE.COM"),
        person(9, username="Big@example.com"),
        person(9, auth="saml9"),
        person(9, lang="xx"),
        person(9, firstname="<b>Bold</b>"),
        person(9, email="zoë@example.com"),
        person(9, lastname=" "),
    ):
        answer = create(server, person(3), bad)
        assert (answer["exception"], answer["errorcode"]) == (
            "invalid_parameter_exception",
            "invalidparameter",
        )
        assert "debuginfo" not in answer
    assert [user.idnumber for user in site.users.values()] == ["", "", "x-1", "x-2"]


def test_id_numbers_may_be_the_same(server: MoodleServer) -> None:
    assert len(create(server, person(1), person(2, idnumber="x-1"))) == 2


def test_the_reason_is_told_where_debugging_is_on(server: MoodleServer, site: Site) -> None:
    site.debugging = True
    assert create(server, person(1, auth="saml9"))["debuginfo"] == "Invalid authentication type: saml9"


def test_the_code_of_a_weak_password_is_html(server: MoodleServer) -> None:
    weak = person(1, password="x")
    assert create(server, weak)["errorcode"].startswith("<div>")


def test_too_many_variables_with_the_token_first_make_nobody(server: MoodleServer, site: Site) -> None:
    answer = create(server, *map(person, range(300)))
    assert (answer["errorcode"], len(site.users)) == ("invalidparameter", 2)


def test_too_many_variables_with_the_token_last_are_answered_in_xml(server: MoodleServer, site: Site) -> None:
    people = list(map(person, range(300)))
    answer = post(server, "core_user_create_users", last=True, users=people)
    assert answer.startswith("<?xml")
    assert "invalidtoken" in answer
    assert len(site.users) == 2


def test_variables_that_end_between_two_people_make_some(server: MoodleServer, site: Site) -> None:
    site.max_input_vars = 3 + 6 * 7
    assert len(create(server, *map(person, range(10)))) == 7


def test_an_update_is_done_for_whom_it_can_be(server: MoodleServer, site: Site) -> None:
    create(server, person(1), person(2))
    changes = [
        {"id": 3, "email": "p2@example.com"},
        {"id": 4, "suspended": True},
        {"id": 99, "department": "x"},
    ]
    warnings = ask(server, "core_user_update_users", users=changes)["warnings"]
    assert [(one["itemid"], one["warningcode"]) for one in warnings] == [
        (3, "useremailduplicate"),
        (99, "invaliduserid"),
    ]
    assert (site.users[3].email, site.users[4].suspended) == ("p1@example.com", True)


def test_deletion_is_all_or_none_and_answers_null(server: MoodleServer, site: Site) -> None:
    create(server, person(1))
    assert ask(server, "core_user_delete_users", userids=[3, 99])["errorcode"] == "invalidrecord"
    assert 3 in site.users
    assert ask(server, "core_user_delete_users", userids=[3]) is None


def test_patterns_are_for_addresses_only(server: MoodleServer) -> None:
    create(server, person(1), person(2))

    def count(key: str, value: str) -> int:
        return len(ask(server, "core_user_get_users", criteria=[{"key": key, "value": value}])["users"])

    assert count("email", "%@EXAMPLE.com") == 2
    assert count("email", "p_@example.com") == 2
    assert count("email", r"p\_@example.com") == 0
    assert count("idnumber", "x-%") == 0


def test_what_may_not_be_seen_is_as_if_it_were_not_there(server: MoodleServer, site: Site) -> None:
    create(server, person(1))
    by_number = {"field": "idnumber", "values": ["x-1"]}
    assert len(ask(server, "core_user_get_users_by_field", **by_number)) == 1
    site.capabilities.remove("moodle/user:viewalldetails")
    assert ask(server, "core_user_get_users_by_field", **by_number) == []
    site.capabilities.remove("moodle/user:create")
    answer = create(server, person(2))
    assert (answer["exception"], answer["errorcode"]) == ("required_capability_exception", "nopermissions")


def test_one_unclean_value_that_is_stored_spoils_an_answer(server: MoodleServer, site: Site) -> None:
    create(server, person(1), person(2))
    site.users[3].firstname = "<b>"
    found = ask(server, "core_user_get_users_by_field", field="idnumber", values=["x-1", "x-2"])
    assert found["errorcode"] == "invalidresponse"


def test_custom_fields_it_does_not_have_are_ignored(server: MoodleServer, site: Site) -> None:
    site.custom_fields.add("here")
    fields = [{"type": "here", "value": "1"}, {"type": "nowhere", "value": "2"}]
    create(server, person(1, customfields=fields))
    assert site.users[3].custom == {"here": "1"}


class TestIomad:
    @pytest.fixture(autouse=True)
    def _company(self, server: MoodleServer, site: Site) -> None:
        self.server, self.site = server, site
        self.company = site.add_company("acme", maxusers=1)
        self.license = site.add_license(self.company, 2)
        self.people = [site.add_user(f"p{n}@example.com").id for n in range(4)]

    def allocate(self, *people: int, course: int = 5) -> Any:
        slots = [{"licenseid": self.license.id, "userid": one, "licensecourseid": course} for one in people]
        return ask(self.server, f"{PREFIX}allocate_licenses", licenses=slots)

    def test_what_is_there_is_given_without_a_rollback(self) -> None:
        answer = self.allocate(*self.people[:3])
        assert (answer["exception"], answer["errorcode"], answer["message"]) == (
            "invalid_parameter_exception",
            "invalidparameter",
            "Invalid parameter value detected",
        )
        assert self.license.used == 2

    def test_every_refusal_looks_the_same(self) -> None:
        first, second, *_ = self.people
        assert self.allocate(first) is True
        same = self.allocate(first)
        self.site.users[second].suspended = True
        assert same == self.allocate(second) == self.allocate(second, course=77)
        self.license.expirydate = 1
        assert self.allocate(second) == same

    def test_who_has_begun_takes_a_second_slot(self) -> None:
        self.allocate(self.people[0])
        begin(self.license, self.people[0])
        assert self.allocate(self.people[0]) is True
        assert self.license.used == 2

    def test_suspending_keeps_a_slot_and_leaving_frees_it(self) -> None:
        first, second, *_ = self.people
        self.allocate(first, second)
        ask(self.server, "core_user_update_users", users=[{"id": first, "suspended": True}])
        assert self.license.used == 2
        leaver = [{"userid": first, "companyid": self.company.id}]
        assert ask(self.server, f"{PREFIX}unassign_users", users=leaver) is True
        ask(self.server, "core_user_delete_users", userids=[second])
        assert self.license.used == 0

    def test_slots_cannot_be_taken_back(self) -> None:
        assert "unallocate" not in " ".join(self.site.functions)

    def test_more_people_than_allowed_are_only_spoken_of(self) -> None:
        users = [{"userid": one, "companyid": self.company.id} for one in self.people[:2]]
        said = ask(self.server, f"{PREFIX}assign_users", users=users)["users"]
        assert [(one["result"], bool(one["message"])) for one in said] == [(True, False), (True, True)]

    def test_an_edit_is_done_and_then_an_error(self) -> None:
        more = [{"id": self.license.id, "allocation": 5}]
        answer = ask(self.server, f"{PREFIX}edit_licenses", licenses=more)
        assert (answer["errorcode"], self.license.allocation) == ("invalidresponse", 5)
