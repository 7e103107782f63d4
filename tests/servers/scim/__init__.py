"""SCIM 2.0 servers that really run: scim2-server in this process, and scimmy on Node."""

from tests.servers.scim.door import CLIENT, USER
from tests.servers.scim.library import LICENSED, ScimServer, scim_server
from tests.servers.scim.scimmy import Scimmy
from tests.servers.scim.weather import Fault

__all__ = ["CLIENT", "LICENSED", "USER", "Fault", "ScimServer", "Scimmy", "scim_server"]
