"""A made-up Moodle site, and IOMAD on it: answers as running ones were seen to give, errors included."""

from tests.servers.moodle.faults import Fault, Kind
from tests.servers.moodle.server import MoodleServer
from tests.servers.moodle.site import Site, User

__all__ = ["Fault", "Kind", "MoodleServer", "Site", "User"]
