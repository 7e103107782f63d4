"""`syncd check` for a site: reach, token, functions, capabilities, what is shown, what a license is there.

Capabilities cannot be asked for. Where Moodle looks at them before anything else, a call that cannot succeed
tells: an account without a name, and account 0, which never exists. Nothing is written.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any

from connectors.platforms.moodle.iomad import ByIomad
from connectors.platforms.moodle.licensing import ByCohort
from connectors.platforms.moodle.site import Site
from syncd.errors import ConfigError, SyncdError, Unavailable
from syncd.model import Finding

_BY_FIELD = "core_user_get_users_by_field"
_NEEDED = (
    "core_webservice_get_site_info",
    _BY_FIELD,
    "core_user_get_users",
    "core_user_create_users",
    "core_user_update_users",
)
_DELETE = "core_user_delete_users"
_COHORT = (
    "core_cohort_search_cohorts",
    "core_cohort_get_cohort_members",
    "core_cohort_add_cohort_members",
    "core_cohort_delete_cohort_members",
)
_IOMAD = "block_iomad_company_admin_"
_SERVICE = "Site administration > Server > Web services > External services > Functions: add them"
_NAMELESS = {"username": "", "firstname": "", "lastname": "", "email": "", "createpassword": True}
_SAMPLE = 200


def check(site: Site) -> Iterator[Finding]:
    """Findings from the connection inwards; what cannot work without the one before is left out."""
    try:
        functions = yield from _signed_in(site)
        if site.options.token_expires is None:
            hint = "write its `Valid until` into token_expires, and you are warned of it"
            yield Finding("token", True, "nobody told when the token ends", hint)
        missing = [name for name in _wanted(site) if name not in functions]
        if missing:
            yield Finding("functions", False, f"the token's service lacks {', '.join(missing)}", _SERVICE)
            return
        yield from _rights(site, deletes=_DELETE in functions)
        yield from _accounts(site)
        yield from _license(site)
    except SyncdError as exc:
        yield Finding(site.moodle.host, False, exc.message, exc.next_step)


def _signed_in(site: Site) -> Generator[Finding, None, frozenset[str]]:
    info = site.moodle.read("core_webservice_get_site_info")
    if not isinstance(info, dict) or "functions" not in info:
        raise site.moodle.strange("core_webservice_get_site_info")
    release = f"{info.get('sitename', 'Moodle')}, Moodle {info.get('release', '?')}"
    hint = ""
    if info.get("userissiteadmin"):
        hint = (
            "a user of its own with the capabilities in the docs is enough: an administrator may do anything"
        )
    yield Finding(site.moodle.host, True, f"{release}; the token is {info.get('username')}'s", hint)
    return frozenset(str(one["name"]) for one in info["functions"])


def _wanted(site: Site) -> tuple[str, ...]:
    if site.options.license.cohort:
        return (*_NEEDED, *_COHORT)
    if (iomad := site.options.license.iomad) is None:
        return _NEEDED
    wanted = {
        "get_license_info": True,
        "assign_users": True,
        "allocate_licenses": True,
        "get_companies": isinstance(iomad.company, str),
        "get_departments": iomad.department is not None,
        "unassign_users": iomad.unassign_leavers,
    }
    return (*_NEEDED, *(_IOMAD + name for name, needed in wanted.items() if needed))


def _rights(site: Site, *, deletes: bool) -> Iterator[Finding]:
    tried: dict[str, tuple[str, dict[str, Any]]] = {
        "moodle/user:create": ("core_user_create_users", {"users": [_NAMELESS]}),
        "moodle/user:update": ("core_user_update_users", {"users": [{"suspended": True, "id": 0}]}),
    }
    if deletes:
        tried["moodle/user:delete"] = (_DELETE, {"userids": [0]})
    lacking = []
    for capability, (function, params) in tried.items():
        try:
            site.moodle.read(function, params)
        except Unavailable as exc:
            if "nopermissions" not in exc.message:
                raise
            lacking.append(capability)
    if lacking:
        words = f"the token's user lacks {', '.join(lacking)}"
        yield Finding("rights", False, words, "allow it in the user's role, in the system context")
    else:
        may = "create, change and delete" if deletes else "create and change"
        hint = "" if deletes else f"add {_DELETE} to the service if leavers.delete_after is to be used"
        yield Finding("rights", True, f"the token may {may} accounts", hint)


def _accounts(site: Site) -> Iterator[Finding]:
    """Everybody's guest must be seen, and so many of the first learners are."""
    if not site.accounts.by("username", ["guest"]).accounts:
        hint = "give its role moodle/user:viewdetails and moodle/user:viewalldetails"
        yield Finding("accounts", False, "the token's user is not shown other people's accounts", hint)
        return
    keys = [site.translator.key(number) for number in range(1, _SAMPLE + 1)]
    found = site.accounts.by("idnumber", keys)
    ours = [there[0] for there in found.accounts.values()]
    suspended = sum(one.suspended for one in ours)
    words = (
        f"{len(ours)} of the learners 1 to {_SAMPLE} have an account of ours, {suspended} of them suspended"
    )
    yield Finding("accounts", True, words)
    for short in site.options.fields.short_names:
        having = sum(bool(one.custom.get(short)) for one in ours)
        hint = "" if having or not ours else "check its short name: Moodle ignores fields it does not have"
        yield Finding(f"field {short}", True, f"{having} of these {len(ours)} have it", hint)


def _license(site: Site) -> Iterator[Finding]:
    licensing = site.licensing
    try:
        if isinstance(licensing, ByCohort):
            count = len(licensing.members)
            yield Finding(f"cohort {site.options.license.cohort}", True, f"{count} accounts are in it")
        elif isinstance(licensing, ByIomad):
            yield from licensing.check()
    except ConfigError as exc:
        yield Finding("license", False, exc.message, exc.next_step)
