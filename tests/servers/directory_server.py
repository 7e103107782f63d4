"""What the directory servers have in common: a process, two addresses, an administrator and a certificate."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Self

from tests.servers.certificates import Authority, ServerCertificate
from tests.servers.ldap_admin import Account, LdapAdmin
from tests.servers.process import Child
from tests.servers.tcp import wait_until_listening


class DirectoryServer:
    """One of them. It begins with `resume`; `stop`, `kill` and `resume` as often as a test likes."""

    base: ClassVar[str]
    administrator: ClassVar[Account]
    certified: tuple[str, ...] = ("ldap.contoso.test",)
    """The names in its certificate, besides its address."""
    address: str
    port: int
    tls_port: int

    def __init__(self, authority: Authority, child: Child) -> None:
        self.authority = authority
        self._child = child

    @property
    def url(self) -> str:
        return f"ldaps://{self.address}:{self.tls_port}"

    @property
    def plain_url(self) -> str:
        """Without TLS, or for StartTLS."""
        return f"ldap://{self.address}:{self.port}"

    @property
    def ca(self) -> Path:
        return self.authority.ca

    @property
    def pid(self) -> int:
        return self._child.pid

    @cached_property
    def admin(self) -> LdapAdmin:
        return LdapAdmin(self.url, self.administrator, ca=self.ca, base=self.base)

    @cached_property
    def certificate(self) -> ServerCertificate:
        return self.authority.issue(*self.certified, self.address)

    def resume(self) -> None:
        """Start, or start again after `stop` or `kill`."""
        self._child.start()
        wait_until_listening(self.address, self.tls_port, self._child)

    def stop(self) -> None:
        self._child.stop()

    def kill(self) -> None:
        self._child.kill()

    @contextmanager
    def running(self) -> Iterator[Self]:
        """Started, and stopped when the block ends."""
        self.resume()
        try:
            yield self
        finally:
            self.stop()
