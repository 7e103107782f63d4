"""A hundred thousand people, one request in a hundred throttled, in little memory."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.servers.entra import EntraServer, Kind, Tenant, Trouble

PEOPLE = 100_000
READ = """
import re, sys
from connectors.directories.entra_id.face import EntraId
from connectors.directories.entra_id.options import EntraOptions
from syncd.ports import ReadRequest

tenant, client, url, ca = sys.argv[1:]
credential = {"secret": {"env": "SYNCD_TEST_SECRET"}}
options = EntraOptions.model_validate({
    "tenant_id": tenant, "client_id": client, "credential": credential,
    "authority": url, "graph_endpoint": url, "ca_file": ca, "page_size": 250,
})
request = ReadRequest(frozenset({"mail", "givenname", "surname", "department"}), salt=b"salt")
fingerprints = set()
for page in EntraId("cloud", options, sleep=lambda _: None).read(request):
    fingerprints.update(sighting.fingerprint for sighting in page)
    page[0].open()
status = open("/proc/self/status").read()  # what getrusage says counts from the fork on, and pytest is large
print(len(fingerprints), int(re.search(r"VmHWM:\\s+(\\d+)", status)[1]) // 1024)
"""


def test_a_hundred_thousand_people_are_read_in_little_memory(server: EntraServer, tenant: Tenant) -> None:
    for number in range(PEOPLE):
        tenant.add_user(mail=f"p{number}@contoso.test", givenName="Per", surname=f"Son{number}")
    server.weather.arm(Trouble(Kind.THROTTLED, path="/users", percent=1, times=None, retry_after="1"))
    server.weather.arm(Trouble(Kind.TRUNCATED, path="/users", after=50))
    places = (server.tenant_id, server.client_id, server.host_url, str(server.ca_file))
    environment = {**os.environ, "SYNCD_TEST_SECRET": server.secret}
    command = [sys.executable, "-c", READ, *places]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    people, peak = map(int, done.stdout.splitlines()[-1].split())
    assert people == PEOPLE
    assert peak < 120, "megabytes"
    assert sum(server.weather.struck.values()) > 1
