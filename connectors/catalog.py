"""Every connector there is, by the `type` the configuration names. Modules load when first used."""

from __future__ import annotations

from importlib import import_module
from typing import Any, NamedTuple


class Connector(NamedTuple):
    """`options`: the settings section it takes. `face`: built as `face(name, options, calls=…)`."""

    options: str
    face: str


DIRECTORIES: dict[str, Connector] = {
    "active_directory": Connector(
        options="connectors.directories.active_directory.options:ActiveDirectoryOptions",
        face="connectors.directories.active_directory.face:ActiveDirectory",
    ),
    "ldap": Connector(
        options="connectors.directories.ldap.options:LdapOptions",
        face="connectors.directories.ldap.face:LdapDirectory",
    ),
    "entra_id": Connector(
        options="connectors.directories.entra_id.options:EntraOptions",
        face="connectors.directories.entra_id.face:EntraId",
    ),
    "file": Connector(
        options="connectors.directories.files.options:FileOptions",
        face="connectors.directories.files.face:FileDirectory",
    ),
}

PLATFORMS: dict[str, Connector] = {
    "csv_handoff": Connector(
        options="connectors.platforms.csv_handoff.options:CsvOptions",
        face="connectors.platforms.csv_handoff.face:CsvHandoff",
    ),
    "open_edx": Connector(
        options="connectors.platforms.open_edx.options:OpenEdxOptions",
        face="connectors.platforms.open_edx.face:OpenEdx",
    ),
    "moodle": Connector(
        options="connectors.platforms.moodle.options:MoodleOptions",
        face="connectors.platforms.moodle.face:MoodlePlatform",
    ),
    "scim": Connector(
        options="connectors.platforms.scim.options:ScimOptions",
        face="connectors.platforms.scim.face:Scim",
    ),
}
"""Besides `embedded`, which needs none: there the register is the platform."""


def load(reference: str) -> Any:
    """The class that "module:Class" names."""
    module, _, name = reference.partition(":")
    return getattr(import_module(module), name)
