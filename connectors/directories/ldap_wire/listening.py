"""A line on which an LDAP server rings: a search that never ends, and a question now and then in between.

Whoever waits for a ring hears nothing for hours, and would hear nothing of a server, firewall or cable that
has gone, either: no connection ends by itself. So the server is asked something it has to answer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from connectors.directories.ldap_wire import messages, sync_messages
from connectors.directories.ldap_wire.messages import ClosedError, Message
from connectors.directories.ldap_wire.result import decode_result
from connectors.directories.ldap_wire.search import Search, only_ldap, unasked
from connectors.directories.ldap_wire.session import Session
from connectors.directories.ldap_wire.trouble import broken_off, not_ringing

_SILENCE = 30.0  # seconds without a word after which the server is asked whether it is there
_ALIVE = Search("", attributes=("1.1",), one=True)


class LdapLine:
    """`Line` over one session, for one search and its controls. `open` it once, then `wait`."""

    def __init__(
        self,
        session: Session,
        search: Search,
        controls: Sequence[bytes],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._session = session
        self._search = search
        self._controls = controls
        self._clock = clock
        self._number = 0
        self._question: int | None = None
        self._heard = self._asked = 0.0

    def open(self) -> None:
        """Ask to be rung. Who does not want to says so at once: before the answer to a question after it."""
        with only_ldap(self._session):
            try:
                self._number = self._session.next_id()
                self._session.socket.sendall(self._search.message(self._number, self._controls))
                self._ask()
                while self._question is not None:
                    self._take()
            except (OSError, ClosedError) as exc:
                raise self._broken(exc) from exc

    def wait(self, seconds: float) -> bool:
        """`Line.wait`."""
        with only_ldap(self._session):
            try:
                self._see_to_it()
                return self._session.messages.arrive(seconds) and self._take()
            except (OSError, ClosedError) as exc:
                raise self._broken(exc) from exc

    def _see_to_it(self) -> None:
        """Ask whether the server is there, when it has been silent; give it up when it stays so."""
        now = self._clock()
        if self._question is not None:
            if now - self._asked > self._session.receive_timeout:
                raise TimeoutError
        elif now - self._heard > _SILENCE:
            self._ask()

    def _ask(self) -> None:
        self._question, self._asked = self._session.next_id(), self._clock()
        self._session.socket.sendall(_ALIVE.message(self._question, ()))

    def _take(self) -> bool:
        """The next message: whether it rings."""
        message = self._session.messages.next()
        self._heard = self._clock()
        if message.id == self._number:
            return self._rings(message)
        if message.id != self._question:
            raise unasked(self._session, message)
        if message.operation == messages.DONE:
            self._question = None
        return False

    def _rings(self, message: Message) -> bool:
        """Whether it is about an entry. What it says of it is nothing to go by: that is read later."""
        if message.operation == messages.DONE:
            result = decode_result(message.body, message.operation_ends)
            raise not_ringing(result, self._session.url)
        if message.operation == messages.INTERMEDIATE:
            info = sync_messages.decode_info(message.body)
            return info is not None and bool(info.ids)
        return message.operation == messages.ENTRY

    def _broken(self, exc: Exception) -> Exception:
        return broken_off(exc, self._session.url, self._session.receive_timeout)
