"""History: which entries of a server have changed since a position in it. How it tells, each vendor knows."""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import NamedTuple, Protocol

from connectors.directories.ldap_wire.search import Search
from connectors.directories.ldap_wire.session import Session


class Told(NamedTuple):
    """What a server says has changed below a naming context.

    `changed`: the DNs of entries that are new or not as they were, by id; who is not to be found is gone.
    `gone`: ids of entries that are no longer there. `touched`: DNs of people who joined or left a group.
    `position`: from where to ask on.
    """

    changed: dict[str, str]
    gone: Set[str]
    touched: Set[str]
    position: str


class History(Protocol):
    """How one kind of server tells of its past.

    `tells_groups`: whether it says who joined or left a group; else a changed group is a lost cursor.
    `untold`: attributes, in lower case, whose changes it does not tell.
    """

    @property
    def kind(self) -> str: ...

    @property
    def identity(self) -> str:
        """The attribute, in lower case, by which it names people."""
        ...

    @property
    def hint(self) -> str:
        """What an admin may do so that it tells."""
        ...

    @property
    def untold(self) -> frozenset[str]: ...

    @property
    def tells_groups(self) -> bool: ...

    @property
    def follows_references(self) -> bool:
        """Whether it can be known whose references lead to something else now."""
        ...

    def position(self, session: Session, context: str) -> str:
        """Where the server stands; empty where it does not keep, or not show, its past."""
        ...

    def since(
        self, session: Session, context: str, position: str, attributes: Sequence[str], *, groups: bool
    ) -> Told:
        """`attributes`: what matters of people. `groups`: whether who is in one matters, too.

        Raises `CursorLost`, and what a search raises."""
        ...

    def bell(self, session: Session, context: str, meant: str) -> tuple[Search, Sequence[bytes]]:
        """The search, with its controls, that the server answers bit by bit: by a message whenever an entry
        changes that the filter `meant` means, if not more often."""
        ...
