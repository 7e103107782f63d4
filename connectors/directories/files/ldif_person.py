"""One LDIF entry as a sighting, and what it says: who this is, and whether the account may be used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from connectors.directories.ad_values import AccountStatus, account_status
from connectors.directories.files.options import DisabledWhen
from connectors.directories.files.translate import disabled_because
from syncd.errors import Skipped
from syncd.model import DirectoryUser, GroupRef, Identity

STATE = ("useraccountcontrol", "accountexpires", "nsaccountlock", "pwdaccountlockedtime")
_LOCKED_FOR_GOOD = "000001010000Z"  # draft-behera-ldap-password-policy, pwdAccountLockedTime


class Reading(NamedTuple):
    """What all entries of one read share."""

    directory: str
    wanted: frozenset[str]
    disabled_when: DisabledWhen | None
    now: int


class LdifSighting(NamedTuple):
    """One entry, decoded as far as its fingerprint needs; `trouble` is why it cannot be opened."""

    fingerprint: bytes
    where: str
    id: str
    values: Mapping[str, tuple[str, ...]]
    groups: frozenset[GroupRef]
    links: tuple[str, ...]
    trouble: str
    reading: Reading

    def open(self) -> DirectoryUser:
        """As `Sighting.open`: `Skipped` without an id, with a value that is no text, or without a state."""
        if self.trouble or not self.id:
            raise self._skipped(
                self.trouble or "no id was exported", "correct the entry, then export it again"
            )
        state = self._state()
        return DirectoryUser(
            identity=Identity(self.reading.directory, self.id),
            where=self.where,
            enabled=state.enabled,
            disabled_because=state.because,
            changes_at=state.changes_at,
            links=self.links,
            groups=self.groups,
            attributes={name: found for name, found in self.values.items() if name in self.reading.wanted},
        )

    def _state(self) -> AccountStatus:
        control, expires, lock, locked_at = (self.values.get(name, ("",))[0] for name in STATE)
        because = disabled_because(self.values, self.reading.disabled_when)
        if lock.lower() == "true" or locked_at == _LOCKED_FOR_GOOD:
            because = because or "the account is locked"
        if because:
            return AccountStatus(enabled=False, because=because, changes_at=None)
        if not control and self._is_from_ad and self.reading.disabled_when is None:
            raise self._skipped(
                "userAccountControl was not exported, so nobody knows whether the account is enabled",
                "export userAccountControl and accountExpires too, or set disabled_when",
            )
        try:
            return account_status(int(control or 0), int(expires or 0), self.reading.now)
        except ValueError:
            raise self._skipped(
                f"userAccountControl {control!r} or accountExpires {expires!r} is not a number", "correct it"
            ) from None

    @property
    def _is_from_ad(self) -> bool:
        return any(link.startswith("guid:") for link in self.links)

    def _skipped(self, why: str, next_step: str) -> Skipped:
        identity = Identity(self.reading.directory, self.id) if self.id else None
        return Skipped(f"{self.where}: {why}", next_step=next_step, identity=identity)
