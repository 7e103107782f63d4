"""The history of Active Directory: DirSync.

It tells of every change, deletions included, and who joined or left a group, and its cursor holds at every
domain controller. With the right to replicate changes it tells of everything; without it, of what the account
sees, which is as good, since a whole read shows no more. But what was deleted the account must see, or nobody
would ever have left. Rejected: uSNChanged. It needs that, too, holds at one controller only, and tells not
who left a group.

https://learn.microsoft.com/openspecs/windows_protocols/ms-adts/2213a7f2-0a36-483c-b2a4-8574d53aa1e3
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence

from connectors.directories.ad_values import guid_text
from connectors.directories.ldap_wire import ber, messages
from connectors.directories.ldap_wire.ber import INTEGER, OCTETS, SEQUENCE, expect
from connectors.directories.ldap_wire.dialect import Entry
from connectors.directories.ldap_wire.history import Told
from connectors.directories.ldap_wire.result import decode_controls, decode_result
from connectors.directories.ldap_wire.search import (
    DOMAIN_SCOPE,
    PAGED_RESULTS,
    Assertion,
    Search,
    answers,
    control,
    pages,
    portions,
)
from connectors.directories.ldap_wire.session import Session
from connectors.directories.ldap_wire.trouble import SUCCESS, search_failed
from syncd.errors import CursorLost

_DIRSYNC, _SHOW_DELETED = b"1.2.840.113556.1.4.841", b"1.2.840.113556.1.4.417"
_NOTIFICATION = b"1.2.840.113556.1.4.528"
_BY_RIGHT = b"\x80\x00\x00\x00"  # of members only those that joined or left
_BY_SIGHT = b"\x80\x00\x00\x01"  # the same, of what the account sees: no right is asked for
_LARGEST = 10 * 1024 * 1024
_NO_EXTENSION, _NOT_ALLOWED, _UNWILLING = 12, 50, 53
_NOBODY = "(objectGUID=\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00)"
_PEOPLE = "(objectClass=person)"  # by no more than that: of a deleted object little else is left
_STRUCTURE = "(|(objectClass=group)(objectClass=organizationalUnit)(objectClass=container))"
_JOINED_OR_LEFT = ("member;range=1-1", "member;range=0-0")
_Answer = tuple[list[Entry], bytes]


class DirSync:
    """The changes of one domain. People are known by their objectGUID."""

    kind = "dirsync"
    identity = "objectguid"
    tells_groups = True
    follows_references = True
    hint = "let the account see the deleted objects"
    untold = frozenset(  # made up when asked for, or of each domain controller alone
        (
            *(
                "memberof",
                "directreports",
                "managedobjects",
                "canonicalname",
                "tokengroups",
                "primarygrouptoken",
            ),
            *("whenchanged", "modifytimestamp", "usnchanged", "lastlogon", "logoncount", "badpwdcount"),
            *("badpasswordtime", "msds-user-account-control-computed", "msds-principalname"),
        )
    )

    def position(self, session: Session, context: str) -> str:
        """By a search for nobody, which the server answers with where it stands.

        Only where something deleted can be seen: else nobody would ever be told that somebody has left.
        """
        try:
            _, cookie = _changes(session, Search(context, _NOBODY, ("objectGUID",)), b"")
        except CursorLost:  # not allowed, or no Active Directory
            return ""
        return b64encode(cookie).decode() if _sees_the_deleted(session, context) else ""

    def since(
        self, session: Session, context: str, position: str, attributes: Sequence[str], *, groups: bool
    ) -> Told:
        try:
            cookie = b64decode(position, validate=True)
        except ValueError as exc:
            raise CursorLost("it is not a cursor of this directory") from exc
        if not cookie:  # the server would tell everything but who is gone
            raise CursorLost("it does not say since when")
        asked = tuple(dict.fromkeys((*attributes, "name", "isDeleted")))
        people, after = _changes(session, Search(context, _PEOPLE, asked), cookie)
        structure = ("name", "whenCreated", *(("member", "isDeleted") if groups else ()))
        units, _ = _changes(session, Search(context, _STRUCTURE, structure), cookie)
        touched = {dn for unit in units for dn in _members(unit)}
        _refuse_groups(session, context, sorted(touched))
        changed = {_guid(entry): entry.dn for entry in people if not _is_deleted(entry)}
        gone = {_guid(entry) for entry in people if _is_deleted(entry)}
        return Told(changed, gone - changed.keys(), touched, b64encode(after).decode())

    def bell(self, session: Session, context: str, meant: str) -> tuple[Search, Sequence[bytes]]:
        """Change notification: of every object of the domain, as the server takes no other filter than that.

        https://learn.microsoft.com/openspecs/windows_protocols/ms-adts/f14f3610-ee22-4d07-8a24-1bf1466cba5f
        """
        del session, meant
        return Search(context), (control(_NOTIFICATION, critical=True), control(_SHOW_DELETED))


def _sees_the_deleted(session: Session, context: str) -> bool:
    """Whether anything deleted is visible, besides the container that holds it: one page of two tells."""
    paging = ber.encode(SEQUENCE, ber.encode_integer(2), ber.encode(OCTETS, b""))
    controls = [control(_SHOW_DELETED, critical=True), control(PAGED_RESULTS, paging, critical=True)]
    deleted = Search(context, "(isDeleted=TRUE)", ("objectGUID",))
    entries = [
        Entry.decode(message.body)
        for message in answers(session, deleted, controls)
        if message.operation == messages.ENTRY
    ]
    return any(not entry.dn.upper().startswith("CN=DELETED OBJECTS,") for entry in entries)


class _NotAllowedError(Exception):
    """The account has no right to replicate changes."""


def _changes(session: Session, search: Search, cookie: bytes) -> _Answer:
    """What has changed since the cookie, and the cookie for next time."""
    try:
        return _told(session, search, cookie, _BY_RIGHT)
    except _NotAllowedError:
        return _told(session, search, cookie, _BY_SIGHT)


def _told(session: Session, search: Search, cookie: bytes, flags: bytes) -> _Answer:
    """However many answers that takes. Raises `_NotAllowedError` where these flags want a right."""
    found: list[Entry] = []
    more = True
    while more:
        value = ber.encode(
            SEQUENCE,
            ber.encode(INTEGER, flags),
            ber.encode_integer(_LARGEST),
            ber.encode(OCTETS, cookie),
        )
        for message in answers(session, search, [control(_DIRSYNC, value, critical=True)]):
            if message.operation == messages.ENTRY:
                found.append(Entry.decode(message.body))
            elif message.operation == messages.DONE:
                more, cookie = _end(session, search, message, flags)
    return found, cookie


def _end(session: Session, search: Search, message: messages.Message, flags: bytes) -> tuple[bool, bytes]:
    result = decode_result(message.body, message.operation_ends)
    if result.code == _NOT_ALLOWED and flags == _BY_RIGHT:
        raise _NotAllowedError
    if result.code in (_NO_EXTENSION, _NOT_ALLOWED, _UNWILLING):
        raise CursorLost("the server does not know it, or the reading account lost a right")
    if result.code != SUCCESS:
        raise search_failed(result, search.base, session.url)
    value = decode_controls(message.body, message.operation_ends).get(_DIRSYNC)
    if value is None:
        raise CursorLost("the server does not say where its changes end")
    at, end = expect(value, 0, len(value), SEQUENCE)
    start, at = expect(value, at, end, INTEGER)
    more = any(value[start:at])
    _, at = expect(value, at, end, INTEGER)
    start, at = expect(value, at, end, OCTETS)
    return more, value[start:at]


def _members(entry: Entry) -> Iterator[str]:
    """Who joined or left a group. Raises `CursorLost` for what may move more people than these."""
    if _is_deleted(entry):
        raise CursorLost("a group or unit was deleted, and nobody knows who was in it")
    if entry.first("name") and not entry.first("whencreated"):
        raise CursorLost(f"{entry.dn} was renamed or moved, and with it whoever is below")
    for name in _JOINED_OR_LEFT:
        for value in entry.values.get(name, ()):
            yield value.decode("utf-8", "replace")


def _refuse_groups(session: Session, context: str, dns: Sequence[str]) -> None:
    """Raise `CursorLost` if a group is among them: it brings its members along, or takes them away."""
    for named in portions([Assertion("distinguishedName", dn.encode()) for dn in dns]):
        search = Search(context, "(objectCategory=group)", among=named, controls=(DOMAIN_SCOPE,))
        for page in pages(session, search):
            for raw in page.entries:
                raise CursorLost(f"{Entry.decode(raw).dn} joined or left another group")


def _is_deleted(entry: Entry) -> bool:
    return entry.text("isdeleted").upper() == "TRUE"


def _guid(entry: Entry) -> str:
    value = entry.first("objectguid") or b""
    if len(value) != 16:
        raise CursorLost(f"{entry.dn} shows no objectGUID")
    return guid_text(value)
