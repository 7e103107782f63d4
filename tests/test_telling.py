"""The application tells after a run, and never lets that be the reason for anything to fail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import structlog

from syncd import settings
from syncd.app import App
from syncd.errors import Busy, Unavailable
from syncd.model import RunState
from syncd.ports import Ending
from syncd.run import Task
from tests.company import DAY, START, opened
from tests.contracts.memory import MemoryDirectory
from tests.office import CONFIG
from tests.servers.smtp import MailServer

NOTIFY = """\
notify:
  smtp: {{ server: 127.0.0.1, port: {port}, security: none, sender: training@contoso.com }}
  to: [{{ audience: admins, mail: it@contoso.com }}]
"""
SYNC = Task("sync", "test", apply=True)


class Watchful(MemoryDirectory):
    """A directory that knows until when we are let in, or fails to say so."""

    ending: int | Exception = START + 6 * DAY

    def endings(self) -> Sequence[Ending]:
        if isinstance(self.ending, Exception):
            raise self.ending
        return [Ending("client secret", self.ending)]


@pytest.fixture
def directory() -> Watchful:
    return Watchful("people")


@pytest.fixture
def app(tmp_path: Path, directory: Watchful, mail: MailServer) -> Iterator[App]:
    path = tmp_path / "syncd.yaml"
    path.write_text(CONFIG + NOTIFY.format(port=mail.port))
    with opened(f"sqlite:///{tmp_path}/syncd.db", directories=[directory]) as company:
        company.hire("ann")
        yield App(settings.load(path), company.register, (directory,), lambda: START)


def sync(app: App) -> RunState:
    return app.run(SYNC, lambda *_: None).state


def test_what_a_directory_says_of_its_credentials_is_told(app: App, mail: MailServer) -> None:
    sync(app)
    sync(app)
    assert [got["Subject"] for got in mail.received] == ["Contoso: people: client secret expires in 6 days"]


def test_a_directory_that_cannot_say_it_today_changes_nothing(
    app: App, mail: MailServer, directory: Watchful
) -> None:
    sync(app)
    directory.ending = Unavailable("the service is away")
    assert sync(app) is RunState.DONE
    directory.ending = START + 6 * DAY
    sync(app)
    assert len(mail.received) == 1


def test_a_mistake_in_telling_costs_no_run(app: App, mail: MailServer, directory: Watchful) -> None:
    directory.ending = RuntimeError("a mistake")
    with structlog.testing.capture_logs() as logged:
        assert sync(app) is RunState.DONE
    assert [entry["log_level"] for entry in logged if entry["event"] == "notices_failed"] == ["error"]
    assert mail.received == []


def test_a_failed_run_is_told_and_fails_all_the_same(app: App, mail: MailServer, directory: Watchful) -> None:
    directory.ending = START + 400 * DAY
    directory.refuse(Unavailable("it is away"))
    with pytest.raises(Unavailable):
        sync(app)
    assert [got["Subject"] for got in mail.received] == ["Contoso: The sync has failed"]


def test_who_may_not_run_tells_nothing(app: App, mail: MailServer) -> None:
    with app.register.one_at_a_time(), pytest.raises(Busy):
        sync(app)
    assert mail.received == []


def test_a_preview_tells_nothing(app: App, mail: MailServer) -> None:
    app.run(Task("plan", "test"), lambda *_: None)
    assert mail.received == []
