"""IOMAD's functions, with what is wrong with them: no rollback, no reasons, no way to take slots back."""

from __future__ import annotations

from typing import Any

from tests.servers.moodle.functions import Functions
from tests.servers.moodle.site import Company, License, Site
from tests.servers.moodle.values import Json, MoodleError, invalid, listed, number, require

PREFIX = "block_iomad_company_admin_"
IOMAD = tuple(
    f"{PREFIX}{name}"
    for name in (
        "get_companies",
        "get_departments",
        "assign_users",
        "unassign_users",
        "get_license_info",
        "edit_licenses",
        "allocate_licenses",
    )
)


def with_iomad(site: Site) -> Site:
    """The same site, run by IOMAD. Its service misspells `unallocate_licenses`: it cannot be called."""
    site.functions += IOMAD
    return site


class Iomad(Functions):
    def block_iomad_company_admin_get_companies(self, params: Json) -> Json:
        text = _criterion(params, "shortname").lower()
        found = [one for one in self.site.companies.values() if text in one.shortname.lower()]
        shown = [{"id": one.id, "name": one.shortname, "shortname": one.shortname} for one in found]
        return {"companies": shown, "warnings": []}

    def block_iomad_company_admin_get_departments(self, params: Json) -> Json:
        company = self._company(_criterion(params, "company"))
        shown = [
            {"id": key, "shortname": name, "company": company.id} for key, name in company.departments.items()
        ]
        return {"departments": shown, "warnings": []}

    def block_iomad_company_admin_assign_users(self, params: Json) -> Json:
        """Over `maxusers` it only says so."""
        said = []
        for one in listed(params, "users"):
            require(one, "userid", "companyid")
            company, key = self._company(one["companyid"]), number(one["userid"])
            full = company.maxusers and len(company.users) >= company.maxusers
            company.users[key] = number(one.get("departmentid", "0")) or min(company.departments)
            message = f"The company is limited to {company.maxusers} users." if full else ""
            said.append({"userid": key, "companyid": company.id, "result": True, "message": message})
        return {"users": said}

    def block_iomad_company_admin_unassign_users(self, params: Json) -> bool:
        for one in listed(params, "users"):
            self.site.leave(self._company(one["companyid"]), number(one["userid"]))
        return True

    def block_iomad_company_admin_get_license_info(self, params: Json) -> Json:
        found = [one for one in self.site.licenses.values() if one.allocation > 0]
        for one in listed(params, "criteria"):
            key = {"companyid": "company"}.get(one["key"], one["key"])
            found = [license_ for license_ in found if str(getattr(license_, key)) == one["value"]]
        shown = [
            {
                "id": one.id,
                "name": one.name,
                "allocation": one.allocation,
                "validlength": 365,
                "expirydate": one.expirydate,
                "used": one.used,
                "companyid": one.company,
                "parentid": 0,
            }
            for one in found
        ]
        return {"licenses": shown, "warnings": []}

    def block_iomad_company_admin_edit_licenses(self, params: Json) -> Any:
        """Done, and then an error."""
        for one in listed(params, "licenses"):
            self.site.licenses[number(one["id"])].allocation = number(one["allocation"])
        said = "Invalid response value detected"
        raise MoodleError("invalidresponse", said, kind="invalid_response_exception")

    def block_iomad_company_admin_allocate_licenses(self, params: Json) -> bool:
        """One after the other, without a rollback."""
        for one in listed(params, "licenses"):
            require(one, "licenseid", "userid", "licensecourseid")
            self._allocated(number(one["licenseid"]), number(one["userid"]), number(one["licensecourseid"]))
        return True

    def _allocated(self, key: int, user: int, course: int) -> None:
        license_ = self.site.licenses.get(key)
        if license_ is None:
            raise invalid(f"License id={key} does not exist")
        if user not in self.site.users:
            raise invalid(f"User id={user} does not exist")
        if self.site.users[user].suspended:
            raise invalid(f"User id={user} is suspended")
        if course not in license_.courses:
            raise invalid(f"Course id={course} is not inculded in license id {key}")
        if license_.expirydate < self.site.clock():
            raise invalid(f"License id={key} has expired")
        if license_.allocation <= license_.used:
            raise invalid(f"License id={key} has no free slots")
        if (user, course, False) in license_.taken:
            raise invalid(f"User id={user} already has an unused license for that course.")
        license_.taken.append((user, course, False))
        license_.used += 1

    def _company(self, key: str) -> Company:
        return self.site.companies[number(key)]


def begin(license_: License, user: int) -> None:
    """They open the courses: from now on the slots are in use, and another one may be taken besides."""
    license_.taken = [(who, course, begun or who == user) for who, course, begun in license_.taken]


def _criterion(params: Json, key: str) -> str:
    return str(next(one["value"] for one in listed(params, "criteria") if one["key"] == key))
