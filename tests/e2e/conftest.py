"""An office whose people are in a real directory."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.office import Office

PASSWORD = "DIRECTORY_PASSWORD"


class DirectoryOffice(Office):
    """Configures itself for one LDAP server; the password is in the environment, as on a real site."""

    __slots__ = ()

    def read_from(
        self, type_: str, server: object, *, base: str = "", more: str = "", **changed: str
    ) -> None:
        """Write the configuration. `more` is further YAML; `changed` replaces keys of the directory."""
        account = server.sync_account  # type: ignore[attr-defined]
        os.environ[PASSWORD] = account.password
        keys = {
            "type": type_,
            "servers": f"[{server.url}]",  # type: ignore[attr-defined]
            "tls": f"{{ ca_file: {server.ca} }}",  # type: ignore[attr-defined]
            "bind": f'{{ user: "{account.user}", password: {{ env: {PASSWORD} }} }}',
            "base_dn": f'"{base or server.staff}"',  # type: ignore[attr-defined]
            **changed,
        }
        directory = "\n".join(f"    {name}: {value}" for name, value in keys.items())
        self.configure(f"company: Contoso\ndirectories:\n  - name: corp\n{directory}\n{more}")


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DirectoryOffice:
    monkeypatch.setenv(PASSWORD, "")
    return DirectoryOffice(tmp_path)
