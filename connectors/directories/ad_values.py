"""Pure: Active Directory's own notations (GUID, SID, account state), wherever they are met: LDAP or LDIF."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

ACCOUNT_DISABLED = 0x2
_NEVER = (0, 0x7FFF_FFFF_FFFF_FFFF)
_TICKS = 10_000_000  # a FILETIME counts 100 ns …
_EPOCH = 11_644_473_600  # … since 1601


class AccountStatus(NamedTuple):
    """`because` is empty when enabled; `changes_at` is when an enabled account will expire."""

    enabled: bool
    because: str
    changes_at: int | None


def guid_text(value: bytes) -> str:
    """As "6f9619ff-8b86-d011-b42d-00c04fc964ff". Three parts are little-endian ([MS-DTYP] 2.3.4.2).

    Raises ValueError unless there are 16 bytes.
    """
    return str(UUID(bytes_le=value))


def sid_text(value: bytes) -> str:
    """As "S-1-5-21-…-1104" ([MS-DTYP] 2.4.2.2). Raises ValueError when the length does not fit."""
    if len(value) < 8 or len(value) != 8 + 4 * value[1]:
        raise ValueError(f"a SID of {len(value)} bytes")
    authority = int.from_bytes(value[2:8], "big")
    parts = (int.from_bytes(value[start : start + 4], "little") for start in range(8, len(value), 4))
    return "-".join(map(str, ("S", value[0], authority, *parts)))


def account_status(uac: int | None, account_expires: int | None, now: int) -> AccountStatus:
    """What `userAccountControl` and `accountExpires` say at this time. A locked-out account is enabled.

    https://learn.microsoft.com/windows/win32/adschema/a-accountexpires: 0 and 2^63-1 are never.
    """
    if uac is not None and uac & ACCOUNT_DISABLED:
        return AccountStatus(enabled=False, because="the account is disabled", changes_at=None)
    if account_expires is None or account_expires in _NEVER:
        return AccountStatus(enabled=True, because="", changes_at=None)
    expires = account_expires // _TICKS - _EPOCH
    if expires > now:
        return AccountStatus(enabled=True, because="", changes_at=expires)
    return AccountStatus(enabled=False, because=f"the account expired{_on(expires)}", changes_at=None)


def _on(time: int) -> str:
    """When, where the calendar reaches."""
    try:
        return f" on {datetime.fromtimestamp(time, UTC).date().isoformat()}"
    except (OverflowError, ValueError, OSError):
        return ""
