"""A company with a mail server, and the rounds after what happens to it, at a time one sets."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest
import structlog

from syncd import settings
from syncd.licensing.notices import Inputs, Posting
from syncd.notify.outbox import Tally
from syncd.notify.round import Round
from syncd.settings import Settings
from tests.company import Company, opened
from tests.servers.smtp import MailServer

DIRECTORY = "directories: [{ name: head-office, type: file, path: people.csv, id: id }]"
SMTP = (
    "smtp: {{ server: 127.0.0.1, port: {port}, security: none, timeout: 2s, "
    "sender: Training <training@contoso.com> }}"
)
UNSEEN = Inputs()
EVERYBODY = """\
to:
  - { audience: company_managers, mail: ada@contoso.com }
  - { audience: account_managers, mail: orders@vendor.example }
  - { audience: admins, mail: it@contoso.com }
"""


def load(folder: Path, notify: str, *, zone: str = "Europe/London") -> Settings:
    """The settings of a file with this `notify` section."""
    path = folder / "syncd.yaml"
    lines = f"company: Contoso\ntimezone: {zone}\n{DIRECTORY}\nnotify:\n{indent(notify, '  ')}"
    path.write_text(lines, encoding="utf-8")
    return settings.load(path)


@dataclass
class Town:
    """`notify`: the section as YAML, without its mail server."""

    company: Company
    mail: MailServer
    folder: Path
    notify: str = EVERYBODY
    tallies: list[Tally] = field(default_factory=list)

    @property
    def settings(self) -> Settings:
        return load(self.folder, self.notify + "\n" + SMTP.format(port=self.mail.port) + "\n")

    @property
    def round(self) -> Round:
        register = self.company.register
        return Round(self.settings, register.notices, register.situations, lambda: self.company.now)

    def tell(self, inputs: Inputs = UNSEEN) -> Tally:
        self.tallies.append(self.round.run(inputs))
        return self.tallies[-1]

    def later(self, seconds: int) -> None:
        self.company.now += seconds

    def postings(self, state: str = "") -> list[Posting]:
        return self.company.register.notices.list(100_000, state)

    def subjects(self, address: str) -> list[str]:
        return [str(mail["Subject"]) for mail in self.mail.to(address)]


@pytest.fixture
def town(tmp_path: Path, mail: MailServer) -> Iterator[Town]:
    with opened(f"sqlite:///{tmp_path}/syncd.db") as company:
        yield Town(company, mail, tmp_path)


@pytest.fixture
def each_town(database_url: str, tmp_path: Path, mail: MailServer) -> Iterator[Town]:
    """A town on each database."""
    with opened(database_url) as company:
        yield Town(company, mail, tmp_path)


@pytest.fixture
def logged() -> Iterator[list[MutableMapping[str, Any]]]:
    with structlog.testing.capture_logs() as entries:
        yield entries
