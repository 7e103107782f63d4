"""What goes wrong between a site and us, as often as is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from fnmatch import fnmatchcase


class Kind(Enum):
    DOWN = auto()  # the connection ends, and nothing was done
    LOST = auto()  # done, and then the connection ends
    HALF = auto()  # done, and half of the answer arrives
    SLOW = auto()  # done, and the answer never begins
    STATUS = auto()  # a status of the web server in front of it; nothing was done
    SPOILED = auto()  # done, and then an error: the answer itself is not as it should be
    HTML = auto()  # a page instead of an answer


@dataclass
class Fault:
    """For calls of functions like `function`, after so many of them; `times` None for ever."""

    kind: Kind
    function: str = "*"
    after: int = 0
    times: int | None = 1
    status: int = 503
    retry_after: str = ""

    def strikes(self, function: str) -> bool:
        if not fnmatchcase(function, self.function) or self.times == 0:
            return False
        if self.after:
            self.after -= 1
            return False
        if self.times is not None:
            self.times -= 1
        return True
