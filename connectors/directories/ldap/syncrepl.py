"""The history of OpenLDAP: content synchronisation (RFC 4533) with a provider that keeps a session log.

Without that log (`syncprov-sessionlog`) the server lists everybody who has not changed instead of those
who are gone; then, and when the log does not reach back far enough, only a whole read can tell.
"""

from __future__ import annotations

from collections.abc import Sequence

from connectors.directories.ldap_wire import messages, sync_messages
from connectors.directories.ldap_wire.dialect import Entry
from connectors.directories.ldap_wire.history import Told
from connectors.directories.ldap_wire.messages import Message
from connectors.directories.ldap_wire.result import decode_controls, decode_result
from connectors.directories.ldap_wire.search import Search, answers, control, pages
from connectors.directories.ldap_wire.session import Session
from connectors.directories.ldap_wire.trouble import SIZE_LIMIT, SUCCESS, search_failed
from syncd.errors import ConfigError, CursorLost

_UNWILLING, _NO_EXTENSION = 53, 12
_ASKED = ("hasSubordinates", "createTimestamp")
_LOST = {
    sync_messages.REFRESH_REQUIRED: "the server's log does not reach back so far",
    SIZE_LIMIT: "more has changed than the server gives the reading account at once",
    _UNWILLING: "the server does not know the cursor: it is behind another one, or was restored",
    _NO_EXTENSION: "the server does not synchronise any more",
}


class Syncrepl:
    """The changes of one naming context. People are known by their entryUUID."""

    kind = "syncrepl"
    identity = "entryuuid"
    untold = frozenset({"memberof", "hassubordinates", "numsubordinates"})  # kept by overlays, or made up
    tells_groups = False
    follows_references = False
    hint = "OpenLDAP can, with the overlay syncprov and its syncprov-sessionlog"

    def position(self, session: Session, context: str) -> str:
        try:
            found = list(pages(session, Search(context, attributes=("contextCSN",), one=True)))
        except ConfigError:  # the reading account may not see the root of the context
            return ""
        entries = [Entry.decode(raw) for page in found for raw in page.entries]
        values = sorted(value for entry in entries for value in entry.values.get("contextcsn", ()))
        numbers = b";".join(values).decode("ascii", "replace")
        return f"rid=000,csn={numbers}" if numbers else ""

    def since(
        self, session: Session, context: str, position: str, attributes: Sequence[str], *, groups: bool
    ) -> Told:
        del attributes, groups  # it tells of every change, and of groups only that they have changed
        asked = control(sync_messages.REQUEST, sync_messages.encode_request(position.encode()), critical=True)
        gathering = _Gathering(session, context, position)
        for message in answers(session, Search(context, attributes=_ASKED), [asked]):
            gathering.take(message)
        return Told(gathering.changed, gathering.gone, frozenset(), gathering.position or position)

    def bell(self, session: Session, context: str, meant: str) -> tuple[Search, Sequence[bytes]]:
        """The same, but that it goes on after the changes there were: from now on, so that there are none."""
        cookie = self.position(session, context).encode()
        asked = sync_messages.encode_request(cookie, persist=True)
        return Search(context, meant), (control(sync_messages.REQUEST, asked, critical=True),)


class _Gathering:
    """What the messages of one answer come to."""

    def __init__(self, session: Session, context: str, since: str) -> None:
        self._session, self._context, self._since = session, context, since
        self.changed: dict[str, str] = {}
        self.gone: set[str] = set()
        self.position = ""

    def take(self, message: Message) -> None:
        if message.operation == messages.ENTRY:
            self._entry(message)
        elif message.operation == messages.INTERMEDIATE:
            self._info(message)
        elif message.operation == messages.DONE:
            self._done(message)

    def _entry(self, message: Message) -> None:
        value = decode_controls(message.body, message.operation_ends).get(sync_messages.STATE)
        if value is None:
            raise CursorLost("the server sends entries as if nothing had been asked before")
        state, id_ = sync_messages.decode_state(value)
        if state == sync_messages.DELETE:
            self.gone.add(id_)
        elif state != sync_messages.PRESENT:
            entry = Entry.decode(message.body[: message.operation_ends])
            if entry.text("hassubordinates").lower() == "true" and not _is_new(entry, self._since):
                raise CursorLost(f"{entry.dn} has changed, and with it perhaps the DN of everybody below")
            self.changed[id_] = entry.dn

    def _info(self, message: Message) -> None:
        info = sync_messages.decode_info(message.body)
        if info is None:
            return
        if info.present:
            raise CursorLost(
                "the server keeps no log of who is gone, or not since then (syncprov-sessionlog)"
            )
        self.gone.update(info.ids)
        self._advance(info.cookie)

    def _done(self, message: Message) -> None:
        result = decode_result(message.body, message.operation_ends)
        if result.code in _LOST:
            raise CursorLost(_LOST[result.code])
        if result.code != SUCCESS:
            raise search_failed(result, self._context, self._session.url)
        value = decode_controls(message.body, message.operation_ends).get(sync_messages.DONE)
        if value is None:
            raise CursorLost("the server does not say where its changes end")
        cookie, unmentioned_stay = sync_messages.decode_done(value)
        if not unmentioned_stay:
            raise CursorLost(
                "the server keeps no log of who is gone, or not since then (syncprov-sessionlog)"
            )
        self._advance(cookie)

    def _advance(self, cookie: bytes) -> None:
        if cookie:
            self.position = cookie.decode("utf-8", "replace")


def _is_new(entry: Entry, position: str) -> bool:
    """Whether a unit was made after that position, so that whoever is below it has changed, too."""
    since = max((number[:14] for number in position.partition("csn=")[2].split(";")), default="")
    return entry.text("createtimestamp")[:14] > since
