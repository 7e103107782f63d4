"""Which programs and files each server needs, and why one cannot run here."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from tests.servers.hosts import reason_impossible
from tests.servers.process import find_program

_ROOT = Path(__file__).parents[2]
PROGRAMS: dict[str, tuple[str, ...]] = {
    "samba": ("samba", "samba-tool", "ldbadd", "ldbmodify", "setpriv", "tar", "zstd"),
    "slapd": ("slapd", "setpriv"),
    "ds389": ("ns-slapd", "certutil", "pk12util", "setpriv"),
    "postgresql": ("initdb", "postgres", "setpriv"),
    "systemd": ("systemd-analyze",),
    "kerberos": ("kinit", "ktutil"),
    "prometheus": ("prometheus", "promtool"),
    "hadolint": ("hadolint",),
    "hosts": ("ip", "nsenter", "unshare"),
    "disk": ("mount", "umount", "unshare"),
    "helm": ("helm", "kubernetes-validate"),
    "scimmy": ("node",),
    "chromium": ("chromium", "chromedriver"),
}
PACKAGES: dict[str, tuple[str, ...]] = {"kerberos": ("gssapi",)}
FILES: dict[str, tuple[str, ...]] = {"scimmy": (".cache/scimmy/made",)}
ROOT_ONLY = {
    "samba": "its ports are below 1024",
    "hosts": "they are network namespaces",
    "disk": "it is mounted",
}


def reason_missing(server: str) -> str:
    """Why `server` cannot be started here; empty when it can."""
    if sys.platform != "linux":
        return "needs Linux"
    if absent := [name for name in PROGRAMS[server] if find_program(name) is None]:
        return f"no {', '.join(absent)}"
    if absent := [name for name in PACKAGES.get(server, ()) if find_spec(name) is None]:
        return f"no Python package {', '.join(absent)}"
    if absent := [name for name in FILES.get(server, ()) if not (_ROOT / name).exists()]:
        return f"no {', '.join(absent)}"
    if server in ROOT_ONLY and os.geteuid() != 0:
        return f"needs root: {ROOT_ONLY[server]}"
    if server == "disk":
        return _no_mount()
    return reason_impossible() if server == "hosts" else ""


def _no_mount() -> str:
    """Why no disk can be mounted here, tried where it disturbs nobody; empty when it can."""
    tried = ["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    found = subprocess.run(tried, capture_output=True, text=True, check=False)
    return "" if found.returncode == 0 else f"no mounts: {found.stderr.strip()}"
