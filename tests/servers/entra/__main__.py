"""A made-up Entra tenant to play with: python -m tests.servers.entra --people 500 --folder DIR [--port N]

Runs until Ctrl-C or SIGTERM. SIGUSR1 lets the company live a day: somebody joins, leaves, moves.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.servers.entra.client_certificate import ClientCertificate
from tests.servers.entra.company import live_a_day, make_company
from tests.servers.entra.server import EntraServer

PORT = 18443
PLACES = ("authority", "graph_url", "tenant_id", "client_id", "ca_file", "secret_file", "certificate_file")


def main(arguments: Sequence[str] | None = None) -> None:
    given = _parse(arguments)
    folder: Path = given.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    ended = {signal.SIGINT, signal.SIGTERM}
    # Blocked in every thread, so that they wait for us in sigwait.
    signal.pthread_sigmask(signal.SIG_BLOCK, ended | {signal.SIGUSR1})
    tenant = make_company(given.people)
    with EntraServer(tenant, folder, port=given.port) as server:
        places = _write_credentials(server, folder)
        _say(
            f"A made-up tenant with {len(tenant.users())} people and {len(tenant.groups())} groups is ready."
        )
        for name in PLACES:
            _say(f"  {name.replace('_', ' '):<17} {places[name]}")
        _say(f"The same in {folder / 'entra.json'}. It ends with Ctrl-C; kill -USR1 lets a day pass.")
        while signal.sigwait(ended | {signal.SIGUSR1}) == signal.SIGUSR1:
            for event in live_a_day(tenant):
                _say(f"  {event}")


def _write_credentials(server: EntraServer, folder: Path) -> dict[str, str]:
    secret = folder / "client-secret"
    secret.touch(mode=0o600)
    secret.write_text(server.secret)
    files = ClientCertificate.create(folder, starts=server.now() - 60)
    server.add_certificate(files.certificate)
    places = {
        "authority": server.authority,
        "host_url": server.host_url,
        "graph_url": server.graph_url,
        "tenant_id": server.tenant_id,
        "client_id": server.client_id,
        "ca_file": str(server.ca_file),
        "secret_file": str(secret),
        "certificate_file": str(files.pem),
    }
    (folder / "entra.json").write_text(json.dumps(places, indent=2) + "\n")
    return places


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.servers.entra", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--people", type=int, default=500, help="how many people work there (500)")
    parser.add_argument(
        "--folder", type=Path, required=True, help="where the CA and the credentials are written"
    )
    parser.add_argument("--port", type=int, default=PORT, help=f"on 127.0.0.1; 0 takes a free one ({PORT})")
    return parser.parse_args(arguments)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
