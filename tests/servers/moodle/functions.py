"""Moodle's own functions: users and cohorts. https://docs.moodle.org/dev/Core_APIs"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable
from typing import Any

from tests.servers.moodle.site import Site, User
from tests.servers.moodle.values import (
    Json,
    MoodleError,
    checked,
    invalid,
    is_address,
    listed,
    no_tags,
    number,
    only,
    require,
)

_PLAIN = {"username", "auth", "firstname", "lastname", "email", "idnumber", "department", "lang"}
_LONGEST = {
    "firstname": 100,
    "lastname": 100,
    "email": 100,
    "username": 100,
    "idnumber": 255,
    "department": 255,
}
_WEAK = "<div>Passwords must have at least 8 characters.</div>"


class Functions:
    def __init__(self, site: Site) -> None:
        self.site = site

    def need(self, capability: str, what: str) -> None:
        if capability not in self.site.capabilities:
            said = f"Sorry, but you do not currently have permissions to do that ({what})."
            raise MoodleError("nopermissions", said, kind="required_capability_exception")

    # -- the site

    def core_webservice_get_site_info(self, _: Json) -> Json:
        site = self.site
        return {
            "sitename": "School",
            "username": site.service.username,
            "userid": site.service.id,
            "functions": [{"name": name, "version": "2022112800"} for name in site.functions],
            "release": "4.1.22 (Build: 20251208)",
            "userissiteadmin": site.service.admin,
        }

    # -- users

    def core_user_create_users(self, params: Json) -> list[Json]:
        """All or none."""
        users = [checked(user) for user in listed(params, "users")]
        for user in users:
            only(user, {*_PLAIN, "password", "createpassword", "customfields"})
            require(user, "username", "firstname", "lastname", "email")
        self.need("moodle/user:create", "Create users")
        before = copy.deepcopy(self.site.users)
        try:
            made = [self._created(user) for user in users]
        except MoodleError:
            self.site.users = before
            raise
        return [{"id": user.id, "username": user.username} for user in made]

    def _created(self, user: Json) -> User:
        site = self.site
        for key in ("username", "firstname", "lastname"):
            if not user[key].strip():
                raise invalid(f"The field {key} cannot be blank")
        auth = user.get("auth", "manual")
        if any(one.username == user["username"] for one in site.users.values()):
            raise invalid(f"Username already exists: {user['username']}")
        if auth not in site.auths:
            raise invalid(f"Invalid authentication type: {auth}")
        if user.get("lang", "en") not in site.languages:
            raise invalid(f"Invalid language code: {user['lang']}")
        if auth in ("manual", "email") and not user.get("password") and user.get("createpassword") != "1":
            raise invalid("Invalid password: you must provide a password, or set createpassword.")
        if not is_address(user["email"]):
            raise invalid(f"Email address is invalid: {user['email']}")
        if self._taken(user["email"], 0):
            raise invalid(f"Email address already exists: {user['email']}")
        if 0 < len(user.get("password", "")) < 8:
            raise MoodleError(_WEAK, f"error/{_WEAK}")
        made = User(next(site.ids), user["username"], user["email"])
        self._write(made, user)
        site.users[made.id] = made
        return made

    def core_user_update_users(self, params: Json) -> Json:
        """One after the other; who is refused is a warning."""
        users = [checked(user) for user in listed(params, "users")]
        for user in users:
            only(user, {*_PLAIN, "id", "suspended", "password", "customfields"})
            require(user, "id")
            if user.get("lang", "en") not in self.site.languages:
                raise invalid("users => lang => Invalid parameter value detected")
        self.need("moodle/user:update", "Update users")
        warnings = []
        for user in users:
            try:
                self._updated(number(user["id"]), user)
            except MoodleError as exc:
                said = {"warningcode": exc.code, "message": exc.message}
                warnings.append({"item": "user", "itemid": number(user["id"]), **said})
        return {"warnings": warnings}

    def _updated(self, key: int, user: Json) -> None:
        there = self.site.users.get(key)
        if there is None:
            raise MoodleError("invaliduserid", "Invalid user ID")
        if there.admin:
            raise MoodleError("usernotupdatedadmin", "Cannot update admin accounts")
        if "email" in user and user["email"] != there.email:
            if not is_address(user["email"]):
                raise MoodleError("useremailinvalid", "Invalid email address")
            if self._taken(user["email"], key):
                raise MoodleError("useremailduplicate", "Duplicate email address")
        names = {one.username for one in self.site.users.values() if one.id != key}
        if user.get("username") in names:
            raise MoodleError("dmlwriteexception", "Error writing to database")
        self._write(there, user)

    def core_user_delete_users(self, params: Json) -> None:
        """All or none."""
        self.need("moodle/user:delete", "Delete users")
        keys = [number(value) for value in listed(params, "userids")]
        for key in keys:
            if key not in self.site.users:
                said = "Can't find data record in database table user."
                raise MoodleError("invalidrecord", said, kind="dml_missing_record_exception")
            if self.site.users[key].admin:
                raise MoodleError("useradminodelete", "You cannot delete the main administrator account.")
        for key in keys:
            self.site.delete(key)

    def core_user_get_users_by_field(self, params: Json) -> list[Json]:
        """Exactly equal values."""
        require(params, "field")
        values = set(listed(params, "values"))
        found = [user for user in self.site.users.values() if str(getattr(user, params["field"])) in values]
        return self._shown(found, params["field"])

    def core_user_get_users(self, params: Json) -> Json:
        """By patterns for addresses, in any case."""
        found = list(self.site.users.values())
        for one in listed(params, "criteria"):
            require(one, "key", "value")
            if one["key"] == "email":
                pattern = _like(one["value"])
                found = [user for user in found if pattern.fullmatch(user.email)]
            else:
                found = [user for user in found if str(getattr(user, one["key"])) == one["value"]]
        return {"users": self._shown(found, "email"), "warnings": []}

    def _shown(self, users: Iterable[User], field: str) -> list[Json]:
        """Only those whose field may be seen; a stored value that is not clean spoils the whole answer."""
        shown = [self._details(user) for user in users]
        for one in shown:
            if any(no_tags(str(one.get(key, ""))) != one.get(key, "") for key in ("firstname", "lastname")):
                said = "Invalid response value detected"
                raise MoodleError("invalidresponse", said, "firstname", kind="invalid_response_exception")
        return [one for one in shown if one.get(field)]

    def _details(self, user: User) -> Json:
        may = self.site.capabilities
        if "moodle/user:viewdetails" not in may:
            return {}
        shown: Json = {"id": user.id, "fullname": f"{user.firstname} {user.lastname}"}
        shown |= {"firstname": user.firstname, "lastname": user.lastname}
        if "moodle/user:viewhiddendetails" in may:
            shown["suspended"] = user.suspended
        if "moodle/site:viewuseridentity" in may:
            shown["email"] = user.email
        if "moodle/user:viewalldetails" in may:
            shown |= {"username": user.username, "auth": user.auth, "lang": user.lang}
            shown["department"] = user.department
            if user.idnumber:
                shown["idnumber"] = user.idnumber
            custom = [
                {"type": "text", "name": key, "shortname": key, "value": value}
                for key, value in user.custom.items()
                if value
            ]
            if custom:
                shown["customfields"] = custom
        return shown

    def _taken(self, email: str, own: int) -> bool:
        if self.site.same_email_allowed:
            return False
        return any(one.email.lower() == email.lower() and one.id != own for one in self.site.users.values())

    def _write(self, user: User, values: Json) -> None:
        for key, longest in _LONGEST.items():
            if len(values.get(key, "")) > longest:
                raise MoodleError("dmlwriteexception", "Error writing to database")
        for key in _PLAIN & values.keys():
            setattr(user, key, values[key])
        if "suspended" in values:
            user.suspended = values["suspended"] == "1"
        for one in values.get("customfields", {}).values():
            require(one, "type", "value")
            if one["type"] in self.site.custom_fields:  # others are ignored without a word
                user.custom[one["type"]] = one["value"]

    # -- cohorts

    def core_cohort_search_cohorts(self, params: Json) -> Json:
        """Whose name or ID number has the text in it."""
        require(params, "query", "context")
        self.need("moodle/cohort:view", "View cohorts")
        text = params["query"].lower()
        found = [one for one in self.site.cohorts.values() if text in f"{one.name} {one.idnumber}".lower()]
        return {"cohorts": [{"id": one.id, "name": one.name, "idnumber": one.idnumber} for one in found]}

    def core_cohort_get_cohort_members(self, params: Json) -> list[Json]:
        keys = [number(value) for value in listed(params, "cohortids")]
        return [{"cohortid": key, "userids": sorted(self.site.cohorts[key].members)} for key in keys]

    def core_cohort_add_cohort_members(self, params: Json) -> Json:
        """Warnings do not say whom they are about."""
        self.need("moodle/cohort:assign", "Assign cohort members")
        warnings: list[Any] = []
        for one in listed(params, "members"):
            require(one, "cohorttype", "usertype")
            key = number(one["usertype"]["value"])
            if key in self.site.users:
                self.site.cohorts[number(one["cohorttype"]["value"])].members.add(key)
            else:
                warnings.append({"warningcode": "2", "message": f"user id={key} does not exist"})
        return {"warnings": warnings}

    def core_cohort_delete_cohort_members(self, params: Json) -> None:
        self.need("moodle/cohort:assign", "Assign cohort members")
        for one in listed(params, "members"):
            require(one, "cohortid", "userid")
            self.site.cohorts[number(one["cohortid"])].members.discard(number(one["userid"]))


def _like(pattern: str) -> re.Pattern[str]:
    """SQL's LIKE, in any case, with a backslash as its escape."""
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    wild = {"%": ".*", "_": "."}
    return re.compile("".join(wild.get(part) or re.escape(part[-1]) for part in parts), re.IGNORECASE)
