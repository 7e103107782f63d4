"""The history of 389 Directory Server: its retro changelog, entries that say which entry was changed.

What was written is not read, only to whom, so the account need not see it. The numbers are each server's own,
and the log is cut off at its old end: so a position names the last change it counts by that change's own id,
too. A server where it is not to be found has another history, or a shorter one.

https://datatracker.ietf.org/doc/html/draft-good-ldap-changelog-04
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connectors.directories.ldap_wire import ber
from connectors.directories.ldap_wire.dialect import Entry
from connectors.directories.ldap_wire.dn import is_below
from connectors.directories.ldap_wire.history import Told
from connectors.directories.ldap_wire.search import Assertion, Search, control, pages, portions
from connectors.directories.ldap_wire.session import Session
from syncd.errors import ConfigError, CursorLost

_PERSISTENT_SEARCH = b"2.16.840.1.113730.3.4.3"
_EVERY_KIND = b"\x0f"  # add, delete, modify, moddn
_LOG = "cn=changelog"
_ASKED = ("changeNumber", "changeType", "targetDn", "targetUniqueId", "nsUniqueId")


class RetroChangelog:
    """The changes of one naming context. People are known by their nsUniqueId."""

    kind = "retro-changelog"
    identity = "nsuniqueid"
    untold = frozenset({"hassubordinates", "numsubordinates", "nsrole"})  # made up when asked for
    tells_groups = False
    follows_references = False
    hint = (
        "389 Directory Server can, with its Retro Changelog plug-in that notes nsuniqueid:targetUniqueId,"
        " where the account may read cn=changelog"
    )

    def position(self, session: Session, context: str) -> str:
        del context
        root = next(_entries(session, Search("", attributes=("lastChangeNumber",), one=True)), None)
        last = root.text("lastchangenumber") if root else ""
        anchor = _anchor(session, last)
        if anchor is None or (int(last) and not anchor.text("targetuniqueid")):
            return ""
        return f"{int(last)} {anchor.text('nsuniqueid')}"

    def since(
        self, session: Session, context: str, position: str, attributes: Sequence[str], *, groups: bool
    ) -> Told:
        del attributes, groups  # it tells of every change, and of groups only that they have changed
        number, _, id_ = position.partition(" ")
        anchor = _anchor(session, number)
        if anchor is None or anchor.text("nsuniqueid") != id_:
            raise CursorLost("the server's changelog does not reach back so far, or is another one")
        after = Search(_LOG, f"(changeNumber>={int(number) + 1})", _ASKED)
        changes = sorted(_entries(session, after), key=_number)
        if changes and not int(number) and _number(changes[0]) > 1:
            raise CursorLost("the server's changelog does not reach back so far")
        ours = [entry for entry in changes if is_below(entry.text("targetdn"), context)]
        changed = {_target(entry): entry.text("targetdn") for entry in ours}
        moved = {_target(entry) for entry in ours if entry.text("changetype") in ("modrdn", "moddn")}
        _refuse_units(session, context, sorted(moved))
        told_until = f"{_number(changes[-1])} {changes[-1].text('nsuniqueid')}" if changes else position
        return Told(changed, frozenset(), frozenset(), told_until)  # the deleted are not found by their id

    def bell(self, session: Session, context: str, meant: str) -> tuple[Search, Sequence[bytes]]:
        """A persistent search, of changes only, which the server offers without any plug-in.

        https://datatracker.ietf.org/doc/html/draft-ietf-ldapext-psearch-03
        """
        del session
        value = ber.encode(
            ber.SEQUENCE,
            ber.encode(ber.INTEGER, _EVERY_KIND),
            ber.encode(ber.BOOLEAN, b"\xff"),
            ber.encode(ber.BOOLEAN, b"\x00"),
        )
        return Search(context, meant), (control(_PERSISTENT_SEARCH, value, critical=True),)


def _entries(session: Session, search: Search) -> Iterator[Entry]:
    for page in pages(session, search):
        yield from map(Entry.decode, page.entries)


def _number(change: Entry) -> int:
    return int(change.text("changenumber"))


def _anchor(session: Session, number: str) -> Entry | None:
    """The change of that number, for 0 the log itself; None where it is not kept, or not shown."""
    if not number.isdecimal():
        return None
    dn = f"changenumber={int(number)},{_LOG}" if int(number) else _LOG
    try:
        return next(_entries(session, Search(dn, attributes=_ASKED, one=True)), None)
    except ConfigError:  # there is none, or no changelog at all
        return None


def _target(entry: Entry) -> str:
    """The id of the entry that was changed."""
    target = entry.text("targetuniqueid")
    if not target:
        raise CursorLost(f"the server does not note whose change {entry.text('changenumber')} was")
    return target


def _refuse_units(session: Session, context: str, ids: Sequence[str]) -> None:
    """Raise `CursorLost` if one of those that were renamed has others below: their DNs have changed, too."""
    for named in portions([Assertion("nsUniqueId", id_.encode()) for id_ in ids]):
        for unit in _entries(session, Search(context, "(hasSubordinates=TRUE)", among=named)):
            raise CursorLost(f"{unit.dn} was renamed or moved, and with it whoever is below")
