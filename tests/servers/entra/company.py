"""A made-up company of any size, with what real tenants have: people in several scripts, guests, a hybrid
part, disabled accounts, an absent and a shared address, groups in groups, and things that are not people.

everybody      by number, as in tests/servers/people.py; the tenth part of a number is its manager
number 3       has no mail, number 5 the mail of number 4; number 6 was deleted and can be restored
every 5th, 2   come from an Active Directory: n % 5 < 2
every 20th     is disabled: n % 20 == 7
every 25th     is a guest of another company: n % 25 == 9
groups         Learners holds the departments; Training Managers, Leadership, External Partners, Meeting
               Rooms (with devices), and Project A and Project B, which hold each other
"""

from __future__ import annotations

import unicodedata
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from hashlib import blake2b
from typing import Any
from uuid import UUID

from tests.servers.entra.clock import iso, now
from tests.servers.entra.tenant import Tenant
from tests.servers.people import DEPARTMENTS, FIRST, LAST, TITLES

DOMAIN, PARTNER, FOREST = "contoso.example", "fabrikam.example", "corp.contoso.example"
APP_OF_EXTENSIONS = "5b4c2e9d8f7a4c10b1d2e3f4a5b6c7d8"
COST_CENTER = f"extension_{APP_OF_EXTENSIONS}_costCenter"
OFFICES = (
    ("Berlin", "DE", "de-DE"),
    ("London", "GB", "en-GB"),
    ("Tokyo", "JP", "ja-JP"),
    ("Kraków", "PL", "pl-PL"),
)
LEADERS = 5
_TRANSLITERATED = str.maketrans({"ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "ß": "ss", "ı": "i"})
DAY = 86_400


def make_company(people: int, *, clock: Callable[[], float] = now) -> Tenant:
    tenant = Tenant(seed="contoso", domain=DOMAIN, clock=clock)
    ids = [tenant.add_user(**properties) for properties in _people(people, clock())]
    for number, user in enumerate(ids[1:], 1):
        tenant.set_manager(user, ids[number // 10])
    _add_groups(tenant, ids)
    if people > 6:
        tenant.delete_user(ids[6])
    return tenant


def live_a_day(tenant: Tenant) -> Sequence[str]:
    """One joins, one leaves, one moves, one is disabled and one marries; says what has happened."""
    number = len(tenant.log)
    ids = tenant.users()
    employees = [one for one in ids if "employeeId" in tenant.user(one)]
    leaver, mover, paused, bride = (
        employees[(number * step + 11) % len(employees)] for step in (3, 5, 7, 11)
    )
    first, last = _name(number)
    joiner = _employee(number, first, last, f"{_login_name(first, last, number)}.{number}", tenant.clock())
    tenant.add_member(tenant.groups()[joiner["department"]], tenant.add_user(**joiner))
    done = [f"{joiner['displayName']} joins {joiner['department']}"]
    done.append(f"{tenant.user(mover)['displayName']} moves to Legal")
    tenant.update_user(mover, department="Legal")
    done.append(f"{tenant.user(paused)['displayName']} is disabled")
    tenant.update_user(paused, accountEnabled=False)
    name = f"{tenant.user(bride).get('givenName', 'Ana')} Larsen"
    done.append(f"{tenant.user(bride)['displayName']} is now {name}")
    tenant.update_user(bride, displayName=name, surname="Larsen")
    done.append(f"{tenant.user(leaver)['displayName']} leaves")
    tenant.delete_user(leaver)
    return done


def _people(count: int, at: float) -> Iterator[dict[str, Any]]:
    taken: dict[str, int] = {}
    for number in range(count):
        first, last = _name(number)
        name = _login_name(first, last, number)
        taken[name] = taken.get(name, 0) + 1
        login = name if taken[name] == 1 else f"{name}{taken[name]}"
        if number % 25 == 9:
            yield _guest(number, first, last, f"{login}@{PARTNER}", at)
        else:
            yield _employee(number, first, last, login, at)


def _guest(number: int, first: str, last: str, mail: str, at: float) -> dict[str, Any]:
    return {
        "displayName": f"{first} {last} (Fabrikam)",
        "mail": mail,
        "userPrincipalName": f"{mail.replace('@', '_')}#EXT#@{DOMAIN}",
        "userType": "Guest",
        "creationType": "Invitation",
        "externalUserState": "Accepted" if number % 2 else "PendingAcceptance",
        "companyName": "Fabrikam",
        "createdDateTime": iso(at - number % 900 * DAY),
    }


def _employee(number: int, first: str, last: str, login: str, at: float) -> dict[str, Any]:
    office, country, language = OFFICES[number // 3 % len(OFFICES)]
    address = f"{login}@{DOMAIN}"
    hired = iso(at - (200 + number * 37 % 4_000) * DAY)
    found = {
        "displayName": f"{first} {last}",
        "givenName": first,
        "surname": last,
        "userPrincipalName": address,
        "mail": address,
        "proxyAddresses": [f"SMTP:{address}", f"smtp:{login}@contoso.onmicrosoft.example"],
        "accountEnabled": number % 20 != 7,
        "department": DEPARTMENTS[number % len(DEPARTMENTS)],
        "jobTitle": TITLES[number % len(TITLES)],
        "employeeId": f"E{number:07d}",
        "employeeType": "Contractor" if number % 15 == 4 else "Employee",
        "employeeHireDate": hired,
        "companyName": "Contoso",
        "officeLocation": office,
        "usageLocation": country,
        "preferredLanguage": language,
        "createdDateTime": hired,
        COST_CENTER: f"{4000 + number % 40}",
    }
    if number == 3:
        del found["mail"], found["proxyAddresses"]
    if number == 5:
        found["mail"] = f"{_login_name(*_name(4), 4)}@{DOMAIN}"
    return found | (_hybrid(number, found, at) if number % 5 < 2 else {})


def _hybrid(number: int, found: dict[str, Any], at: float) -> dict[str, Any]:
    """What the synchronization from the forest sets; the immutable id is the object's GUID."""
    account = f"u{number:06d}"
    guid = UUID(bytes=blake2b(account.encode(), digest_size=16).digest(), version=4)
    office = f"OU={found['officeLocation']},OU=Staff,DC=corp,DC=contoso,DC=example"
    return {
        "onPremisesSyncEnabled": True,
        "onPremisesImmutableId": b64encode(guid.bytes_le).decode(),
        "onPremisesSecurityIdentifier": f"S-1-5-21-1004336348-1177238915-682003330-{1000 + number}",
        "onPremisesSamAccountName": account,
        "onPremisesDomainName": FOREST,
        "onPremisesUserPrincipalName": found["userPrincipalName"],
        "onPremisesDistinguishedName": f"CN={account},{office}",
        "onPremisesLastSyncDateTime": iso(at - 1_200),
        "onPremisesExtensionAttributes": {"extensionAttribute1": "learner" if number % 2 else "none"},
    }


def _add_groups(tenant: Tenant, ids: Sequence[str]) -> None:
    employees = [(number, user) for number, user in enumerate(ids) if number % 25 != 9]
    departments = [
        tenant.add_group(
            name,
            [user for number, user in employees if DEPARTMENTS[number % len(DEPARTMENTS)] == name],
            description=f"Everybody in {name}",
        )
        for name in DEPARTMENTS
    ]
    tenant.add_group("Learners", departments, description="Who gets a license")
    tenant.add_group(
        "Training Managers", [user for number, user in employees if 0 < number <= 1 + len(ids) // 100]
    )
    tenant.add_group("Leadership", ids[:LEADERS])
    tenant.add_group("External Partners", [user for number, user in enumerate(ids) if number % 25 == 9])
    backup = tenant.add_service_principal("Backup")
    rooms = [tenant.add_device(f"Meeting room {office}") for office, _, _ in OFFICES]
    tenant.add_group("Meeting Rooms", [*rooms, backup, *ids[:1]])
    tenant.add_group("Nobody")
    project_a = tenant.add_group("Project A", ids[10:14])
    project_b = tenant.add_group("Project B", [*ids[14:16], project_a])
    tenant.add_member(project_a, project_b)
    tenant.add_group("All Company", ids[:20], groupTypes=["Unified"], mailEnabled=True, mail=f"all@{DOMAIN}")


def _login_name(first: str, last: str, number: int) -> str:
    """first.last in plain ASCII; somebody whose name has none goes by the number."""
    plain = ".".join(filter(None, map(_ascii, (first, last))))
    return plain.lower() if "." in plain else f"u{number:06d}"


def _name(number: int) -> tuple[str, str]:
    return FIRST[number % len(FIRST)], LAST[(number * 7 + number // len(FIRST)) % len(LAST)]


@cache
def _ascii(name: str) -> str:
    folded = unicodedata.normalize("NFKD", name.translate(_TRANSLITERATED))
    return "".join(letter for letter in folded if letter.isascii() and letter.isalnum())
