"""A town: a directory under construction, as the contract sees it, whatever server or file is below."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from syncd.ports import Directory


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody the contract puts into a directory.

    `handle` names them for the length of a test; a town may use it as an account name, and does
    not change it in a rename. Empty text means that the directory has no value there.
    """

    handle: str
    email: str = ""
    first_name: str = ""
    last_name: str = ""
    department: str = ""


class Town(Protocol):
    """What a subclass of `DirectoryContract` provides: an empty directory and ways to change it.

    `attributes` says how this kind of directory calls a profile field: {"email": "mail", …} in
    lower case, with `manager_email` only if references to managers can be followed.
    Every change is visible to the next read of `directory()`.
    """

    @property
    def attributes(self) -> Mapping[str, str]: ...

    def directory(self) -> Directory:
        """The directory as syncd reads it. The same town is read through every one of these."""
        ...

    def add(self, *people: Person) -> None:
        """Enabled, in no group, with no manager."""
        ...

    def rename(self, handle: str, *, last_name: str, email: str) -> None:
        """As after a marriage. Where names are part of a DN, the DN changes too."""
        ...

    def change(self, handle: str, *, department: str) -> None: ...

    def move(self, handle: str) -> None:
        """To another unit below the same base; where there are none, another place in the file."""
        ...

    def disable(self, handle: str) -> None: ...

    def delete(self, handle: str) -> None: ...

    def join(self, handle: str, group: str) -> None:
        """Make the group if there is none."""
        ...

    def leave(self, handle: str, group: str) -> None: ...

    def nest(self, inner: str, outer: str) -> None:
        """Make the group `inner` a member of the group `outer`. Called only where groups nest."""
        ...

    def report(self, handle: str, *, to: str) -> None:
        """Make the person `to` the manager of `handle`. Called only where managers are followed."""
        ...
