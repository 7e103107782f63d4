"""The made-up company: the same each time, with the oddities it promises; and the command that serves it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.architecture import ROOT
from tests.servers.entra import SteppedClock, Tenant
from tests.servers.entra.company import COST_CENTER, live_a_day, make_company


@pytest.fixture
def company(clock: SteppedClock) -> Tenant:
    return make_company(200, clock=clock)


def people(tenant: Tenant) -> list[dict[str, Any]]:
    return [tenant.user(one) for one in tenant.users()]


def test_the_same_company_each_time(company: Tenant, clock: SteppedClock) -> None:
    again = make_company(200, clock=clock)
    assert (again.id, people(again)) == (company.id, people(company))


def test_it_has_what_real_tenants_have(company: Tenant) -> None:
    everybody = people(company)
    assert len(everybody) == 199
    assert sum("mail" not in one for one in everybody) == 1
    mails = [one["mail"] for one in everybody if "mail" in one]
    assert len(mails) - len(set(mails)) == 1
    assert len({one["userPrincipalName"] for one in everybody}) == 199
    assert sum(one["userType"] == "Guest" for one in everybody) == 8
    assert sum(not one["accountEnabled"] for one in everybody) == 10
    hybrid = [one for one in everybody if one.get("onPremisesSyncEnabled")]
    assert len({one["onPremisesImmutableId"] for one in hybrid}) == len(hybrid) > 60
    assert sum(COST_CENTER in one for one in everybody) == 191
    assert {"美咲", "Ольга", "Łukasz", "Nguyễn"} <= {one.get("givenName") for one in everybody}


def test_a_day_brings_what_it_says(company: Tenant) -> None:
    before, version = len(company.users()), company.version
    events = live_a_day(company)
    assert [event.rpartition(" ")[2] for event in events if "leaves" in event] == ["leaves"]
    assert len(events) == 5
    assert len(company.users()) == before  # one joins, one leaves
    assert company.version > version
    for _ in range(30):
        live_a_day(company)


def start(folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.servers.entra", "--people", "30", "--folder", str(folder)]
    return subprocess.Popen([*command, "--port", "0"], stdout=subprocess.PIPE, text=True, cwd=ROOT)


@pytest.fixture
def command(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    with start(tmp_path) as process:
        try:
            yield process
        finally:
            process.kill()


def read_until(process: subprocess.Popen[str], words: str) -> str:
    assert process.stdout is not None
    return next(line for line in process.stdout if words in line)


def test_the_command_serves_until_it_is_told_to_end(command: subprocess.Popen[str], tmp_path: Path) -> None:
    assert "29 people" in read_until(command, "is ready")
    read_until(command, "entra.json")
    places = json.loads((tmp_path / "entra.json").read_text())
    form = {
        "grant_type": "client_credentials",
        "client_id": places["client_id"],
        "client_secret": Path(places["secret_file"]).read_text(),
        "scope": "https://graph.microsoft.com/.default",
    }
    url = f"{places['authority']}/oauth2/v2.0/token"
    token = requests.post(url, data=form, verify=places["ca_file"], timeout=10).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    users = requests.get(
        f"{places['graph_url']}/users", headers=headers, verify=places["ca_file"], timeout=10
    )
    assert len(users.json()["value"]) == 29
    assert all((tmp_path / name).stat().st_mode & 0o77 == 0 for name in ("client-secret", "syncd.pem"))
    os.kill(command.pid, signal.SIGUSR1)
    assert read_until(command, "joins")
    command.terminate()
    assert command.wait(10) == 0
