"""A mail server that keeps what it takes: STARTTLS, passwords, refused recipients, silence, downtime."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from tests.servers.certificates import ServerCertificate
from tests.servers.tcp import free_port

HOST = "127.0.0.1"


@dataclass
class MailServer:
    """`answers`: what it says to a recipient; `verdict`: to a text. `deaf`: it takes texts, and says nothing.

    With a certificate it wants STARTTLS first, with a password that, too.
    """

    certificate: ServerCertificate | None = None
    user: str = ""
    password: str = ""
    answers: dict[str, str] = field(default_factory=dict)
    verdict: str = "250 taken"
    deaf: bool = False
    received: list[EmailMessage] = field(default_factory=list)
    connections: int = 0
    on_text: Callable[[], None] | None = None
    port: int = field(default_factory=lambda: free_port(HOST))
    _controller: Controller | None = None

    def start(self) -> None:
        tls = self.certificate.server_context() if self.certificate else None
        self._controller = Controller(
            self,
            hostname=HOST,
            port=self.port,
            tls_context=tls,
            require_starttls=tls is not None,
            authenticator=self._authenticate if self.user else None,
            auth_required=bool(self.user),
            auth_require_tls=tls is not None,
        )
        self._controller.start()

    def stop(self) -> None:
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    def to(self, address: str) -> list[EmailMessage]:
        return [mail for mail in self.received if mail["To"] == address]

    def _authenticate(
        self, _server: SMTP, _session: Any, _envelope: Any, _mechanism: str, data: object
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        known = (data.login.decode(), data.password.decode()) == (self.user, self.password)
        return AuthResult(success=known, handled=False)

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's names
        self, _server: SMTP, session: Any, _envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.connections += 1
        return responses

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        answer = self.answers.get(address, "250 welcome")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, _server: SMTP, _session: Any, envelope: Any) -> str:  # noqa: N802
        if self.verdict.startswith("250"):
            mail = message_from_bytes(envelope.content, policy=policy.default)
            assert isinstance(mail, EmailMessage)
            self.received.append(mail)
        if self.on_text is not None:
            self.on_text()
        if self.deaf:
            await asyncio.Event().wait()
        return self.verdict


def text_of(mail: EmailMessage) -> str:
    """The plain text of a mail."""
    return _part(mail, "plain")


def html_of(mail: EmailMessage) -> str:
    return _part(mail, "html")


def _part(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None, f"no {kind} part"
    return str(part.get_content()).replace("\r\n", "\n")
