"""Mail: one SMTP connection for all messages of a round, one transaction for each.

What the server says decides, code by code: a refused recipient (5xx) is no failed server, a busy one (4xx)
is tried again later, and a connection that breaks while the text is under way leaves its fate unknown.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from email import policy
from email.headerregistry import Address as MailAddress
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr

from syncd.errors import ConfigError
from syncd.notify.message import Answer, Fate, Message, clipped
from syncd.settings.notify import SmtpSection


class Mail:
    """A `Channel`. `clock` dates the messages."""

    def __init__(self, smtp: SmtpSection, clock: Callable[[], int]) -> None:
        self._smtp = smtp
        self._clock = clock
        self._server: smtplib.SMTP | None = None
        self._password = ""

    def send(self, message: Message) -> Answer:
        try:
            server = self._alive() or self._connect()
        except ConfigError as exc:
            return Answer(Fate.DEFERRED, exc.message, down=True)
        except (OSError, smtplib.SMTPException, ValueError) as exc:
            return Answer(Fate.DEFERRED, self._why(exc), down=True)
        return self._transact(server, message)

    def close(self) -> None:
        if self._server is not None:
            with suppress(OSError, smtplib.SMTPException):
                self._server.quit()
            self._drop()

    def _alive(self) -> smtplib.SMTP | None:
        """The connection there is, unless the server has ended it."""
        if self._server is not None:
            with suppress(OSError, smtplib.SMTPException):
                if self._server.noop()[0] == 250:
                    return self._server
            self._drop()
        return None

    def _connect(self) -> smtplib.SMTP:
        smtp = self._smtp
        context = ssl.create_default_context(cafile=smtp.ca_file)
        self._server = server = (
            smtplib.SMTP_SSL(smtp.server, smtp.port_number, timeout=smtp.timeout, context=context)
            if smtp.security == "tls"
            else smtplib.SMTP(smtp.server, smtp.port_number, timeout=smtp.timeout)
        )
        try:
            if smtp.security == "starttls":
                server.starttls(context=context)
            server.ehlo_or_helo_if_needed()
            if smtp.user and smtp.password:
                self._password = smtp.password.reveal()
                server.login(smtp.user, self._password)
        except BaseException:
            self._drop()
            raise
        return server

    def _drop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    def _transact(self, server: smtplib.SMTP, message: Message) -> Answer:
        options = []
        if not message.to.isascii():
            if not server.has_extn("smtputf8"):
                return Answer(Fate.REFUSED, "the server takes no addresses with other letters than ASCII")
            options = ["SMTPUTF8", "BODY=8BITMIME"]
        under_way = False
        try:
            code, reply = server.mail(parseaddr(self._smtp.sender)[1], options)
            if code != 250:
                return self._refused(server, code, reply, down=True, for_good=False)
            code, reply = server.rcpt(message.to)
            if code not in (250, 251):
                return self._refused(server, code, reply)
            text = self._written(message)
            under_way = True
            code, reply = server.data(text)
        except smtplib.SMTPDataError as exc:  # before the text was sent
            return self._refused(server, exc.smtp_code, exc.smtp_error)
        except (OSError, smtplib.SMTPException) as exc:
            self._drop()
            fate = Fate.UNKNOWN if under_way else Fate.DEFERRED
            return Answer(fate, self._why(exc), down=_took_too_long(exc))
        return Answer(Fate.SENT) if code == 250 else self._refused(server, code, reply)

    def _refused(
        self,
        server: smtplib.SMTP,
        code: int,
        reply: bytes | str,
        *,
        down: bool = False,
        for_good: bool = True,
    ) -> Answer:
        """5xx is for good, unless it is about us rather than the recipient; 421 ends the connection."""
        said = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
        why = clipped(f"{code} {said}", [self._password])
        if code == 421:
            self._drop()
        else:
            with suppress(OSError, smtplib.SMTPException):
                server.rset()
        return Answer(Fate.REFUSED if code >= 500 and for_good else Fate.DEFERRED, why, down or code == 421)

    def _written(self, message: Message) -> bytes:
        """The message as it goes over the wire: text, and the same as HTML."""
        name, sender = parseaddr(self._smtp.sender)
        mail = EmailMessage(policy=policy.SMTPUTF8 if not message.to.isascii() else policy.SMTP)
        mail["From"] = _address(sender, name)
        mail["To"] = _address(message.to)
        mail["Subject"] = message.subject
        mail["Date"] = format_datetime(datetime.fromtimestamp(self._clock(), UTC))
        mail["Message-ID"] = f"<{message.id}@{sender.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday reply, please
        mail.set_content(message.text, cte="quoted-printable")
        mail.add_alternative(message.html, subtype="html", cte="quoted-printable")
        return mail.as_bytes()

    def _why(self, exc: Exception) -> str:
        where = f"{self._smtp.server}:{self._smtp.port_number}"
        if isinstance(exc, smtplib.SMTPAuthenticationError):
            return f"{where} refused the user name or password"
        if isinstance(exc, smtplib.SMTPNotSupportedError):
            return clipped(f"{where} does not offer what is configured: {exc}", [self._password])
        if isinstance(exc, UnicodeError):
            return f"{where}: user name and password must consist of ASCII characters"
        if _took_too_long(exc):
            return f"{where} did not answer within {self._smtp.timeout} s"
        said = exc.strerror if isinstance(exc, OSError) and exc.strerror else str(exc)
        return clipped(f"{where}: {said or type(exc).__name__}", [self._password])


def _address(address: str, name: str = "") -> MailAddress:
    """In parts: a whole one is refused where it has other letters than ASCII, which SMTPUTF8 allows."""
    user, _, domain = address.rpartition("@")
    return MailAddress(name, user, domain)


def _took_too_long(exc: Exception) -> bool:
    """smtplib calls silence a closed connection, and keeps the reason in the context."""
    return isinstance(exc, TimeoutError) or isinstance(exc.__context__, TimeoutError)
