"""One bound connection to the first server that answers. ldap3 connects the protocol, we keep the socket."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator
from itertools import count
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from ldap3 import ANONYMOUS, KERBEROS, NONE, SASL, SIMPLE, Connection, Server
from ldap3.core.exceptions import LDAPException, LDAPPackageUnavailableError
from ldap3.strategy.sync import SyncStrategy

from connectors.directories.ldap_wire import tls
from connectors.directories.ldap_wire.messages import Messages
from connectors.directories.ldap_wire.options import KerberosBind, LdapWireOptions, PasswordBind
from connectors.directories.ldap_wire.trouble import Reason, Result, bind_refused, cannot_connect, none_usable
from syncd.errors import ConfigError, Unavailable
from syncd.ports import UNHEARD, Answered, Calls

_START_TLS = "1.3.6.1.4.1.1466.20037"


class _OwnSocket(SyncStrategy):
    """ldap3's synchronous strategy over a socket we opened: all addresses tried, errors as they were."""

    def __init__(self, connection: Any, opened: socket.socket) -> None:
        super().__init__(connection)
        self._opened = opened

    def open(self, reset_usage: bool = True, read_server_info: bool = True) -> None:  # noqa: ARG002
        self._outstanding: dict[int, Any] = {}
        self.connection.socket = self._opened
        self.connection.closed = False
        self.connection.listening = True


class RefusedError(Exception):
    """A server that cannot be used, and why. `final`: no other server should be asked (credentials)."""

    def __init__(self, reason: Reason, *, final: bool = False) -> None:
        super().__init__(reason.text)
        self.reason = reason
        self.final = final


class Session:
    """A connection that is bound and ours alone. Use as a context manager: it always unbinds."""

    def __init__(self, url: str, connection: Any, options: LdapWireOptions, calls: Calls = UNHEARD) -> None:
        self.url = url
        self.calls = calls
        self.receive_timeout = options.receive_timeout
        self.socket: socket.socket = connection.socket
        self.messages = Messages(self.socket)
        self._connection = connection
        self._numbers = count(1000)  # above those ldap3 used for binding

    def next_id(self) -> int:
        return next(self._numbers)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(LDAPException, OSError):  # a server that hung up needs no goodbye
            self._connection.unbind()
        self.socket.close()


def open_session(options: LdapWireOptions, calls: Calls = UNHEARD) -> Session:
    """Bind at the first server that can be used; `calls` hear of that, and of all that is asked there.

    Raises `Retriable` or `Unavailable` naming each server and its reason. A refused password ends
    it at once: trying it on every domain controller would lock the account.
    """
    reasons: list[tuple[str, Reason]] = []
    for url in options.servers:
        started = time.monotonic()
        try:
            session = connect(url, options, calls)
        except RefusedError as refused:
            answered = Answered.REFUSED if refused.final else Answered.FAILED
            calls.ended("connect", answered, time.monotonic() - started)
            if refused.final:
                reason = refused.reason
                raise Unavailable(f"{url}: {reason.text}", next_step=reason.next_step) from refused
            reasons.append((url, refused.reason))
        else:
            calls.ended("connect", Answered.OK, time.monotonic() - started)
            return session
    raise none_usable(reasons)


def connect(url: str, options: LdapWireOptions, calls: Calls = UNHEARD) -> Session:
    """A bound session with this one server. Raises `RefusedError`, or `ConfigError`."""
    opened = _open(url, options)
    try:
        connection = _ldap3_connection(url, opened, options)
        with _worded(options.receive_timeout):
            if options.tls.start:
                _start_tls(connection, urlsplit(url).hostname or "", options)
            bound = connection.bind(read_server_info=False)
        if not bound:
            result = _result(connection)
            raise RefusedError(bind_refused(result, bind_name(options)), final=result.code in (48, 49))
        return Session(url, connection, options, calls)
    except BaseException:
        opened.close()
        raise


def bind_name(options: LdapWireOptions) -> str:
    """Who binds, for messages."""
    if isinstance(options.bind, PasswordBind):
        return options.bind.user
    if isinstance(options.bind, KerberosBind):
        return options.bind.principal or "the owner of the Kerberos ticket"
    return "nobody (anonymous)"


def _open(url: str, options: LdapWireOptions) -> socket.socket:
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or (636 if parts.scheme == "ldaps" else 389)
    with _worded(options.connect_timeout):
        opened = socket.create_connection((host, port), timeout=options.connect_timeout)
        try:
            # Else the bind waits for the server's delayed acknowledgement of the end of our handshake.
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if parts.scheme == "ldaps":
                opened = tls.protect(opened, host, options.tls)
            opened.settimeout(options.receive_timeout)
        except BaseException:
            opened.close()
            raise
        return opened


def _ldap3_connection(url: str, opened: socket.socket, options: LdapWireOptions) -> Any:
    """An ldap3 connection that uses our socket: nothing is sent yet."""
    server = Server(url, get_info=NONE)
    connection: Any = Connection(
        server,
        receive_timeout=options.receive_timeout,
        auto_referrals=False,
        check_names=False,
        **_credentials(options),
    )
    strategy = _OwnSocket(connection, opened)
    connection.strategy = strategy
    connection.open, connection.send = strategy.open, strategy.send
    connection.get_response = strategy.get_response
    connection.post_send_single_response = strategy.post_send_single_response
    connection.open(read_server_info=False)
    return connection


def _credentials(options: LdapWireOptions) -> dict[str, Any]:
    bind = options.bind
    if isinstance(bind, PasswordBind):
        return {"authentication": SIMPLE, "user": bind.user, "password": bind.password.reveal()}
    if isinstance(bind, KerberosBind):
        store = {"client_keytab": str(bind.keytab)} if bind.keytab else None
        sasl = (bind.service_host,) if bind.service_host else None
        return {
            "authentication": SASL, "sasl_mechanism": KERBEROS, "sasl_credentials": sasl,
            "user": bind.principal, "cred_store": store,
        }  # fmt: skip
    return {"authentication": ANONYMOUS}


def _start_tls(connection: Any, host: str, options: LdapWireOptions) -> None:
    connection.extended(_START_TLS)
    result = _result(connection)
    if result.code != 0:
        raise RefusedError(Reason(f"StartTLS refused ({result.message or result.code})", "use ldaps://"))
    connection.socket = tls.protect(connection.socket, host, options.tls)
    connection.tls_started = True


def _result(connection: Any) -> Result:
    """What ldap3 holds as the answer to the last operation."""
    found = connection.result or {}
    return Result(int(found.get("result", 80)), str(found.get("dn") or ""), str(found.get("message") or ""))


@contextlib.contextmanager
def _worded(timeout: float) -> Iterator[None]:
    """Whatever fails inside becomes `RefusedError` in words; deliberate errors pass."""
    try:
        yield
    except LDAPPackageUnavailableError as exc:
        raise ConfigError(
            "bind.method kerberos needs the Python package gssapi", next_step="pip install 'syncd[kerberos]'"
        ) from exc
    except (OSError, LDAPException) as exc:
        raise RefusedError(cannot_connect(exc, timeout)) from exc
    except RefusedError:
        raise
    except Exception as exc:
        if type(exc).__module__.partition(".")[0] != "gssapi":
            raise
        raise RefusedError(
            Reason(f"no Kerberos: {exc}", "check the ticket, the keytab and krb5.conf")
        ) from exc
