"""The invented company as LDIF of the Internet's standards: inetOrgPerson, groupOfNames, posixGroup."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from tests.servers import people as company
from tests.servers.ldap_admin import Account
from tests.servers.people import CIRCLE_CLOSED_BY, Group, Person, ldif

BASE = "dc=contoso,dc=test"
STAFF = f"ou=people,{BASE}"
GROUPS = f"ou=groups,{BASE}"
PASSWORD = "secret-of-contoso"


class Dialect(NamedTuple):
    """How one server says what the standards leave open. Attributes may repeat, so they come in pairs."""

    root: Sequence[tuple[str, str]]  # of the base entry
    person: Sequence[tuple[str, str]]  # of every person
    disabled: tuple[str, str]


def person_dn(number: int) -> str:
    return f"uid=u{number:06d},{STAFF}"


def group_dn(name: str) -> str:
    return f"cn={name},{GROUPS}"


def account(name: str) -> Account:
    """A service account; `entries` makes those it is told of."""
    return Account(f"cn={name},{BASE}", PASSWORD)


def entries(people: int, dialect: Dialect, accounts: Sequence[str]) -> Iterator[str]:
    """The whole directory, every entry after its parent; memberOf included, as loading runs no overlay."""
    root = [("objectClass", "domain"), ("dc", "contoso"), *dialect.root]
    yield ldif(BASE, root)
    for dn in (STAFF, GROUPS):
        yield ldif(dn, [("objectClass", "organizationalUnit")])
    for name in accounts:
        classes = [("objectClass", "organizationalRole"), ("objectClass", "simpleSecurityObject")]
        yield ldif(f"cn={name},{BASE}", [*classes, ("cn", name), ("userPassword", PASSWORD)])
    groups = list(company.make_groups(people))
    held_by = _holders(groups)
    for person in company.make_people(people, domain="contoso.test"):
        yield _person(person, dialect, held_by.get(person.number, ()))
    yield from map(_group, groups)
    logins = (("memberUid", f"u{number:06d}") for number in range(0, people, 2))
    yield ldif(group_dn("unix-staff"), [("objectClass", "posixGroup"), ("gidNumber", "5000"), *logins])


def _holders(groups: Sequence[Group]) -> Mapping[int, Sequence[str]]:
    held_by: defaultdict[int, list[str]] = defaultdict(list)
    for group in groups:
        for number in group.people:
            held_by[number].append(group_dn(group.name))
    return held_by


def _person(person: Person, dialect: Dialect, groups: Sequence[str]) -> str:
    return ldif(
        person_dn(person.number),
        [
            ("objectClass", "inetOrgPerson"),
            *dialect.person,
            ("uid", person.uid),
            ("cn", person.full_name),
            ("sn", person.last),
            ("givenName", person.first),
            ("displayName", person.full_name),
            ("mail", person.mail),
            ("departmentNumber", person.department),
            ("title", person.title),
            ("employeeNumber", person.employee_id),
            ("manager", "" if person.manager is None else person_dn(person.manager)),
            *([] if person.enabled else [dialect.disabled]),
            *(("memberOf", dn) for dn in groups),
        ],
    )


def _group(group: Group) -> str:
    members = [*map(person_dn, group.people), *map(group_dn, group.groups)]
    if group.name == CIRCLE_CLOSED_BY[0]:
        members.append(group_dn(CIRCLE_CLOSED_BY[1]))
    values = [("member", member) for member in members or [group_dn(group.name)]]
    return ldif(group_dn(group.name), [("objectClass", "groupOfNames"), ("cn", group.name), *values])
