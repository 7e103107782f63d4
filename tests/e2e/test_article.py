"""A company's year, as its managers live it: licenses are requested, granted, given, used up and renewed.

Everything through the command line. What a learning platform's help pages promise, and where they only warn
(be sure to order as many as you add), what syncd says instead.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.company import DAY
from tests.office import CONFIG, Office, person
from tests.servers.smtp import MailServer, text_of

MANAGERS = 'managers: [{ attribute: status, equals: ["manager"] }]\n'
NOTIFY = """\
notify:
  smtp: {{ server: 127.0.0.1, port: {port}, security: none, sender: training@contoso.com, timeout: 2s }}
  to:
    - {{ on: [order_requested], mail: orders@vendor.example }}
    - {{ on: [order_assigned, expiry], mail: [ada@contoso.com, managers] }}
"""


@dataclass(frozen=True, slots=True)
class Year:
    """The office, and a calendar one may turn ahead."""

    office: Office
    mail: MailServer
    turn: Callable[[int], None]

    def order(self, quantity: int, reference: str) -> str:
        """The company's manager asks, the account manager grants; the day the licenses end."""
        asked = self.office.json("licenses", "request", str(quantity), "--reference", reference)
        assert asked["state"] == "requested"
        assert self.told("orders@vendor.example")[-1] == f"Contoso: {quantity} premium licenses are requested"
        self.office.say("licenses", "assign", str(asked["id"]), code=0)
        assert self.told("ada@contoso.com")[-1] == f"Contoso: {quantity} premium licenses are ready"
        return str(self.lots()[-1]["ends_at"])[:10]

    def lots(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.office.json("licenses", "status")["lots"]
        return sorted(found, key=lambda lot: lot["id"])

    def ends(self) -> dict[str, str | None]:
        """Until when whoever has a license has it."""
        live = self.office.json("learners", "list", "--license", "live")
        return {_handle(entry): str(entry["ends_at"])[:10] for entry in live}

    def who(self, license_: str) -> list[str]:
        return [_handle(entry) for entry in self.office.json("learners", "list", "--license", license_)]

    def told(self, address: str) -> list[str]:
        """What the mails to this address are about."""
        return [str(mail["Subject"]) for mail in self.mail.to(address)]

    def account(self, handle: str) -> tuple[str, str, str]:
        found = self.office.json("learners", "show", f"{handle}@example.com")
        return found["profile"]["role"], found["account"], found["suspended_by"]


def _handle(entry: dict[str, Any]) -> str:
    return str(entry["profile"]["email"]).partition("@")[0]


@pytest.fixture
def year(tmp_path: Path, mail: MailServer, monkeypatch: pytest.MonkeyPatch) -> Year:
    """Contoso, on an ordinary Monday morning in March."""
    morning = int(datetime(2027, 3, 1, 9, tzinfo=UTC).timestamp())

    def turn(days: int) -> None:
        clock = SimpleNamespace(time=lambda: morning + days * DAY, monotonic=time.monotonic)
        monkeypatch.setattr("syncd.app.time", clock)

    turn(0)
    office = Office(tmp_path)
    office.configure(CONFIG.replace("Europe/London", "UTC") + MANAGERS + NOTIFY.format(port=mail.port))
    return Year(office, mail, turn)


def test_a_year_of_licenses(year: Year, tmp_path: Path) -> None:
    office = year.office

    # A manager asks for licenses, and the account manager has a mail. Nothing is there to give until they are
    # assigned; then the company's managers have a mail that they are ready.
    office.say("licenses", "request", "5", "--note", "the first five", "--reference", "PO-1", code=0)
    assert year.told("orders@vendor.example") == ["Contoso: 5 premium licenses are requested"]
    asked = text_of(year.mail.received[0])
    assert "the first five" in asked
    assert "licenses assign 1" in asked
    waits = office.say("learners", "add", "--email", "mia@example.com", "--role", "manager", code=5).stdout
    assert "waits for a license" in waits
    assert "5 licenses are ordered and not assigned yet" in " ".join(waits.split())
    assert [order["state"] for order in office.json("licenses", "list")] == ["requested"]
    office.say("licenses", "assign", "1", code=0)
    assert [order["state"] for order in office.json("licenses", "list")] == ["assigned"]
    assert [lot["available"] for lot in year.lots()] == [5]
    assert year.told("ada@contoso.com") == ["Contoso: 5 premium licenses are ready"]
    assert "They end on 1 March 2028" in text_of(year.mail.to("ada@contoso.com")[0])
    march = "2028-03-01"

    # Three doors, and each who comes in has a license, with its end, without anybody handing it out.
    office.employ(person("ann"), person("bob", status="manager"))
    assert "2028-03-01" in office.say("plan", code=0).stdout
    office.say("sync", code=0)
    assert year.ends() == dict.fromkeys(("ann", "bob", "mia"), march), "mia had waited, and came first"
    shown = office.say("learners", "add", "--email", "cem@example.com", "--first-name", "Cem", code=0).stdout
    assert f"has a license until {march}" in shown

    # A file for three, with one license left: it says so before anything happens, and nothing fails.
    new = tmp_path / "new.csv"
    new.write_text(
        "First name,Last name,Email address,Department\n"
        "Dan,Doe,dan@example.com,Sales\n"
        "Eve,Poe,eve@example.com,Sales\n"
        "Fay,Roe,fay@example.com,HQ\n"
        "Ann,Doe,ann@example.com,HQ\n",
        encoding="utf-8",
    )
    shown = office.say("learners", "import", str(new), code=5).stdout
    assert "3 wanted, 1 available, 2 missing" in " ".join(shown.split())
    assert "new.csv, line 5" in shown
    number = office.json("runs", "list")[0]["id"]
    office.say("apply", str(number), code=5)
    assert year.ends()["dan"] == march
    assert year.who("waiting") == ["eve", "fay"]
    line = office.say("licenses", "waiting", code=0).stdout
    assert line.index("eve@example.com") < line.index("fay@example.com")

    # Two months later more are ordered, and the line drains by itself. Another order, another end.
    year.turn(61)
    may = year.order(4, "PO-2")
    assert year.told("bob@example.com") == ["Contoso: 4 premium licenses are ready"], "a manager since then"
    assert may == "2028-05-01"
    office.employ(person("ann"), person("bob", status="manager"), person("gil"))
    office.say("sync", code=0)
    assert year.ends() == {
        **dict.fromkeys(("ann", "bob", "cem", "dan", "mia"), march),
        **dict.fromkeys(("eve", "fay", "gil"), may),
    }

    # A license that is given late ends with the others of its order: the months count from the assignment.
    year.turn(300)
    office.say("learners", "add", "--email", "hal@example.com", "--first-name", "Hal", code=0)
    assert year.ends()["hal"] == may

    # A year after the first order its licenses are over, for managers and learners alike; the others go on.
    year.turn(367)
    office.say("sync", code=0)
    assert year.who("expired") == ["ann", "bob", "cem", "dan", "mia"]
    assert year.account("bob") == ("manager", "suspended", "expiry")
    assert year.account("mia") == ("manager", "suspended", "expiry")
    assert year.account("ann") == ("learner", "suspended", "expiry")
    assert year.account("eve") == ("learner", "active", "")
    assert year.who("live") == ["eve", "fay", "gil", "hal"]
    assert year.told("ada@contoso.com")[-1] == "Contoso: 5 premium licenses of order 1 ended on 1 March 2028"
    assert "5 learners had one of them and no later one." in " ".join(
        text_of(year.mail.to("ada@contoso.com")[-1]).split()
    )
    office.say("sync", code=0)
    assert year.who("expired") == ["ann", "bob", "cem", "dan", "mia"], "nobody is renewed by himself"

    # The manager picks whom to renew, in a file with one column, and sees who is and who is not.
    year.order(5, "PO-3")
    picked = tmp_path / "renew.csv"
    picked.write_text("Email\nann@example.com\nmia@example.com\neve@example.com\nnobody@example.com\n")
    shown = office.say("licenses", "renew", "--from", str(picked), "--dry-run", code=0).stdout
    assert "Renew: 2 people" in shown
    assert "has not expired" in shown
    assert "no learner has this address" in shown
    assert year.account("ann")[1] == "suspended", "it was only shown"
    office.say("apply", str(office.json("runs", "list")[0]["id"]), code=0)
    assert year.who("expired") == ["bob", "cem", "dan"]
    assert year.account("ann") == ("learner", "active", "")
    assert year.ends()["ann"] == "2029-03-02"

    # Every license is accounted for: the first five are over, of the last five two are given.
    office.say("licenses", "reconcile", code=0)
    assert [(lot["available"], lot["allocated"], lot["expired"]) for lot in year.lots()] == [
        (0, 0, 5),
        (0, 4, 0),
        (3, 2, 0),
    ]
    actions = [entry["action"] for entry in office.json("audit")]
    assert [actions.count(name) for name in ("requested", "assigned", "create", "expire", "renew")] == [
        *(3, 3, 9, 5, 2)
    ]
