"""What LDAP directories mean by the standards, and by the habits of OpenLDAP and 389 Directory Server."""

from __future__ import annotations

from datetime import UTC, datetime

from connectors.directories.ldap.options import LdapOptions
from connectors.directories.ldap_wire.dialect import Entry, GroupKind, Standing
from connectors.directories.ldap_wire.search import Assertion
from syncd.errors import Unavailable

_DAY = 86_400
_LOCKED_FOR_GOOD = "000001010000Z"  # draft-behera-ldap-password-policy, pwdAccountLockedTime


class LdapDialect:
    """Knows one kind of LDAP server, by what it calls itself; talks to nobody."""

    binary = frozenset(
        [
            "jpegphoto",
            "photo",
            "usercertificate",
            "usersmimecertificate",
            "userpkcs12",
            "userpassword",
            "cacertificate",
            "x500uniqueidentifier",
            "krbprincipalkey",
            "sambantpassword",
            "sambalmpassword",
        ]
    )
    groups = GroupKind(
        filter="(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=posixGroup)"
        "(objectClass=groupOfMembers)(objectClass=group))",
        names=("cn",),
        members=("member", "uniqueMember"),
        logins=("memberUid", "uid"),
    )

    def __init__(self, options: LdapOptions, vendor: str) -> None:
        identity = options.id_attribute or ("nsUniqueId" if is_389(vendor) else "entryUUID")
        signs = (sign.attribute for sign in options.disabled_when)
        shared = (options.link_attribute,) if options.link_attribute else ()
        known = ("nsAccountLock", "pwdAccountLockedTime", "shadowExpire")
        self.people = options.person_filter
        self.identity = identity.lower()
        self.attributes: tuple[str, ...] = (identity, *known, *signs, *shared)
        self._options = options

    def text(self, name: str, value: bytes) -> str:  # noqa: ARG002
        return value.decode("utf-8")

    def identify(self, entry: Entry) -> str:
        value = entry.first(self.identity)
        if not value:
            raise Unavailable(
                f"{entry.dn} shows no {self.identity}", next_step="let the reading account read it"
            )
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:  # a GUID in bytes, as eDirectory has it
            return value.hex()

    def by_id(self, id_: str) -> Assertion | None:
        return Assertion(self.identity, id_.encode()) if id_ else None

    def links(self, entry: Entry) -> tuple[str, ...]:
        shared = entry.text((self._options.link_attribute or "").lower()).strip()
        return (f"value:{shared.lower()}",) if shared else ()

    def standing(self, entry: Entry, now: int) -> Standing:
        if entry.text("nsaccountlock").lower() == "true":
            return Standing(False, "the account is locked (nsAccountLock)")
        if entry.text("pwdaccountlockedtime") == _LOCKED_FOR_GOOD:
            return Standing(False, "the account is locked for good (pwdAccountLockedTime)")
        for sign in self._options.disabled_when:
            values = {
                value.decode("utf-8", "replace").lower()
                for value in entry.values.get(sign.attribute.lower(), ())
            }
            if found := sorted(values & {value.lower() for value in sign.equals}):
                return Standing(False, f"{sign.attribute} is {found[0]}")
        return _expiry(entry.text("shadowexpire"), now)

    def referenced(self, reference: str) -> str:  # noqa: ARG002
        return self.people

    def holds_people(self, dn: str) -> bool:  # noqa: ARG002
        return True


def is_389(vendor: str) -> bool:
    """Whether a server that calls itself so is a 389 Directory Server."""
    return vendor.startswith("389")


def _expiry(days: str, now: int) -> Standing:
    """shadowExpire: days since 1970, -1 and nothing for never (shadow(5))."""
    if not days.isdecimal() or days == "0":
        return Standing()
    moment = int(days) * _DAY
    if moment > now:
        return Standing(changes_at=moment)
    return Standing(
        False, f"the account expired on {datetime.fromtimestamp(moment, UTC):%Y-%m-%d} (shadowExpire)"
    )
