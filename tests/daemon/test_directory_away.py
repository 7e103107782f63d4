"""The directory is away, at the start or for an hour: nobody leaves by that, and it is told once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from syncd.daemon.status import Role
from tests.daemon.shift import at_work
from tests.e2e.conftest import PASSWORD, DirectoryOffice
from tests.servers.slapd import Slapd
from tests.servers.smtp import MailServer, text_of

QUARTER = 900
TOLD = "Contoso: The sync has failed"
MORE = """\
guard: {{ max_creations: none }}
notify:
  smtp: {{ server: 127.0.0.1, port: {port}, security: none, sender: training@contoso.com }}
  to: [ {{ audience: admins, mail: it@contoso.com }} ]
"""


class Site:
    """An office with an OpenLDAP and a mail server, and a clock that is moved by hand."""

    def __init__(self, office: DirectoryOffice, slapd: Slapd, mail: MailServer) -> None:
        self.office, self.slapd, self.mail = office, slapd, mail
        office.read_from("ldap", slapd, more=MORE.format(port=mail.port))
        office.order(40)
        self.now = int(time.time()) + 1  # the licenses have begun

    def clock(self) -> int:
        return self.now

    def told(self) -> int:
        """How often somebody has heard of a sync that failed."""
        return sum(mail["Subject"] == TOLD for mail in self.mail.received)

    def suspended(self) -> list[object]:
        return list(self.office.json("learners", "list", "--account", "suspended"))


@pytest.fixture
def site(tmp_path: Path, slapd: Slapd, mail: MailServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv(PASSWORD, "")
    monkeypatch.setattr("time.sleep", lambda _: None)  # nothing but the pauses between two tries
    yield Site(DirectoryOffice(tmp_path), slapd, mail)
    slapd.stop()  # harmless when it has been stopped
    slapd.resume()


def test_a_directory_that_is_gone_for_an_hour_is_told_of_once_and_nobody_leaves(site: Site) -> None:
    with at_work(site.office, site.clock) as shift:
        assert shift.sync().failure == ""
        site.slapd.stop()
        for _ in range(4):
            site.now += QUARTER
            away = shift.sync()
            assert site.slapd.url in away.failure
            assert away.role is Role.LEADING
            assert away.not_ready == (), "it could work, if the directory did"
        assert site.told() == 1
        assert site.slapd.url in text_of(next(mail for mail in site.mail.received if mail["Subject"] == TOLD))
        assert site.suspended() == []

        site.slapd.resume()
        site.now += QUARTER
        back = shift.sync()
        assert back.failure == ""
        assert back.facts is not None
        assert back.facts.counts == {}
        assert back.succeeded_at == site.now
        assert site.told() == 1

        site.slapd.stop()
        site.now += QUARTER
        shift.sync()
        assert site.told() == 2, "that is another failure"
        assert site.suspended() == []


def test_a_directory_that_is_down_at_the_start_is_read_when_it_is_there(site: Site) -> None:
    site.slapd.stop()
    with at_work(site.office, site.clock) as shift:
        assert site.slapd.url in shift.sync().failure
        assert site.told() == 1
        site.slapd.resume()
        site.now += QUARTER
        started = shift.sync()
        assert started.facts is not None
        assert started.facts.counts["create"] == 38, "of forty people two are disabled"
