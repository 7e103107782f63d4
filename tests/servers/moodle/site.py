"""What a site has and how it is set up. No protocol."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

CORE = (
    "core_webservice_get_site_info",
    "core_user_create_users",
    "core_user_update_users",
    "core_user_delete_users",
    "core_user_get_users",
    "core_user_get_users_by_field",
    "core_cohort_search_cohorts",
    "core_cohort_get_cohort_members",
    "core_cohort_add_cohort_members",
    "core_cohort_delete_cohort_members",
)
CAPABILITIES = (
    "moodle/user:create",
    "moodle/user:update",
    "moodle/user:delete",
    "moodle/user:viewdetails",
    "moodle/user:viewalldetails",
    "moodle/user:viewhiddendetails",
    "moodle/site:viewuseridentity",
    "moodle/cohort:view",
    "moodle/cohort:assign",
)


@dataclass
class User:
    id: int
    username: str
    email: str
    firstname: str = "-"
    lastname: str = "-"
    idnumber: str = ""
    department: str = ""
    auth: str = "manual"
    lang: str = "en"
    suspended: bool = False
    admin: bool = False
    custom: dict[str, str] = field(default_factory=dict)


@dataclass
class Cohort:
    id: int
    name: str
    idnumber: str
    members: set[int] = field(default_factory=set)


@dataclass
class Company:
    id: int
    shortname: str
    maxusers: int = 0
    departments: dict[int, str] = field(default_factory=dict)
    users: dict[int, int] = field(default_factory=dict)  # with the department each is in


@dataclass
class License:
    """A license of IOMAD. `taken` has (user, course), and whether the course has been begun."""

    id: int
    name: str
    company: int
    allocation: int
    expirydate: int
    courses: tuple[int, ...]
    used: int = 0
    taken: list[tuple[int, int, bool]] = field(default_factory=list)


@dataclass
class Site:
    """Settings may be changed at any time. `debugging`: reasons are told."""

    token: str = "0123456789abcdef0123456789abcdef"
    functions: list[str] = field(default_factory=lambda: list(CORE))
    capabilities: set[str] = field(default_factory=lambda: set(CAPABILITIES))
    auths: set[str] = field(default_factory=lambda: {"manual", "email", "oidc", "ldap"})
    languages: set[str] = field(default_factory=lambda: {"en", "de", "pt_br"})
    custom_fields: set[str] = field(default_factory=set)
    max_input_vars: int = 1000
    debugging: bool = False
    same_email_allowed: bool = False
    maintenance: bool = False
    clock: Callable[[], float] = lambda: 1_790_000_000.0
    users: dict[int, User] = field(default_factory=dict)
    cohorts: dict[int, Cohort] = field(default_factory=dict)
    companies: dict[int, Company] = field(default_factory=dict)
    licenses: dict[int, License] = field(default_factory=dict)
    ids: Iterator[int] = field(default_factory=lambda: count(3))

    def __post_init__(self) -> None:
        self.users[1] = User(1, "guest", "root@localhost", "Guest user")
        self.service = self.users[2] = User(2, "syncd", "syncd@school.example", "Web", "Service")

    def add_user(self, email: str, **changes: object) -> User:
        """Somebody makes an account by hand."""
        number = next(self.ids)
        facts: dict[str, Any] = {"username": f"user{number}", **changes}
        user = User(number, email=email, **facts)
        self.users[number] = user
        return user

    def add_cohort(self, idnumber: str) -> Cohort:
        made = Cohort(next(self.ids), f"Cohort {idnumber}", idnumber)
        self.cohorts[made.id] = made
        return made

    def add_company(self, shortname: str, *departments: str, maxusers: int = 0) -> Company:
        made = Company(next(self.ids), shortname, maxusers)
        made.departments = {next(self.ids): name for name in (shortname, *departments)}
        self.companies[made.id] = made
        return made

    def add_license(
        self, company: Company, allocation: int, *courses: int, days: int = 365, name: str = "Premium"
    ) -> License:
        ends = int(self.clock()) + days * 86_400
        made = License(next(self.ids), name, company.id, allocation, ends, courses or (5,))
        self.licenses[made.id] = made
        return made

    def by_email(self, email: str) -> User:
        """Whoever has this address, which somebody must."""
        return next(user for user in self.users.values() if user.email.lower() == email.lower())

    def delete(self, number: int) -> None:
        """An account, with its slots and memberships."""
        del self.users[number]
        for cohort in self.cohorts.values():
            cohort.members.discard(number)
        for company in self.companies.values():
            self.leave(company, number)

    def leave(self, company: Company, number: int) -> None:
        """Out of a company: that frees the slots of its licenses."""
        company.users.pop(number, None)
        for license_ in self.licenses.values():
            if license_.company == company.id:
                kept = [slot for slot in license_.taken if slot[0] != number]
                license_.used -= len(license_.taken) - len(kept)
                license_.taken = kept
