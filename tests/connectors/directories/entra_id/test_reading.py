"""Reading a tenant: whom, what of them, and through bad weather: everybody, or an error that says why not."""

from __future__ import annotations

from base64 import b64encode
from email.utils import formatdate
from typing import Any
from uuid import UUID

import pytest

from syncd.errors import ConfigError, Incomplete, Retriable, Skipped, Unavailable
from syncd.model import GroupRef
from tests.connectors.directories.entra_reading import Pauses, entra, everybody, request, sightings
from tests.servers.entra import EntraServer, Kind, Tenant, Trouble

EXTENSION = "extension_0123456789abcdef0123456789abcdef_costCenter"


def crowd(tenant: Tenant, count: int = 25) -> None:
    for number in range(count):
        tenant.add_user(mail=f"p{number}@contoso.test")


# -- who ---------------------------------------------------------------------------------------------------


def test_guests_are_left_out_unless_they_are_wanted(server: EntraServer, tenant: Tenant) -> None:
    ann = tenant.add_user(mail="ann@contoso.test")
    by_type = tenant.add_user(userType="Guest")
    by_login = tenant.add_user(userPrincipalName="bob_fabrikam.com#EXT#@contoso.test")
    assert set(everybody(entra(server))) == {ann}
    assert set(everybody(entra(server, guests="include"))) == {ann, by_type, by_login}


def test_somebody_without_a_type_is_no_guest(server: EntraServer, tenant: Tenant) -> None:
    ann = tenant.add_user(userType=None)
    assert set(everybody(entra(server))) == {ann}


def test_somebody_listed_twice_is_read_once(server: EntraServer, tenant: Tenant) -> None:
    crowd(tenant, 3)
    server.weather.arm(Trouble(Kind.REPEATED, path="/users"))
    assert len(sightings(entra(server))) == 3


def test_the_login_says_where_somebody_is(server: EntraServer, tenant: Tenant) -> None:
    ann = tenant.add_user(userPrincipalName="ann@contoso.test")
    assert everybody(entra(server))[ann].where == "ann@contoso.test"


def test_only_what_is_needed_is_asked_for(server: EntraServer, tenant: Tenant) -> None:
    crowd(tenant, 1)
    everybody(entra(server), request("mail", "extensionattribute1", "manager.mail", "manager.surname"))
    (asked,) = server.asked("/users")
    assert asked.query == {
        "$select": "id,userPrincipalName,accountEnabled,userType,onPremisesImmutableId,"
        "onPremisesSecurityIdentifier,mail,onPremisesExtensionAttributes",
        "$expand": "manager($select=id,mail,surname)",
        "$top": "999",
    }


# -- what --------------------------------------------------------------------------------------------------


def test_attributes_of_every_kind_are_text(server: EntraServer, tenant: Tenant) -> None:
    ann = tenant.add_user(
        otherMails=["ann@home.test", " ", "a@b.test"],
        onPremisesExtensionAttributes={"extensionAttribute1": "One", "extensionAttribute15": "Fifteen"},
        employeeOrgData={"costCenter": "K7", "division": None},
        onPremisesSyncEnabled=True,
        officeLocation="  ",
        **{EXTENSION: "K8"},
    )
    wanted = ("othermails", "extensionattribute1", "onpremisesextensionattributes.extensionattribute15")
    more = ("employeeorgdata.costcenter", "employeeorgdata.division", "onpremisessyncenabled")
    names = (*wanted, *more, "officelocation", EXTENSION.lower(), "displayname")
    user = everybody(entra(server, extensions=[EXTENSION]), request(*names))[ann]
    assert user.attributes == {
        "othermails": ("ann@home.test", "a@b.test"),
        "extensionattribute1": ("One",),
        "onpremisesextensionattributes.extensionattribute15": ("Fifteen",),
        "employeeorgdata.costcenter": ("K7",),
        "onpremisessyncenabled": ("true",),
        EXTENSION.lower(): ("K8",),
        "displayname": ("u000000",),
    }


def test_a_hybrid_user_has_the_links_active_directory_has(server: EntraServer, tenant: Tenant) -> None:
    guid, sid = UUID("12345678-9abc-def0-1234-56789abcdef0"), "S-1-5-21-1-2-3-1104"
    anchor = b64encode(guid.bytes_le).decode()
    ann = tenant.add_user(onPremisesImmutableId=anchor, onPremisesSecurityIdentifier=sid, employeeId="E-42a")
    bob = tenant.add_user(onPremisesImmutableId="E-43", employeeId=None)
    users = everybody(entra(server, link_attribute="employeeId"))
    assert users[ann].links == (f"guid:{guid}", f"sid:{sid}", "value:e-42a")
    assert users[bob].links == ()
    assert "employeeid" not in users[ann].attributes


def test_any_attribute_may_link(server: EntraServer, tenant: Tenant) -> None:
    ann = tenant.add_user(onPremisesExtensionAttributes={"extensionAttribute7": "X9"})
    user = everybody(entra(server, link_attribute="extensionAttribute7"), request("extensionattribute7"))[ann]
    assert user.links == ("value:x9",)
    assert user.attributes == {"extensionattribute7": ("X9",)}


def test_nobody_is_judged_without_knowing_whether_they_are_enabled(
    server: EntraServer, tenant: Tenant
) -> None:
    ann = tenant.add_user(mail="ann@contoso.test")
    server.app.roles.clear()
    server.app.roles.add("User.ReadBasic.All")  # sees names only
    (page,) = entra(server).read(request())
    with pytest.raises(Skipped, match="accountEnabled") as caught:
        page[0].open()
    assert caught.value.identity == ("cloud", ann)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("skills", "does not show skills of many"),
        ("mailboxsettings", "does not show mailboxsettings of many"),
        ("assignedlicenses", "assignedlicenses is not text"),
        ("shoesize", "no attribute shoesize"),
        ("manager.shoesize", "no attribute shoesize"),
    ],
)
def test_an_attribute_there_is_not_is_named(
    server: EntraServer, tenant: Tenant, name: str, words: str
) -> None:
    crowd(tenant, 1)
    with pytest.raises(ConfigError, match=words) as caught:
        everybody(entra(server), request("mail", name))
    assert "scope" in caught.value.next_step


def test_an_attribute_that_is_no_text_skips_who_has_it(server: EntraServer, tenant: Tenant) -> None:
    tenant.add_user(**{EXTENSION: {"code": 7}})
    (page,) = entra(server, extensions=[EXTENSION]).read(request(EXTENSION.lower()))
    with pytest.raises(Skipped, match="is not text"):
        page[0].open()


# -- groups ------------------------------------------------------------------------------------------------


def test_a_group_is_named_by_name_or_id(server: EntraServer, tenant: Tenant) -> None:
    ann = tenant.add_user()
    staff = tenant.add_group("R&D 'Night' shift, 100%", [ann, tenant.add_device("PC1")])
    refs = (GroupRef("R&D 'Night' shift, 100%"), GroupRef(staff.upper(), nested=False))
    assert everybody(entra(server), request(groups=refs))[ann].groups == set(refs)


def test_a_name_two_groups_have_is_refused_with_both(server: EntraServer, tenant: Tenant) -> None:
    ids = [tenant.add_group("Staff", description="Old"), tenant.add_group("Staff")]
    with pytest.raises(ConfigError) as caught:
        everybody(entra(server), request(groups=(GroupRef("Staff"),)))
    assert all(id_ in caught.value.message for id_ in ids)
    assert "(Old)" in caught.value.message
    assert "Object ID" in caught.value.next_step


def test_every_missing_group_is_named(server: EntraServer) -> None:
    missing = "01234567-89ab-cdef-0123-456789abcdef"
    with pytest.raises(ConfigError, match=f"'{missing}', 'Stuff'"):
        everybody(entra(server), request(groups=(GroupRef("Stuff"), GroupRef(missing))))


def test_a_group_of_several_pages_is_read_to_its_end(server: EntraServer, tenant: Tenant) -> None:
    crowd(tenant, 1_200)
    tenant.add_group("All", tenant.users())
    users = everybody(entra(server), request(groups=(GroupRef("All"),)))
    assert sum(bool(user.groups) for user in users.values()) == 1_200
    assert len(server.asked(f"/groups/{tenant.groups()['All']}/transitiveMembers/microsoft.graph.user")) == 2


@pytest.mark.parametrize(
    "kind", [Kind.RESET, Kind.TRUNCATED, Kind.LOOP, Kind.FOREIGN_LINK], ids=lambda k: k.name
)
def test_half_a_group_is_no_group(server: EntraServer, tenant: Tenant, kind: Kind) -> None:
    crowd(tenant, 1_200)
    tenant.add_group("All", tenant.users())
    server.weather.arm(Trouble(kind, path="/groups/*/transitiveMembers*", after=1, times=None))
    with pytest.raises((Incomplete, Retriable)):
        everybody(entra(server), request(groups=(GroupRef("All"),)))
    assert not server.asked("/users")


# -- weather -----------------------------------------------------------------------------------------------

PASSING = [
    Kind.THROTTLED,
    Kind.UNAVAILABLE,
    Kind.GATEWAY_TIMEOUT,
    Kind.SERVER_ERROR,
    Kind.NOT_JSON,
    Kind.RESET,
    Kind.TRUNCATED,
]


@pytest.mark.parametrize("kind", PASSING, ids=lambda kind: kind.name)
@pytest.mark.parametrize("after", [0, 1, 2])
def test_what_passes_is_waited_for(server: EntraServer, tenant: Tenant, kind: Kind, after: int) -> None:
    crowd(tenant)
    server.weather.arm(Trouble(kind, path="/users", after=after, times=2))
    pauses = Pauses()
    assert len(everybody(entra(server, sleep=pauses, page_size=10))) == 25
    assert len(pauses) == server.weather.struck[kind] == 2


@pytest.mark.parametrize("kind", PASSING, ids=lambda kind: kind.name)
@pytest.mark.parametrize("after", [0, 1, 2])
def test_what_does_not_pass_is_never_a_short_read(
    server: EntraServer, tenant: Tenant, kind: Kind, after: int
) -> None:
    crowd(tenant)
    server.weather.arm(Trouble(kind, path="/users", after=after, times=None))
    with pytest.raises(Unavailable) as caught:
        everybody(entra(server, page_size=10))
    assert isinstance(caught.value, Incomplete if after else Retriable)
    assert caught.value.next_step


def test_a_stalled_answer_ends_with_our_patience(server: EntraServer, tenant: Tenant) -> None:
    crowd(tenant)
    server.weather.arm(Trouble(Kind.STALLED, path="/users", after=1))
    assert len(everybody(entra(server, page_size=10, read_timeout="1s"))) == 25
    assert server.weather.struck[Kind.STALLED] == 1


@pytest.mark.parametrize("kind", [Kind.LOOP, Kind.EMPTY_PAGE, Kind.FOREIGN_LINK], ids=lambda kind: kind.name)
def test_links_that_lead_astray_are_not_followed(server: EntraServer, tenant: Tenant, kind: Kind) -> None:
    crowd(tenant)
    server.weather.arm(Trouble(kind, path="/users", after=1, times=None))
    with pytest.raises(Incomplete) as caught:
        everybody(entra(server, page_size=10))
    words = "at 127.0.0.1" if kind is Kind.FOREIGN_LINK else "in a circle"
    assert words in caught.value.message
    hosts = {one.headers["host"].partition(":")[0] for one in server.log}
    assert hosts == {"localhost"}


def test_an_empty_page_is_not_the_end(server: EntraServer, tenant: Tenant) -> None:
    crowd(tenant)
    server.weather.arm(Trouble(Kind.EMPTY_PAGE, path="/users", after=1))
    with pytest.raises(Incomplete, match="in a circle"):  # the same page is asked for twice: as good as lost
        everybody(entra(server, page_size=10))


def test_a_forgotten_place_in_the_list_is_incomplete(server: EntraServer, tenant: Tenant) -> None:
    crowd(tenant)
    server.weather.arm(Trouble(Kind.PAGE_EXPIRED, path="/users", query="$skiptoken"))
    with pytest.raises(Incomplete, match="Directory_ExpiredPageToken"):
        everybody(entra(server, page_size=10))


@pytest.mark.parametrize(
    ("header", "pause"),
    [("3", 3.0), ("2.5", 2.5), ("0", 0.0), (lambda now: formatdate(now + 9, usegmt=True), 9.0)],
    ids=["seconds", "decimals", "none", "date"],
)
def test_the_pause_is_as_long_as_graph_asks(
    server: EntraServer, tenant: Tenant, header: Any, pause: float
) -> None:
    crowd(tenant, 1)
    server.weather.skew = 5000  # a date is meant by the server's clock
    asked = header if isinstance(header, str) else header(server.now())
    server.weather.arm(Trouble(Kind.THROTTLED, path="/users", retry_after=asked))
    server.login.lifetime = 20_000
    pauses = Pauses()
    everybody(entra(server, sleep=pauses))
    assert pauses == [pytest.approx(pause, abs=1.5)]


def test_all_pauses_of_a_read_together_are_bounded(server: EntraServer, tenant: Tenant) -> None:
    crowd(tenant)
    server.weather.arm(Trouble(Kind.THROTTLED, path="/users", times=None, retry_after="20", percent=50))
    pauses = Pauses()
    with pytest.raises(Incomplete, match="slow down"):
        everybody(entra(server, sleep=pauses, page_size=1, patience="1m"))
    assert sum(pauses) <= 60
    pauses.clear()
    server.weather.heal()
    server.weather.arm(Trouble(Kind.THROTTLED, path="/users", retry_after="3600"))
    with pytest.raises(Retriable, match="TooManyRequests"):
        everybody(entra(server, sleep=pauses))
    assert pauses == []


def test_every_error_carries_graphs_code_and_request_id(server: EntraServer, tenant: Tenant) -> None:
    crowd(tenant, 1)
    server.weather.arm(Trouble(Kind.UNAVAILABLE, path="/users", times=None))
    with pytest.raises(Retriable, match=r"ServiceUnavailable, request [0-9a-f-]{36}"):
        everybody(entra(server))
