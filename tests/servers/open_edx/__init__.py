"""An LMS that signs in and a license-manager with one plan, which behave as the real ones were seen to."""

from tests.servers.open_edx.faults import Fault, Faults
from tests.servers.open_edx.plan import Plan, Row
from tests.servers.open_edx.server import OpenEdxServer, open_edx_server

__all__ = ["Fault", "Faults", "OpenEdxServer", "Plan", "Row", "open_edx_server"]
